"""Compiled kernels that find character n-grams in UTF-8 text and hash word n-grams to columns."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from copydesk.compiled.arrays import Array
from copydesk.compiled.kernel import kernel
from copydesk.features.kernels.hash_table import HASHED, StringTable, mix, search, shift_of, write_string
from copydesk.features.kernels.tokens import SPACE_CLASS, code_at, width_at

_ONE = np.uint64(1)
_8 = np.uint64(8)
_56 = np.uint64(56)


class GramOptions(NamedTuple):
    """Character n-grams to find.

    Attributes
    ----------
    whole : bool
        Whether a piece shorter than an n-gram counts once, as words do in scikit-learn's ``char_wb``.
    n_min, n_max : int
    n_columns : int
        Columns of hashing, a power of two; 0 with a vocabulary.
    multiplier : uint64
        The model's hash key.
    """

    whole: bool
    n_min: int
    n_max: int
    n_columns: int
    multiplier: Any


@kernel
def lower_ascii(text: Array) -> None:
    """Lowercase the letters A to Z in place; no byte of a longer character is one of them."""
    for at in range(text.shape[0]):
        byte = text[at]
        text[at] = byte | np.uint8(32) if np.uint8(65) <= byte <= np.uint8(90) else byte


@kernel
def squeeze(text: Array, starts: Array, classes: Array, out: Array, out_starts: Array) -> None:
    """Write texts with runs of two or more white-space characters replaced by one space, and their starts."""
    n = 0
    for document in range(starts.shape[0] - 1):
        out_starts[document] = n
        at, end = np.uint64(starts[document]), np.uint64(starts[document + 1])
        while at < end:
            run, spaces = at, 0
            while at < end:
                width = width_at(text, at)
                if classes[code_at(text, at, width) if width > _ONE else np.uint64(text[at])] != SPACE_CLASS:
                    break
                spaces += 1
                at += width
            if spaces > 1:
                out[n] = 32
                n += 1
            else:
                if not spaces:
                    at += width
                for place in range(run, at):
                    out[n] = text[place]
                    n += 1
    out_starts[starts.shape[0] - 1] = n


@kernel
def pad_words(written: Array, offsets: Array, first: int, last: int, out: Array, borders: Array) -> None:
    """Write words, each between two spaces, and where each begins."""
    n = 0
    for word in range(first, last):
        borders[word - first] = n
        out[n] = 32
        n += 1
        for at in range(offsets[word], offsets[word + 1]):
            out[n] = written[at]
            n += 1
        out[n] = 32
        n += 1
    borders[last - first] = n


@kernel
def find_grams(
    text: Array,
    borders: Array,
    options: GramOptions,
    progress: Array,
    strings: StringTable,
    n_terms: int,
    frozen: bool,
    found: Array,
    found_starts: Array,
) -> Any:
    """Write the ids of the character n-grams of pieces of text, position by position, shorter ones first.

    Parameters
    ----------
    text : uint8
    borders : int64 (n_pieces + 1,)
        N-grams do not cross the borders of a piece.
    progress : int64 (3,)
        Piece and position to begin with, and number of ids written; updated, and short of the end if the table is full.
    strings, n_terms, frozen
        As for ``find_strings``.
    found : int32
        Written: ids of the n-grams, without unknown ones.
    found_starts : int64 (n_pieces + 1,)

    Returns
    -------
    n_terms : int
    """
    n_min, n_max, multiplier = options.n_min, options.n_max, options.multiplier
    table, written, offsets = strings
    hashing = options.n_columns > 0
    shift = shift_of(options.n_columns if hashing else table.shape[0])
    most = np.uint64(table.shape[0] // 4 * 3)
    total = np.uint64(n_terms)
    n = np.uint64(progress[2])
    at = np.uint64(progress[1])
    for piece in range(progress[0], borders.shape[0] - 1):
        end = np.uint64(borders[piece + 1])
        if at == np.uint64(borders[piece]):
            found_starts[piece] = n
        while at < end:
            key, state = _ONE, np.uint64(0)
            stop, length, before = at, 0, n
            while stop < end and length < n_max:
                last = stop
                stop += width_at(text, stop)
                for place in range(last, stop):
                    if key >> _56:
                        state, key = mix(state, key, multiplier) | _ONE, _ONE
                    key = key << _8 | np.uint64(text[place])
                length += 1
                if length < n_min and not (options.whole and stop == end and at == np.uint64(borders[piece])):
                    continue
                own = mix(state, key, multiplier) | HASHED if state else key
                if hashing:
                    found[n] = mix(np.uint64(0), own, multiplier) * multiplier >> shift
                    n += _ONE
                    continue
                row = search(strings, own * multiplier >> shift, own, text, at, stop)
                entry = table[row, 1]
                if entry == 0:
                    if frozen:
                        continue
                    room = np.uint64(offsets[total]) + (stop - at) <= np.uint64(written.shape[0])
                    if total >= most or total + _ONE >= np.uint64(offsets.shape[0]) or not room:
                        progress[0], progress[1], progress[2] = piece, at, before
                        return np.int64(total)
                    write_string(text, at, stop, written, offsets, total)
                    total += _ONE
                    entry = total
                    table[row, 0] = own
                    table[row, 1] = entry
                found[n] = np.int64(entry) - 1
                n += _ONE
            at += width_at(text, at)
    found_starts[borders.shape[0] - 1] = n
    progress[0], progress[1], progress[2] = borders.shape[0] - 1, at, n
    return np.int64(total)


@kernel
def hash_ngrams(
    keys: Array, starts: Array, n_min: int, n_max: int, n_columns: int, multiplier: Any, columns: Array
) -> None:
    """Write the hashed columns of the word n-grams that end at each token.

    Parameters
    ----------
    keys : uint64 (n,)
        Keys of tokens; document i holds ``starts[i]`` to ``starts[i + 1]``.
    n_columns : int
        A power of two.
    columns : int32 (n_max - n_min + 1, n)
        Written; -1 where too few tokens precede in the document.
    """
    shift = shift_of(n_columns)
    for document in range(starts.shape[0] - 1):
        for last in range(starts[document], starts[document + 1]):
            for length in range(n_min, n_max + 1):
                first = last - length + 1
                if first < starts[document]:
                    columns[length - n_min, last] = -1
                    continue
                state = np.uint64(0)
                for token in range(first, last + 1):
                    state = mix(state, keys[token], multiplier)
                columns[length - n_min, last] = state * multiplier >> shift
