"""Compiled kernels that compute shapes, positions and words of a page's paragraphs."""

from __future__ import annotations

from typing import Any

import numpy as np

from copydesk.compiled.arrays import Array
from copydesk.compiled.kernel import kernel

# What a code point is, as bits; the mark it is, if one is counted, stands in the bits above.
IS_WORD, IS_SPACE, IS_UPPER, IS_LOWER, IS_DIGIT, ENDS_SENTENCE, CLOSES_QUOTE, OPENS_QUOTE = 1, 2, 4, 8, 16, 32, 64, 128
MARK_SHIFT = 8
MARKS = "|›»«→←©#@•►·/…:"
N_SHAPES = 15 + len(MARKS)

_BASE = np.uint64(0x9E3779B97F4A7C15)
_ONE = np.uint64(1)
_COMMA, _COLON, _H, _T, _P, _W, _DOT = (ord(character) for character in ",:htpw.")

_TABLES = (np.zeros(0, dtype=np.uint16), np.zeros(0, dtype=np.uint32))


def tables_for(text: Array) -> tuple[Array, Array]:
    """Return what each code point is, uint16, and its small letter, uint32; long enough for a text."""
    global _TABLES
    needed = int(text.max(initial=0)) + 1
    if needed > len(_TABLES[0]):
        size = next(s for s in (0x500, 0x3000, 0x10000, 0x20000, 0x110000) if s >= needed)
        characters = list(map(chr, range(size)))
        kinds = np.zeros(size, dtype=np.uint16)
        for bit, test in (
            (IS_WORD, str.isalnum),
            (IS_SPACE, str.isspace),
            (IS_UPPER, str.isupper),
            (IS_LOWER, str.islower),
        ):
            kinds |= np.fromiter(map(test, characters), dtype=bool, count=size) * np.uint16(bit)
        kinds |= np.fromiter(map(str.isdigit, characters), dtype=bool, count=size) * np.uint16(IS_DIGIT)
        for bit, members in (
            (IS_WORD, "_"),
            (ENDS_SENTENCE, ".!?…。！？।؟"),
            (CLOSES_QUOTE, "\"'”’»)] "),
            (OPENS_QUOTE, '"“„«'),
        ):
            for member in members:
                if ord(member) < size:
                    kinds[ord(member)] |= bit
        for number, mark in enumerate(MARKS, 1):
            if ord(mark) < size:
                kinds[ord(mark)] |= number << MARK_SHIFT
        small = (character.lower() for character in characters)
        lower = np.fromiter((ord(s) if len(s) == 1 else c for c, s in enumerate(small)), np.uint32, size)
        _TABLES = kinds, lower
    return _TABLES


@kernel
def read_paragraphs(text: Array, starts: Array, kinds: Array, lower: Array) -> Any:
    """Read paragraphs.

    Parameters
    ----------
    text : uint32 (n,)
        Code points of all paragraphs, one after the other.
    starts : int64 (n_paragraphs + 1,)
    kinds, lower
        See ``tables_for``.

    Returns
    -------
    shapes : float32 (n_paragraphs, N_SHAPES)
    hashes : uint64 (n_paragraphs,)
        Equal where texts are, but for case and white space.
    words : uint64 (n_words,)
        Hash of each word in small letters, never 0.
    word_starts : int64 (n_paragraphs + 1,)
    """
    n_paragraphs = starts.shape[0] - 1
    shapes = np.zeros((n_paragraphs, N_SHAPES), dtype=np.float32)
    hashes = np.zeros(n_paragraphs, dtype=np.uint64)
    words = np.empty(text.shape[0] // 2 + n_paragraphs + 1, dtype=np.uint64)
    word_starts = np.zeros(n_paragraphs + 1, dtype=np.int64)
    n_words = 0
    for row in range(n_paragraphs):
        first, end = starts[row], starts[row + 1]
        first_word = n_words
        letters = upper = digits = spaces = small = capitalised = sentences = commas = quotes = url = 0
        whole = np.uint64(0)
        at = first
        while at < end:
            code = text[at]
            kind = kinds[code]
            if kind & IS_WORD:
                begin = at
                word = np.uint64(0)
                has_upper = has_lower = False
                while at < end and kinds[text[at]] & IS_WORD:
                    code = text[at]
                    kind = kinds[code]
                    has_upper |= (kind & IS_UPPER) != 0
                    has_lower |= (kind & IS_LOWER) != 0
                    upper += (kind & IS_UPPER) != 0
                    digits += (kind & IS_DIGIT) != 0
                    folded = np.uint64(lower[code]) + _ONE
                    word = word * _BASE + folded
                    whole = whole * _BASE + folded
                    at += 1
                letters += at - begin
                small += has_lower and not has_upper
                capitalised += (kinds[text[begin]] & IS_UPPER) != 0
                starts_http = at - begin >= 4 and text[begin] == _H and text[begin + 1] == _T
                starts_www = at - begin == 3 and text[begin] == _W and text[begin + 1] == _W and text[begin + 2] == _W
                url |= starts_http and text[begin + 2] == _T and text[begin + 3] == _P
                url |= starts_www and at < end and text[at] == _DOT
                words[n_words] = word | _ONE
                n_words += 1
                continue
            if kind & IS_SPACE:
                spaces += 1
            else:
                whole = whole * _BASE + np.uint64(code) + _ONE
                commas += code == _COMMA
                quotes |= (kind & OPENS_QUOTE) != 0
                mark = kind >> MARK_SHIFT
                if mark:
                    shapes[row, 14 + mark] += 1
                if kind & ENDS_SENTENCE:
                    after = at + 1
                    while after < end and kinds[text[after]] & CLOSES_QUOTE and not kinds[text[after]] & IS_SPACE:
                        after += 1
                    sentences += after >= end or (kinds[text[after]] & IS_SPACE) != 0
            at += 1
        last = end
        while last > first and kinds[text[last - 1]] & (CLOSES_QUOTE | IS_SPACE):
            last -= 1
        size = max(end - first, 1)
        own = n_words - first_word
        shapes[row, 0] = np.log1p(end - first)
        shapes[row, 1] = np.log1p(own)
        own = max(own, 1)
        shapes[row, 2] = letters / own
        shapes[row, 3] = upper / size
        shapes[row, 4] = digits / size
        shapes[row, 5] = (size - letters - spaces) / size
        shapes[row, 6] = small / own
        shapes[row, 7] = capitalised / own
        shapes[row, 8] = last > first and (kinds[text[last - 1]] & ENDS_SENTENCE) != 0
        shapes[row, 9] = last > first and text[last - 1] == _COLON
        shapes[row, 10] = first < end and (kinds[text[first]] & IS_LOWER) != 0
        shapes[row, 11] = min(sentences, 10)
        shapes[row, 12] = commas / own
        shapes[row, 13] = quotes
        shapes[row, 14] = url
        for mark in range(15, N_SHAPES):
            shapes[row, mark] = min(shapes[row, mark], np.float32(3))
        hashes[row] = whole
        word_starts[row + 1] = n_words
    return shapes, hashes, words[:n_words], word_starts


@kernel
def place_paragraphs(starts: Array, is_long: Array) -> Array:
    """Return where in its page, and where from its running text, each paragraph stands, float32 (n, 8)."""
    found = np.zeros((is_long.shape[0], 8), dtype=np.float32)
    for page in range(starts.shape[0] - 1):
        start, end = starts[page], starts[page + 1]
        n = end - start
        first, last, n_long = end - 1, start, 0
        for at in range(start, end):
            if is_long[at]:
                first = min(first, at)
                last = max(last, at)
                n_long += 1
        if n_long == 0:
            first, last = start, end - 1
        nearest = n
        for at in range(start, end):
            nearest = 0 if is_long[at] else nearest + 1
            found[at, 6] = nearest
        nearest = n
        for at in range(end - 1, start - 1, -1):
            nearest = 0 if is_long[at] else nearest + 1
            place = at - start
            found[at, 0] = np.log1p(place)
            found[at, 1] = np.log1p(n - 1 - place)
            found[at, 2] = place / max(n - 1, 1)
            found[at, 3] = np.log1p(n)
            found[at, 4] = np.log1p(max(first - at, 0))
            found[at, 5] = np.log1p(max(at - last, 0))
            found[at, 6] = np.log1p(min(nearest, found[at, 6])) if n_long else 0
            found[at, 7] = n_long / n
    return found


@kernel(inline="always")
def find_slot(keys: Array, first: int, mask: int, key: Any) -> Any:
    """Return where a key is or would be in the part of a table that begins at ``first``."""
    at = np.int64(((key ^ (key >> np.uint64(32))) * _BASE) >> np.uint64(24)) & mask
    while keys[first + at] != 0 and keys[first + at] != key:
        at = (at + 1) & mask
    return first + at


@kernel
def compare_words(
    words: Array, word_starts: Array, starts: Array, is_long: Array, titles: Array, title_starts: Array
) -> Array:
    """Return what each paragraph shares with its page's title and with the running text, float32 (n, 4).

    ``titles`` holds the hashes of the words of each page's title; where there are none, the first paragraph is
    taken for it.
    """
    found = np.zeros((is_long.shape[0], 4), dtype=np.float32)
    for page in range(starts.shape[0] - 1):
        start, end = starts[page], starts[page + 1]
        title_from, title_to, title_words = title_starts[page], title_starts[page + 1], titles
        if title_from == title_to and start < end:
            title_from, title_to, title_words = word_starts[start], word_starts[start + 1], words
        size = 16
        while size < 2 * (word_starts[end] - word_starts[start] + title_to - title_from):
            size *= 2
        keys = np.zeros(size, dtype=np.uint64)
        holders = np.zeros(size, dtype=np.int32)  # long paragraphs with this word
        seen = np.zeros(size, dtype=np.int64)  # 1 + the last paragraph it was seen in
        in_title = np.zeros(size, dtype=np.bool_)
        n_title = 0
        for word in range(title_from, title_to):
            at = find_slot(keys, 0, size - 1, title_words[word])
            keys[at] = title_words[word]
            n_title += not in_title[at]
            in_title[at] = True
        for row in range(start, end):
            if is_long[row]:
                for word in range(word_starts[row], word_starts[row + 1]):
                    at = find_slot(keys, 0, size - 1, words[word])
                    keys[at] = words[word]
                    holders[at] += seen[at] != row + 1
                    seen[at] = row + 1
        seen[:] = 0
        for row in range(start, end):
            own = shared = in_body = 0
            by_itself = 1 if is_long[row] else 0
            for word in range(word_starts[row], word_starts[row + 1]):
                at = find_slot(keys, 0, size - 1, words[word])
                if seen[at] == row + 1:
                    continue
                keys[at] = words[word]
                seen[at] = row + 1
                own += 1
                shared += in_title[at]
                in_body += holders[at] > by_itself
            if own:
                found[row, 0] = shared / (own + n_title - shared)
                found[row, 1] = shared == own and shared == n_title
                found[row, 2] = in_body / own
                found[row, 3] = row == start
    return found


@kernel
def copies_in_page(hashes: Array, starts: Array) -> Array:
    """Return how many other paragraphs of its page have the same text, at most 5, float32 (n,)."""
    found = np.zeros(hashes.shape[0], dtype=np.float32)
    for page in range(starts.shape[0] - 1):
        start, end = starts[page], starts[page + 1]
        size = 16
        while size < 2 * (end - start):
            size *= 2
        keys = np.zeros(size, dtype=np.uint64)
        counts = np.zeros(size, dtype=np.int64)
        for row in range(start, end):
            key = hashes[row] | _ONE
            at = find_slot(keys, 0, size - 1, key)
            keys[at] = key
            counts[at] += 1
        for row in range(start, end):
            found[row] = min(counts[find_slot(keys, 0, size - 1, hashes[row] | _ONE)] - 1, 5)
    return found


def shift_rows(values: Array, starts: Array, by: int, empty: float) -> Array:
    """Return each row's neighbour ``by`` places further on in its page; ``empty`` where there is none.

    NumPy is fast enough, and compiling the assignment of a row alone would take a tenth of all kernels' time.
    """
    found = np.full_like(values, empty)
    page = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    rows = np.arange(max(0, -by), min(len(values), len(values) - by))
    rows = rows[page[rows] == page[rows + by]]
    found[rows] = values[rows + by]
    return found
