"""Compiled kernels that scan serialised HTML, as lexbor writes a tree: text, and the tag that follows it.

Text and values of attributes hold no "<"; names of elements and attributes may, for want of a rule. What is regular in
no such way is text.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from copydesk.compiled.arrays import Array
from copydesk.compiled.kernel import kernel

# Columns of a mark. The name of a start tag ends before the tag does, which ends before its ">".
TEXT_START, TEXT_END, KIND, NAME_START, NAME_END, TAG_END = range(6)
OTHER, OPENS, CLOSES = range(3)  # kinds; other is a comment or the like, or the end of the text

# Elements whose text is serialised as it is.
RAW = ("script", "style", "xmp", "iframe", "noembed", "noframes", "plaintext")
# Attributes that are read.
READ = (
    "class", "id", "role", "itemprop", "itemtype", "style", "hidden", "open", "rel", "data-testid", "data-component",
    "data-type",
)  # fmt: skip
_RAW_NAMES, _READ_NAMES = (
    np.frombuffer("".join(f"{name}\0" for name in names).encode(), dtype=np.uint8) for names in (RAW, READ)
)
_SCRIPT, _PLAINTEXT = (np.frombuffer(name, dtype=np.uint8) for name in (b"script", b"plaintext"))

_LT, _GT, _SLASH, _BANG, _QUERY, _SPACE, _QUOTE, _EQUALS, _DASH = map(ord, '<>/!? "=-')
_COMMENT_OPENS = np.frombuffer(b"<!--", dtype=np.uint8)
_COMMENT_ENDS = np.frombuffer(b"-->", dtype=np.uint8)


@kernel
def scan_marks(body: Array) -> Array:
    """Return the marks of a serialised body: text, and the tag that follows it, int64 (n_marks, 6). The last is empty.

    Parameters
    ----------
    body : uint32 (n,)
        Code points.
    """
    n_most = 2
    for at in range(body.shape[0]):
        n_most += 2 * (body[at] == _LT)  # raw text may follow the tag
    marks = np.zeros((n_most, 6), dtype=np.int64)
    n = at = 0
    while at < body.shape[0]:
        mark = marks[n]
        mark[TEXT_START] = at
        while at < body.shape[0] and body[at] != _LT:
            at += 1
        mark[TEXT_END] = at
        n += 1
        if at == body.shape[0]:
            break
        mark[KIND], mark[NAME_START], mark[NAME_END], mark[TAG_END], at = read_tag(body, at)
        if mark[KIND] != OPENS:
            continue
        end = raw_end(body, mark[NAME_START], mark[NAME_END], at)
        if end >= 0:
            marks[n, TEXT_START], marks[n, TEXT_END] = at, end
            n += 1
            at = end
    return marks[: n + 1].copy()


@kernel
def read_tag(body: Array, at: int) -> Any:
    """Read what begins with the "<" at a place: kind, start and end of the name, end of the tag, what comes next."""
    end = body.shape[0]
    first = at + 1
    if first < end and body[first] == _SLASH:
        stop = end_of_name(body, first + 1)
        if first + 1 < stop < end and body[stop] == _GT:
            return CLOSES, first + 1, stop, stop, stop + 1
    elif first < end and (body[first] == _BANG or body[first] == _QUERY):
        stop = -1
        if begins(body, at, _COMMENT_OPENS):
            stop = find(body, at + len(_COMMENT_OPENS), _COMMENT_ENDS) + len(_COMMENT_ENDS)
        if stop < len(_COMMENT_ENDS):
            stop = first
            while stop < end and body[stop] != _GT:
                stop += 1
            stop = stop + 1 if stop < end else first
        return OTHER, at, at, at, stop
    else:
        name_end = end_of_name(body, first)
        stop = end_of_attributes(body, name_end)
        if name_end > first and stop < end and body[stop] == _GT:
            return OPENS, first, name_end, stop, stop + 1
    return OTHER, at, at, at, first


@kernel
def end_of_name(body: Array, at: int) -> int:
    """Return where an element's name ends that begins at a place."""
    while at < body.shape[0] and not ends_name(body[at]):
        at += 1
    return at


@kernel
def ends_name(code: int) -> bool:
    """Return whether a character is none of a name: white space, "/" or ">"."""
    return code in (_SPACE, _SLASH, _GT) or 9 <= code <= 10 or 12 <= code <= 13


@kernel
def end_of_attributes(body: Array, at: int) -> Any:
    """Return where the attributes end that begin at a place, each with a space before it and a value in quotes."""
    end = body.shape[0]
    while at + 1 < end and body[at] == _SPACE and not ends_name(body[at + 1]):
        stop = at + 2  # the first character of a name may be "="
        while stop < end and body[stop] != _EQUALS and not ends_name(body[stop]):
            stop += 1
        if stop + 1 >= end or body[stop] != _EQUALS or body[stop + 1] != _QUOTE:
            return at
        stop += 2
        while stop < end and body[stop] != _QUOTE:
            stop += 1
        if stop == end:
            return at
        at = stop + 1
    return at


@kernel
def find_name(body: Array, start: int, end: int, names: Array) -> Any:
    """Return where in zero-terminated ASCII names one is that stands in the text; -1 if it is none of them."""
    first = 0
    for at in range(len(names)):
        if names[at] == 0:
            if at - first == end - start and begins(body, start, names[first:at]):
                return first
            first = at + 1
    return -1


@kernel
def raw_end(body: Array, start: int, end: int, at: int) -> Any:
    """Return where the text of an element of this name ends, which begins at a place; -1 if it is not raw.

    Nothing ends a ``<plaintext>`` but the page; within a comment of a script, scripts of its own end first.
    """
    first = find_name(body, start, end, _RAW_NAMES)
    if first <= 0:
        return first if first < 0 else script_end(body, at)
    name = _RAW_NAMES[first : first + end - start]
    found = following = end_tag(body, at, name)
    while len(name) == len(_PLAINTEXT) and following < body.shape[0]:
        found, following = following, end_tag(body, following + 1, name)
    return found


@kernel
def end_tag(body: Array, at: int, name: Array) -> Any:
    """Return the place of the next end tag of this name; the end of the text if none comes."""
    while at + len(name) + 2 < body.shape[0]:
        closes = body[at] == _LT and body[at + 1] == _SLASH and body[at + len(name) + 2] == _GT
        if closes and begins(body, at + 2, name):
            return at
        at += 1
    return body.shape[0]


@kernel
def script_end(body: Array, at: int) -> Any:
    """Return where a script ends."""
    commented = own = False
    while at < body.shape[0]:
        if body[at] == _DASH and begins(body, at, _COMMENT_ENDS):
            commented = own = False
            at += len(_COMMENT_ENDS)
        elif body[at] != _LT:
            at += 1
        elif begins(body, at, _COMMENT_OPENS):
            at += len(_COMMENT_OPENS)
            dash = at
            while dash < body.shape[0] and body[dash] == _DASH:
                dash += 1
            if dash < body.shape[0] and body[dash] == _GT:  # this ends the comment, too
                at = dash - 2
            else:
                commented = True
        else:
            closes = at + 1 < body.shape[0] and body[at + 1] == _SLASH
            name = at + 1 + closes
            after = name + len(_SCRIPT)
            if after >= body.shape[0] or not ends_name(body[after]) or not begins(body, name, _SCRIPT, 32):
                at += 1
                continue
            if closes and not own:
                return at
            own = commented and not closes
            at = after
    return body.shape[0]


@kernel
def copy_start_tags(body: Array, marks: Array) -> Any:
    """Copy the start tags, each with those of its attributes that are read, without angle brackets.

    Returns
    -------
    text : uint32 (n,)
        All tags, one after the other.
    starts : int64 (n_start_tags + 1,)
    """
    n_most = n_tags = 0
    for number in range(marks.shape[0]):
        if marks[number, KIND] == OPENS:
            n_most += marks[number, TAG_END] - marks[number, NAME_START]
            n_tags += 1
    text, starts = np.empty(n_most, dtype=np.uint32), np.zeros(n_tags + 1, dtype=np.int64)
    n = tag = 0
    for number in range(marks.shape[0]):
        if marks[number, KIND] != OPENS:
            continue
        at, stop, end = marks[number, NAME_START], marks[number, NAME_END], marks[number, TAG_END]
        wanted = True
        while True:
            if wanted:
                text[n : n + stop - at] = body[at:stop]
                n += stop - at
            at = stop
            if at == end:
                break
            name_end = at + 2
            while body[name_end] != _EQUALS:
                name_end += 1
            stop = name_end + 2
            while body[stop] != _QUOTE:
                stop += 1
            stop += 1
            wanted = find_name(body, at + 1, name_end, _READ_NAMES) >= 0
        tag += 1
        starts[tag] = n
    return text[:n].copy(), starts


@kernel
def begins(body: Array, at: int, wanted: Array, case: int = 0) -> bool:
    """Return whether ASCII characters stand at a place; with ``case`` 32, small letters may be capitals there."""
    n = 0
    while n < len(wanted) and at + n < body.shape[0] and body[at + n] | case == wanted[n]:
        n += 1
    return n == len(wanted)


@kernel
def find(body: Array, at: int, wanted: Array) -> Any:
    """Return the next place of ASCII characters; minus their number if there is none."""
    while at + len(wanted) <= body.shape[0]:
        if begins(body, at, wanted):
            return at
        at += 1
    return -len(wanted)


@kernel
def is_blank(body: Array, start: int, end: int) -> bool:
    """Return whether a part of the text is white space, as ``str.isspace`` has it, or empty."""
    while start < end and is_white(body[start]):
        start += 1
    return start == end


@kernel
def is_white(code: int) -> bool:
    """Return whether a character is white space, as ``str.isspace`` has it."""
    if code < 0x85:
        return code == _SPACE or 9 <= code <= 13 or 28 <= code <= 31
    return (
        code == 0x85
        or code == 0xA0
        or code == 0x1680
        or 0x2000 <= code <= 0x200A
        or 0x2028 <= code <= 0x2029
        or code == 0x202F
        or code == 0x205F
        or code == 0x3000
    )
