"""HTML to blocks of text in document order, nothing dropped but what is never shown as text.

Needs the extra ``html``. Parsing is lexbor's, by way of Resiliparse: the tree is the one that browsers build.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice
from typing import Any

from copydesk.text.decoding import decode
from copydesk.text.headline import page_headline
from copydesk.text.line_breaks import split_lines

# What does not begin a new line: phrasing content of the HTML standard, and what older pages use like it.
INLINE = frozenset(
    "a abbr acronym b bdi bdo big blink cite code data del dfn em embed font i img ins kbd label map mark "
    "nobr object output picture q rb ruby s samp small source span strike strong sub sup time track tt u var "
    "wbr".split()
)
# Never shown, or shown by browsers without scripts, plug-ins or ruby alone.
HIDDEN = frozenset(
    "head script style noscript noembed noframes template title datalist svg math iframe audio video canvas "
    "rp rt rtc".split()
)
HIDING = re.compile(r"(?:^|[;\s])(?:display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse))\b", re.IGNORECASE)
PREFORMATTED = frozenset("pre listing xmp plaintext textarea".split())
KEEPS_LINES = re.compile(r"white-space\s*:\s*(?:pre|break-spaces)", re.IGNORECASE)
HEADINGS = frozenset("h1 h2 h3 h4 h5 h6".split())
EMPTY = frozenset("embed img source track wbr".split())  # inline, and without text
ELEMENT, TEXT = 1, 3  # node types of the DOM standard
# Where more of a page's text is hidden than this share, a script shows it: nothing is taken for hidden.
MOST_HIDDEN = 0.5
# Elements that a path names; browsers nest no deeper than 512.
DEEPEST = 256
# A row of a table with a longer cell is layout, or reads as paragraphs.
LONGEST_CELL = 100
# First-level headings among which the headline is looked for.
MOST_HEADINGS = 50

SPACE = re.compile(r"\s+")
ZERO_WIDTH = str.maketrans("", "", "\u200b\ufeff\xad")


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
    """

    text: str
    tag: str
    path: tuple[int, ...]
    link_share: float
    is_line: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """A parsed page: its blocks, and its own title, headline and address ("" where unknown)."""

    blocks: list[Block]
    title: str
    headline: str
    url: str

    @property
    def text(self) -> str:
        """All of the text, a blank line between blocks: what a crawl without markup would have brought."""
        return "".join(("\n" if block.is_line else "\n\n") + block.text for block in self.blocks).lstrip("\n")


def read_page(html: bytes | str) -> Page:
    """Parse a page.

    Parameters
    ----------
    html : bytes or str
        Bytes are decoded; see ``decoding.decode``.
    """
    from resiliparse.parse.html import HTMLTree

    text = decode(html) if isinstance(html, bytes) else html.encode("utf-8", "replace").decode()
    tree = HTMLTree.parse(text)
    if tree.body is None:
        return Page([], "", "", "")
    title = collapse(tree.title or "")
    return Page(collect_blocks(tree.body), title, page_headline(title, *headings(tree)), own_url(tree))


def page_text(html: bytes | str) -> str:
    """Return all of a page's text; see ``Page.text``."""
    return read_page(html).text


def headings(tree: Any) -> tuple[str, list[str]]:
    """Return a page's ``og:title`` and the texts of its first-level headings, the first fifty."""
    found = tree.document.query_selector('meta[property="og:title"]')
    og_title = collapse(found.getattr("content") or "") if found is not None else ""
    nodes = islice(iter(tree.body.query_selector_all("h1")), MOST_HEADINGS)  # nested ones repeat each other's text
    return og_title, [collapse(node.text) for node in nodes]


def own_url(tree: Any) -> str:
    """Return the address that a page gives as its own."""
    if tree.head is None:
        return ""
    for selector, attribute in (('link[rel="canonical"]', "href"), ('meta[property="og:url"]', "content")):
        found = tree.head.query_selector(selector)
        if found is not None and (found.getattr(attribute) or "").startswith("http"):
            return str(found.getattr(attribute))
    return ""


def collapse(text: str) -> str:
    """Collapse white space as a browser does; no-break spaces count, zero-width ones and soft hyphens are dropped."""
    return " ".join(text.translate(ZERO_WIDTH).split())


def collect_blocks(body: Any) -> list[Block]:
    """Walk a tree in document order and return its blocks.

    Elements with the attribute ``hidden`` or hidden by their own ``style`` are left out, unless they hold most of the
    page's text.
    """
    walk = Walk(leave_out_hidden=True)
    blocks = walk.blocks_of(body)
    if not walk.met_hidden:
        return blocks
    whole = Walk(leave_out_hidden=False).blocks_of(body)
    shown, there = (sum(len(block.text) for block in each) for each in (blocks, whole))
    return blocks if shown >= (1 - MOST_HIDDEN) * there else whole


@dataclass(slots=True)
class Element:
    """An element that the walk is in."""

    node: Any
    tag: str
    is_block: bool
    is_preformatted: bool
    first_block: int  # number of blocks found before it
    holds_blocks: bool | None = None  # whether elements of no standard are blocks in it; None: not yet looked


class Walk:
    """A walk through a tree in document order, which gathers text until the next break."""

    def __init__(self, leave_out_hidden: bool) -> None:
        self.leave_out_hidden = leave_out_hidden
        self.met_hidden = False
        self.blocks: list[Block] = []
        self.parts: list[str] = []
        self.linked: list[bool] = []
        self.n_elements = 0
        self.n_links = 0  # links that the walk is in
        self.n_preformatted = 0
        self.elements: list[Element] = []
        self.path: list[int] = []
        self.holders: list[str] = []  # tags of the elements in ``path``

    def blocks_of(self, body: Any) -> list[Block]:
        """Return the blocks of an element."""
        node = body
        while True:
            following = node.first_child if self.enter(node) else node.next
            while following is None:  # the innermost element has no child left
                if self.elements:
                    node = self.elements[-1].node
                    self.leave()
                if not self.elements:
                    return self.blocks
                following = node.next
            node = following

    def enter(self, node: Any) -> bool:
        """Take in a node; return whether it is an element to be walked through."""
        if node.type == TEXT:
            self.add(node.value or "")
        if node.type != ELEMENT:
            return False
        tag = node.tag
        if tag == "br":
            self.add("\n", is_break=True)
            return False
        if self.elements and self.is_hidden(node, tag):
            return False
        style = node.getattr("style") or ""
        is_preformatted = tag in PREFORMATTED or bool(style and KEEPS_LINES.search(style))
        element = Element(node, tag, self.is_block(tag), is_preformatted, len(self.blocks))
        self.n_elements += 1
        if element.is_block:
            self.flush()
            self.path.append(self.n_elements)
            self.holders.append(tag)
            element.first_block = len(self.blocks)
        self.n_links += tag == "a"
        self.n_preformatted += is_preformatted
        self.elements.append(element)
        return True

    def leave(self) -> None:
        """Close the innermost element."""
        element = self.elements[-1]
        if element.is_block:
            self.flush()
            if element.tag == "tr":
                self.join_row(element.first_block)
            self.path.pop()
            self.holders.pop()
        self.elements.pop()
        self.n_links -= element.tag == "a"
        self.n_preformatted -= element.is_preformatted

    def is_hidden(self, node: Any, tag: str) -> bool:
        """Return whether a browser never shows an element's text."""
        if tag in HIDDEN:
            return True
        hidden = (
            (node.hasattr("hidden") and (node.getattr("hidden") or "").lower() != "until-found")
            or (tag == "dialog" and not node.hasattr("open"))
            or bool(HIDING.search(node.getattr("style") or ""))
        )
        self.met_hidden |= hidden
        return hidden and self.leave_out_hidden

    def is_block(self, tag: str) -> bool:
        """Return whether an element begins a new line.

        Elements of no standard do beside each other and beside blocks, not where text stands beside them.
        """
        if "-" not in tag and ":" not in tag:
            return tag not in INLINE
        parent = self.elements[-1] if self.elements else None
        if parent is None:
            return True
        if parent.holds_blocks is None:
            parent.holds_blocks = holds_blocks(parent.node)
        return parent.holds_blocks

    def add(self, text: str, is_break: bool = False) -> None:
        """Add text to the block under way."""
        self.parts.append(text if is_break or self.n_preformatted else SPACE.sub(" ", text))
        self.linked.append(self.n_links > 0)

    def flush(self) -> None:
        """End the block under way; its lines become blocks, unless they are wrapped."""
        parts, linked = self.parts, self.linked
        self.parts, self.linked = [], []
        raw = "".join(parts)
        if not raw or raw.isspace():
            return
        holder = self.holders[-1]
        spans = [(0, len(raw))]
        if "\n" in raw.strip() and holder not in HEADINGS:
            spans = split_lines(raw)
        links = "".join((part if is_link else " " * len(part)) for part, is_link in zip(parts, linked, strict=True))
        path, before, has_links = tuple(self.path[:DEEPEST]), None, any(linked)
        for start, end in spans:
            text = collapse(raw[start:end])
            if text:
                share = min(1.0, len(collapse(links[start:end])) / len(text)) if has_links else 0.0
                is_line = before is not None and raw.count("\n", before, start) == 1
                self.blocks.append(Block(text, holder, path, share, is_line))
                before = end

    def join_row(self, first: int) -> None:
        """Make the blocks of a table's row one, where every cell is short and has no more than one."""
        cells, depth = self.blocks[first:], len(self.path)
        if len(cells) < 2 or depth >= DEEPEST or any(len(cell.path) <= depth for cell in cells):
            return
        if any(cell.tag in HEADINGS or len(cell.text) > LONGEST_CELL for cell in cells):
            return
        if len({cell.path[depth] for cell in cells}) < len(cells):
            return
        text = "\t".join(cell.text for cell in cells)
        linked = sum(cell.link_share * len(cell.text) for cell in cells) / len(text)
        self.blocks[first:] = [Block(text, "tr", tuple(self.path), linked)]


def holds_blocks(parent: Any) -> bool:
    """Return whether the children of an element are several, and neither text nor inline."""
    n_elements, child = 0, parent.first_child
    while child is not None:
        if child.type == TEXT and (child.value or "").strip():
            return False
        if child.type == ELEMENT:
            if child.tag in INLINE and child.tag not in EMPTY:
                return False
            n_elements += child.tag not in HIDDEN
        child = child.next
    return n_elements > 1
