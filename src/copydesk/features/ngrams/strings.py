"""Vocabulary of strings: a hash table that grows while texts are read, or is frozen and shared by threads."""

from __future__ import annotations

from typing import Any

import numpy as np

from copydesk.compiled.arrays import Array
from copydesk.compiled.scratch import Scratch
from copydesk.compiled.threads import even_slices, in_threads
from copydesk.features.kernels.hash_table import StringTable, find_strings, key_strings, mistaken, move_rows
from copydesk.features.kernels.merge import append_strings
from copydesk.features.ngrams.terms import gather_terms

_FAST_GROWTH = 1 << 18  # rows up to which a table grows fourfold


def grown(array: Array, used: int, size: int) -> Array:
    """Return a copy with room for ``size`` items or rows."""
    larger = np.empty((size, *array.shape[1:]), dtype=array.dtype)
    larger[:used] = array[:used]
    return larger


def rows_for(n: int) -> int:
    """Return the size of a table with room for ``n`` keys."""
    return 1 << max(10, int(n * 4 / 3 + 2).bit_length())


def larger_table(rows: Array, multiplier: Any) -> Array:
    """Return a larger table with the same entries."""
    size = len(rows) * (4 if len(rows) <= _FAST_GROWTH else 2)
    larger = np.zeros((size, 2), dtype=np.uint64)
    move_rows(rows, larger, multiplier)
    return larger


class Strings:
    """Distinct strings with ids in the order of insertion.

    Attributes
    ----------
    n : int
        Number of strings.
    table, written, offsets : ndarray
        See ``StringTable``.
    """

    def __init__(self, multiplier: Any, rows: int = 1 << 12) -> None:
        self.multiplier = multiplier
        self.n = 0
        self.table = np.zeros((rows, 2), dtype=np.uint64)
        self.written = np.empty(4 * rows, dtype=np.uint8)
        self.offsets = np.zeros(rows // 2, dtype=np.int64)

    @property
    def rows(self) -> StringTable:
        """Arrays as kernels take them."""
        return StringTable(self.table, self.written, self.offsets)

    @classmethod
    def of(cls, written: Array, offsets: Array, multiplier: Any) -> Strings:
        """Return a vocabulary of distinct strings with ids in their order."""
        strings = cls(multiplier, rows_for(len(offsets)))
        strings.written = np.empty(len(written) + 8, dtype=np.uint8)
        strings.offsets = np.zeros(len(offsets) + 8, dtype=np.int64)
        strings.find(*self_keyed(written, offsets, multiplier), frozen=False)
        return strings

    def find(self, text: Array, spans: Array, keys: Array, frozen: bool, room: Scratch | None = None) -> Array:
        """Return the id of each string, int32 (n,); unknown ones are added or, if ``frozen``, get -1.

        Parameters
        ----------
        text : uint8
        spans : uint32 (n, 2)
            Begin and end of each string in ``text``.
        keys : uint64 (n,)
        """
        numbers = (room or Scratch()).array("strings", len(keys), np.int32)
        self._find(text, spans, keys, frozen, False, numbers)
        wrong = mistaken(text, spans, keys, self.written, self.offsets, numbers)
        if len(wrong):
            others = np.empty(len(wrong), dtype=np.int32)
            self._find(text, spans[wrong], keys[wrong], frozen, True, others)
            numbers[wrong] = others
        return numbers

    def _find(self, text: Array, spans: Array, keys: Array, frozen: bool, by_bytes: bool, numbers: Array) -> None:
        done = 0
        while True:
            done, self.n = find_strings(
                text, spans, keys, done, self.rows, self.n, self.multiplier, frozen, by_bytes, numbers
            )
            if done == len(keys):
                return
            self.grow(int(spans[done, 1]) - int(spans[done, 0]))

    def grow(self, longest: int) -> None:
        """Make room for at least one more string, of at most ``longest`` bytes."""
        if self.n >= len(self.table) // 4 * 3:
            self.table = larger_table(self.table, self.multiplier)
        if self.n + 2 > len(self.offsets):
            self.offsets = grown(self.offsets, self.n + 1, 2 * len(self.offsets))
        used = int(self.offsets[self.n])
        if used + longest > len(self.written):
            self.written = grown(self.written, used, 2 * len(self.written) + longest)

    def as_terms(self, numbers: Array) -> tuple[Array, Array]:
        """Return the UTF-8 of strings with the given ids, one after the other, and where each begins."""
        found: tuple[Array, Array] = gather_terms(self.written, self.offsets, numbers)
        return found

    def without_table(self) -> Strings:
        """Drop what is needed for look-ups only; terms can still be written."""
        self.table = self.table[:0].copy()
        return self

    def kept(self, numbers: Array) -> Strings:
        """Return a vocabulary of the strings with the given ids, in their order."""
        return Strings.of(*self.as_terms(numbers), self.multiplier)

    def merge(self, other: Strings, threads: int, last: bool) -> Array:
        """Add another vocabulary's strings; return their ids in this one, int32 (other.n,).

        They are distinct, so that look-ups only read and threads share them. After the ``last`` vocabulary nothing is
        looked up, so that its new strings need no entry in the table.
        """
        text, spans, keys = self_keyed(other.written, other.offsets[: other.n + 1], self.multiplier)
        numbers = np.concatenate(
            in_threads(lambda at: self.find(text, spans[at], keys[at], frozen=True), even_slices(other.n, threads))
        )
        if not last:
            new = np.flatnonzero(numbers < 0)
            numbers[new] = self.find(text, spans[new], keys[new], frozen=False)
            return numbers
        used = int(self.offsets[self.n])
        self.written = grown(self.written, used, used + int(other.offsets[other.n]))
        self.offsets = grown(self.offsets, self.n + 1, self.n + 1 + other.n)
        self.n = append_strings(text, other.offsets, numbers, self.written, self.offsets, self.n)
        return numbers

    def __getstate__(self) -> dict[str, Any]:
        """Return the strings without the table, which is made again from them."""
        written, offsets = self.as_terms(np.arange(self.n))
        return {"multiplier": self.multiplier, "written": written, "lengths": np.diff(offsets).astype(np.uint32)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        offsets = np.concatenate([[0], np.cumsum(state["lengths"], dtype=np.int64)])
        self.__dict__.update(vars(Strings.of(state["written"], offsets, state["multiplier"])))

    @property
    def nbytes(self) -> int:
        """Memory in bytes."""
        return self.table.nbytes + self.written.nbytes + self.offsets.nbytes


def self_keyed(written: Array, offsets: Array, multiplier: Any) -> tuple[Array, Array, Array]:
    """Return strings as ``Strings.find`` takes them: text, spans and keys."""
    keys = np.empty(len(offsets) - 1, dtype=np.uint64)
    key_strings(written, offsets, multiplier, keys)
    spans = np.empty((len(keys), 2), dtype=np.uint32)
    spans[:, 0], spans[:, 1] = offsets[:-1], offsets[1:]
    return written, spans, keys
