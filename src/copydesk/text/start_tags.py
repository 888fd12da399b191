"""Start tags of serialised HTML: what each says of how its text is shown, and the tokens of its attributes."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from copydesk.compiled.arrays import Array
from copydesk.text.kernels.elements import (
    HOLDS_TEXT,
    IS_BLOCK,
    IS_BREAK,
    IS_HIDDEN,
    IS_LINK,
    IS_ROW,
    IS_UNKNOWN,
    IS_VOID,
    KEEPS_LINES,
    NEVER_SHOWN,
)
from copydesk.text.kernels.scanning import copy_start_tags
from copydesk.text.markup_tokens import LONGEST_TOKEN, attribute_tokens
from copydesk.text.serialised_html import unescaped

# Elements without an end tag.
VOID = frozenset(
    "area base basefont bgsound br col embed frame hr img input keygen link meta param source track wbr".split()
)
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
KEEPING_LINES = re.compile(r"white-space\s*:\s*(?:pre|break-spaces)", re.IGNORECASE)
EMPTY = frozenset("embed img source track wbr".split())  # inline, and without text
LONGEST_KEPT = 1_000  # characters of a start tag that is kept for pages to come
READ_ATTRIBUTE = re.compile(r' ([a-z-]+)="([^"]*)"')  # a quote within a value is escaped


class StartTag(NamedTuple):
    """A start tag.

    Attributes
    ----------
    tag : str
    name : str
        The same, cut to ``LONGEST_TOKEN``.
    flags : int
        What it is, see ``kernels.elements``.
    tokens : tuple of str
        Of its attributes.
    all_tokens : tuple of str
        The same and its name, sorted.
    own_words, child_words : str
        The same and its name as tokens of itself and of its children, each after a space.
    """

    tag: str
    name: str
    flags: int
    tokens: tuple[str, ...]
    all_tokens: tuple[str, ...]
    own_words: str
    child_words: str


def read_start_tags(codes: Array, marks: Array) -> list[StartTag]:
    """Read the start tags of a serialised page, in its order."""
    copied, borders = copy_start_tags(codes, marks)
    text, places = copied.tobytes().decode("utf-32-le", "surrogatepass"), borders.tolist()
    return [
        read_start_tag(text[start:end]) if end - start < LONGEST_KEPT else read_start_tag.__wrapped__(text[start:end])
        for start, end in pairwise(places)
    ]


@lru_cache(maxsize=16_384)
def read_start_tag(written: str) -> StartTag:
    """Read a start tag that has only the attributes that are read, serialised, without its angle brackets."""
    tag = written.partition(" ")[0]
    name, flags = tag[:LONGEST_TOKEN], tag_flags(tag)
    attributes = dict(READ_ATTRIBUTE.findall(written, len(tag))) if len(tag) < len(written) else {}
    if "&" in written:
        attributes = {name: unescaped(value) for name, value in attributes.items()}
    if "style" in attributes and KEEPING_LINES.search(attributes["style"]):
        flags |= KEEPS_LINES
    tokens = attribute_tokens(attributes) if attributes else ()
    own, child = "".join([f" own{token}" for token in tokens]), "".join([f" parent{token}" for token in tokens])
    all_tokens = tuple(sorted({f"in:{name}", *tokens}))
    return StartTag(tag, name, flags | is_hidden(tag, attributes), tokens, all_tokens, own, f" parent:{name}{child}")


@lru_cache(maxsize=1_024)
def tag_flags(tag: str) -> int:
    """Return what an element is, from its name."""
    is_known = "-" not in tag and ":" not in tag
    flags = {
        IS_BLOCK: is_known and tag not in INLINE,
        IS_UNKNOWN: not is_known,
        NEVER_SHOWN: tag in HIDDEN,
        KEEPS_LINES: tag in PREFORMATTED,
        IS_LINK: tag == "a",
        IS_VOID: tag in VOID,
        IS_BREAK: tag == "br",
        IS_ROW: tag == "tr",
        HOLDS_TEXT: tag in INLINE and tag not in EMPTY,
    }
    return sum(flag for flag, holds in flags.items() if holds)


def is_hidden(tag: str, attributes: dict[str, str]) -> int:
    """Return ``IS_HIDDEN`` if an element's attributes hide it, 0 if they do not."""
    hides = (
        ("hidden" in attributes and attributes["hidden"].lower() != "until-found")
        or (tag == "dialog" and "open" not in attributes)
        or ("style" in attributes and HIDING.search(attributes["style"]))
    )
    return IS_HIDDEN if hides else 0
