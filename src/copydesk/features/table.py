"""Compiled kernels of the vocabulary: an open-addressing table, and the state of terms while they are counted.

A row of the table is a 64-bit hash and, in one word, a 32-bit check and the term's number + 1. An empty table means
hashing without a vocabulary: the hash says the column.

The counts of a document come from "last seen" stamps: a term's state remembers the document that it was last
seen in and where its count stands, so that no per-document dictionary is needed.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

Array = NDArray[Any]

# Columns of a term's state while counting (int32, small so that it stays in cache) and of what is known of it (int64).
LAST, SLOT, DF, STATE_COLUMNS = 0, 1, 2, 4
KEY, CHECK, FROM, TO, ORIGIN_COLUMNS = 0, 1, 2, 3, 4

MIX = np.uint64(0x9E3779B97F4A7C15)
_ONE = np.uint64(1)
_32 = np.uint64(32)
_LOW = np.uint64(0xFFFFFFFF)


@njit(cache=True, nogil=True, inline="always")
def slot_of(key: Any, mask: Any) -> Any:
    """Return where in a table of ``mask + 1`` rows the search for a hash begins."""
    return ((key ^ (key >> _32)) * MIX >> np.uint64(20)) & mask


@njit(cache=True, nogil=True)
def grow_table(origin: Array, n_terms: int, size: int) -> Array:
    """Return a table of ``size`` rows (a power of two) with the terms of ``origin`` in it."""
    grown = np.zeros((size, 2), dtype=np.uint64)
    mask = np.uint64(size - 1)
    for term in range(n_terms):
        key = np.uint64(origin[term, KEY])
        at = slot_of(key, mask)
        while grown[at, 1] != 0:
            at = (at + _ONE) & mask
        grown[at, 0] = key
        grown[at, 1] = (np.uint64(origin[term, CHECK]) << _32) | np.uint64(term + 1)
    return grown


@njit(cache=True, nogil=True)
def grow_rows(rows: Array, used: int, size: int) -> Array:
    """Return a copy with room for ``size`` rows."""
    grown = np.empty((size, rows.shape[1]), dtype=rows.dtype)
    grown[:used] = rows[:used]
    return grown


@njit(cache=True, nogil=True)
def make_room(
    table: Array, state: Array, origin: Array, found: Array, n_terms: int, nnz: int, n: int, frozen: bool
) -> Any:
    """Grow what could be too small for ``n`` more n-grams."""
    if not frozen:
        if n_terms + n > state.shape[0]:
            size = max(2 * state.shape[0], n_terms + n)
            state = grow_rows(state, n_terms, size)
            origin = grow_rows(origin, n_terms, size)
        if 2 * (n_terms + n) > table.shape[0]:
            size = table.shape[0]
            while size < 2 * (n_terms + n):
                size *= 2
            table = grow_table(origin, n_terms, 2 * size)
    if nnz + n > found.shape[0]:
        found = grow_rows(found, nnz, max(found.shape[0] + found.shape[0] // 2, nnz + n))
    return table, state, origin, found


@njit(cache=True, nogil=True)
def find_terms(table: Array, keys: Array, checks: Array, numbers: Array, n: int) -> None:
    """Look ``n`` n-grams up; write their terms' numbers + 1, or 0 where the table does not know them.

    The first pass does nothing but read the rows where searches begin, so that the waits for memory overlap.
    """
    mask = np.uint64(table.shape[0] - 1)
    for i in range(np.uint64(n)):
        numbers[i] = table[slot_of(keys[i], mask), 1]
    for i in range(np.uint64(n)):
        entry = numbers[i]
        if entry == 0:
            continue
        key, check = keys[i], checks[i]
        at = slot_of(key, mask)
        while entry != 0 and not (table[at, 0] == key and entry >> _32 == check):
            at = (at + _ONE) & mask
            entry = table[at, 1]
        numbers[i] = entry & _LOW


@njit(cache=True, nogil=True)
def hash_columns(keys: Array, numbers: Array, n: int, n_columns: int) -> None:
    """Write the columns + 1 of ``n`` n-grams where there is no vocabulary; ``n_columns`` is a power of two."""
    mask = np.uint64(n_columns - 1)
    for i in range(np.uint64(n)):
        numbers[i] = slot_of(keys[i], mask) + _ONE


@njit(cache=True, nogil=True)
def add_term(table: Array, state: Array, origin: Array, n_terms: int, key: Any, check: Any, span: Array) -> Any:
    """Find or add one term; return its number."""
    mask = np.uint64(table.shape[0] - 1)
    at = slot_of(key, mask)
    while table[at, 1] != 0:
        if table[at, 0] == key and table[at, 1] >> _32 == check:
            known: Any = np.int64(table[at, 1] & _LOW)
            return known - 1
        at = (at + _ONE) & mask
    table[at, 0] = key
    table[at, 1] = (check << _32) | np.uint64(n_terms + 1)
    state[n_terms, LAST] = -1
    state[n_terms, DF] = 0
    origin[n_terms, KEY] = np.int64(key)
    origin[n_terms, CHECK] = np.int64(check)
    origin[n_terms, FROM] = span[0]
    origin[n_terms, TO] = span[1]
    return n_terms


@njit(cache=True, nogil=True)
def flush(
    table: Array,
    state: Array,
    origin: Array,
    found: Array,
    n_terms: int,
    nnz: int,
    keys: Array,
    checks: Array,
    spans: Array,
    numbers: Array,
    n: int,
    stamp: int,
    frozen: bool,
) -> Any:
    """Count the ``n`` n-grams in the buffer for the document that ``stamp`` stands for.

    Returns
    -------
    table, state, origin, found, n_terms, nnz
        ``found`` gets a row (term, count) for each term that is new in this document.
    """
    table, state, origin, found = make_room(table, state, origin, found, n_terms, nnz, n, frozen)
    if table.shape[0] == 0:
        hash_columns(keys, numbers, n, state.shape[0])
    else:
        find_terms(table, keys, checks, numbers, n)
    for i in range(np.uint64(n)):
        number = numbers[i]
        if number == 0:
            if frozen:
                continue
            term = np.uint64(add_term(table, state, origin, n_terms, keys[i], checks[i], spans[i]))
            if term == np.uint64(n_terms):
                n_terms += 1
        else:
            term = number - _ONE
        if state[term, LAST] == stamp:
            found[np.uint64(state[term, SLOT]), 1] += 1
        else:
            state[term, LAST] = stamp
            state[term, SLOT] = nnz
            state[term, DF] += 1
            found[np.uint64(nnz), 0] = term
            found[np.uint64(nnz), 1] = 1
            nnz += 1
    return table, state, origin, found, n_terms, nnz


@njit(cache=True, nogil=True)
def join_terms(table: Array, state: Array, origin: Array, n_terms: int, others: Array, other: Array, n: int) -> Any:
    """Add the ``n`` terms of another vocabulary, counted on later documents, to this one.

    Parameters
    ----------
    others, other
        The state and the origin of the other one's terms.

    Returns
    -------
    table, state, origin, n_terms
    number : int32 (n,)
        What each term of the other one is called here.
    """
    number = np.empty(n, dtype=np.int32)
    found = np.empty((0, 2), dtype=np.int32)
    table, state, origin, found = make_room(table, state, origin, found[:0], n_terms, 0, n, False)
    for term in range(n):
        key, check = np.uint64(other[term, KEY]), np.uint64(other[term, CHECK])
        number[term] = add_term(table, state, origin, n_terms, key, check, other[term, FROM : TO + 1])
        if number[term] == n_terms:
            n_terms += 1
        state[number[term], DF] += others[term, DF]
    return table, state, origin, n_terms, number
