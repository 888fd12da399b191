"""Serialised HTML, as lexbor writes a tree."""

from __future__ import annotations

ENTITIES = (("&nbsp;", "\xa0"), ("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&amp;", "&"))


def unescaped(text: str) -> str:
    """Return serialised text as it was; a serialiser writes five entities."""
    for entity, character in ENTITIES:
        text = text.replace(entity, character)
    return text
