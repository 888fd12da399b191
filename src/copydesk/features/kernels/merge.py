"""Compiled kernels: what another thread has numbered gets numbers here."""

from __future__ import annotations

from typing import Any

import numpy as np

from copydesk.compiled.arrays import Array
from copydesk.compiled.intrinsics import ask_for
from copydesk.compiled.kernel import kernel
from copydesk.features.kernels.hash_table import LOW, shift_of, write_string

_ONE = np.uint64(1)
_32 = np.uint64(32)
_ASKED = 32  # look-ups asked for at once


@kernel
def append_strings(text: Array, borders: Array, numbers: Array, written: Array, offsets: Array, n_terms: int) -> Any:
    """Append the strings that have no number yet, give them numbers and return how many there are now."""
    total = np.uint64(n_terms)
    for i in range(numbers.shape[0]):
        if numbers[i] < 0:
            write_string(text, np.uint64(borders[i]), np.uint64(borders[i + 1]), written, offsets, total)
            numbers[i] = total
            total += _ONE
    return np.int64(total)


@kernel
def adopt_words(origin: Array, level: Array, word_here: Array, node_of: Array, here: Array) -> None:
    """Write the number here of each n-gram of one word of another numbering; parameters as ``adopt_known``'s."""
    for i in range(level.shape[0]):
        if level[i] == 1:
            here[i] = node_of[np.uint64(word_here[np.uint64(origin[i] & LOW)])]


@kernel
def key_here(origin: Any, word_here: Array, here: Array) -> Any:
    """Return the key that an n-gram of another numbering has here; its parent has its number already."""
    return np.uint64(here[origin >> _32]) << _32 | np.uint64(word_here[np.uint64(origin & LOW)])


@kernel
def adopt_known(
    origin: Array,
    level: Array,
    length: int,
    word_here: Array,
    table: Array,
    multiplier: Any,
    here: Array,
    first: int,
    last: int,
) -> Any:
    """Look up another numbering's n-grams of ``length`` words; return how many are not known here.

    Parameters
    ----------
    origin, level : uint64 and uint8 (n,)
        Of the other's n-grams; see ``WordNgrams``.
    word_here : int32
        Numbers here of the other's words.
    here : int32 (n,)
        Numbers here of the other's n-grams; those looked up are written, -1 for unknown.
    first, last : int
        The slice of them to look up.
    """
    shift = shift_of(table.shape[0])
    mask = np.uint64(table.shape[0] - 1)
    keys, which = np.empty(_ASKED, dtype=np.uint64), np.empty(_ASKED, dtype=np.int64)
    unknown = 0
    for begin in range(first, last, _ASKED):
        n = 0
        for i in range(begin, min(begin + _ASKED, last)):
            if level[i] == length:
                keys[n] = key_here(origin[i], word_here, here)
                which[n] = i
                ask_for(table, keys[n] * multiplier >> shift)
                n += 1
        for asked in range(n):
            at = keys[asked] * multiplier >> shift
            while table[at, 1] != 0 and table[at, 0] != keys[asked]:
                at = (at + _ONE) & mask
            here[which[asked]] = np.int64(table[at, 1]) - 1
            unknown += table[at, 1] == 0
    return unknown


@kernel
def append_adopted(
    origin: Array,
    level: Array,
    length: int,
    word_here: Array,
    origin_here: Array,
    here: Array,
    first: int,
    last: int,
    n_nodes: int,
) -> None:
    """Append the n-grams that ``adopt_known`` did not find, and give them numbers from ``n_nodes`` on."""
    for i in range(first, last):
        if level[i] == length and here[i] < 0:
            origin_here[n_nodes] = key_here(origin[i], word_here, here)
            here[i] = n_nodes
            n_nodes += 1
