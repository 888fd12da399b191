"""Assembly of cleaned texts: labelled paragraphs, put back where they stood."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import repeat
from typing import Any

import numpy as np
from numpy.typing import NDArray

from copydesk.text.headline import find_headline
from copydesk.text.paragraphs import CONTENT, CleanedText, LabelledParagraph, ParagraphTable, join_kept


def assemble(
    texts: Sequence[str],
    table: ParagraphTable,
    spans: NDArray[np.int64],
    labels: Sequence[Any],
    probabilities: NDArray[np.floating[Any]],
    row_modes: NDArray[np.object_] | None = None,
) -> list[CleanedText]:
    """Put labelled paragraphs back into their texts; a text without paragraphs has no mode."""
    starts, ends = spans.T.tolist()
    columns = zip(table["text"], starts, ends, map(str, labels), probabilities.tolist(), repeat(False))
    with uncollected():
        # LabelledParagraph(*each), without calling a Python function for every paragraph
        found: list[LabelledParagraph] = list(map(partial(tuple.__new__, LabelledParagraph), columns))
    borders = np.searchsorted(table["document"], np.arange(len(texts) + 1)).tolist()
    cleaned = []
    for text, a, b in zip(texts, borders[:-1], borders[1:], strict=True):
        mode = str(row_modes[a]) if row_modes is not None and a < b else None
        cleaned.append(CleanedText(join_kept(text, found[a:b]), found[a:b], mode))
    return cleaned


def keep_headline(text: str, cleaned: CleanedText, headline: str) -> CleanedText:
    """Label the paragraph that repeats the page's headline as content."""
    paragraphs = cleaned.paragraphs
    if not headline:
        return cleaned
    at = find_headline([each.text for each in paragraphs], [each.kept for each in paragraphs], headline)
    if at is None:
        return cleaned
    was_kept = paragraphs[at].kept
    paragraphs[at] = paragraphs[at]._replace(label=CONTENT, headline=True)
    return cleaned if was_kept else cleaned._replace(text=join_kept(text, paragraphs))


@contextmanager
def uncollected() -> Iterator[None]:
    """Disable garbage collection while many objects are created and all kept: collecting would double the time."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()
