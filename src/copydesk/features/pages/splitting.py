"""Splitting of many texts into paragraphs: a kernel finds lines, and only texts that may be wrapped go to Python."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from copydesk.compiled.arrays import Array
from copydesk.compiled.kernel import kernel
from copydesk.features.kernels.paragraph_shapes import IS_LOWER, IS_SPACE, tables_for
from copydesk.features.ngrams.cut import chunked
from copydesk.features.ngrams.terms import code_points
from copydesk.text.paragraphs import NEWLINES, split_paragraphs

_NEWLINES = np.array(sorted(map(ord, NEWLINES)), dtype=np.uint32)


class SplitTexts(NamedTuple):
    """Paragraphs of texts, in order.

    Attributes
    ----------
    texts : list of str
    spans : int64 (n_paragraphs, 2)
        Where each begins and ends in the text that it stands in.
    sizes : int64 (n_texts,)
        Paragraphs of each text.
    """

    texts: list[str]
    spans: NDArray[np.int64]
    sizes: NDArray[np.int64]


def split_texts(texts: Sequence[str]) -> SplitTexts:
    """Split texts; each as ``split_paragraphs`` of ``text.paragraphs`` splits it."""
    parts = [_split(part) for part in chunked(list(texts))]
    paragraphs = [paragraph for part in parts for paragraph in part.texts]
    return SplitTexts(paragraphs, *(np.concatenate([part[at] for part in parts]) for at in (1, 2)))


def _split(texts: list[str]) -> SplitTexts:
    """Split texts that are read together."""
    codes, starts = code_points(texts)
    spans, sizes, may_be_wrapped = find_lines(codes, starts, tables_for(codes)[0], _NEWLINES)
    ends = np.cumsum(sizes).tolist()
    paragraphs: list[str] = []
    places: list[Array] = []
    for number, (text, end, size, wrapped) in enumerate(
        zip(texts, ends, sizes.tolist(), may_be_wrapped.tolist(), strict=True)
    ):
        if wrapped:
            found = split_paragraphs(text)
            paragraphs += [each.text for each in found]
            places.append(np.array([(each.start, each.end) for each in found], dtype=np.int64))
            sizes[number] = len(found)
        else:
            lines = spans[end - size : end]
            paragraphs += [text[a:b] for a, b in lines.tolist()]
            places.append(lines)
    return SplitTexts(paragraphs, np.concatenate(places or [spans]), sizes)


@kernel
def find_lines(text: Array, starts: Array, kinds: Array, newlines: Array) -> Any:
    """Find lines without the white space around them.

    Parameters
    ----------
    text : uint32 (n,)
        Code points of all texts, one after the other.
    starts : int64 (n_texts + 1,)
    kinds
        See ``tables_for``.
    newlines : uint32
        Code points that end a line; all are white space.

    Returns
    -------
    spans : int64 (n_lines, 2)
        In the text that a line stands in.
    sizes : int64 (n_texts,)
        Lines of each text.
    may_be_wrapped : bool (n_texts,)
        Whether, with no blank line between them, two lines in a row go on with a small letter.
    """
    n_texts = starts.shape[0] - 1
    spans = np.empty((text.shape[0] // 2 + n_texts, 2), dtype=np.int64)
    sizes = np.zeros(n_texts, dtype=np.int64)
    may_be_wrapped = np.zeros(n_texts, dtype=np.bool_)
    n = 0
    for number in range(n_texts):
        start, first = starts[number], n
        last = start
        inside = False
        breaks = 2  # since the last line
        going_on = 0  # lines in a row
        for at in range(start, starts[number + 1]):
            code = text[at]
            kind = kinds[code]
            if not kind & IS_SPACE:
                last = at
                if not inside:
                    inside = True
                    spans[n, 0] = at - start
                    going_on = going_on + 1 if kind & IS_LOWER and breaks < 2 else 0
                    may_be_wrapped[number] |= going_on > 1
                continue
            for newline in newlines:
                if code == newline:
                    if inside:
                        spans[n, 1] = last + 1 - start
                        n += 1
                        inside, breaks = False, 0
                    breaks += not (code == 10 and at > start and text[at - 1] == 13)  # \r\n is one
        if inside:
            spans[n, 1] = last + 1 - start
            n += 1
        sizes[number] = n - first
    return spans[:n].copy(), sizes, may_be_wrapped
