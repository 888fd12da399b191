"""Buffers of terms: strings in UTF-8, one after the other, and their tokens."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from copydesk.compiled.arrays import Array
from copydesk.compiled.kernel import kernel
from copydesk.compiled.scratch import Scratch
from copydesk.features.kernels.tokens import (
    OTHER_CLASS,
    PADDING,
    SPACE_CLASS,
    WORD_CLASS,
    borders_of,
    kinds_of,
    read_tokens,
)

_32 = np.uint64(32)
_LOW = np.uint64(0xFFFFFFFF)


def code_points(texts: list[str]) -> tuple[Array, Array]:
    """Return the code points of texts, uint32, one after the other, and where each begins, int64 (n_texts + 1,)."""
    starts = np.zeros(len(texts) + 1, dtype=np.int64)
    np.cumsum([len(text) for text in texts], out=starts[1:])
    return np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), dtype=np.uint32), starts


def encode_terms(terms: Sequence[str], padding: int = 0) -> tuple[Array, Array]:
    """Return strings as one UTF-8 buffer, uint8, zero-padded, and where each begins, int64 (n_terms + 1,)."""
    encoded = [term.encode("utf-8", "surrogatepass") for term in terms]
    offsets = np.zeros(len(encoded) + 1, dtype=np.int64)
    np.cumsum(list(map(len, encoded)), out=offsets[1:])
    encoded.append(bytes(padding))
    return np.frombuffer(bytearray().join(encoded), dtype=np.uint8), offsets


def decode_terms(written: Array, offsets: Array, which: Iterable[int] | None = None) -> list[str]:
    """Return terms as strings: all of them, or those with the given ids."""
    if which is not None:
        return [written[offsets[i] : offsets[i + 1]].tobytes().decode("utf-8", "surrogatepass") for i in which]
    data = written.tobytes()
    edges = offsets.tolist()
    return [data[a:b].decode("utf-8", "surrogatepass") for a, b in zip(edges[:-1], edges[1:], strict=True)]


def concatenate_terms(parts: list[tuple[Array, Array]]) -> tuple[Array, Array]:
    """Return buffers of terms and offsets as one buffer and its offsets."""
    if len(parts) == 1:
        return parts[0]
    ends = np.cumsum([0, *(offsets[-1] for _, offsets in parts)])
    offsets = [offsets[:-1] + end for (_, offsets), end in zip(parts, ends[:-1], strict=True)]
    return np.concatenate([written for written, _ in parts]), np.concatenate([*offsets, ends[-1:]])


_CLASSES = np.zeros(0, dtype=np.uint8)


def classes_for(text: Array) -> Array:
    r"""Return a table of the classes of code points, long enough for a text in UTF-8.

    Word characters are those of ``\w`` in Python's ``re``, spaces those of ``\s``. The table is cached and grows.
    """
    global _CLASSES
    lead = int(text.max(initial=0))
    limits = ((0x80, 0x80), (0xE0, 0x800), (0xE3, 0x3000), (0xF0, 0x10000), (0xF1, 0x40000), (0xFF, 0x110000))
    size = next(size for limit, size in limits if lead < limit)
    if size > len(_CLASSES):
        characters = list(map(chr, range(size)))
        word = np.fromiter(map(str.isalnum, characters), dtype=bool, count=size)
        word[ord("_")] = True
        space = np.fromiter(map(str.isspace, characters), dtype=bool, count=size)
        _CLASSES = np.where(word, WORD_CLASS, np.where(space, SPACE_CLASS, OTHER_CLASS)).astype(np.uint8)
    return _CLASSES


_UNSPACED = np.zeros(0, dtype=np.uint8)


def unspaced_classes(classes: Array) -> Array:
    """Return a table like that of ``classes_for`` by which everything but white space belongs to words."""
    global _UNSPACED
    known = _UNSPACED  # another thread may replace it meanwhile
    if len(classes) > len(known):
        _UNSPACED = known = np.where(classes == SPACE_CLASS, SPACE_CLASS, WORD_CLASS).astype(np.uint8)
    return known


def split_terms(written: Array, offsets: Array, multiplier: Any) -> tuple[Array, Array, Array]:
    """Split terms at plain spaces; results as ``tokens_of``."""
    classes = np.full(0x110000, WORD_CLASS, dtype=np.uint8)
    classes[32] = SPACE_CLASS
    padded = np.append(written, np.zeros(PADDING, dtype=np.uint8))
    return tokens_of(padded, offsets, classes, 1, False, multiplier, Scratch())


def tokens_of(
    text: Array, starts: Array, classes: Array, shortest: int, marks: bool, multiplier: Any, room: Scratch
) -> tuple[Array, Array, Array]:
    """Return tokens' keys, uint64 (n,), spans, uint32 (n, 2), and each document's first, int64 (n_documents + 1,)."""
    size = int(starts[-1])
    assert len(text) >= size + PADDING
    kinds = room.array("kinds", size, np.uint8)
    kinds_of(text, classes, marks, kinds)
    borders = room.array("borders", size + 1, np.uint32)
    changes = room.array("changes", (size + 63) // 64 * 8, np.uint64)
    n_borders = borders_of(kinds, starts, changes, borders)
    keys = room.array("keys", n_borders, np.uint64)
    spans = room.array("spans", (n_borders, 2), np.uint32)
    token_starts = np.empty(len(starts), dtype=np.int64)
    n = read_tokens(text, starts, kinds, borders, n_borders, shortest, multiplier, keys, spans, token_starts)
    return keys[:n], spans[:n], token_starts


@kernel
def gather_terms(written: Array, offsets: Array, chosen: Array) -> Any:
    """Return the buffer and offsets of the chosen terms, in that order."""
    chosen_offsets = np.zeros(chosen.shape[0] + 1, dtype=np.int64)
    for i in range(chosen.shape[0]):
        chosen_offsets[i + 1] = chosen_offsets[i] + offsets[chosen[i] + 1] - offsets[chosen[i]]
    out = np.empty(chosen_offsets[-1], dtype=np.uint8)
    for i in range(chosen.shape[0]):
        at = chosen_offsets[i]
        for place in range(offsets[chosen[i]], offsets[chosen[i] + 1]):
            out[at] = written[place]
            at += 1
    return out, chosen_offsets


@kernel
def measure_ngrams(origin: Array, nodes: Array, offsets: Array, out_offsets: Array) -> None:
    """Write the offsets of n-grams, words with one space between; see ``WordNgrams``."""
    for i in range(nodes.shape[0]):
        length = -1
        node = np.uint64(nodes[i])
        while node != _LOW:
            word = origin[node] & _LOW
            length += offsets[word + np.uint64(1)] - offsets[word] + 1
            node = origin[node] >> _32
        out_offsets[i + 1] = out_offsets[i] + length


@kernel
def write_ngrams(origin: Array, nodes: Array, written: Array, offsets: Array, out: Array, out_offsets: Array) -> None:
    """Write n-grams at their offsets, each from its last word to its first."""
    for i in range(nodes.shape[0]):
        at = out_offsets[i + 1]
        node = np.uint64(nodes[i])
        while True:
            word = origin[node] & _LOW
            begin, end = offsets[word], offsets[word + np.uint64(1)]
            at -= end - begin
            for place in range(end - begin):
                out[at + place] = written[begin + place]
            node = origin[node] >> _32
            if node == _LOW:
                break
            at -= 1
            out[at] = 32
