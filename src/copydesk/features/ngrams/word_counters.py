"""Counters of word n-grams."""

from __future__ import annotations

from typing import Any

import numpy as np

from copydesk.compiled.arrays import Array
from copydesk.features.kernels.grams import hash_ngrams
from copydesk.features.ngrams import terms
from copydesk.features.ngrams.counter import Counter
from copydesk.features.ngrams.cut import Cut, TextChunk
from copydesk.features.ngrams.strings import Strings, self_keyed


class WordCounter(Counter):
    """Counter of word n-grams."""

    def numbers(self, chunk: TextChunk) -> tuple[Array, Array]:
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
    """Counter of word n-grams without a vocabulary."""

    def __init__(self, cut: Cut, ngrams: Any, n_columns: int | None) -> None:
        super().__init__(cut, ngrams, n_columns)
        self.stops = Strings.of(*terms.encode_terms(cut.stop_words), cut.multiplier)

    def numbers(self, chunk: TextChunk) -> tuple[Array, Array]:
        cut = self.cut
        read = chunk.encoded(cut.part)
        keys, spans, starts = terms.tokens_of(
            read.text, read.starts, read.classes, cut.shortest, cut.marks, cut.multiplier, self.room
        )
        if self.stops.n:
            kept = self.stops.find(read.text, spans, keys, frozen=True) < 0
            keys, starts = keys[kept], np.concatenate([[0], np.cumsum(kept)])[starts]
        columns = self.room.array("numbers", (cut.n_max - cut.n_min + 1, len(keys)), np.int32)
        hash_ngrams(keys, starts, cut.n_min, cut.n_max, cut.n_features, cut.multiplier, columns)
        return columns, starts


class PythonCounter(Counter):
    """Counter of word n-grams by a pattern that the kernels do not implement, as whole strings."""

    def numbers(self, chunk: TextChunk) -> tuple[Array, Array]:
        found = [self.cut.python_ngrams(text) for text in chunk.part_of(self.cut.part)]
        starts = np.zeros(len(found) + 1, dtype=np.int64)
        np.cumsum(list(map(len, found)), out=starts[1:])
        written, offsets = terms.encode_terms([each for some in found for each in some])
        if self.frozen:
            return find_whole(self.cut, self.ngrams, written, offsets)[None], starts
        return self.ngrams.find(*self_keyed(written, offsets, self.cut.multiplier), frozen=False)[None], starts


def find_whole(cut: Cut, numbers: Any, written: Array, offsets: Array) -> Array:
    """Return the id, or with hashing the column, of each string, int32 (n,)."""
    text, spans, keys = self_keyed(written, offsets, cut.multiplier)
    if not cut.n_features:
        known: Array = numbers.find(text, spans, keys, frozen=True)
        return known
    columns = np.empty((1, len(keys)), dtype=np.int32)
    hash_ngrams(keys, np.arange(len(keys) + 1), 1, 1, cut.n_features, cut.multiplier, columns)
    first: Array = columns[0]
    return first
