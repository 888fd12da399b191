"""Compiled kernels that count n-grams per document.

They need no dictionary: the state of an n-gram remembers the row of its last count. The n-gram was counted in the
current document if that row is one of this document's and names this n-gram.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from copydesk.compiled.arrays import Array
from copydesk.compiled.kernel import kernel

# Columns of an n-gram's state (int32): row of its last count, and document frequency.
_SLOT, DF, STATE_COLUMNS = 0, 1, 2
_ONE = np.uint64(1)
_ONCE = np.int32(1)


class Spelling(NamedTuple):
    """Character n-grams of words.

    Attributes
    ----------
    grams : int32
    borders : int64 (n_words + 1,)
        The n-grams of word i are ``grams[borders[i]]`` to ``grams[borders[i + 1]]``.
    word_state : int32 (n_words, 2)
    distinct : int32 (…, 2)
        Scratch space for the words of a document.
    """

    grams: Array
    borders: Array
    word_state: Array
    distinct: Array


@kernel(no_cpython_wrapper=True)
def add_count(term: Any, count: Any, row: Any, n: Any, state: Array, found: Array) -> Any:
    """Count an n-gram in the document whose counts begin at ``row``; return the new number of counts."""
    slot = np.uint64(state[term, _SLOT])
    if row <= slot < n and found[slot, 0] == term:
        found[slot, 1] += count
        return n
    state[term, _SLOT] = n
    state[term, DF] += 1
    found[n, 0] = term
    found[n, 1] = count
    return n + _ONE


@kernel
def count_terms(numbers: Array, starts: Array, n_terms: int, state: Array, found: Array, indptr: Array) -> Any:
    """Count n-grams per document; return the number of counts.

    Parameters
    ----------
    numbers : int32 (n_lengths, n)
        Ids of n-grams in the order of texts; ids below 0 and from ``n_terms`` on are ignored.
    starts : int64 (n_documents + 1,)
        Document i holds ``starts[i]`` to ``starts[i + 1]`` of every length.
    state : int32 (n_terms, 2)
        Slots may hold anything at first; document frequencies are added to.
    found : int32 (…, 2)
        Written: n-gram and count; document i has rows ``indptr[i]`` to ``indptr[i + 1]``.
    """
    n = np.uint64(0)
    indptr[0] = 0
    for document in range(starts.shape[0] - 1):
        n = count_document(numbers, starts[document], starts[document + 1], n_terms, n, state, found)
        indptr[document + 1] = n
    return np.int64(n)


@kernel(no_cpython_wrapper=True)
def count_document(numbers: Array, first: Any, last: Any, n_terms: int, n: Any, state: Array, found: Array) -> Any:
    """Count one document's n-grams from row ``n`` on; return the new number of counts."""
    known = np.uint64(n_terms)
    row = n
    for length in range(numbers.shape[0]):
        for at in range(np.uint64(first), np.uint64(last)):
            term = np.uint64(numbers[length, at])
            if term < known:
                n = add_count(term, _ONCE, row, n, state, found)
    return n


@kernel
def count_spelled(words: Array, starts: Array, spelling: Spelling, state: Array, found: Array, indptr: Array) -> Any:
    """Count the character n-grams of words, int32 (n,); results as ``count_terms``.

    Words repeat within and between documents: each distinct word of a document is spelled out once.
    """
    n = np.uint64(0)
    indptr[0] = 0
    for document in range(starts.shape[0] - 1):
        n = spell_document(words, starts[document], starts[document + 1], spelling, n, state, found)
        indptr[document + 1] = n
    return np.int64(n)


@kernel(no_cpython_wrapper=True)
def spell_document(words: Array, first: Any, last: Any, spelling: Spelling, n: Any, state: Array, found: Array) -> Any:
    """Count the character n-grams of one document's words from row ``n`` on; return the new number of counts."""
    grams, borders, distinct = spelling.grams, spelling.borders, spelling.distinct
    m = np.uint64(0)
    for at in range(first, last):
        m = add_count(np.uint64(words[at]), _ONCE, np.uint64(0), m, spelling.word_state, distinct)
    row = n
    for at in range(m):
        word, count = np.uint64(distinct[at, 0]), distinct[at, 1]
        for place in range(np.uint64(borders[word]), np.uint64(borders[word + _ONE])):
            n = add_count(np.uint64(grams[place]), count, row, n, state, found)
    return n


@kernel
def add_frequencies(state: Array, here: Array, other: Array) -> None:
    """Add another counter's document frequencies; ``here`` maps its n-grams to rows of ``state``."""
    for term in range(here.shape[0]):
        state[here[term], DF] += other[term, DF]
