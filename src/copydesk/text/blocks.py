"""Blocks of a page's text, read in one pass from its serialised tree."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

from copydesk.text.line_breaks import split_lines
from copydesk.text.markup_tokens import MOST_TOKENS, READ_ATTRIBUTE
from copydesk.text.serialised_html import UNKNOWN_TAG, VOID, read_marks, unescaped
from copydesk.text.start_tags import HIDDEN, StartTag, block_holders, read_start_tag

HEADINGS = frozenset("h1 h2 h3 h4 h5 h6".split())
# Where more of a page's text is hidden than this share, a script shows it: nothing is taken for hidden.
MOST_HIDDEN = 0.5
# Elements that a path names; browsers nest no deeper than 512.
DEEPEST = 256
# A row of a table with a longer cell is layout, or reads as paragraphs.
LONGEST_CELL = 100

BREAK = "\n"  # a part of its own where a <br> stands
SPACE = re.compile(r"\s+")


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
        Tokens of the elements around and within it, separated by spaces; see ``Element.markup``.
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


def collect_blocks(body: str) -> list[Block]:
    """Return the blocks of a serialised body, in document order.

    Elements with the attribute ``hidden`` or hidden by their own ``style`` are left out, unless they hold most of the
    page's text.
    """
    holders = block_holders(body) if UNKNOWN_TAG.search(body) else frozenset()
    walk = Walk(body, holders, leave_out_hidden=True)
    blocks = walk.blocks
    shown = sum(len(block.text) for block in blocks)
    if shown >= (1 - MOST_HIDDEN) * (shown + walk.hidden_characters):  # at least what all of it would come to
        return blocks
    whole = Walk(body, holders, leave_out_hidden=False).blocks
    return blocks if shown >= (1 - MOST_HIDDEN) * sum(len(block.text) for block in whole) else whole


class Element:
    """An element that the walk is in.

    Attributes
    ----------
    around : frozenset of str
        Tokens of it and its ancestors: ``in:TAG`` and those of their attributes.
    inline : frozenset of str
        The same from the innermost block-level element on, without that.
    """

    __slots__ = (
        "around", "first_block", "following", "in_link", "inline", "is_block", "keeps_lines", "last_child", "name",
        "number", "parent", "preceding", "tag", "tokens", "words",
    )  # fmt: skip

    def __init__(self, start: StartTag, parent: Element | None, number: int, is_block: bool) -> None:
        self.tag = start.tag
        self.name = start.name
        self.tokens = start.tokens
        self.parent = parent
        self.number = number
        self.is_block = is_block
        self.in_link = start.is_link
        self.keeps_lines = start.keeps_lines
        self.first_block = 0  # number of blocks found before it
        self.preceding = self.following = self.words = ""
        self.last_child: Element | None = None
        self.around = own = start.all_tokens
        self.inline = NONE if is_block else own
        if parent is not None:
            if parent.in_link:
                self.in_link = True
            if parent.keeps_lines:
                self.keeps_lines = True
            self.around = joined(parent.around, own)
            if not is_block and parent.inline:
                self.inline = joined(parent.inline, own)
            before = parent.last_child
            if before is not None:
                self.preceding, before.following = before.name, start.name
            parent.last_child = self

    @property
    def markup(self) -> str:
        """Tokens for all text that it holds, separated by spaces."""
        if not self.words:
            above = self.parent
            tokens = [f"tag:{self.name}", f"before:{self.preceding}", f"after:{self.following}"]
            tokens += [f"own{token}" for token in self.tokens]
            if above is not None:
                third = above.parent.name if above.parent else ""
                tokens += [f"parent:{above.name}", f"path:{self.name}<{above.name}<{third}"]
                tokens += [f"parent{token}" for token in above.tokens]
            self.words = " ".join([*tokens, *sorted(self.around)])
        return self.words


NONE: frozenset[str] = frozenset()


def joined(above: frozenset[str], own: frozenset[str]) -> frozenset[str]:
    """Return tokens of ancestors and an element's own; the same object where it has nothing new."""
    return above if own <= above or len(above) > MOST_TOKENS else above | own


class Piece(NamedTuple):
    """A block before the walk has ended: its markup is not yet known."""

    text: str
    holder: Element
    path: tuple[int, ...]
    link_share: float
    is_line: bool
    inline: str

    def block(self) -> Block:
        """Return the block."""
        markup = self.holder.markup + self.inline
        return Block(self.text, self.holder.tag, self.path, self.link_share, self.is_line, markup)


class Walk:
    """A pass over a serialised body, which gathers text until the next break.

    Attributes
    ----------
    blocks : list of Block
    hidden_characters : int
        No fewer than those of the text that was left out because its element's attributes hide it.
    """

    def __init__(self, body: str, holders: frozenset[int], leave_out_hidden: bool) -> None:
        self.holders = holders
        self.leave_out_hidden = leave_out_hidden
        self.hidden_characters = 0
        self.pieces: list[Piece] = []
        self.begin()
        self.n_elements = 0
        self.elements: list[Element] = []
        self.path: list[int] = []
        self.block_elements: list[Element] = []  # those of the path
        self.left_out: list[str] = []  # names of the elements that the walk is in and leaves out
        self.never_shown = 0  # how many of them are never shown
        self.read(body)
        self.blocks = [piece.block() for piece in self.pieces]

    def begin(self) -> None:
        """Begin a block."""
        self.parts: list[str] = []
        self.holders_of_parts: list[Element] = []
        self.indent = 0  # white space alone before anything else
        self.has_breaks = self.has_links = self.keeps_lines = False

    def read(self, body: str) -> None:
        """Read all tokens."""
        n_tags = 0
        elements, left_out = self.elements, self.left_out
        for text, end, tag, attributes in read_marks(body):
            if left_out:
                self.pass_through(text, end, tag)
                n_tags += tag is not None
                continue
            if text and elements:
                self.add(text, elements[-1])
            if tag is not None:
                n_tags += 1
                found = READ_ATTRIBUTE.findall(attributes) if attributes else ()
                self.enter(read_start_tag(tag, *found), n_tags)
            elif end is not None and elements and elements[-1].tag == end:  # a stray one ends nothing
                self.leave()
        while elements:
            self.leave()

    def add(self, text: str, holder: Element) -> None:
        """Add text to the block under way."""
        if holder.keeps_lines:
            self.keeps_lines = True
        elif text.isspace():
            if not self.parts:
                self.indent += 1
                return
            text = " "
        if holder.in_link:
            self.has_links = True
        self.parts.append(unescaped(text) if "&" in text else text)
        self.holders_of_parts.append(holder)

    def pass_through(self, text: str, end: str | None, tag: str | None) -> None:
        """Read a token within an element that is left out."""
        if text and not self.never_shown:
            self.hidden_characters += len(text.strip()) + 1
        if tag is not None:
            self.pass_over(tag)
        elif self.left_out[-1] == end:
            self.left_out.pop()
            self.never_shown -= end in HIDDEN

    def pass_over(self, tag: str) -> None:
        """Enter an element that is left out."""
        if tag not in VOID:
            self.left_out.append(tag)
            self.never_shown += tag in HIDDEN

    def enter(self, start: StartTag, number: int) -> None:
        """Enter an element; ``number`` is its start tag's."""
        tag, parent = start.tag, self.elements[-1] if self.elements else None
        is_block = start.is_block
        if parent is not None:
            if tag == "br":
                self.parts.append(BREAK)
                self.holders_of_parts.append(parent)
                self.has_breaks = True
                return
            if start.is_never_shown or (start.is_hidden and self.leave_out_hidden):
                self.pass_over(tag)
                return
            if is_block is None:  # those of no standard are blocks beside each other and beside blocks
                is_block = parent.number in self.holders
        self.n_elements += 1
        element = Element(start, parent, number, is_block is not False)
        if element.is_block:
            if self.parts or self.indent:
                self.flush()
            self.path.append(self.n_elements)
            self.block_elements.append(element)
            element.first_block = len(self.pieces)
        self.elements.append(element)
        if tag in VOID:
            self.leave()

    def leave(self) -> None:
        """Close the innermost element."""
        element = self.elements.pop()
        if element.is_block:
            if self.parts or self.indent:
                self.flush()
            if element.tag == "tr":
                self.join_row(element.first_block)
            self.path.pop()
            self.block_elements.pop()

    def flush(self) -> None:
        """End the block under way; its lines become blocks, unless they are wrapped."""
        if not self.parts:
            self.indent = 0
            return
        parts, holders, links = self.parts, self.holders_of_parts, ""
        if self.has_breaks or self.keeps_lines:
            parts = [
                part if part == BREAK or each.keeps_lines else SPACE.sub(" ", part)
                for part, each in zip(parts, holders, strict=True)
            ]
            parts[0] = " " * self.indent + parts[0]
        raw = "".join(parts)
        has_links, may_break = self.has_links, self.has_breaks or self.keeps_lines
        self.begin()
        if raw.isspace():
            return
        holder = self.block_elements[-1]
        spans = [(0, len(raw))]
        if may_break and BREAK in raw.strip() and holder.tag not in HEADINGS:
            spans = split_lines(raw)
        if has_links:
            links = "".join(
                [part if each.in_link else " " * len(part) for part, each in zip(parts, holders, strict=True)]
            )
        path, before = tuple(self.path[:DEEPEST]), None
        inline = inline_tokens(parts, holders) if len(holders) > 1 or holders[0].inline else ""
        for start, end in spans:
            text = collapse(raw[start:end])
            if text:
                share = min(1.0, len(collapse(links[start:end])) / len(text)) if links else 0.0
                is_line = before is not None and raw.count(BREAK, before, start) == 1
                self.pieces.append(Piece(text, holder, path, share, is_line, inline))
                before = end

    def join_row(self, first: int) -> None:
        """Make the blocks of a table's row one, where every cell is short and has no more than one."""
        cells, depth = self.pieces[first:], len(self.path)
        if len(cells) < 2 or depth >= DEEPEST or any(len(cell.path) <= depth for cell in cells):
            return
        if any(cell.holder.tag in HEADINGS or len(cell.text) > LONGEST_CELL for cell in cells):
            return
        if len({cell.path[depth] for cell in cells}) < len(cells):
            return
        text = "\t".join(cell.text for cell in cells)
        linked = sum(cell.link_share * len(cell.text) for cell in cells) / len(text)
        self.pieces[first:] = [Piece(text, self.block_elements[-1], tuple(self.path), linked, False, "")]


def inline_tokens(parts: list[str], holders: list[Element]) -> str:
    """Return tokens of the inline elements within a block: ``all:`` around all of its text, ``has:`` around some."""
    around = {holder.inline for part, holder in zip(parts, holders, strict=True) if not part.isspace()}
    if not any(around):
        return ""
    in_all, in_some = frozenset.intersection(*around), frozenset.union(*around)
    return "".join(
        f" all{token.removeprefix('in')}" if token in in_all else f" has{token.removeprefix('in')}"
        for token in sorted(in_some)
    )
