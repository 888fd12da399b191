"""Start tags of serialised HTML: what each says of how its text is shown, and the tokens of its attributes."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from copydesk.text.markup_tokens import LONGEST_TOKEN, attribute_tokens
from copydesk.text.serialised_html import VOID, read_marks, unescaped

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
EMPTY = frozenset("embed img source track wbr".split())  # inline, and without text


class StartTag(NamedTuple):
    """A start tag.

    Attributes
    ----------
    tag : str
    name : str
        The same, cut to ``LONGEST_TOKEN``.
    is_block : bool or None
        None for elements of no standard.
    is_never_shown, is_hidden : bool
        By what it is, and by its attributes.
    keeps_lines, is_link : bool
    tokens : tuple of str
        Of its attributes.
    all_tokens : frozenset of str
        The same and its name.
    """

    tag: str
    name: str
    is_block: bool | None
    is_never_shown: bool
    is_hidden: bool
    keeps_lines: bool
    is_link: bool
    tokens: tuple[str, ...]
    all_tokens: frozenset[str]


@lru_cache(maxsize=4_096)
def read_start_tag(tag: str, *attributes: tuple[str, str]) -> StartTag:
    """Read a start tag from its name, and names and serialised values of the attributes that are read."""
    found = {name: unescaped(value) if "&" in value else value for name, value in attributes}
    style = found.get("style", "")
    is_hidden = (
        ("hidden" in found and found["hidden"].lower() != "until-found")
        or (tag == "dialog" and "open" not in found)
        or bool(style and HIDING.search(style))
    )
    is_block = None if "-" in tag or ":" in tag else tag not in INLINE
    keeps_lines = tag in PREFORMATTED or bool(style and KEEPS_LINES.search(style))
    tokens = attribute_tokens(found) if found else ()
    name = tag[:LONGEST_TOKEN]
    all_tokens = frozenset([f"in:{name}", *tokens])
    return StartTag(tag, name, is_block, tag in HIDDEN, is_hidden, keeps_lines, tag == "a", tokens, all_tokens)


def block_holders(body: str) -> frozenset[int]:
    """Return the elements whose children are several, and neither text nor inline, by the numbers of start tags."""
    found, n_tags, inner = set(), 0, 0
    stack: list[tuple[str, int]] = [("", 0)]
    n_children: dict[int, int] = {0: 0}  # of elements that may be such
    for text, end, tag, _ in read_marks(body):
        if text and not text.isspace():
            n_children.pop(inner, None)
        if tag is not None:
            if tag in INLINE and tag not in EMPTY:
                n_children.pop(inner, None)
            elif inner in n_children:
                n_children[inner] += tag not in HIDDEN
            n_tags += 1
            if tag not in VOID:
                n_children[n_tags] = 0
                stack.append((tag, n_tags))
        elif end is not None and stack[-1][0] == end:
            stack.pop()
            if n_children.pop(inner, 0) > 1:
                found.add(inner)
        inner = stack[-1][1]
    return frozenset(found)
