"""HTML to blocks of text in document order, nothing dropped but what is never shown as text.

Needs the extra ``html``. Parsing is lexbor's, by way of Resiliparse: the tree is the one that browsers build. Lexbor
serialises it, and one pass over that text, which is regular, is ten times faster than a walk through the tree's nodes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from copydesk.text.blocks import Block, collapse
from copydesk.text.decoding import decode
from copydesk.text.headline import page_headline
from copydesk.text.page_blocks import collect_blocks

if TYPE_CHECKING:
    from resiliparse.parse.html import HTMLTree

# First-level headings among which the headline is looked for.
MOST_HEADINGS = 50
# Lexbor compares each attribute of an element with all before it, so that 20,000 take half a minute. Of the attributes
# of a tag longer than this, those beyond so many words are left out; an embedded image is one word, however long.
SHORTEST_LONG_TAG = 20_000
LONG_TAG = re.compile(rf"<[A-Za-z][^<>]{{{SHORTEST_LONG_TAG},}}")
MOST_WORDS_IN_TAG = 2_000


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
    """Read a page; see ``parse_tree``."""
    return page_of_tree(parse_tree(html))


def parse_tree(html: bytes | str) -> HTMLTree:
    """Parse a page into the tree that browsers build.

    Parameters
    ----------
    html : bytes or str
        Bytes are decoded; see ``decoding.decode``.
    """
    from resiliparse.parse.html import HTMLTree

    text = decode(html) if isinstance(html, bytes) else html.encode("utf-8", "replace").decode()
    if max(map(len, text.split("<"))) > SHORTEST_LONG_TAG:
        text = LONG_TAG.sub(cut_tag, text)
    return HTMLTree.parse(text)


def page_of_tree(tree: HTMLTree) -> Page:
    """Return the blocks of a parsed page, its title, headline and address."""
    if tree.body is None:
        return Page([], "", "", "")
    title = collapse(tree.title or "")
    return Page(collect_blocks(tree.body.html), title, page_headline(title, *headings(tree)), own_url(tree))


def cut_tag(tag: re.Match[str]) -> str:
    """Return a tag without its end, cut to ``MOST_WORDS_IN_TAG`` words."""
    words = tag[0].split(maxsplit=MOST_WORDS_IN_TAG)
    return tag[0] if len(words) <= MOST_WORDS_IN_TAG else " ".join(words[:-1])


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
