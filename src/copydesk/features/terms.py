"""Terms as bytes: the vocabulary's strings in one UTF-8 buffer, and hashes of given strings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from copydesk.features.ngrams import OTHER, SPACE, WORD, finish_check, is_stop_word
from copydesk.features.table import CHECK, FROM, KEY, ORIGIN_COLUMNS, TO, grow_rows

Array = NDArray[Any]
_ONE = np.uint64(1)


def code_points(texts: list[str]) -> tuple[Array, Array]:
    """Return the code points of texts, uint32, one after the other, and where each begins, int64 (n_texts + 1,)."""
    starts = np.zeros(len(texts) + 1, dtype=np.int64)
    np.cumsum([len(text) for text in texts], out=starts[1:])
    return np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), dtype=np.uint32), starts


_CLASSES = np.zeros(0, dtype=np.uint8)


def classes_for(text: Array) -> Array:
    r"""Return a table of code points' classes that is long enough for a text.

    Word characters are those of ``\\w`` in Python's ``re``, spaces those of ``\\s``; built once, as far as needed.
    """
    global _CLASSES
    needed = int(text.max(initial=0)) + 1
    if needed > len(_CLASSES):
        size = next(s for s in (0x500, 0x3000, 0x10000, 0x20000, 0x110000) if s >= needed)
        characters = list(map(chr, range(size)))
        word = np.fromiter(map(str.isalnum, characters), dtype=bool, count=size)
        word[ord("_")] = True
        space = np.fromiter(map(str.isspace, characters), dtype=bool, count=size)
        _CLASSES = np.where(word, WORD, np.where(space, SPACE, OTHER)).astype(np.uint8)
    return _CLASSES


@njit(cache=True, nogil=True)
def hash_terms(written: Array, offsets: Array, bases: Array) -> Any:
    """Return the two hashes of each term of a UTF-8 buffer, uint64 (n,): those that counting gives its n-gram."""
    n = offsets.shape[0] - 1
    keys, checks = np.empty(n, dtype=np.uint64), np.empty(n, dtype=np.uint64)
    for term in range(n):
        h1, h2 = np.uint64(0), np.uint64(0)
        at = offsets[term]
        while at < offsets[term + 1]:
            lead = written[at]
            more = 0 if lead < 0x80 else (1 if lead < 0xE0 else (2 if lead < 0xF0 else 3))
            code = np.uint64(lead) if more == 0 else np.uint64(lead & (0x3F >> more))
            for follower in range(at + 1, at + 1 + more):
                code = code << np.uint64(6) | np.uint64(written[follower] & 0x3F)
            at += 1 + more
            h1 = h1 * bases[0] + code + _ONE
            h2 = h2 * bases[1] + code + _ONE
        keys[term] = h1
        checks[term] = finish_check(h2)
    return keys, checks


def encode_terms(terms: Sequence[str]) -> tuple[Array, Array]:
    """Return terms as one UTF-8 buffer, uint8, and where each begins, int64 (n_terms + 1,)."""
    encoded = [term.encode("utf-8", "surrogatepass") for term in terms]
    offsets = np.zeros(len(encoded) + 1, dtype=np.int64)
    np.cumsum([len(term) for term in encoded], out=offsets[1:])
    return np.frombuffer(b"".join(encoded), dtype=np.uint8), offsets


@njit(cache=True, nogil=True)
def gather_terms(written: Array, offsets: Array, chosen: Array) -> Any:
    """Return the buffer and offsets of chosen terms, in their order."""
    chosen_offsets = np.zeros(chosen.shape[0] + 1, dtype=np.int64)
    for i in range(chosen.shape[0]):
        chosen_offsets[i + 1] = chosen_offsets[i] + offsets[chosen[i] + 1] - offsets[chosen[i]]
    out = np.empty(chosen_offsets[-1], dtype=np.uint8)
    for i in range(chosen.shape[0]):
        out[chosen_offsets[i] : chosen_offsets[i + 1]] = written[offsets[chosen[i]] : offsets[chosen[i] + 1]]
    return out, chosen_offsets


@njit(cache=True, nogil=True)
def write_terms(
    text: Array,
    classes: Array,
    origin: Array,
    first: int,
    last: int,
    words: bool,
    shortest: int,
    marks: bool,
    stops: Array,
    base: Any,
    written: Array,
    offsets: Array,
) -> Any:
    """Append terms ``first`` to ``last``, found in ``text`` at their origins' spans, to a UTF-8 buffer.

    Word n-grams are written as their tokens with one space between, whatever stood between them.

    Parameters
    ----------
    written : uint8 (n, 1)
    offsets : int64
        Where each term begins; entry ``first`` must be set.

    Returns
    -------
    written : uint8, grown where needed
    """  # fmt: skip
    n = offsets[first]
    for term in range(first, last):
        at, end = origin[term, FROM], origin[term, TO]
        if n + 4 * (end - at) + 8 > written.shape[0]:
            written = grow_rows(written, n, 2 * written.shape[0] + 4 * (end - at) + 8)
        started = False
        while at < end:
            kind = classes[text[at]]
            begin = at
            at += 1
            if words:
                if kind != WORD and not (marks and kind == OTHER):
                    continue
                if kind == WORD:
                    while at < end and classes[text[at]] == WORD:
                        at += 1
                    if at - begin < shortest:
                        continue
                if stops.shape[0]:
                    key = np.uint64(0)
                    for place in range(begin, at):
                        key = key * base + np.uint64(text[place]) + _ONE
                    if is_stop_word(stops, key):
                        continue
                if started:
                    written[n, 0] = 32
                    n += 1
                started = True
            for place in range(begin, at):
                n = put_utf8(written, n, text[place])
        offsets[term + 1] = n
    return written


@njit(cache=True, nogil=True)
def put_utf8(out: Array, n: int, code: Any) -> int:
    """Write one code point as UTF-8, a lone surrogate in the same form; return the new length."""
    if code < 0x80:
        out[n, 0] = code
        return n + 1
    if code < 0x800:
        out[n, 0] = 0xC0 | code >> 6
    else:
        if code < 0x10000:
            out[n, 0] = 0xE0 | code >> 12
        else:
            out[n, 0] = 0xF0 | code >> 18
            n += 1
            out[n, 0] = 0x80 | code >> 12 & 0x3F
        n += 1
        out[n, 0] = 0x80 | code >> 6 & 0x3F
    n += 1
    out[n, 0] = 0x80 | code & 0x3F
    return n + 1


def decode_terms(written: Array, offsets: Array, which: Iterable[int] | None = None) -> list[str]:
    """Return terms as strings: all of them, or those of the given numbers."""
    if which is not None:
        return [written[offsets[i] : offsets[i + 1]].tobytes().decode("utf-8", "surrogatepass") for i in which]
    data = written.tobytes()
    edges = offsets.tolist()
    return [data[a:b].decode("utf-8", "surrogatepass") for a, b in zip(edges[:-1], edges[1:], strict=True)]


@njit(cache=True, nogil=True)
def origin_of(keys: Array, checks: Array) -> Array:
    """Return the origins of terms whose hashes are known, for a table to be made of."""
    origin = np.zeros((keys.shape[0], ORIGIN_COLUMNS), dtype=np.int64)
    for term in range(keys.shape[0]):
        origin[term, KEY] = np.int64(keys[term])
        origin[term, CHECK] = np.int64(checks[term])
    return origin
