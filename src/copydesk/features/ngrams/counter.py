"""Base class of n-gram counters."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from copydesk.compiled.arrays import Array
from copydesk.compiled.scratch import Scratch
from copydesk.compiled.threads import even_slices, in_threads
from copydesk.features.kernels.counts import DF, STATE_COLUMNS, add_frequencies, count_terms
from copydesk.features.kernels.scores import score_terms
from copydesk.features.kernels.weights import Weighting
from copydesk.features.ngrams.cut import Cut, TextChunk
from copydesk.features.ngrams.strings import grown

Counted = tuple[Array, Array]  # n-grams and counts, int32 (nnz, 2); each document's first row, int64


class Counter:
    """Counter of a family's n-grams, chunk by chunk; subclasses find their ids.

    N-grams get ids as they appear, or are looked up in a vocabulary that threads share. A counter has state, so each
    thread needs its own.

    Parameters
    ----------
    cut : Cut
    ngrams : WordNgrams, Strings or None
        Ids of n-grams; None with hashing.
    n_columns : int or None
        Number of columns of a fixed vocabulary or of hashing; None: n-grams get ids as they appear.
    """

    def __init__(self, cut: Cut, ngrams: Any, n_columns: int | None) -> None:
        self.cut = cut
        self.ngrams = ngrams
        self.n_columns = n_columns
        self.frozen = n_columns is not None
        self.state = np.zeros((n_columns or 0, STATE_COLUMNS), dtype=np.int32)
        self.room = Scratch()

    @property
    def n(self) -> int:
        """Number of n-grams."""
        n: int = self.ngrams.n if self.n_columns is None else self.n_columns
        return n

    def count(self, chunk: TextChunk) -> Counted:
        """Count the n-grams of texts; the result is valid until the next call."""
        numbers, starts = self.numbers(chunk)
        self._make_room()
        found = self.room.array("found", (numbers.size, 2), np.int32)
        indptr = np.empty(len(starts), dtype=np.int64)
        nnz = count_terms(numbers, starts, self.n, self.state, found, indptr)
        return found[:nnz], indptr

    def score(self, chunk: TextChunk, weighting: Weighting, weights: Array, scores: Array) -> None:
        """Add the texts' TF-IDF values times ``weights`` to ``scores``, float64 (n_texts, n_classes).

        Parameters
        ----------
        weighting : Weighting
        weights : ndarray of shape (n, n_classes)
        """
        numbers, starts = self.numbers(chunk)
        most = len(numbers) * int(np.diff(starts).max(initial=0))
        found = self.room.array("found", (min(most, self.n), 2), np.int32)
        score_terms(numbers, starts, self.n, self.state, found, weighting, weights, scores)

    def numbers(self, chunk: TextChunk) -> tuple[Array, Array]:
        """Return ids of n-grams in the order of texts, int32 (n_lengths, n), and each text's first, int64."""
        raise NotImplementedError

    def _make_room(self, factor: int = 2) -> None:
        n, used = self.n, len(self.state)
        if n > used:
            self.state = grown(self.state, used, max(n, factor * used))
            self.state[used:] = 0

    def order(self) -> Array:
        """Return all n-grams in the order of columns, int64 (n,)."""
        return np.arange(self.n)

    @property
    def document_frequency(self) -> Array:
        """Number of documents with each n-gram, int32 (n,)."""
        self._make_room()
        return self.state[: self.n, DF]

    def join(self, other: Counter, threads: int, last: bool) -> Array:
        """Merge another counter; return this counter's ids of its n-grams, int (other.n,).

        Nothing can be counted after the ``last`` one.
        """
        if self.frozen:
            self.state[:, DF] += other.state[:, DF]
            return np.arange(self.n)
        here: Array = self.ngrams.merge(other.ngrams, threads, last)
        self._make_room(1)
        add = partial(add_frequencies, self.state)
        in_threads(lambda at: add(here[at], other.state[at]), even_slices(len(here), threads))
        return here

    def limit_cache(self, most: int) -> None:
        """Bound the number of cached n-grams, beside ids and state."""

    def keep(self, kept: Array) -> None:
        """Drop the n-grams that are not ``kept``, bool (n,)."""
        old = np.flatnonzero(kept)
        self.ngrams = self.ngrams.kept(old)
        self.state = self.state[old]

    @property
    def nbytes(self) -> int:
        """Memory in bytes."""
        return int(self.state.nbytes + self.ngrams.nbytes)
