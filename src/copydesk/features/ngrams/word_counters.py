"""Counters of word n-grams, and which counter a family needs."""

from __future__ import annotations

from typing import Any

import numpy as np

from copydesk.compiled.arrays import Array
from copydesk.compiled.scratch import Scratch
from copydesk.features.kernels import grams as ngrams
from copydesk.features.ngrams import terms
from copydesk.features.ngrams.character_counters import CharacterCounter, SpelledCounter
from copydesk.features.ngrams.counter import Counter
from copydesk.features.ngrams.cut import Chunk, Cut
from copydesk.features.ngrams.strings import Strings, self_keyed
from copydesk.features.ngrams.word_ngrams import WordNgrams


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
