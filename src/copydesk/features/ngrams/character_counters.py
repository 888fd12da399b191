"""Counters of character n-grams."""

from __future__ import annotations

from typing import Any

import numpy as np

from copydesk.compiled.arrays import Array
from copydesk.features.kernels.counts import STATE_COLUMNS, Spelling, count_spelled
from copydesk.features.kernels.grams import GramOptions, find_grams, pad_words, squeeze
from copydesk.features.kernels.scores import score_spelled
from copydesk.features.kernels.weights import Weighting
from copydesk.features.ngrams import terms
from copydesk.features.ngrams.counter import Counted, Counter
from copydesk.features.ngrams.cut import Cut, TextChunk
from copydesk.features.ngrams.strings import Strings, grown

SPELLED_AT_MOST = 1 << 24  # n-grams of words that a counter caches


class CharacterCounter(Counter):
    """Counter of character n-grams across words."""

    def numbers(self, chunk: TextChunk) -> tuple[Array, Array]:
        read = chunk.encoded(self.cut.part)
        text, starts = np.empty_like(read.text), np.empty_like(read.starts)
        squeeze(read.text, read.starts, read.classes, text, starts)
        grams, borders = _find_in_pieces(self, text[: starts[-1]], starts)
        return grams[None], borders


class SpelledCounter(Counter):
    """Counter of character n-grams inside words, which caches the n-grams of each word.

    Words repeat so often that this saves most look-ups. When the cache exceeds its bound it is cleared.
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
        self.word_state = np.zeros((0, STATE_COLUMNS), dtype=np.int32)

    def count(self, chunk: TextChunk) -> Counted:
        words, starts = self._words(chunk)
        room = int((self.borders[words.astype(np.int64) + 1] - self.borders[words]).sum())
        found = self.room.array("found", (room, 2), np.int32)
        indptr = np.empty(len(starts), dtype=np.int64)
        nnz = count_spelled(words, starts, self._spelling(starts), self.state, found, indptr)
        return found[:nnz], indptr

    def score(self, chunk: TextChunk, weighting: Weighting, weights: Array, scores: Array) -> None:
        words, starts = self._words(chunk)
        # upper bound: a word between two spaces has fewer n-grams of each length than characters
        most = int((np.diff(chunk.encoded(self.cut.part).starts) + 2 * np.diff(starts)).max(initial=0))
        most *= self.cut.n_max - self.cut.n_min + 1
        found = self.room.array("found", (min(most, self.n), 2), np.int32)
        score_spelled(words, starts, self._spelling(starts), self.state, found, weighting, weights, scores)

    def _words(self, chunk: TextChunk) -> tuple[Array, Array]:
        """Return the words of texts, int32 (n,), with their n-grams cached, and each text's first word, int64."""
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
            self.word_state = np.zeros((2 * self.words.n, STATE_COLUMNS), dtype=np.int32)
        return words, starts

    def _spelling(self, starts: Array) -> Spelling:
        """Return the cached n-grams of words as kernels take them."""
        distinct = self.room.array("distinct", (int(np.diff(starts).max(initial=0)), 2), np.int32)
        return Spelling(self.grams, self.borders, self.word_state, distinct)

    def _spell(self) -> None:
        """Cache the n-grams of new words."""
        first, last = self.spelled, self.words.n
        if first == last:
            return
        offsets = self.words.offsets
        size = int(offsets[last] - offsets[first]) + 2 * (last - first)
        text, borders = np.empty(size, dtype=np.uint8), np.empty(last - first + 1, dtype=np.int64)
        pad_words(self.words.written, offsets, first, last, text, borders)
        grams, starts = _find_in_pieces(self, text, borders)
        used = int(self.borders[first])
        if used + len(grams) > len(self.grams):
            self.grams = grown(self.grams, used, 2 * len(self.grams) + len(grams))
        if last + 1 > len(self.borders):
            self.borders = grown(self.borders, first + 1, 2 * last)
        self.grams[used : used + len(grams)] = grams
        self.borders[first : last + 1] = used + starts
        self.spelled = last

    def limit_cache(self, most: int) -> None:
        self.spelled_at_most = most

    def keep(self, kept: Array) -> None:
        super().keep(kept)
        self._forget()

    @property
    def nbytes(self) -> int:
        return super().nbytes + self.words.nbytes + self.grams.nbytes + self.borders.nbytes + self.word_state.nbytes


_NO_STRINGS = Strings(np.uint64(1), 2)


def _find_in_pieces(counter: Counter, text: Array, borders: Array) -> tuple[Array, Array]:
    """Return the character n-grams of pieces of text, int32 (n,), and each piece's first; see ``find_grams``."""
    cut, strings = counter.cut, counter.ngrams or _NO_STRINGS
    found = np.empty(len(text) * (cut.n_max - cut.n_min + 1) + len(borders), dtype=np.int32)
    starts = np.empty(len(borders), dtype=np.int64)
    progress = np.zeros(3, dtype=np.int64)
    options = GramOptions(cut.analyzer == "char_wb", cut.n_min, cut.n_max, cut.n_features, cut.multiplier)
    while True:
        n = find_grams(text, borders, options, progress, strings.rows, strings.n, counter.frozen, found, starts)
        if not cut.n_features and not counter.frozen:
            strings.n = n
        if progress[0] == len(borders) - 1:
            return found[: progress[2]], starts
        strings.grow(4 * cut.n_max)
