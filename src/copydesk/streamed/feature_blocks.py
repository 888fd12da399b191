"""Features on disk, in blocks of random rows, and the texts that are held out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix

from copydesk.classifiers.base import narrow_csr
from copydesk.classifiers.block_descent import RowBlock
from copydesk.compiled.arrays import Array
from copydesk.datasets.table_chunks import CHUNK_CHARACTERS, TableChunks
from copydesk.features.term_counts import TermCounts
from copydesk.features.tfidf import TfidfFeatures
from copydesk.streamed.ahead import ahead
from copydesk.streamed.corpus import Corpus
from copydesk.streamed.parts_of_rows import DECISION, TEST, TRAIN, scrambled
from copydesk.streamed.stream_cache import StreamCache

VOCABULARY = "200MB"
"""Bound of a vocabulary where the config sets none: some three million words and pairs of words."""

JOINED = 8
"""Blocks that are fitted together. Other ones in each pass: what is the same in all rows of a block, such as a shift of
all dual variables against those of another block, would take the intercept hundreds of passes to settle."""

_BLOCK = "block-{:06d}.npz"
_ROWS, _INDICES, _VALUES = "features-{:06d}.npz", "indices-{:06d}.npy", "values-{:06d}.npy"
_HELD_OUT = "held-out-{:06d}.json"
_HELD_OUT_PARTS = {"decision": DECISION, "test": TEST}


def count_features(
    chunks: TableChunks, corpus: Corpus, part: Array, features: TfidfFeatures, cache: StreamCache
) -> TfidfFeatures:
    """Return the features fitted to the training rows; a vocabulary that exceeds its bound takes a second pass."""
    fitted: TfidfFeatures | None = cache.load_object("features.pickle")
    if fitted is not None:
        return fitted
    done, counts = cache.load_object("counts.pickle") or (0, TermCounts(features))
    for number, records in enumerate(ahead(chunks)):
        if number >= done:
            counts.add([row["text"] for row in rows_of_part(records, part[corpus.rows(number)], TRAIN)])
            with cache.checkpoint() as due:
                if due:
                    cache.save_object("counts.pickle", (number + 1, counts))
    if counts.pruned:
        counts = counts.recount()
        cache.save_object("counts.pickle", (0, counts))
        return count_features(chunks, corpus, part, features, cache)
    fitted = counts.fitted()
    cache.save_object("features.pickle", fitted)
    cache.remove("counts.pickle")
    return fitted


def block_of_rows(corpus: Corpus, part: Array, chunk_rows: int, seed: int) -> Array:
    """Return the block of each training row, drawn at random, -1 for other rows; int32 (n_rows,).

    Blocks of rows in the order of the files would each hold few labels, or the pages of one site, and be solved again
    and again against each other. A visit joins ``JOINED`` blocks, and they take a chunk's worth of rows together.
    """
    rows = part == TRAIN
    characters = int(corpus.characters[rows].sum(dtype=np.int64))
    n_blocks = JOINED * max(1, -(-int(rows.sum()) // chunk_rows), -(-characters // CHUNK_CHARACTERS))
    chance = scrambled(corpus.prints, seed + 2) >> np.uint64(32)
    return np.where(rows, (chance * np.uint64(n_blocks) >> np.uint64(32)).astype(np.int32), np.int32(-1))


def write_features(
    chunks: TableChunks, corpus: Corpus, part: Array, block_of: Array, features: TfidfFeatures, cache: StreamCache
) -> None:
    """Write the features of each chunk's training rows in the order of blocks, and its held-out rows."""
    if cache.has(_HELD_OUT.format(corpus.n_chunks - 1)):
        return
    for number, records in enumerate(ahead(chunks)):
        if cache.has(_HELD_OUT.format(number)):
            continue
        rows = corpus.rows(number)
        order = np.argsort(block_of[rows], kind="stable")
        order = order[part[rows][order] == TRAIN]
        X = narrow_csr(features.transform([records[row]["text"] for row in order.tolist()]))
        cache.save_array(_INDICES.format(number), X.indices)
        cache.save_array(_VALUES.format(number), X.data.astype(np.float32, copy=False))
        cache.save(_ROWS.format(number), indptr=X.indptr, rows=order + rows.start)
        held_out = {name: rows_of_part(records, part[rows], which) for name, which in _HELD_OUT_PARTS.items()}
        cache.save_json(_HELD_OUT.format(number), held_out)


def write_blocks(corpus: Corpus, block_of: Array, class_of: Array, cache: StreamCache) -> list[int]:
    """Gather the rows of each block from all chunks; return the blocks that have rows.

    Parameters
    ----------
    class_of : ndarray of int
        Class of each of the corpus's labels.
    """
    numbers: list[int] = np.unique(block_of[block_of >= 0]).tolist()
    missing = [number for number in numbers if not cache.has(_BLOCK.format(number))]
    stored = [cache.load(_ROWS.format(chunk)) for chunk in range(corpus.n_chunks)] if missing else []
    for at in range(0, len(missing), JOINED):
        some = missing[at : at + JOINED]
        parts = [
            _rows_of_blocks(cache, chunk, each["indptr"], block_of[each["rows"]], some)
            for chunk, each in enumerate(stored)
        ]
        for number, *of_chunks in zip(some, *parts, strict=True):
            lengths, indices, values = (np.concatenate(each) for each in zip(*of_chunks, strict=True))
            classes = class_of[corpus.codes[block_of == number]]
            cache.save(_BLOCK.format(number), lengths=lengths, indices=indices, values=values, classes=classes)
    for name in (_INDICES, _VALUES):
        cache.remove(*(name.format(chunk) for chunk in range(corpus.n_chunks)))
    return numbers


def _rows_of_blocks(
    cache: StreamCache, chunk: int, indptr: Array, block_of: Array, numbers: list[int]
) -> Iterator[tuple[Array, Array, Array]]:
    """Yield lengths, indices and values of a chunk's rows of each of some blocks; rows of a block lie together."""
    indices, values = (cache.map_array(name.format(chunk)) for name in (_INDICES, _VALUES))
    for number in numbers:
        first, last = np.searchsorted(block_of, [number, number + 1])
        inside = slice(int(indptr[first]), int(indptr[last]))
        yield np.diff(indptr[first : last + 1]), np.array(indices[inside]), np.array(values[inside])


def rows_of_part(records: list[dict[str, Any]], part: Array, which: int) -> list[dict[str, Any]]:
    """Return the records of the rows of a part."""
    return [records[row] for row in np.flatnonzero(part == which).tolist()]


def joined_blocks(
    cache: StreamCache, groups: Iterable[Sequence[int]], n_features: int
) -> Iterator[tuple[list[int], list[int], RowBlock]]:
    """Yield the numbers, the first rows and the rows of the blocks of each group, the next being read meanwhile."""

    def join(group: Sequence[int]) -> tuple[list[int], list[int], RowBlock]:
        found = [cache.load(_BLOCK.format(number)) for number in group]
        lengths, indices, values, classes = (
            np.concatenate([each[name] for each in found]) for name in ("lengths", "indices", "values", "classes")
        )
        indptr = np.concatenate([[0], np.cumsum(lengths)])
        X = csr_matrix((values, indices, indptr.astype(np.int32)), shape=(len(lengths), n_features), copy=False)
        starts = np.concatenate([[0], np.cumsum([len(each["classes"]) for each in found])])
        return list(group), starts.tolist(), RowBlock.of(X, classes)

    return ahead(map(join, groups))


def held_out_rows(cache: StreamCache, corpus: Corpus, part: str) -> list[dict[str, Any]]:
    """Return the records of the rows that are held out for the decision, or of the ``"test"`` part."""
    return [row for number in range(corpus.n_chunks) for row in cache.load_json(_HELD_OUT.format(number))[part]]
