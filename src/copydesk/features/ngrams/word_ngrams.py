"""Vocabulary of word n-grams: it grows while texts are read, or is frozen and shared by threads."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from copydesk.compiled.arrays import Array
from copydesk.compiled.scratch import Scratch
from copydesk.compiled.threads import even_slices, in_threads
from copydesk.features.kernels.hash_table import LOW, find_pairs, nodes_of, put_pairs
from copydesk.features.kernels.merge import append_unknown, merge_known, merge_words
from copydesk.features.ngrams.strings import Strings, grown, larger_table, rows_for
from copydesk.features.ngrams.terms import measure_ngrams, split_terms, write_ngrams

NO_PARENT = np.uint64(0xFFFFFFFF)  # parent of an n-gram of one word
_32 = np.uint64(32)


class WordNgrams:
    """Word n-grams with ids in the order of insertion.

    The key of an n-gram is the n-gram without its last word, its parent, and that word, so that each token is hashed
    once, however many n-grams end with it.

    Attributes
    ----------
    words : Strings
        Stop words first.
    node_of : ndarray of int32
        Id of the n-gram that consists of each word, -1 for a stop word.
    n : int
        Number of n-grams.
    origin, level : ndarray of uint64 and uint8
        Parent (upper 32 bits) and last word of each n-gram; its number of words.
    """

    def __init__(self, multiplier: Any, stops: tuple[Array, Array]) -> None:
        self.multiplier = multiplier
        self.words = Strings.of(*stops, multiplier)
        self.n_stops = self.words.n
        self.node_of = np.full(self.n_stops, -1, dtype=np.int32)
        self.n = self.n_pairs = 0
        self.table = np.zeros((1 << 10, 2), dtype=np.uint64)
        self.origin = np.empty(1 << 10, dtype=np.uint64)
        self.level = np.empty(1 << 10, dtype=np.uint8)

    @classmethod
    def of(cls, written: Array, offsets: Array, multiplier: Any, stops: tuple[Array, Array]) -> WordNgrams:
        """Return a vocabulary of terms with ids in their order; prefixes that are no terms themselves follow."""
        ngrams = cls(multiplier, stops)
        keys, spans, starts = split_terms(written, offsets, multiplier)
        words = ngrams.words.find(written, spans, keys, frozen=False)
        lengths = np.diff(starts)
        # a term that is more than its tokens and single spaces never occurs in a text
        read = np.concatenate([[0], np.cumsum(np.diff(spans.astype(np.int64))[:, 0])])
        lengths[read[starts[1:]] - read[starts[:-1]] + lengths - 1 != np.diff(offsets)] = 0
        ngrams.n = len(lengths)
        ngrams.node_of = np.full(ngrams.words.n, -1, dtype=np.int32)
        single = np.flatnonzero(lengths == 1)
        ngrams.node_of[words[starts[single]]] = single
        missing = np.flatnonzero(ngrams.node_of[ngrams.n_stops :] < 0) + ngrams.n_stops
        ngrams.node_of[missing] = ngrams.n + np.arange(len(missing))
        ngrams.node_of[: ngrams.n_stops] = -1
        ngrams.n += len(missing)
        ngrams.table = np.zeros((rows_for(len(words)), 2), dtype=np.uint64)
        ngrams.origin, ngrams.level = np.zeros(ngrams.n, dtype=np.uint64), np.zeros(ngrams.n, dtype=np.uint8)
        prefix = ngrams.node_of[words[np.minimum(starts[:-1], len(words) - 1)]] if len(words) else lengths.astype("i4")
        for length in range(2, int(lengths.max(initial=0)) + 1):
            here = np.flatnonzero(lengths == length)
            last = words[starts[here] + length - 1]
            whole = prefix[here] >= 0
            put_pairs(prefix[here][whole], last[whole], here[whole].astype(np.int32), ngrams.table, multiplier)
            ngrams.n_pairs += len(here)
            longer = np.flatnonzero(lengths > length)
            prefix[longer] = ngrams.find_pairs(prefix[longer], words[starts[longer] + length - 1], frozen=False)
        return ngrams

    def find_words(
        self, text: Array, spans: Array, keys: Array, frozen: bool, room: Scratch | None = None
    ) -> tuple[Array, Array]:
        """Return the word of each token, and the n-gram that consists of it, int32 (n,); -1 for unknown ones."""
        words = self.words.find(text, spans, keys, frozen, room)
        self._add_words()
        nodes = (room or Scratch()).array("nodes", len(words), np.int32)
        nodes_of(self.node_of, words, nodes)
        return words, nodes

    def _add_words(self) -> None:
        """Add the n-grams of one word for new words."""
        new = self.words.n - len(self.node_of)
        if not new:
            return
        self._make_room(self.n + new)
        fresh = np.arange(new, dtype=np.uint64)
        self.origin[self.n : self.n + new] = NO_PARENT << _32 | fresh + np.uint64(len(self.node_of))
        self.level[self.n : self.n + new] = 1
        self.node_of = np.append(self.node_of, (fresh + np.uint64(self.n)).astype(np.int32))
        self.n += new

    def find_pairs(self, parents: Array, words: Array, frozen: bool, numbers: Array | None = None) -> Array:
        """Return the n-gram of each parent and the word after it, int32 (n,), -1 for unknown ones."""
        if numbers is None:
            numbers = np.empty(len(words), dtype=np.int32)
        done = 0
        while True:
            done, self.n_pairs, self.n = find_pairs(
                parents, words, done, self.table, self.n_pairs, self.origin, self.n, self.multiplier, frozen, numbers
            )
            if done == len(words):
                return numbers
            if self.n_pairs >= len(self.table) // 4 * 3:
                self.table = larger_table(self.table, self.multiplier)
            self._make_room(self.n + 1)

    def longer(
        self, nodes: Array, words: Array, starts: Array, length: int, frozen: bool, room: Scratch, numbers: Array
    ) -> None:
        """Write the n-grams of ``length`` words that end at each token, -1 if the document has none.

        Parameters
        ----------
        nodes : int32 (n,)
            The n-grams of one word less that end at each token.
        words, numbers : int32 (n,)
        starts : int64 (n_documents + 1,)
            Each document's first token.
        """
        parents = room.array("parents", len(nodes), np.int32)
        parents[1:] = nodes[:-1]
        first = starts[:-1]
        parents[first[first < len(parents)]] = -1
        before = self.n
        self.find_pairs(parents, words, frozen, numbers)
        self.level[before : self.n] = length

    def _make_room(self, n: int) -> None:
        used = len(self.origin)
        if n > used:
            self.origin, self.level = (grown(each, used, max(2 * used, n)) for each in (self.origin, self.level))

    def as_terms(self, numbers: Array) -> tuple[Array, Array]:
        """Return the UTF-8 of n-grams with the given ids, one after the other, and where each begins."""
        offsets = np.zeros(len(numbers) + 1, dtype=np.int64)
        measure_ngrams(self.origin, numbers, self.words.offsets, offsets)
        written = np.empty(offsets[-1], dtype=np.uint8)
        write_ngrams(self.origin, numbers, self.words.written, self.words.offsets, written, offsets)
        return written, offsets

    def without_table(self) -> WordNgrams:
        """Drop what is needed for look-ups only; terms can still be written."""
        self.words.without_table()
        self.table, self.level, self.node_of = self.table[:0].copy(), self.level[:0].copy(), self.node_of[:0].copy()
        return self

    def merge(self, other: WordNgrams, threads: int, last: bool) -> Array:
        """Add another vocabulary's n-grams; return their ids in this one, int32 (other.n,); see ``Strings.merge``."""
        word_here = self.words.merge(other.words, threads, last)
        self._add_words()
        here = np.empty(other.n, dtype=np.int32)
        origin, level = other.origin[: other.n], other.level[: other.n]
        merge_words(origin, level, word_here, self.node_of, here)
        slices = even_slices(other.n, threads)
        for length in range(2, int(level.max(initial=1)) + 1):
            look_up = partial(merge_known, origin, level, length, word_here, self.table, self.multiplier, here)
            unknown = in_threads(partial(_on_slice, look_up), [(at,) for at in slices])
            before = self.n
            if last:
                begin = before + np.cumsum([0, *unknown])
                self._make_room(int(begin[-1]))
                append = partial(append_unknown, origin, level, length, word_here, self.origin, here)
                in_threads(partial(_on_slice, append), list(zip(slices, begin[:-1].tolist(), strict=True)))
                self.n = int(begin[-1])
            else:
                new = np.flatnonzero((level == length) & (here < 0))
                parents, words = (origin[new] >> _32).astype(np.int64), (origin[new] & LOW).astype(np.int64)
                here[new] = self.find_pairs(here[parents], word_here[words], frozen=False)
            self.level[before : self.n] = length
        return here

    def kept(self, keep: Array) -> tuple[WordNgrams, Array]:
        """Return a vocabulary of the n-grams to ``keep``, bool (n,), their prefixes and words, and the old ids."""
        levels, origin = self.level[: self.n], self.origin[: self.n]
        parents, words = (origin >> _32).astype(np.int64), (origin & LOW).astype(np.int64)
        keep = keep.copy()
        for length in range(int(levels.max(initial=1)), 1, -1):
            here = keep & (levels == length)
            keep[parents[here]] = True
            keep[self.node_of[words[here]]] = True
        old = np.flatnonzero(keep)
        new = np.full(self.n, -1, dtype=np.int64)
        new[old] = np.arange(len(old))
        word_kept = self.node_of >= 0
        word_kept[word_kept] = keep[self.node_of[word_kept]]
        word_kept[: self.n_stops] = True
        new_word = np.cumsum(word_kept) - 1
        parent = np.where(levels[old] > 1, new[np.minimum(parents[old], self.n - 1)], np.int64(NO_PARENT))
        less = WordNgrams.__new__(WordNgrams)
        less.__setstate__(
            {
                "n_stops": self.n_stops,
                "words": self.words.kept(np.flatnonzero(word_kept)),
                "origin": parent.astype(np.uint64) << _32 | new_word[words[old]].astype(np.uint64),
                "level": levels[old],
            }
        )
        return less, old

    def __getstate__(self) -> dict[str, Any]:
        """Return the n-grams without what they are looked up in, which is made again from them."""
        return {
            "n_stops": self.n_stops,
            "words": self.words,
            "origin": self.origin[: self.n],
            "level": self.level[: self.n],
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.multiplier, self.n = self.words.multiplier, len(self.level)
        last = (self.origin & LOW).astype(np.int32)
        single, pairs = np.flatnonzero(self.level == 1), np.flatnonzero(self.level > 1)
        self.node_of = np.full(self.words.n, -1, dtype=np.int32)
        self.node_of[last[single]] = single
        self.table = np.zeros((rows_for(len(pairs)), 2), dtype=np.uint64)
        self.n_pairs = len(pairs)
        parents = (self.origin[pairs] >> _32).astype(np.int32)
        put_pairs(parents, last[pairs], pairs.astype(np.int32), self.table, self.multiplier)

    @property
    def nbytes(self) -> int:
        """Memory in bytes."""
        own = (self.table, self.origin, self.level, self.node_of)
        return self.words.nbytes + sum(each.nbytes for each in own)


def _on_slice(kernel: Any, task: tuple[Any, ...]) -> Any:
    """Call a kernel with the bounds of a slice and the rest of a task."""
    at, *more = task
    return kernel(at.start, at.stop, *more)
