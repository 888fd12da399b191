"""Serialised HTML, as lexbor writes a tree: text, start tags and end tags in one regular pass."""

from __future__ import annotations

import re
from collections.abc import Iterator

# Elements without an end tag, and those whose text is serialised as it is.
VOID = frozenset(
    "area base basefont bgsound br col embed frame hr img input keygen link meta param source track wbr".split()
)
RAW = frozenset("script style xmp iframe noembed noframes plaintext".split())

# Text and what follows it in a serialised tree: an end tag, a start tag, all of whose values are quoted, a comment or
# the like, the end. Text and values hold no "<"; names of elements and attributes may, for want of a rule.
NAME = r"[^ \t\n\f\r/>]"  # a character of an element's name; of an attribute's, but for "="
MARK = re.compile(
    rf"([^<]*)(?:</({NAME}+)>|<((?![!?]){NAME}+)((?: {NAME}[^ \t\n\f\r/>=]*=\"[^\"]*\")*)>"
    r"|<!--.*?-->|<[!?][^>]*>|<|(?<=[^<])\Z)",
    re.DOTALL,
)
UNKNOWN_TAG = re.compile(rf"<(?![!?]){NAME}*[-:]")
SCRIPT_MARK = re.compile(r"<!--(?!-*>)|-->|</?script(?=[ \t\n\f\r/>])", re.IGNORECASE)
ENTITIES = (("&nbsp;", "\xa0"), ("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&amp;", "&"))


def unescaped(text: str) -> str:
    """Return serialised text as it was; a serialiser writes five entities."""
    for entity, character in ENTITIES:
        text = text.replace(entity, character)
    return text


def read_marks(body: str) -> Iterator[tuple[str, str | None, str | None, str | None]]:
    """Yield text, and the end tag, or start tag with its attributes, that follows it; none of the three may follow."""
    at: int | None = 0
    while at is not None:
        start, at = at, None
        for token in MARK.finditer(body, start):
            text, end, tag, attributes = token.groups()
            yield text, end, tag, attributes
            if tag in RAW:
                at = raw_end(body, tag, token.end())
                raw = body[token.end() : at]
                yield raw.replace("&", "&amp;"), None, None, None
                break


def raw_end(body: str, tag: str, start: int) -> int:
    """Return where text that is serialised as it is ends.

    Nothing ends a ``<plaintext>`` but the page; within a comment of a script, scripts of its own end first.
    """
    if tag == "script":
        commented = own = False
        for mark in SCRIPT_MARK.finditer(body, start):
            if mark[0] == "<!--":
                commented = True
            elif mark[0] == "-->":
                commented = own = False
            elif mark[0][1] != "/":
                own = commented
            elif not own:
                return mark.start()
            else:
                own = False
        return len(body)
    found = (body.rfind if tag == "plaintext" else body.find)(f"</{tag}>", start)
    return len(body) if found < 0 else found
