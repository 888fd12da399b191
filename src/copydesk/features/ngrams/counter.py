"""What all counters of n-grams share."""

from __future__ import annotations

from typing import Any

import numpy as np

from copydesk.compiled.arrays import Array
from copydesk.compiled.scratch import Scratch
from copydesk.compiled.threads import in_threads, runs
from copydesk.features.kernels import counts as counting
from copydesk.features.kernels import scores as scoring
from copydesk.features.ngrams.cut import Chunk, Cut
from copydesk.features.ngrams.strings import grown

Counted = tuple[Array, Array]  # n-grams and counts, int32 (nnz, 2); where each document's begin, int64


class Counter:
    """Counts a family's n-grams, chunk by chunk; subclasses find their numbers.

    N-grams are numbered as they appear, or looked up in a vocabulary that threads share. A counter has a state of its
    own, so each thread needs one.

    Parameters
    ----------
    cut : Cut
    ngrams : WordNgrams, Strings or None
        Numbers; None with hashing.
    n_columns : int or None
        Number of columns of a vocabulary that stands, or of hashing; None: n-grams are numbered as they appear.
    """

    def __init__(self, cut: Cut, ngrams: Any, n_columns: int | None) -> None:
        self.cut = cut
        self.ngrams = ngrams
        self.n_columns = n_columns
        self.frozen = n_columns is not None
        self.state = np.zeros((n_columns or 0, counting.STATE_COLUMNS), dtype=np.int32)
        self.room = Scratch()

    @property
    def n(self) -> int:
        """Number of n-grams."""
        n: int = self.ngrams.n if self.n_columns is None else self.n_columns
        return n

    def count(self, chunk: Chunk) -> Counted:
        """Count the n-grams of texts; what is returned holds until the next call."""
        numbers, starts = self.numbers(chunk)
        self._make_room()
        found = self.room.array("found", (numbers.size, 2), np.int32)
        indptr = np.empty(len(starts), dtype=np.int64)
        nnz = counting.count_terms(numbers, starts, self.n, self.state, found, indptr)
        return found[:nnz], indptr

    def score(self, chunk: Chunk, weighing: tuple[Any, ...], weights: Array, scores: Array) -> None:
        """Add to ``scores``, float64 (n_texts, n_classes), what n-grams times ``weights`` give.

        Parameters
        ----------
        weighing : tuple
            Idf and options, as ``scoring.add_score`` takes them.
        weights : ndarray of shape (n, n_classes)
        """
        numbers, starts = self.numbers(chunk)
        most = len(numbers) * int(np.diff(starts).max(initial=0))
        found = self.room.array("found", (min(most, self.n), 2), np.int32)
        scoring.score_terms(numbers, starts, self.n, self.state, found, *weighing, weights, scores)

    def numbers(self, chunk: Chunk) -> tuple[Array, Array]:
        """Return n-grams in the order of texts, int32 (n_lengths, n), and each text's first, int64."""
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
        """In how many documents each n-gram was seen, int32 (n,)."""
        self._make_room()
        return self.state[: self.n, counting.DF]

    def join(self, other: Counter, threads: int, last: bool) -> Array:
        """Take over what another counter has seen; return its n-grams' numbers here, int (other.n,).

        Nothing can be counted any more after the ``last``.
        """
        if self.frozen:
            self.state[:, counting.DF] += other.state[:, counting.DF]
            return np.arange(self.n)
        here: Array = self.ngrams.adopt(other.ngrams, threads, last)
        self._make_room(1)
        in_threads(lambda at: counting.add_frequencies(self.state, here[at], other.state[at]), runs(len(here), threads))
        return here

    def remember(self, most: int) -> None:
        """Bound what is remembered beside n-grams and their state, in numbers."""

    def keep(self, kept: Array) -> None:
        """Drop all other n-grams; ``kept`` is bool (n,)."""
        old = np.flatnonzero(kept)
        self.ngrams = self.ngrams.kept(old)
        self.state = self.state[old]

    @property
    def nbytes(self) -> int:
        """Memory taken."""
        return int(self.state.nbytes + self.ngrams.nbytes)
