"""Compiled kernels: read text once, hash its n-grams, count them per document.

An n-gram is known by two polynomial hashes of its string (Karp and Rabin 1987), 64 and 32 bits, with two odd
bases that are the model's key. The hash of "a b" follows from those of "a" and "b", so a word n-gram costs two
multiplications however long it is; a term given as a string hashes to the same numbers. The vocabulary is an
open-addressing table of rows (64-bit hash, 32-bit check and number + 1): terms that share the first are told
apart by the second, 96 bits in all; see `table`.

Texts come as code points (uint32), so that one code path serves every script. Counting collects a document's
n-grams in a small buffer and touches all their table rows before it compares any: the waits for memory overlap.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from copydesk.features.table import MIX, flush

Array = NDArray[Any]

# Classes of code points.
OTHER, WORD, SPACE = 0, 1, 2

BUFFER = 2048
_LONG = 64  # powers of the bases for tokens up to this length stand in a table
_ONE = np.uint64(1)
_32 = np.uint64(32)
_SPACE_CODE = np.uint64(33)  # a code point enters a hash as itself + 1


@njit(cache=True, nogil=True, inline="always")
def finish_check(second: Any) -> Any:
    """Reduce the second hash to the 32 bits that a table row keeps."""
    return (second ^ (second >> _32)) * MIX >> _32


@njit(cache=True, nogil=True)
def is_stop_word(stops: Array, key: Any) -> bool:
    """Look a token's hash up in the sorted hashes of the stop words."""
    at = np.searchsorted(stops, key)
    return bool(at < stops.shape[0] and stops[at] == key)


@njit(cache=True, nogil=True)
def count_words(
    text: Array,
    starts: Array,
    classes: Array,
    shortest: int,
    marks: bool,
    n_min: int,
    n_max: int,
    bases: Array,
    stops: Array,
    table: Array,
    state: Array,
    origin: Array,
    n_terms: int,
    first_stamp: int,
    frozen: bool,
    one_line: bool,
) -> Any:
    r"""Count word n-grams of documents.

    Parameters
    ----------
    text : uint32 (n,)
        Code points of all documents, one after the other.
    starts : int64 (n_documents + 1,)
        Where each begins; last, where the last one ends.
    classes : uint8
        Of code points: ``OTHER``, ``WORD`` or ``SPACE``; longer than the largest code point.
    shortest : int
        Tokens of fewer characters are passed over, as ``\b\w\w+\b`` does (2).
    marks : bool
        Whether each character that is neither word nor space is a token.
    n_min, n_max : int
        Lengths of n-grams, in tokens.
    bases : uint64 (2,)
        The model's key.
    stops : uint64, sorted
        First hashes of tokens to drop before n-grams are formed.
    table, state, origin, n_terms
        The vocabulary; see the module.
    first_stamp : int
        Stamp of the first document; stamps must never return for one ``state``.
    frozen : bool
        Whether unknown n-grams are passed over rather than added.
    one_line : bool
        Read each document's first line alone.

    Returns
    -------
    table, state, origin, n_terms, found, indptr
        ``found`` int32 (nnz, 2): term and count; document i has rows ``indptr[i]`` to ``indptr[i + 1]``.
    """
    found = np.empty((max(1024, text.shape[0] // 6), 2), dtype=np.int32)
    indptr = np.zeros(starts.shape[0], dtype=np.int64)
    keys = np.empty(BUFFER + n_max, dtype=np.uint64)
    checks = np.empty(BUFFER + n_max, dtype=np.uint64)
    spans = np.empty((BUFFER + n_max, 2), dtype=np.int64)
    numbers = np.empty(BUFFER + n_max, dtype=np.uint64)
    first = np.zeros(n_max + 1, dtype=np.uint64)  # hashes of the n-grams that end at the token before
    second = np.zeros(n_max + 1, dtype=np.uint64)
    begun = np.zeros(n_max + 1, dtype=np.int64)
    base1, base2 = bases[0], bases[1]
    powers = np.ones((2, _LONG + 1), dtype=np.uint64)
    for k in range(_LONG):
        powers[0, k + 1] = powers[0, k] * base1
        powers[1, k + 1] = powers[1, k] * base2
    least = np.uint64(shortest)
    nnz = 0
    for document in range(starts.shape[0] - 1):
        n, seen = 0, 0
        # unsigned, so that no index is checked for being negative
        at, end = np.uint64(starts[document]), np.uint64(starts[document + 1])
        stamp = first_stamp + document
        while at < end:
            kind = classes[text[at]]
            if kind != WORD:
                if one_line and text[at] == 10:
                    break
                if not (marks and kind == OTHER):
                    at += _ONE
                    continue
            begin = at
            h1, h2 = np.uint64(0), np.uint64(0)
            while True:
                code = np.uint64(text[at]) + _ONE
                h1 = h1 * base1 + code
                h2 = h2 * base2 + code
                at += _ONE
                if at >= end or kind != WORD or classes[text[at]] != WORD:
                    break
            length = at - begin
            if kind == WORD and length < least:
                continue
            if stops.shape[0] and is_stop_word(stops, h1):
                continue
            if n_max > 1:
                if seen < n_max:
                    seen += 1
                signed: Any = np.int64(length)
                known = min(signed, _LONG)
                p1, p2 = powers[0, known], powers[1, known]
                for _ in range(signed - known):
                    p1 *= base1
                    p2 *= base2
                for k in range(seen, 1, -1):
                    first[k] = (first[k - 1] * base1 + _SPACE_CODE) * p1 + h1
                    second[k] = (second[k - 1] * base2 + _SPACE_CODE) * p2 + h2
                    begun[k] = begun[k - 1]
                first[1], second[1], begun[1] = h1, h2, begin
                for k in range(n_min, seen + 1):
                    keys[n] = first[k]
                    checks[n] = finish_check(second[k])
                    spans[n, 0] = begun[k]
                    spans[n, 1] = at
                    n += 1
            else:
                keys[n] = h1
                checks[n] = finish_check(h2)
                spans[n, 0] = begin
                spans[n, 1] = at
                n += 1
            if n >= BUFFER:
                table, state, origin, found, n_terms, nnz = flush(
                    table, state, origin, found, n_terms, nnz, keys, checks, spans, numbers, n, stamp, frozen
                )
                n = 0
        if n:
            table, state, origin, found, n_terms, nnz = flush(
                table, state, origin, found, n_terms, nnz, keys, checks, spans, numbers, n, stamp, frozen
            )
        indptr[document + 1] = nnz
    return table, state, origin, n_terms, found[:nnz], indptr


@njit(cache=True, nogil=True)
def squeeze(text: Array, starts: Array, classes: Array, pad_words: bool, one_line: bool) -> Any:
    """Return texts with white space as character n-grams want it, and where they start.

    Runs of two or more spaces become one. With ``pad_words`` every word gets one space before and after it,
    shared between neighbours, and single spaces of any kind become plain ones.
    """
    out = np.empty(text.shape[0] + 2 * starts.shape[0], dtype=np.uint32)
    out_starts = np.zeros(starts.shape[0], dtype=np.int64)
    n = 0
    for document in range(starts.shape[0] - 1):
        at, end = starts[document], starts[document + 1]
        if one_line:
            stop = at
            while stop < end and text[stop] != 10:
                stop += 1
            end = stop
        begin = n
        if pad_words:
            out[n] = 32
            n += 1
        while at < end:
            if classes[text[at]] != SPACE:
                out[n] = text[at]
                n += 1
                at += 1
                continue
            run = at
            while at < end and classes[text[at]] == SPACE:
                at += 1
            if pad_words:
                if n > begin + 1:
                    out[n] = 32
                    n += 1
            else:
                out[n] = text[run] if at - run == 1 else 32
                n += 1
        if pad_words:
            if n == begin + 1:
                n = begin
            elif out[n - 1] != 32:
                out[n] = 32
                n += 1
        out_starts[document + 1] = n
    return out[:n], out_starts


@njit(cache=True, nogil=True)
def count_characters(
    text: Array,
    starts: Array,
    words_apart: bool,
    n_min: int,
    n_max: int,
    bases: Array,
    table: Array,
    state: Array,
    origin: Array,
    n_terms: int,
    first_stamp: int,
    frozen: bool,
) -> Any:
    """Count character n-grams of squeezed documents; parameters and results as ``count_words``.

    With ``words_apart`` n-grams stay inside a word and its two spaces; a word shorter than an n-gram counts once,
    as in scikit-learn's ``char_wb``.
    """
    found = np.empty((max(1024, text.shape[0] // 2), 2), dtype=np.int32)
    indptr = np.zeros(starts.shape[0], dtype=np.int64)
    room = n_max - n_min + 3
    keys = np.empty(BUFFER + room, dtype=np.uint64)
    checks = np.empty(BUFFER + room, dtype=np.uint64)
    spans = np.empty((BUFFER + room, 2), dtype=np.int64)
    numbers = np.empty(BUFFER + room, dtype=np.uint64)
    base1, base2 = bases[0], bases[1]
    nnz = 0
    for document in range(starts.shape[0] - 1):
        n = 0
        stamp = first_stamp + document
        at, end = starts[document], starts[document + 1]
        word_end = end
        while at < end:
            if words_apart and text[at] == 32:
                word_end = at + 1
                while word_end < end and text[word_end] != 32:
                    word_end += 1
                word_end += 1
                if word_end > end:
                    break  # the last space of the document
                if n_min == 1:  # the word's closing space, which is also where the next one begins
                    keys[n] = _SPACE_CODE
                    checks[n] = finish_check(_SPACE_CODE)
                    spans[n, 0] = at
                    spans[n, 1] = at + 1
                    n += 1
                if word_end - at < n_min:
                    h1, h2 = np.uint64(0), np.uint64(0)
                    for place in range(at, word_end):
                        code = np.uint64(text[place]) + _ONE
                        h1 = h1 * base1 + code
                        h2 = h2 * base2 + code
                    keys[n] = h1
                    checks[n] = finish_check(h2)
                    spans[n, 0] = at
                    spans[n, 1] = word_end
                    n += 1
            h1, h2 = np.uint64(0), np.uint64(0)
            for place in range(at, min(at + n_max, word_end)):
                code = np.uint64(text[place]) + _ONE
                h1 = h1 * base1 + code
                h2 = h2 * base2 + code
                if place - at + 1 >= n_min:
                    keys[n] = h1
                    checks[n] = finish_check(h2)
                    spans[n, 0] = at
                    spans[n, 1] = place + 1
                    n += 1
            at += 1
            if n >= BUFFER:
                table, state, origin, found, n_terms, nnz = flush(
                    table, state, origin, found, n_terms, nnz, keys, checks, spans, numbers, n, stamp, frozen
                )
                n = 0
        if n:
            table, state, origin, found, n_terms, nnz = flush(
                table, state, origin, found, n_terms, nnz, keys, checks, spans, numbers, n, stamp, frozen
            )
        indptr[document + 1] = nnz
    return table, state, origin, n_terms, found[:nnz], indptr
