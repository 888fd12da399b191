"""Markdown of a page's blocks: headings, lists, quotes and tables as the markup has them; all else is escaped."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from copydesk.text.blocks import Block

HEADING = re.compile(r"h([1-6])")
# Characters that mean something anywhere in a line, and an underscore that is not within a word.
ANYWHERE = re.compile(r"[\\`*\[\]<~]|(?<!\w)_|_(?!\w)|&(?=#?\w+;)")
# What means something at the start of a line: headings, lists, quotes, rules, underlines, and the line below the head
# of a table; the last character of each is escaped.
AT_START = re.compile(r"(#{1,6}|[-+]|=+|-+|\d{1,9}[.)])(?=\s|$)|>|[-:|](?=[-:|\s]*$)")
CLOSING_HASHES = re.compile(r"#(?=#*\s*$)")
ORDERED = re.compile(r"\bpath:(?:\w+<)?li<ol\b")  # of the markup of a list's item, or of a paragraph in one
Path: TypeAlias = tuple[int, ...]


class Placement(NamedTuple):
    """Where a block stands: within a quote, how far indented, and the marker of its item if it begins one."""

    quote: str
    indent: str
    marker: str

    @property
    def before(self) -> str:
        """What its first line begins with."""
        return self.quote + self.indent + self.marker

    @property
    def going_on(self) -> str:
        """What its other lines begin with."""
        return self.quote + self.indent + " " * len(self.marker)

    def is_tight_after(self, before: Placement) -> bool:
        """Return whether an item follows another of its list, or begins one within it that needs no blank line."""
        if not self.marker or not before.marker:
            return False
        if self.indent == before.indent:
            return self.marker[-2:] == before.marker[-2:]
        return self.marker in ("- ", "1. ") or len(self.indent) < len(before.indent)


def escape(text: str) -> str:
    """Return one line of plain text as Markdown that shows it."""
    start = AT_START.match(text)
    if start is None:
        return ANYWHERE.sub(r"\\\g<0>", text)
    return f"{start[0][:-1]}\\{start[0][-1]}" + ANYWHERE.sub(r"\\\g<0>", text[start.end() :])


def blocks_markdown(blocks: Sequence[Block], kept: Sequence[bool]) -> str:
    """Return the kept blocks of a page as Markdown.

    Parameters
    ----------
    blocks : sequence of Block
        All blocks of the page.
    kept : sequence of bool
        Which of them to write.
    """
    widths: dict[Path, int] = {}  # of tables, in cells
    for block, is_kept in zip(blocks, kept, strict=True):
        if is_kept and block.tag == "tr":
            widths[block.path[:-2]] = max(widths.get(block.path[:-2], 0), block.text.count("\t") + 1)
    lists = Lists()
    pieces: list[str] = []
    before: Block | None = None  # the last one written, and its place
    there = Placement("", "", "")
    for number, (block, is_kept) in enumerate(zip(blocks, kept, strict=True)):
        here = lists.place(block, is_kept)
        if not is_kept:
            continue
        if before is None:
            pieces.append(here.before)
        elif block.is_line and blocks[number - 1] is before:
            pieces.append(f"\\\n{here.going_on}")
        elif block.tag == before.tag == "tr" and block.path[:-2] == before.path[:-2]:
            pieces.append(f"\n{here.going_on}")
        else:
            blank = "" if here.is_tight_after(there) else ">\n" if here.quote and there.quote else "\n"
            pieces.append(f"\n{blank}{here.before}")
        pieces.append(line_of(block, widths))
        if block.tag == "tr" and (before is None or before.tag != "tr" or before.path[:-2] != block.path[:-2]):
            pieces.append(f"\n{here.going_on}|{' --- |' * widths[block.path[:-2]]}")
        before, there = block, here
    return "".join(pieces)


def line_of(block: Block, widths: Mapping[Path, int]) -> str:
    """Return a block as a line, without what places it."""
    heading = HEADING.fullmatch(block.tag)
    if heading:
        return "#" * int(heading[1]) + " " + CLOSING_HASHES.sub(r"\\#", ANYWHERE.sub(r"\\\g<0>", block.text))
    if block.tag == "tr":
        cells = [ANYWHERE.sub(r"\\\g<0>", cell).replace("|", r"\|") for cell in block.text.split("\t")]
        return f"| {' | '.join(cells + [''] * (widths[block.path[:-2]] - len(cells)))} |"
    return escape(block.text)


class Lists:
    """Items of lists met so far, by which blocks that follow are numbered and indented."""

    def __init__(self) -> None:
        self.sizes: Counter[Path] = Counter()  # numbers of items of each list
        self.numbers: dict[Path, int] = {}  # of each item in its list
        self.widths: dict[Path, int] = {}  # of the markers that are written

    def place(self, block: Block, is_kept: bool) -> Placement:
        """Return where a block stands."""
        tokens = frozenset(block.markup.split())
        quote = "> " if "in:blockquote" in tokens else ""
        item = block.path if block.tag == "li" else block.path[:-1] if "parent:li" in tokens else None
        if item is not None and item not in self.numbers:
            self.sizes[item[:-1]] += 1
            self.numbers[item] = self.sizes[item[:-1]]
        begins = item is not None and item not in self.widths
        ends = range(len(item) if begins and item else len(block.path) + 1)
        indent = " " * sum(self.widths.get(block.path[:end], 0) for end in ends)
        if not begins or item is None:
            return Placement(quote, indent, "")
        is_ordered = ORDERED.search(block.markup) is not None
        marker = f"{self.numbers[item]}. " if is_ordered else "- "
        if is_kept:
            self.widths[item] = len(marker)
        return Placement(quote, indent, marker)
