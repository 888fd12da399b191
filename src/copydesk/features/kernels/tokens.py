"""Compiled kernels that split UTF-8 text into tokens and compute their keys.

Three passes avoid a branch per byte: the kind of each byte, the borders where it changes, the tokens between borders.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from copydesk.compiled.arrays import Array
from copydesk.compiled.intrinsics import lowest_bit
from copydesk.compiled.kernel import kernel
from copydesk.features.kernels.hash_table import key_of

PADDING = 16  # bytes after the end of a text, so that several can be read at once

# Classes of code points: neither word nor white space, word, white space.
OTHER_CLASS, WORD_CLASS, SPACE_CLASS = 0, 1, 2

# Kinds of bytes: between tokens, part of a word, first byte of a mark that is a token, not decoded yet.
_GAP, _IN_WORD, _MARK, _UNKNOWN = 0, 1, 2, 4

_ONE = np.uint64(1)
_EIGHT_FLAGS = np.uint64(0x0102040810204080)  # times eight bytes of 0 or 1: their bits in the highest byte


@kernel(no_cpython_wrapper=True)
def width_at(text: Array, at: Any) -> Any:
    """Return the number of bytes of the character that begins at ``at``."""
    lead = text[at]
    if lead < 0x80:
        return np.uint64(1)
    if lead < 0xE0:
        return np.uint64(2)
    return np.uint64(3) if lead < 0xF0 else np.uint64(4)


@kernel(no_cpython_wrapper=True)
def code_at(text: Array, at: Any, width: Any) -> Any:
    """Return the code point of a character of two to four bytes."""
    code = np.uint64(text[at]) & (np.uint64(0x7F) >> width)
    for place in range(at + _ONE, at + width):
        code = code << np.uint64(6) | np.uint64(text[place]) & np.uint64(0x3F)
    return code


@kernel
def kinds_of(text: Array, classes: Array, marks: bool, kinds: Array) -> None:
    """Write the kind of each byte."""
    size = np.uint64(kinds.shape[0])
    kind_of = np.empty(256, dtype=np.uint8)
    kind_of[128:] = _UNKNOWN
    for byte in range(128):
        kind = classes[byte]
        kind_of[byte] = _IN_WORD if kind == WORD_CLASS else (_MARK if marks and kind == OTHER_CLASS else _GAP)
    met = np.uint8(0)
    for place in range(size):
        kind = kind_of[text[place]]
        kinds[place] = kind
        met |= kind
    if not met & _UNKNOWN:
        return
    next_at = np.uint64(0)
    while next_at < size:
        at = next_at
        next_at += _ONE
        if kinds[at] != _UNKNOWN:
            continue
        width = width_at(text, at)
        next_at = at + width
        kind = classes[code_at(text, at, width)]
        for place in range(at, next_at):
            kinds[place] = _IN_WORD if kind == WORD_CLASS else _GAP
        if marks and kind == OTHER_CLASS:
            kinds[at] = _MARK


@kernel
def borders_of(kinds: Array, starts: Array, changes: Array, borders: Array) -> Any:
    """Write the positions where words begin and end and marks and documents begin; return their number.

    Parameters
    ----------
    kinds : uint8 (n,)
    starts : int64 (n_documents + 1,)
    changes : uint64 (…,)
        Scratch space of one byte per byte of text, rounded up to a multiple of 64 bytes.
    borders : uint32 (…,)
    """
    change = changes.view(np.uint8)
    size = kinds.shape[0]
    for at in range(np.uint64(1), np.uint64(size)):
        change[at] = (kinds[at] ^ kinds[at - _ONE]) & np.uint8(1) | kinds[at] >> np.uint8(1)
    change[size:] = 0
    for document in range(starts.shape[0] - 1):
        if starts[document] < size:
            change[starts[document]] = 1
    n = np.uint64(0)
    for block in range(np.uint64(0), np.uint64(changes.shape[0]), np.uint64(8)):
        bits = np.uint64(0)
        for part in range(np.uint64(8)):
            some = changes[block + part] * _EIGHT_FLAGS >> np.uint64(56)
            bits |= some << np.uint64(8) * part
        while bits:
            borders[n] = block * np.uint64(8) + lowest_bit(bits)
            bits &= bits - _ONE
            n += _ONE
    return n


@kernel
def read_tokens(
    text: Array,
    starts: Array,
    kinds: Array,
    borders: Array,
    n_borders: Any,
    shortest: int,
    multiplier: Any,
    keys: Array,
    spans: Array,
    token_starts: Array,
) -> Any:
    r"""Write the tokens between borders; return their number.

    Parameters
    ----------
    text : uint8
        UTF-8 of all documents, one after the other, and ``PADDING``.
    starts : int64 (n_documents + 1,)
        Where each document begins, and the end of the last one.
    kinds, borders, n_borders
        Results of the other two kernels; ``borders`` has room for one more.
    shortest : int
        1, or 2 to skip tokens of one character, as ``\b\w\w+\b`` does.
    multiplier : uint64
    keys : uint64, spans : uint32 (…, 2)
        Written: each token's key, begin and end; one row per border.
    token_starts : int64 (n_documents + 1,)
        Written: each document's first token.
    """
    n = np.uint64(0)
    document = 0
    borders[n_borders] = kinds.shape[0]
    for number in range(np.uint64(n_borders)):
        begin, end = np.uint64(borders[number]), np.uint64(borders[number + _ONE])
        kind = kinds[begin]
        if kind == _GAP:
            continue
        if kind == _MARK:
            end = begin + width_at(text, begin)
        while starts[document] <= begin:
            token_starts[document] = n
            document += 1
        # kept or overwritten, without an unpredictable branch
        keys[n] = key_of(text, begin, end, multiplier)
        spans[n, 0] = begin
        spans[n, 1] = end
        n += np.uint64(shortest == 1) | np.uint64(end - begin != width_at(text, begin))
    token_starts[document:] = n
    return np.int64(n)
