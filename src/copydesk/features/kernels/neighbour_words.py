"""Compiled kernels of the words that begin and end a paragraph and its neighbours, and of sums over hashed tokens."""

from __future__ import annotations

from typing import Any

import numpy as np

from copydesk.compiled.arrays import Array
from copydesk.compiled.kernel import kernel

MOST_WORDS = 3  # words in a row at a paragraph's beginning and at its end
CROSSED_REACH = 1  # neighbours whose words are also crossed with the paragraph's own length
# Kinds of tokens; a token is at an offset, which its description holds beside the kind.
FIRST, LAST, FIRST_AND_LENGTH, LAST_AND_LENGTH, OUTSIDE, LENGTHS = range(6)

_BASE = np.uint64(0x9E3779B97F4A7C15)
_ODD = np.uint64(0xD6E8FEB86659FD93)
_ONE = np.uint64(1)
_32 = np.uint64(32)
_LENGTHS_PER_E = 2.0  # classes of length between one length and e times it


@kernel(inline="always")
def _mixed(key: Any, value: Any) -> Any:
    """Return a hash of a hash and another value."""
    key = (key ^ value) * _ODD
    return (key ^ (key >> _32)) * _BASE


@kernel
def neighbour_tokens(words: Array, word_starts: Array, starts: Array, log_characters: Array, reach: int) -> Any:
    """Return tokens of the first and last words of each paragraph and of its neighbours.

    Parameters
    ----------
    words, word_starts
        See ``read_paragraphs``.
    starts : int64 (n_pages + 1,)
        Where each page's paragraphs begin.
    log_characters : float32 (n_paragraphs,)
    reach : int
        Neighbours on each side.

    Returns
    -------
    tokens : uint64 (n_tokens,)
    borders : int64 (n_paragraphs + 1,)
    described : int16 (n_tokens, 3)
        Kind, offset of the paragraph that the words are of, and how many words.
    """
    n_paragraphs = word_starts.shape[0] - 1
    most = (2 * reach + 1) * 2 * MOST_WORDS + (2 * CROSSED_REACH + 1) * 2 + 2
    tokens = np.empty(n_paragraphs * most, dtype=np.uint64)
    described = np.empty((n_paragraphs * most, 3), dtype=np.int16)
    borders = np.zeros(n_paragraphs + 1, dtype=np.int64)
    n = 0
    for page in range(starts.shape[0] - 1):
        start, end = starts[page], starts[page + 1]
        for row in range(start, end):
            own_length = np.uint64(log_characters[row] * _LENGTHS_PER_E)
            for by in range(-reach, reach + 1):
                at = row + by
                place = np.uint64(by + reach + 1) << _32
                if at < start or at >= end:
                    tokens[n] = _mixed(_BASE, place)
                    described[n, 0], described[n, 1], described[n, 2] = OUTSIDE, by, 0
                    n += 1
                    continue
                first, last = word_starts[at], word_starts[at + 1]
                for side in range(2):
                    key = _mixed(_ODD, place + np.uint64(side))
                    for k in range(min(MOST_WORDS, last - first)):
                        key = _mixed(key, words[last - 1 - k] if side else words[first + k])
                        tokens[n] = key
                        described[n, 0], described[n, 1], described[n, 2] = FIRST + side, by, k + 1
                        n += 1
                        if k == 0 and abs(by) <= CROSSED_REACH:
                            tokens[n] = _mixed(key, own_length)
                            described[n, 0], described[n, 1], described[n, 2] = FIRST_AND_LENGTH + side, by, 1
                            n += 1
                if abs(by) == 1:
                    length = np.uint64(log_characters[at] * _LENGTHS_PER_E)
                    tokens[n] = _mixed(_mixed(place, own_length), length)
                    described[n, 0], described[n, 1], described[n, 2] = LENGTHS, by, 0
                    n += 1
            borders[row + 1] = n
    return tokens[:n].copy(), borders, described[:n].copy()


@kernel
def token_columns(tokens: Array, n_features: int) -> Array:
    """Return the column of each token, int32; ``n_features`` is a power of two."""
    found = np.empty(tokens.shape[0], dtype=np.int32)
    mask = np.uint64(n_features - 1)
    for at in range(tokens.shape[0]):
        key = tokens[at] * _BASE
        found[at] = np.int32((key ^ (key >> _32)) & mask)
    return found


@kernel
def add_token_scores(columns: Array, borders: Array, weights: Array, factor: float, scores: Array) -> None:
    """Add to ``scores`` the mean weight of each paragraph's tokens times the root of their number and ``factor``."""
    for row in range(borders.shape[0] - 1):
        n = borders[row + 1] - borders[row]
        total = 0.0
        for at in range(borders[row], borders[row + 1]):
            total += weights[columns[at]]
        if n > 0:
            scores[row] += factor * total / np.sqrt(n)
