"""All that a streamed run keeps of each row: numbers in arrays, no texts."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np

from copydesk.compiled.arrays import Array
from copydesk.datasets.examples import LeftOut
from copydesk.datasets.near_duplicates import BANDS, ROWS, SHINGLE_WORDS
from copydesk.datasets.seen_rows import fingerprints
from copydesk.datasets.table_chunks import TableChunks
from copydesk.datasets.tables import SPLITS, RowsMet
from copydesk.features.min_hashes import min_hashes
from copydesk.streamed.ahead import ahead
from copydesk.streamed.stream_cache import StreamCache

NO_GROUP = np.uint64(0)
SIGNATURES = "signatures-{:06d}.npz"  # of a chunk's rows


@dataclass
class Corpus:
    """Rows of all chunks.

    Attributes
    ----------
    labels : list of str
        Sorted.
    starts : ndarray of int64, shape (n_chunks + 1,)
        Each chunk's first row.
    codes : ndarray of int32, shape (n_rows,)
        Each row's label, by its place in ``labels``.
    splits : ndarray of uint8
        By the place in ``SPLITS``.
    groups : ndarray of uint64
        Hashes; ``NO_GROUP`` where a row has none.
    characters : ndarray of uint32
        Lengths of texts.
    prints : ndarray of uint64
        Fingerprints of texts, see ``datasets.seen_rows``.
    met : RowsMet
    """

    labels: list[str]
    starts: Array
    codes: Array
    splits: Array
    groups: Array
    characters: Array
    prints: Array
    met: RowsMet

    def __len__(self) -> int:
        return len(self.codes)

    @property
    def n_chunks(self) -> int:
        """Number of chunks."""
        return len(self.starts) - 1

    def rows(self, chunk: int) -> slice:
        """Return the rows of a chunk."""
        return slice(int(self.starts[chunk]), int(self.starts[chunk + 1]))

    def fingerprint(self) -> str:
        """Return a SHA-256 over the rows' texts, labels, splits and groups, in order."""
        digest = hashlib.sha256("\0".join(self.labels).encode("utf-8", "surrogatepass"))
        for array in (self.codes, self.splits, self.groups, self.prints):
            digest.update(np.ascontiguousarray(array).data)
        return digest.hexdigest()


def scan(chunks: TableChunks, cache: StreamCache) -> Corpus:
    """Read all rows once; what was scanned before a kill is not scanned again."""
    if not cache.has("corpus.npz"):
        names: list[Array] = []
        found: list[dict[str, Array]] = []
        for number, records in enumerate(ahead(chunks)):
            name = f"rows-{number:06d}.npz"
            if not cache.has(name):
                rows = numbers_of_rows(records)
                cache.save(SIGNATURES.format(number), signatures=rows.pop("signatures"))
                cache.save(name, **rows)
            found.append(cache.load(name))
            names.append(found[-1].pop("labels"))
        _store(cache, chunks.met, names, found)
    stored, facts = cache.load("corpus.npz"), cache.load_json("corpus.json")
    met = RowsMet(n_bad=facts["n_bad"], bad=[LeftOut(*each) for each in facts["bad"]])
    return Corpus(facts["labels"], met=met, **stored)


def _store(cache: StreamCache, met: RowsMet, names: list[Array], found: list[dict[str, Array]]) -> None:
    """Number labels alike in all chunks, and write what was scanned as one."""
    labels = np.unique(np.concatenate(names)).tolist()
    codes = [
        np.searchsorted(labels, name)[each.pop("codes")].astype(np.int32)
        for name, each in zip(names, found, strict=True)
    ]
    starts = np.concatenate([[0], np.cumsum([len(each) for each in codes])])
    merged = {name: np.concatenate([each[name] for each in found]) for name in found[0]}
    cache.save_json("corpus.json", {"labels": labels, "n_bad": met.n_bad, "bad": [tuple(each) for each in met.bad]})
    cache.save("corpus.npz", starts=starts, codes=np.concatenate(codes), **merged)
    cache.remove(*(f"rows-{number:06d}.npz" for number in range(len(codes))))


def numbers_of_rows(records: list[dict[str, Any]]) -> dict[str, Array]:
    """Return what is kept of a chunk's rows, and their signatures."""
    texts = [record["text"] for record in records]
    labels, codes = np.unique(np.array([record["label"] for record in records], dtype=np.str_), return_inverse=True)
    splits = [SPLITS.index(record.get("split", "")) for record in records]
    return {
        "labels": labels,
        "codes": codes.astype(np.int32),
        "splits": np.array(splits, dtype=np.uint8),
        "groups": np.array([hash_of(record.get("group", "")) for record in records], dtype=np.uint64),
        "characters": np.array(list(map(len, texts)), dtype=np.uint32),
        "prints": fingerprints(texts),
        "signatures": min_hashes(texts, BANDS * ROWS, SHINGLE_WORDS),
    }


def hash_of(group: str) -> int:
    """Return a group's number."""
    if not group:
        return int(NO_GROUP)
    digest = hashlib.blake2b(group.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "little") or 1
