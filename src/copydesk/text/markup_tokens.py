"""Markup as tokens: what a start tag and its ancestors say of the text within, as space-separated words."""

from __future__ import annotations

import re
from functools import lru_cache

NAMING = ("class", "id", "data-testid", "data-component", "data-type", "rel")
WORD = re.compile(r"[A-Z]?[a-z]{2,}|[A-Z]{2,}(?![a-z])|[^\W\d_a-zA-Z]{2,}")
MOST_NAME_WORDS = 12  # of an element's names; some pages put data into classes
MOST_TOKENS = 150  # of an element's ancestors
LONGEST_TOKEN = 60  # characters of an element's name, a role and the like
LONGEST_NAME = 400  # characters of a class attribute that are read


@lru_cache(maxsize=4_096)
def name_words(name: str) -> tuple[str, ...]:
    """Split a class or an id into its words, in lower case, without digits: ``postBody-12`` is post and body."""
    return tuple(dict.fromkeys(word.lower() for word in WORD.findall(name)))


def attribute_tokens(attributes: dict[str, str]) -> tuple[str, ...]:
    """Return the tokens of a start tag's attributes: ``.word`` of class and id, ``role=…``, ``itemprop=…``."""
    names = [attributes[name] for name in NAMING if name in attributes]
    words: dict[str, None] = {}
    for name in " ".join(names)[:LONGEST_NAME].split():
        for word in name_words(name):
            words[word] = None
    tokens = [f".{word}" for word in list(words)[:MOST_NAME_WORDS]]
    for name in ("role", "itemprop"):
        tokens += [f"{name}={value[:LONGEST_TOKEN]}" for value in attributes.get(name, "").lower().split()[:2]]
    if "itemtype" in attributes:
        types = (value.rpartition("/")[2] for value in attributes["itemtype"].lower().split()[:2])
        tokens += [f"itemtype={value[:LONGEST_TOKEN]}" for value in types]
    return tuple(tokens)
