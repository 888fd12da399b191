"""Blocks of a page's text."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, heading, list item or row of a table: text between two breaks that the markup makes.

    Attributes
    ----------
    text : str
        White space collapsed; cells of a table's row separated by tabs.
    tag : str
        The block-level element that holds it.
    path : tuple of int
        Numbers of the block-level elements from the root down to that one, in document order: two blocks are in the
        same element where their paths begin alike. At most ``DEEPEST``.
    link_share : float
        Share of its characters that stand in links.
    is_line : bool, default=False
        Whether a single line break separates it from the block before, as lines of verse are.
    markup : str, default=""
        Tokens of the elements around and within it, separated by spaces; see ``page_blocks.Assembly.markup``.
    """

    text: str
    tag: str
    path: tuple[int, ...]
    link_share: float
    is_line: bool = False
    markup: str = ""


def collapse(text: str) -> str:
    """Collapse white space as a browser does; no-break spaces count, zero-width ones and soft hyphens are dropped."""
    return " ".join(text.replace("\xad", "").replace("\u200b", "").replace("\ufeff", "").split())
