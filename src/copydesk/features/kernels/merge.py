"""Compiled kernels that merge another thread's vocabulary."""

from __future__ import annotations

from typing import Any

import numpy as np

from copydesk.compiled.arrays import Array
from copydesk.compiled.intrinsics import prefetch
from copydesk.compiled.kernel import kernel
from copydesk.features.kernels.hash_table import LOW, shift_of, write_string

_ONE = np.uint64(1)
_32 = np.uint64(32)
_BATCH = 32  # rows prefetched at once


@kernel
def append_strings(text: Array, borders: Array, numbers: Array, written: Array, offsets: Array, n_terms: int) -> Any:
    """Append the strings without an id, write their ids and return the new number of strings."""
    total = np.uint64(n_terms)
    for i in range(numbers.shape[0]):
        if numbers[i] < 0:
            write_string(text, np.uint64(borders[i]), np.uint64(borders[i + 1]), written, offsets, total)
            numbers[i] = total
            total += _ONE
    return np.int64(total)


@kernel
def merge_words(origin: Array, level: Array, word_here: Array, node_of: Array, here: Array) -> None:
    """Write this vocabulary's id of each n-gram of one word of another vocabulary; parameters as ``merge_known``."""
    for i in range(level.shape[0]):
        if level[i] == 1:
            here[i] = node_of[np.uint64(word_here[np.uint64(origin[i] & LOW)])]


@kernel
def key_here(origin: Any, word_here: Array, here: Array) -> Any:
    """Return this vocabulary's key of another's n-gram whose parent is merged already."""
    return np.uint64(here[origin >> _32]) << _32 | np.uint64(word_here[np.uint64(origin & LOW)])


@kernel
def merge_known(
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
    """Look up another vocabulary's n-grams of ``length`` words; return the number of unknown ones.

    Parameters
    ----------
    origin, level : uint64 and uint8 (n,)
        Keys and lengths of the other's n-grams; see ``WordNgrams``.
    word_here : int32
        This vocabulary's ids of the other's words.
    here : int32 (n,)
        This vocabulary's ids of the other's n-grams; written, -1 for unknown ones.
    first, last : int
        Range of n-grams to look up.
    """
    shift = shift_of(table.shape[0])
    mask = np.uint64(table.shape[0] - 1)
    keys, which = np.empty(_BATCH, dtype=np.uint64), np.empty(_BATCH, dtype=np.int64)
    unknown = 0
    for begin in range(first, last, _BATCH):
        n = 0
        for i in range(begin, min(begin + _BATCH, last)):
            if level[i] == length:
                keys[n] = key_here(origin[i], word_here, here)
                which[n] = i
                prefetch(table, keys[n] * multiplier >> shift)
                n += 1
        for i in range(n):
            at = keys[i] * multiplier >> shift
            while table[at, 1] != 0 and table[at, 0] != keys[i]:
                at = (at + _ONE) & mask
            here[which[i]] = np.int64(table[at, 1]) - 1
            unknown += table[at, 1] == 0
    return unknown


@kernel
def append_unknown(
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
    """Append the n-grams that ``merge_known`` did not find, with ids from ``n_nodes`` on."""
    for i in range(first, last):
        if level[i] == length and here[i] < 0:
            origin_here[n_nodes] = key_here(origin[i], word_here, here)
            here[i] = n_nodes
            n_nodes += 1
