"""JSON-LD of a page, read as leniently as pages write it: comments, stray commas, arrays, ``@graph``, references."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

Node: TypeAlias = dict[str, Any]

LONGEST_SCRIPT = 1 << 20  # characters of a script; more are no description of a page
MOST_NODES = 10_000
# A string, which stays as it is, or what JSON has no place for: comments and commas before a bracket.
TO_CUT = re.compile(r'("(?:[^"\\]|\\.)*")|/\*.*?\*/|//[^\n]*|,(?=\s*[}\]])', re.DOTALL)
WRAPPING = re.compile(
    r"^\s*(?:<!--|//\s*<!\[CDATA\[|/\*\s*<!\[CDATA\[\s*\*/|<!\[CDATA\[)|(?://|/\*)?\s*(?:-->|\]\]>)\s*(?:\*/)?\s*\Z"
)
BETWEEN = re.compile(r"[\s;,\ufeff]*")
DECODER = json.JSONDecoder(strict=False)  # line breaks within strings


def read_scripts(scripts: Sequence[str]) -> list[Node]:
    """Return all objects of a page's scripts, in document order; what can't be read is left out."""
    found: list[Node] = []
    for script in scripts:
        if len(script) <= LONGEST_SCRIPT:
            found += objects_in(values_of(script))
    return found[:MOST_NODES]


def values_of(script: str) -> list[Any]:
    """Return the values in a script: as it is, without what JSON has no place for, or with its entities resolved."""
    for text in (script, mended(script), mended(html.unescape(script))):
        values = list(leading_values(text))
        if values:
            return values
    return []


def mended(script: str) -> str:
    """Return a script without wrapping marks, comments and stray commas."""
    return TO_CUT.sub(lambda match: match[1] or "", WRAPPING.sub("", script))


def leading_values(text: str) -> Iterator[Any]:
    """Yield the values that follow each other in a text up to the first fault, or none if it begins with one."""
    at = BETWEEN.match(text).end()  # type: ignore[union-attr]
    while at < len(text):
        try:
            value, at = DECODER.raw_decode(text, at)
        except (ValueError, RecursionError):
            return
        yield value
        at = BETWEEN.match(text, at).end()  # type: ignore[union-attr]


def objects_in(values: Sequence[Any]) -> Iterator[Node]:
    """Yield all objects in values, at any depth, those that hold others before them."""
    left = list(reversed(values))
    for _ in range(MOST_NODES):
        if not left:
            return
        value = left.pop()
        if isinstance(value, dict):
            yield value
            value = list(value.values())
        if isinstance(value, list):
            left += reversed(value)


def types_of(node: Node) -> list[str]:
    """Return the types of an object, without the address of their vocabulary."""
    kinds = node.get("@type", [])
    return [str(kind).rpartition("/")[2] for kind in (kinds if isinstance(kinds, list) else [kinds])]


def stated_names(value: Any, by_id: dict[str, Node]) -> list[str]:
    """Return the names that a value gives: strings, objects with a ``name``, or references to such."""
    names: list[str] = []
    for each in value if isinstance(value, list) else [value]:
        if isinstance(each, dict):
            whole = each if "name" in each else by_id.get(str(each.get("@id")), {})
            each = whole.get("name")
            each = each[0] if isinstance(each, list) and each else each
        if isinstance(each, str) and each.strip():
            names.append(each)
    return names
