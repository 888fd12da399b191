"""HTML to blocks of text in document order, nothing dropped but what is never shown as text.

Needs the extra ``html``. Parsing is lexbor's, by way of Resiliparse: the tree is the one that browsers build.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

# What does not begin a new line: phrasing content of the HTML standard, and what older pages use like it.
INLINE = frozenset(
    "a abbr acronym audio b bdi bdo big blink canvas cite code data del dfn em embed font i img ins kbd label map mark "
    "nobr object output picture q rb rp rt rtc ruby s samp small source span strike strong sub sup time track tt u var "
    "video wbr".split()
)
HIDDEN = frozenset("head script style noscript template svg math iframe".split())
ELEMENT, TEXT = 1, 3  # node types of the DOM standard


@dataclass(frozen=True, slots=True)
class Block:
    """Text between two line breaks that the markup makes.

    Attributes
    ----------
    text : str
        White space collapsed.
    tag : str
        The block-level element that holds it.
    path : tuple of int
        Numbers of the elements from the root down to that one, in document order: two blocks are in the same
        element where their paths begin alike.
    link_share : float
        Share of its characters that stand in links.
    """

    text: str
    tag: str
    path: tuple[int, ...]
    link_share: float


@dataclass(frozen=True, slots=True)
class Page:
    """A parsed page: its blocks, and what its head says of itself ("" where it says nothing)."""

    blocks: list[Block]
    title: str
    url: str


def read_page(html: bytes | str) -> Page:
    """Parse a page.

    Parameters
    ----------
    html : bytes or str
        Bytes are decoded as UTF-8, or else as the HTML standard's sniffing says.
    """
    from resiliparse.parse.html import HTMLTree

    tree = HTMLTree.parse(decode(html) if isinstance(html, bytes) else html)
    blocks = collect_blocks(tree.body) if tree.body is not None else []
    return Page(blocks, collapse(tree.title or ""), own_url(tree))


def page_text(html: bytes | str) -> str:
    """Return all of a page's text, a blank line between blocks: what a crawl without markup would have brought."""
    return "\n\n".join(block.text for block in read_page(html).blocks)


def decode(html: bytes) -> str:
    """Decode a page's bytes."""
    from resiliparse.parse.encoding import bytes_to_str, detect_encoding

    try:
        return html.decode("utf-8-sig")
    except UnicodeDecodeError:
        encoding = detect_encoding(html, html5_compatible=True) or "cp1252"
        return str(bytes_to_str(html, encoding, fallback_encodings=("cp1252",)))


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
    """Collapse white space as a browser does; the no-break space counts as a space, zero-width ones as nothing."""
    return " ".join(text.replace("\u200b", "").replace("\ufeff", "").split())


def collect_blocks(body: Any) -> list[Block]:
    """Walk a tree in document order and return its blocks."""
    lines = Lines()
    node, number, depth_of_links = body, 0, 0
    stack: list[tuple[str, int]] = []
    while node is not None:
        tag = node.tag if node.type == ELEMENT else ""
        if node.type == TEXT:
            lines.add(node.value or "", depth_of_links > 0)
        elif tag == "br":
            lines.line_break(stack)
        elif tag and tag not in HIDDEN:
            number += 1
            if is_block(tag):
                lines.flush(stack)
            stack.append((tag, number))
            depth_of_links += tag == "a"
            if node.first_child is not None:
                node = node.first_child
                continue
            depth_of_links -= leave(lines, stack)
        while node.next is None and stack:
            node = node.parent
            depth_of_links -= leave(lines, stack)
            if node == body:
                lines.flush(stack)
                return lines.blocks
        node = node.next
    return lines.blocks


def is_block(tag: str) -> bool:
    """Whether an element begins a new line. Elements that the standard does not know are shown in line."""
    return tag not in INLINE and "-" not in tag and ":" not in tag


def leave(lines: Lines, stack: list[tuple[str, int]]) -> bool:
    """Close the innermost element; return whether it was a link."""
    if is_block(stack[-1][0]):
        lines.flush(stack)
    return stack.pop()[0] == "a"


class Lines:
    """Text gathered until the next line break."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self.parts: list[str] = []
        self.linked: list[str] = []
        self.broken = False  # the last thing seen was a <br>

    def add(self, text: str, linked: bool) -> None:
        if text.strip():
            self.broken = False
            if linked:
                self.linked.append(text)
        self.parts.append(text)

    def line_break(self, stack: list[tuple[str, int]]) -> None:
        """One <br> is a space, two with nothing between them end the block."""
        if self.broken:
            self.flush(stack)
        self.parts.append(" ")
        self.broken = True

    def flush(self, stack: list[tuple[str, int]]) -> None:
        text = collapse("".join(self.parts))
        if text:
            within = len(stack)
            while within > 1 and not is_block(stack[within - 1][0]):
                within -= 1
            linked = len(collapse("".join(self.linked)))
            path = tuple(number for _, number in stack[:within])
            self.blocks.append(Block(text, stack[within - 1][0], path, min(1.0, linked / len(text))))
        self.parts, self.linked, self.broken = [], [], False
