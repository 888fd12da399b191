"""Tables of paragraphs that boilerplate models read, from texts and from parsed pages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from copydesk.features.options import plain_list, refuse_tables
from copydesk.text.paragraphs import MARKUP

if TYPE_CHECKING:
    from copydesk.text.html import Page
    from copydesk.text.paragraphs import ParagraphTable


def paragraph_table(
    texts: Sequence[str], titles: Sequence[str] | None = None, sites: Sequence[str] | None = None
) -> tuple[ParagraphTable, NDArray[np.int64]]:
    """Split texts into the table of paragraphs that boilerplate models read.

    Returns
    -------
    table : dict of equally long sequences
        text, title, document (the text's number), position, group (the site).
    spans : int64 (n_paragraphs, 2)
        Start and end of each in its text.

    Raises
    ------
    ValueError
        ``titles`` or ``sites`` are not as many as the texts.
    """
    from copydesk.features.pages.splitting import split_texts

    titles, sites = (
        None if given is None else check_beside(name, given, texts)
        for name, given in (("titles", titles), ("sites", sites))
    )
    paragraphs, spans, sizes = split_texts(texts)
    return paragraph_columns(paragraphs, sizes, titles, sites), spans


def paragraph_columns(
    paragraphs: Sequence[str], sizes: NDArray[np.int64], titles: Sequence[str] | None, sites: Sequence[str] | None
) -> ParagraphTable:
    """Return the table of paragraphs of texts that have so many each, with their titles and sites."""
    return {
        "text": paragraphs,
        "title": repeated(titles, sizes),
        "document": np.repeat(np.arange(len(sizes)), sizes),
        "position": np.arange(len(paragraphs)) - np.repeat(np.cumsum(sizes) - sizes, sizes),
        "group": repeated(sites, sizes),
    }


def repeated(values: Sequence[str] | None, sizes: NDArray[np.int64]) -> list[str]:
    """Repeat each page's value for each of its paragraphs, "" if it has none."""
    if values is None:
        return [""] * int(sizes.sum())
    return [value for value, size in zip(values, sizes.tolist(), strict=True) for _ in range(size)]


def page_table(pages: Sequence[Page], sites: Sequence[str] | None = None) -> tuple[ParagraphTable, NDArray[np.int64]]:
    """Return the table of the pages' paragraphs, and their places.

    Returns
    -------
    table : dict of equally long sequences
        text, title (""), document (the page's number), position, group (the site), and those of ``MARKUP``.
    spans : int64 (n_paragraphs, 2)
        Start and end of each in ``Page.text``.

    Raises
    ------
    ValueError
        ``sites`` are not as many as the pages.
    """
    sizes = np.array([len(page.blocks) for page in pages], dtype=np.int64)
    blocks = [block for page in pages for block in page.blocks]
    known = None if sites is None else check_beside("sites", sites, pages)
    table = paragraph_columns([block.text for block in blocks], sizes, None, known)
    table = {**table, **{name: [getattr(block, name) for block in blocks] for name in MARKUP}}
    lengths = np.array([len(block.text) for block in blocks], dtype=np.int64)
    breaks = np.array([1 if block.is_line else 2 for block in blocks], dtype=np.int64)
    ends = np.cumsum(lengths + breaks)
    first = np.asarray(table["position"]) == 0
    ends -= np.repeat(ends[first] - lengths[first], sizes[sizes > 0])  # no break before a page's text
    return table, np.column_stack([ends - lengths, ends])


def check_beside(name: str, given: Any, texts: Sequence[Any]) -> list[str]:
    """Return the values given beside the texts, one for each, "" for those that are missing (None, NaN or NA).

    Raises
    ------
    TypeError
        A table, a mapping or a single string was given, or a value is neither a string nor missing; names its row.
    ValueError
        The values are more or fewer than the texts.
    """
    if isinstance(given, str):
        raise TypeError(f"{name}: expected a list, one for each text, found one str")
    refuse_tables(given)
    values = plain_list(given)
    if len(values) != len(texts):
        raise ValueError(f"{name}: {len(values)} for {len(texts)} texts; give one for each, '' where unknown")
    for row, value in enumerate(values):
        if not isinstance(value, str):
            if not is_missing(value):
                raise TypeError(f"{name}: row {row}: expected a str, found {type(value).__name__} {str(value)[:40]!r}")
            values[row] = ""
    return values


def is_missing(value: Any) -> bool:
    """Return whether a value is None or a missing value of pandas, which need not be installed."""
    return value is None or (isinstance(value, float) and value != value) or type(value).__name__ == "NAType"
