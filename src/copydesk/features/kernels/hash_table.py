"""Compiled kernels of the two hash tables that number n-grams: strings by their bytes, word n-grams by their parts.

Both are open-addressing tables of rows (64-bit key, id + 1), a power of two long, with multiplicative hashing
(Dietzfelbinger et al. 1997). Both are exact. A string of up to seven bytes is its own key; the key of a longer one is a
hash, and its bytes are compared. The key of an n-gram of several words is a pair of 32-bit ids: the n-gram without its
last word, and that word.

Kernels never allocate: if a table is full they return how far they got, to be called again with a larger one.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from copydesk.compiled.arrays import Array
from copydesk.compiled.intrinsics import eight_bytes, prefetch
from copydesk.compiled.kernel import kernel

_ONE = np.uint64(1)
_7 = np.uint64(7)
_8 = np.uint64(8)
_14 = np.uint64(14)
_32 = np.uint64(32)
_56 = np.uint64(56)
_64 = np.uint64(64)
_AHEAD = np.uint64(32)  # look-ups between the prefetch of a row and its use
LOW = np.uint64(0xFFFFFFFF)
HASHED = np.uint64(1 << 63)  # marks the key of a string longer than a key


class StringTable(NamedTuple):
    """Hash table of strings.

    Attributes
    ----------
    table : uint64 (n_rows, 2)
    written : uint8
        UTF-8 of the strings, one after the other, with room for more.
    offsets : int64
        Where each string begins.
    """

    table: Array
    written: Array
    offsets: Array


@kernel(no_cpython_wrapper=True)
def mix(state: Any, key: Any, multiplier: Any) -> Any:
    """Add a key to a running hash."""
    state = (state ^ key) * multiplier
    return state ^ (state >> _32)


@kernel(no_cpython_wrapper=True)
def shift_of(size: int) -> Any:
    """Return the right shift that maps a product to a row of a table of ``size`` rows."""
    shift = np.uint64(64)
    while size > 1:
        size >>= 1
        shift -= _ONE
    return shift


@kernel(no_cpython_wrapper=True)
def key_of(text: Array, begin: Any, end: Any, multiplier: Any) -> Any:
    """Return the key of a non-empty string: its bytes after a 1, or a hash if there are more than seven.

    Reads up to sixteen bytes past the end of the string.
    """
    n = end - begin
    first = eight_bytes(text, begin)
    if n <= _14:
        # computes both keys: a branch on the length of a word would be mispredicted too often
        few, more = (n if n < _7 else _7), (n if n > _8 else _8) - _7
        short = first >> (_64 - _8 * few) | _ONE << _8 * few
        rest = eight_bytes(text, begin + _7) >> (_64 - _8 * more) | _ONE << _8 * more
        state = mix(np.uint64(0), first >> _8 | _ONE << _56, multiplier) | _ONE
        state = mix(state, rest, multiplier) | HASHED
        return state if n > _7 else short
    state = np.uint64(0)
    while end - begin > _7:
        state = mix(state, eight_bytes(text, begin) >> _8 | _ONE << _56, multiplier) | _ONE
        begin += _7
    n = end - begin
    return mix(state, eight_bytes(text, begin) >> (_64 - _8 * n) | _ONE << _8 * n, multiplier) | HASHED


@kernel
def key_strings(written: Array, offsets: Array, multiplier: Any, keys: Array) -> None:
    """Write the keys of a buffer's strings, as ``key_of`` does, without reading past the end of the buffer."""
    for i in range(offsets.shape[0] - 1):
        key, state = _ONE, np.uint64(0)
        for at in range(offsets[i], offsets[i + 1]):
            if key >> _56:
                state, key = mix(state, key, multiplier) | _ONE, _ONE
            key = key << _8 | np.uint64(written[at])
        keys[i] = mix(state, key, multiplier) | HASHED if state else key


@kernel(no_cpython_wrapper=True)
def same_bytes(text: Array, begin: Any, end: Any, written: Array, offsets: Array, number: Any) -> Any:
    """Return whether a string of eight bytes or more equals string ``number`` of the buffer."""
    at = np.uint64(offsets[number])
    if np.uint64(offsets[number + _ONE]) - at != end - begin:
        return False
    while end - begin > _8:
        if eight_bytes(text, begin) != eight_bytes(written, at):
            return False
        begin += _8
        at += _8
    back = _8 - (end - begin)  # the last eight bytes overlap those before
    return eight_bytes(text, begin - back) == eight_bytes(written, at - back)


@kernel(no_cpython_wrapper=True)
def search(strings: StringTable, at: Any, key: Any, text: Array, begin: Any, end: Any) -> Any:
    """Return the row of a string, or the empty row to insert it at, searching from row ``at``."""
    table, written, offsets = strings
    mask = np.uint64(table.shape[0] - 1)
    while True:
        entry = table[at, 1]
        if entry == 0:
            return at
        if table[at, 0] == key and (key < HASHED or same_bytes(text, begin, end, written, offsets, entry - _ONE)):
            return at
        at = (at + _ONE) & mask


@kernel(no_cpython_wrapper=True)
def write_string(text: Array, begin: Any, end: Any, written: Array, offsets: Array, number: Any) -> None:
    """Append a string to the buffer."""
    at = np.uint64(offsets[number])
    for place in range(begin, end):
        written[at] = text[place]
        at += _ONE
    offsets[number + _ONE] = at


@kernel
def find_strings(
    text: Array,
    spans: Array,
    keys: Array,
    first: int,
    strings: StringTable,
    n_terms: int,
    multiplier: Any,
    frozen: bool,
    by_bytes: bool,
    numbers: Array,
) -> Any:
    """Write the id of each string; unknown ones are added or, if ``frozen``, get -1.

    Parameters
    ----------
    text : uint8
    spans : uint32 (n, 2)
        Begin and end of each string in ``text``.
    keys : uint64 (n,)
    first : int
        The string to begin with.
    n_terms : int
        Number of strings in the table.
    multiplier : uint64
        The model's hash key.
    by_bytes : bool
        Compare strings of equal hashes. Otherwise they count as equal, and ``mistaken`` must check afterwards, which
        is three times as fast because the addresses of the bytes are known in advance.
    numbers : int32 (n,)
        Written.

    Returns
    -------
    done, n_terms : int
        ``done`` is less than n if the table is full.
    """
    table, written, offsets = strings
    shift = shift_of(table.shape[0])
    mask = np.uint64(table.shape[0] - 1)
    n = keys.shape[0]
    most = table.shape[0] // 4 * 3
    total = np.uint64(n_terms)
    for i in range(np.uint64(first), np.uint64(n)):
        key = keys[i]
        at = key * multiplier >> shift
        if by_bytes:
            at = search(strings, at, key, text, np.uint64(spans[i, 0]), np.uint64(spans[i, 1]))
        else:
            while table[at, 1] != 0 and table[at, 0] != key:
                at = (at + _ONE) & mask
        entry = table[at, 1]
        if entry == 0 and not frozen:
            begin, end = np.uint64(spans[i, 0]), np.uint64(spans[i, 1])
            room = np.uint64(offsets[total]) + (end - begin) <= np.uint64(written.shape[0])
            if total >= np.uint64(most) or total + _ONE >= np.uint64(offsets.shape[0]) or not room:
                return np.int64(i), np.int64(total)
            write_string(text, begin, end, written, offsets, total)
            total += _ONE
            entry = total
            table[at, 0] = key
            table[at, 1] = entry
        numbers[i] = np.int64(entry) - 1
    return n, np.int64(total)


@kernel
def mistaken(text: Array, spans: Array, keys: Array, written: Array, offsets: Array, numbers: Array) -> Any:
    """Return the indices, uint32, of strings that got the id of another string of the same hash; mostly none."""
    n = 0
    hashed = np.empty(keys.shape[0], dtype=np.uint32)
    for i in range(np.uint64(keys.shape[0])):
        hashed[n] = i  # kept or overwritten, without an unpredictable branch
        n += (keys[i] >= HASHED) & (numbers[i] >= 0)
    wrong = 0
    for at in range(n):
        which = np.uint64(hashed[at])
        begin, end = np.uint64(spans[which, 0]), np.uint64(spans[which, 1])
        hashed[wrong] = which
        wrong += not same_bytes(text, begin, end, written, offsets, np.uint64(numbers[which]))
    return hashed[:wrong]


@kernel
def nodes_of(node_of: Array, words: Array, nodes: Array) -> None:
    """Write the n-gram that consists of each word alone, -1 for unknown words and stop words."""
    for i in range(np.uint64(words.shape[0])):
        word = words[i]
        nodes[i] = node_of[np.uint64(word)] if word >= 0 else -1


@kernel
def find_pairs(
    parents: Array,
    words: Array,
    first: int,
    table: Array,
    n_pairs: int,
    origin: Array,
    n_nodes: int,
    multiplier: Any,
    frozen: bool,
    numbers: Array,
) -> Any:
    """Write the id of each pair of a shorter n-gram and the word after it.

    A pair with -1 gets -1; an unknown pair is added or, if ``frozen``, gets -1.

    Parameters
    ----------
    parents, words, numbers : int32 (n,)
    first : int
        The pair to begin with.
    table : uint64
    n_pairs : int
        Number of pairs in the table.
    origin : uint64
        Receives the key of each new n-gram: parent and word.
    n_nodes : int
        Id of the next new n-gram.

    Returns
    -------
    done, n_pairs, n_nodes : int
    """
    shift = shift_of(table.shape[0])
    mask = np.uint64(table.shape[0] - 1)
    n = np.uint64(parents.shape[0])
    most = table.shape[0] // 4 * 3
    for i in range(np.uint64(first), n):
        ahead = min(i + _AHEAD, n - _ONE)
        prefetch(table, (np.uint64(parents[ahead]) << _32 | np.uint64(words[ahead])) * multiplier >> shift)
        if parents[i] < 0 or words[i] < 0:
            numbers[i] = -1
            continue
        key = np.uint64(parents[i]) << _32 | np.uint64(words[i])
        at = key * multiplier >> shift
        while table[at, 1] != 0 and table[at, 0] != key:
            at = (at + _ONE) & mask
        entry = table[at, 1]
        if entry == 0 and not frozen:
            if n_pairs >= most or n_nodes >= origin.shape[0]:
                return np.int64(i), n_pairs, n_nodes
            origin[n_nodes] = key
            n_nodes += 1
            n_pairs += 1
            entry = np.uint64(n_nodes)
            table[at, 0] = key
            table[at, 1] = entry
        numbers[i] = np.int64(entry) - 1
    return np.int64(n), n_pairs, n_nodes


@kernel
def put_pairs(parents: Array, words: Array, numbers: Array, table: Array, multiplier: Any) -> None:
    """Insert new pairs with given ids; the table must have room."""
    shift = shift_of(table.shape[0])
    mask = np.uint64(table.shape[0] - 1)
    for i in range(parents.shape[0]):
        key = np.uint64(parents[i]) << _32 | np.uint64(words[i])
        at = key * multiplier >> shift
        while table[at, 1] != 0:
            at = (at + _ONE) & mask
        table[at, 0] = key
        table[at, 1] = np.uint64(numbers[i]) + _ONE


@kernel
def move_rows(table: Array, grown: Array, multiplier: Any) -> None:
    """Insert the rows of a table into an empty larger one."""
    shift = shift_of(grown.shape[0])
    mask = np.uint64(grown.shape[0] - 1)
    for row in range(table.shape[0]):
        if table[row, 1] != 0:
            at = table[row, 0] * multiplier >> shift
            while grown[at, 1] != 0:
                at = (at + _ONE) & mask
            grown[at, 0] = table[row, 0]
            grown[at, 1] = table[row, 1]
