"""Fitting of n-gram families: count in threads, merge, select columns, weight."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from copydesk.compiled.arrays import Array
from copydesk.compiled.threads import even_slices, in_threads, split_documents
from copydesk.features.kernels.weights import NORMS, Weighting, kept_per_row, tfidf_rows
from copydesk.features.ngrams import terms
from copydesk.features.ngrams.counter import Counted, Counter
from copydesk.features.ngrams.cut import Cut, TextChunk, chunked
from copydesk.features.vocabulary import FittedFamily, HashedFamily, new_counter, numbers_of

if TYPE_CHECKING:
    import scipy.sparse as sp

Options = dict[str, Any]
ReadChunk = Callable[[list[str]], TextChunk]
Terms = tuple[Array, Array]  # UTF-8 of terms, one after the other, uint8; where each begins, int64 (n_terms + 1,)


@dataclass
class Part:
    """Counts of one family by one thread.

    Attributes
    ----------
    blocks : list of (found, indptr)
        Counts of each chunk.
    column_of : ndarray of int32
        Column of each of the counter's n-grams, -1 for none; empty if columns equal ids.
    """

    counter: Counter | None = None
    blocks: list[Counted | None] = field(default_factory=list)
    column_of: Array = field(default_factory=lambda: np.empty(0, dtype=np.int32))
    n_ngrams: int = 0
    totals: Array = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    def add(self, counted: Counted, keep: bool, with_totals: bool) -> None:
        """Add a chunk's counts; ``with_totals`` also the total count of each n-gram."""
        found, indptr = counted
        self.n_ngrams += int(found[:, 1].sum())
        if keep:
            self.blocks.append((found.copy(), indptr))
        if with_totals:
            assert self.counter is not None
            totals = np.bincount(found[:, 0], found[:, 1], self.counter.n).astype(np.int64)
            totals[: len(self.totals)] += self.totals
            self.totals = totals

    def join(self, other: Part, threads: int = 1, last: bool = False) -> Array:
        """Merge the counter of another part, which is used up; return this counter's ids of its n-grams.

        Nothing can be counted after the ``last`` one.
        """
        assert self.counter is not None
        assert other.counter is not None
        here = self.counter.join(other.counter, threads, last)
        self.n_ngrams += other.n_ngrams
        if len(other.totals):
            totals = np.zeros(self.counter.n, dtype=np.int64)
            totals[: len(self.totals)] = self.totals
            totals[here] += other.totals
            self.totals = totals
        other.counter = None
        return here


@dataclass
class Learner:
    """Fits families to documents.

    Parameters
    ----------
    options : list of dict
        Checked options of each family.
    cuts : list of Cut
    read : callable
        Preprocesses and encodes texts.
    sort : bool
    threads : int
    """

    options: list[Options]
    cuts: list[Cut]
    read: ReadChunk
    sort: bool
    threads: int

    def learn(self, documents: list[str], given: list[Terms | None], keep: bool) -> tuple[list[Any], list[list[Part]]]:
        """Return the fitted families and each family's parts by thread, which hold counts with ``keep``."""
        vocabularies = self.vocabularies(given)

        def count(part: list[str]) -> list[Part]:
            parts = self.new_parts(given, vocabularies)
            for texts in chunked(part):
                chunk = self.read(texts)
                for each, options in zip(parts, self.options, strict=True):
                    assert each.counter is not None
                    each.add(each.counter.count(chunk), keep, options["max_features"] is not None)
            return parts

        by_thread = in_threads(count, split_documents(documents, self.threads))
        families, parts = [], [list(each) for each in zip(*by_thread, strict=True)]
        for mine, options, names in zip(parts, self.options, given, strict=True):
            families.append(self.fit_family(mine, options, names, len(documents)))
        return families, parts

    def vocabularies(self, given: list[Terms | None]) -> list[Any]:
        """Return what the n-grams of given vocabularies are looked up in; None for a family that finds its own."""
        return [None if names is None else numbers_of(cut, *names) for names, cut in zip(given, self.cuts, strict=True)]

    def new_parts(self, given: list[Terms | None], vocabularies: list[Any]) -> list[Part]:
        """Return a part of each family in which nothing is counted yet."""
        return [
            Part(new_counter(cut, numbers, None if names is None else len(names[1]) - 1))
            for cut, numbers, names in zip(self.cuts, vocabularies, given, strict=True)
        ]

    def frequent(self, documents: list[str], given: list[Terms | None], memory: int) -> list[Terms | None]:
        """Return vocabularies of frequent terms that fit into ``memory`` bytes, in the order of columns."""
        growing = [
            None if cut.n_features or names is not None else new_counter(cut)
            for names, cut in zip(given, self.cuts, strict=True)
        ]
        share = memory // max(1, sum(each is not None for each in growing))
        for counter in growing:
            if counter is not None:
                counter.limit_cache(share // 16)
        for texts in chunked(documents):
            chunk = self.read(texts)
            for counter in growing:
                if counter is not None:
                    counter.count(chunk)
                    prune(counter, share)
        return [names if each is None else known_terms(each) for each, names in zip(growing, given, strict=True)]

    def fit_family(
        self, parts: list[Part], options: Options, given: Terms | None, n_documents: int
    ) -> FittedFamily | HashedFamily:
        """Merge the counts of threads, select columns and compute idf."""
        first = parts[0]
        counter = first.counter
        assert counter is not None
        numbers = [first.join(part, self.threads, last=part is parts[-1]) for part in parts[1:]]
        first.counter = None
        family: FittedFamily | HashedFamily
        if options["n_features"] is not None:
            family = HashedFamily()
            family.learn(counter.document_frequency, n_documents, first.n_ngrams, options)
            return family
        chosen = counter.order()
        if given is None and not len(chosen):
            raise ValueError("empty vocabulary; perhaps the documents only contain stop words")
        if options["vocabulary"] is None:
            chosen = self._select(counter, chosen, given, first.totals, options, n_documents)
        family = FittedFamily()
        if given is not None or 2 * len(chosen) < counter.n:
            family.terms_, family.offsets_ = written_terms(counter.ngrams, given, chosen, self.threads)
        else:
            family.write_later(partial(written_terms, counter.ngrams.without_table(), None, chosen, self.threads))
        df = counter.document_frequency
        column_of = np.full(counter.n, -1, dtype=np.int32)
        column_of[chosen] = np.arange(len(chosen), dtype=np.int32)
        same = len(chosen) == counter.n and bool((column_of[:-1] < column_of[1:]).all())
        parts[0].column_of = column_of[:0] if same else column_of  # an empty one saves look-ups

        def finish(at: int) -> None:
            if at == 0:
                family.learn(df[chosen], n_documents, first.n_ngrams, options)
            else:
                parts[at].column_of = column_of[numbers[at - 1]]

        in_threads(finish, range(len(parts)))
        return family

    def _select(
        self,
        counter: Counter,
        chosen: Array,
        given: Terms | None,
        totals: Array,
        options: Options,
        n_documents: int,
    ) -> Array:
        """Return the n-grams to keep, in the order of columns; limits as in scikit-learn."""
        low, high = (
            limit if isinstance(limit, int | np.integer) else limit * n_documents
            for limit in (options["min_df"], options["max_df"])
        )
        if high < low:
            raise ValueError("max_df corresponds to < documents than min_df")
        df = counter.document_frequency
        if low > 1 or high < n_documents:
            chosen = chosen[(df[chosen] >= low) & (df[chosen] <= high)]
        limit = options["max_features"]
        cut = limit is not None and len(chosen) > limit
        if self.sort or cut:
            names = terms.decode_terms(*written_terms(counter.ngrams, given, chosen, self.threads))
            chosen = chosen[sorted(range(len(names)), key=names.__getitem__)]
        if cut:
            # The same sort of the same numbers in the same order breaks ties as scikit-learn does.
            kept = (-(df if options["binary"] else totals)[chosen].astype(np.int64)).argsort()[:limit]
            chosen = chosen[np.sort(kept)]
        if not len(chosen):
            raise ValueError("After pruning, no terms remain. Try a lower min_df or a higher max_df.")
        return chosen


def known_terms(counter: Counter) -> Terms | None:
    """Return a counter's n-grams in the order of columns; None if it has none."""
    written: Terms = counter.ngrams.as_terms(counter.order())
    return written if len(written[1]) > 1 else None


def written_terms(ngrams: Any, given: Terms | None, chosen: Array, threads: int) -> Terms:
    """Return the UTF-8 of chosen n-grams and where each begins."""
    if given is not None:
        found: Terms = terms.gather_terms(*given, chosen)
        return found
    return terms.concatenate_terms(
        in_threads(lambda at: ngrams.as_terms(chosen[at]), even_slices(len(chosen), threads))
    )


def prune(counter: Counter, memory: int) -> bool:
    """If a counter exceeds ``memory`` bytes, drop its rarest n-grams until it takes at most half of that.

    Returns whether it did.
    """
    size = counter.nbytes
    if size <= memory or not counter.n:
        return False
    df = counter.document_frequency
    room = int(counter.n * memory / size / 2)
    floor = int(np.partition(df, counter.n - room - 1)[counter.n - room - 1]) if room else int(df.max())
    counter.keep(df > floor)
    return True


def tfidf_matrix(parts: list[list[Part]], families: list[Any], options: list[Options], dtype: Any) -> sp.csr_matrix:
    """Return the TF-IDF values of counts, families side by side; frees the counts.

    Parameters
    ----------
    parts : list of list of Part
        Parts of each family, by thread.
    """
    import scipy.sparse as sp

    lengths = [_row_lengths(mine) for mine in parts]
    indptr = np.zeros(len(lengths[0]) + 1, dtype=np.int64)
    np.cumsum(sum(lengths), out=indptr[1:])
    indices = np.empty(indptr[-1], dtype=np.int32)
    data = np.empty(indptr[-1], dtype=dtype)
    begin, first_column = indptr[:-1].copy(), 0
    for mine, family, each, length in zip(parts, families, options, lengths, strict=True):
        write = partial(_write_rows, weighting_of(family, each), first_column, indices, data)
        in_threads(write, _tasks(mine, begin), len(mine))
        begin += length
        first_column += family.n_terms
        if NORMS[each["norm"]] and np.isinf(family.idf_).any() and not np.isfinite(data).all():
            raise ValueError(
                "a term that was in no document at fit, and so has an infinite idf, is in one now: set smooth_idf=True"
            )
    if indptr[-1] < 2**31:
        indptr = indptr.astype(np.int32)
    return sp.csr_matrix((data, indices, indptr), shape=(len(begin), first_column), copy=False)


def _tasks(parts: list[Part], begin: Array) -> list[tuple[Part, int, Array]]:
    """Return the blocks to weight: a part, the index of a block in it, and where each of its rows begins."""
    tasks, row = [], 0
    for part in parts:
        for number, block in enumerate(part.blocks):
            assert block is not None
            end = row + len(block[1]) - 1
            tasks.append((part, number, begin[row:end]))
            row = end
    return tasks


def _write_rows(
    weighting: Weighting,
    first_column: int,
    indices: Array,
    data: Array,
    task: tuple[Part, int, Array],
) -> None:
    """Write a block's rows and free its counts."""
    part, number, begin = task
    block = part.blocks[number]
    assert block is not None
    tfidf_rows(*block, part.column_of, weighting, first_column, begin, indices, data)
    part.blocks[number] = None


def _row_lengths(parts: list[Part]) -> Array:
    """Return the number of values of each row, int64 (n_documents,)."""

    def lengths(part: Part) -> Array:
        found = [np.diff(block[1]) for block in part.blocks if block]
        if len(part.column_of) and part.column_of.min() < 0:
            for block, length in zip(part.blocks, found, strict=True):
                assert block is not None
                kept_per_row(block[0], block[1], part.column_of, length)
        return np.concatenate(found)

    return np.concatenate(in_threads(lengths, parts))


def weighting_of(family: FittedFamily | HashedFamily, options: Options) -> Weighting:
    """Return a family's weighting scheme as kernels take it."""
    return Weighting(
        family.idf_, bool(options["binary"]), bool(options["sublinear_tf"]), float(options["bm25_k1"]),
        float(options["bm25_b"]), float(family.mean_length_), NORMS[options["norm"]], float(options["weight"]),
    )  # fmt: skip
