"""Counting a family's n-grams, chunk by chunk: one class for each way to cut texts.

A counter either numbers n-grams as they appear, or looks them up in a vocabulary that threads share. It has a state
of its own, so each thread needs one.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from copydesk.features import counting, ngrams, scoring, terms
from copydesk.features.cutting import Chunk, Cut
from copydesk.features.numbering import Strings, WordNgrams, grown, self_keyed
from copydesk.features.scratch import Scratch

Array = NDArray[Any]
Counted = tuple[Array, Array]  # n-grams and counts, int32 (nnz, 2); where each document's begin, int64

SPELLED_AT_MOST = 1 << 24  # n-grams of words that a counter remembers


class Counter:
    """What all counters share.

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

    def _make_room(self) -> None:
        n = self.n
        if n > len(self.state):
            used = len(self.state)
            self.state = grown(self.state, used, max(n, 2 * used))
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
        self._make_room()
        counting.add_frequencies(self.state, here, other.state)
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


class WordCounter(Counter):
    """N-grams of words."""

    def numbers(self, chunk: Chunk) -> tuple[Array, Array]:
        cut = self.cut
        read = chunk.encoded(cut.part)
        keys, spans, starts = terms.tokens_of(
            read.text, read.starts, read.classes, cut.shortest, cut.marks, cut.multiplier, self.room
        )
        words, nodes = self.ngrams.find_words(read.text, spans, keys, self.frozen, self.room)
        if self.ngrams.n_stops:
            kept = (words < 0) | (words >= self.ngrams.n_stops)
            words, nodes = words[kept], nodes[kept]
            starts = np.concatenate([[0], np.cumsum(kept)])[starts]
        levels = self.room.array("numbers", (cut.n_max, len(words)), np.int32)
        levels[0] = nodes
        for length in range(2, cut.n_max + 1):
            self.ngrams.longer(levels[length - 2], words, starts, length, self.frozen, self.room, levels[length - 1])
        return levels[cut.n_min - 1 :], starts

    def order(self) -> Array:
        if self.frozen:
            return super().order()
        levels = self.ngrams.level[: self.n]
        return np.concatenate([np.flatnonzero(levels == n) for n in range(self.cut.n_min, self.cut.n_max + 1)])

    def keep(self, kept: Array) -> None:
        self.ngrams, old = self.ngrams.kept(kept)
        self.state = self.state[old]


class HashedWordCounter(Counter):
    """N-grams of words without a vocabulary."""

    def __init__(self, cut: Cut, ngrams: Any, n_columns: int | None) -> None:
        super().__init__(cut, ngrams, n_columns)
        self.stops = Strings.of(*terms.encode_terms(cut.stop_words), cut.multiplier)

    def numbers(self, chunk: Chunk) -> tuple[Array, Array]:
        cut = self.cut
        read = chunk.encoded(cut.part)
        keys, spans, starts = terms.tokens_of(
            read.text, read.starts, read.classes, cut.shortest, cut.marks, cut.multiplier, self.room
        )
        if self.stops.n:
            kept = self.stops.find(read.text, spans, keys, frozen=True) < 0
            keys, starts = keys[kept], np.concatenate([[0], np.cumsum(kept)])[starts]
        columns = self.room.array("numbers", (cut.n_max - cut.n_min + 1, len(keys)), np.int32)
        ngrams.hash_ngrams(keys, starts, cut.n_min, cut.n_max, cut.n_features, cut.multiplier, columns)
        return columns, starts


class PythonCounter(Counter):
    """N-grams of words that a pattern of the user's own finds, whole strings."""

    def numbers(self, chunk: Chunk) -> tuple[Array, Array]:
        found = [self.cut.python_ngrams(text) for text in chunk.shown(self.cut.part)]
        starts = np.zeros(len(found) + 1, dtype=np.int64)
        np.cumsum(list(map(len, found)), out=starts[1:])
        written, offsets = terms.encode_terms([each for some in found for each in some])
        if self.frozen:
            return _find_whole(self.cut, self.ngrams, written, offsets)[None], starts
        return self.ngrams.find(*self_keyed(written, offsets, self.cut.multiplier), frozen=False)[None], starts


class CharacterCounter(Counter):
    """N-grams of characters across words."""

    def numbers(self, chunk: Chunk) -> tuple[Array, Array]:
        read = chunk.encoded(self.cut.part)
        text, starts = np.empty_like(read.text), np.empty_like(read.starts)
        ngrams.squeeze(read.text, read.starts, read.classes, text, starts)
        grams, borders = find_grams(self, text[: starts[-1]], starts)
        return grams[None], borders


class SpelledCounter(Counter):
    """N-grams of characters inside words, each word spelled out once.

    Words repeat so often that this saves most look-ups. What is remembered of them has a bound; beyond it the
    counter forgets them and begins anew.
    """

    def __init__(self, cut: Cut, ngrams: Any, n_columns: int | None) -> None:
        super().__init__(cut, ngrams, n_columns)
        self.spelled_at_most = SPELLED_AT_MOST
        self._forget()

    def _forget(self) -> None:
        self.words = Strings(self.cut.multiplier)
        self.grams = np.empty(1 << 12, dtype=np.int32)
        self.borders = np.zeros(1 << 10, dtype=np.int64)
        self.spelled = 0
        self.word_state = np.zeros((0, counting.STATE_COLUMNS), dtype=np.int32)

    def count(self, chunk: Chunk) -> Counted:
        words, starts = self._words(chunk)
        room = int((self.borders[words.astype(np.int64) + 1] - self.borders[words]).sum())
        found = self.room.array("found", (room, 2), np.int32)
        indptr = np.empty(len(starts), dtype=np.int64)
        nnz = counting.count_spelled(words, starts, *self._spelling(starts), self.state, found, indptr)
        return found[:nnz], indptr

    def score(self, chunk: Chunk, weighing: tuple[Any, ...], weights: Array, scores: Array) -> None:
        words, starts = self._words(chunk)
        # a word has one space more than its characters, so it has at most so many n-grams of each length
        most = int((np.diff(chunk.encoded(self.cut.part).starts) + 2 * np.diff(starts)).max(initial=0))
        most *= self.cut.n_max - self.cut.n_min + 1
        found = self.room.array("found", (min(most, self.n), 2), np.int32)
        scoring.score_spelled(
            words, starts, *self._spelling(starts), self.state, found, *weighing, weights, scores
        )  # fmt: skip

    def _words(self, chunk: Chunk) -> tuple[Array, Array]:
        """Return the words of texts, spelled out, int32 (n,), and each text's first, int64."""
        read = chunk.encoded(self.cut.part)
        if self.borders[self.spelled] > self.spelled_at_most:
            self._forget()
        keys, spans, starts = terms.tokens_of(
            read.text, read.starts, terms.unspaced_classes(read.classes), 1, False, self.cut.multiplier,
            self.room,
        )  # fmt: skip
        words = self.words.find(read.text, spans, keys, False, self.room)
        self._spell()
        self._make_room()
        if len(self.word_state) < self.words.n:
            self.word_state = np.zeros((2 * self.words.n, counting.STATE_COLUMNS), dtype=np.int32)
        return words, starts

    def _spelling(self, starts: Array) -> tuple[Array, ...]:
        """Return what kernels spell words with."""
        distinct = self.room.array("distinct", (int(np.diff(starts).max(initial=0)), 2), np.int32)
        return self.grams, self.borders, self.word_state, distinct

    def _spell(self) -> None:
        """Find the n-grams of the words that are new."""
        first, last = self.spelled, self.words.n
        if first == last:
            return
        offsets = self.words.offsets
        size = int(offsets[last] - offsets[first]) + 2 * (last - first)
        text, borders = np.empty(size, dtype=np.uint8), np.empty(last - first + 1, dtype=np.int64)
        ngrams.pad_words(self.words.written, offsets, first, last, text, borders)
        grams, starts = find_grams(self, text, borders)
        used = int(self.borders[first])
        if used + len(grams) > len(self.grams):
            self.grams = grown(self.grams, used, 2 * len(self.grams) + len(grams))
        if last + 1 > len(self.borders):
            self.borders = grown(self.borders, first + 1, 2 * last)
        self.grams[used : used + len(grams)] = grams
        self.borders[first : last + 1] = used + starts
        self.spelled = last

    def remember(self, most: int) -> None:
        self.spelled_at_most = most

    def keep(self, kept: Array) -> None:
        super().keep(kept)
        self._forget()

    @property
    def nbytes(self) -> int:
        return super().nbytes + self.words.nbytes + self.grams.nbytes + self.borders.nbytes + self.word_state.nbytes


_NOWHERE = Strings(np.uint64(1), 2)


def find_grams(counter: Counter, text: Array, borders: Array) -> tuple[Array, Array]:
    """Return the numbers of pieces' character n-grams, int32 (n,), and where each piece's begin; see the kernel."""
    cut, strings = counter.cut, counter.ngrams or _NOWHERE
    found = np.empty(len(text) * (cut.n_max - cut.n_min + 1) + len(borders), dtype=np.int32)
    starts = np.empty(len(borders), dtype=np.int64)
    progress = np.zeros(3, dtype=np.int64)
    while True:
        n = ngrams.find_grams(
            text, borders, cut.analyzer == "char_wb", cut.n_min, cut.n_max, progress, strings.table, strings.written,
            strings.offsets, strings.n, cut.n_features, cut.multiplier, counter.frozen, found, starts,
        )  # fmt: skip
        if not cut.n_features:
            strings.n = n if not counter.frozen else strings.n
        if progress[0] == len(borders) - 1:
            return found[: progress[2]], starts
        strings.grow(4 * cut.n_max)


def new_counter(cut: Cut, numbers: Any = None, n_columns: int | None = None) -> Counter:
    """Return a counter for a cut; ``numbers`` of n-grams and ``n_columns`` where a vocabulary stands."""
    kind: type[Counter] = {"word": WordCounter, "char": CharacterCounter, "char_wb": SpelledCounter}[cut.analyzer]
    if cut.find is not None:
        kind = PythonCounter
    if cut.n_features:
        return (HashedWordCounter if cut.by_words else kind)(cut, None, cut.n_features)
    if numbers is None:
        numbers = Strings(cut.multiplier)
        if cut.by_words:
            numbers = WordNgrams(cut.multiplier, terms.encode_terms(cut.stop_words))
    return kind(cut, numbers, n_columns)


def numbers_of(cut: Cut, written: Array, offsets: Array) -> WordNgrams | Strings:
    """Return given terms, numbered in their order, to look n-grams up in."""
    if cut.by_words:
        return WordNgrams.of(written, offsets, cut.multiplier, terms.encode_terms(cut.stop_words))
    return Strings.of(written, offsets, cut.multiplier)


def columns_of(cut: Cut, numbers: Any, strings: list[str]) -> Array:
    """Return the column of each term, int64, -1 for one that is not known."""
    written, offsets = terms.encode_terms(strings)
    if not cut.by_words:
        whole: Array = _find_whole(cut, numbers, written, offsets).astype(np.int64)
        return whole
    keys, spans, starts = terms.split_terms(written, offsets, cut.multiplier)
    lengths = np.diff(starts)
    longest = int(lengths.max(initial=1))
    found = np.empty((longest, len(keys)), dtype=np.int32)
    if cut.n_features:
        ngrams.hash_ngrams(keys, starts, 1, longest, cut.n_features, cut.multiplier, found)
    else:
        words, found[0] = numbers.find_words(written, spans, keys, frozen=True)
        for length in range(2, longest + 1):
            numbers.longer(found[length - 2], words, starts, length, True, Scratch(), found[length - 1])
    columns = np.full(len(strings), -1, dtype=np.int64)
    some = np.flatnonzero(lengths)
    columns[some] = found[lengths[some] - 1, starts[some + 1] - 1]
    return columns


def _find_whole(cut: Cut, numbers: Any, written: Array, offsets: Array) -> Array:
    """Return the number, or with hashing the column, of each string, int32 (n,)."""
    text, spans, keys = self_keyed(written, offsets, cut.multiplier)
    if not cut.n_features:
        known: Array = numbers.find(text, spans, keys, frozen=True)
        return known
    columns = np.empty((1, len(keys)), dtype=np.int32)
    ngrams.hash_ngrams(keys, np.arange(len(keys) + 1), 1, 1, cut.n_features, cut.multiplier, columns)
    first: Array = columns[0]
    return first
