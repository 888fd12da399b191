"""Main texts of real pages in leftovers of the grammar: what an article is, beside what real pages hardly have."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from copydesk.datasets.compose import NAMES, heading, page_rows
from copydesk.datasets.grammar import Grammar, Language
from copydesk.datasets.grammar_files import load_grammar
from copydesk.datasets.sites import Site
from copydesk.resources import find

SHORTEST, SHORT = 1, 6  # paragraphs of an article that breaks off early
FEWEST_HEADS = 20  # other articles that related links and teasers are taken from
MAIN = "en"


@dataclass(frozen=True)
class MainText:
    """A page's article.

    Attributes
    ----------
    document, site : str
    title : str
        As the features are to be given it.
    text : str
        With its title, where that is known, on the first line.
    language : str
        Code of two letters.
    """

    document: str
    site: str
    title: str
    text: str
    language: str


def wrapped(texts: Sequence[MainText], seed: int = 0) -> Iterator[dict[str, Any]]:
    """Yield the paragraphs of composed pages: each article whole, and once more broken off after a few paragraphs.

    Small pages are rare on the web, and what users bring. A site keeps its name, so that it straddles no split, and
    draws a style of its own; leftovers are in its language where the grammar has it, else in English.
    """
    grammar = load_grammar(find("data/boilerplate"), None)
    by_site: dict[str, list[MainText]] = {}
    heads: dict[str, list[tuple[str, str]]] = {}
    for each in texts:
        if "\n" in each.text:
            by_site.setdefault(each.site, []).append(each)
            heads.setdefault(each.language, []).append(heading(each.text))
    everywhere = [head for own in heads.values() for head in own]
    for name, pages in by_site.items():
        language = grammar.languages.get(pages[0].language, grammar.languages[MAIN])
        own = heads.get(language.name, [])
        draw = random.Random(f"{seed} {name}")
        site = draw_site(grammar, language, name, own if len(own) >= FEWEST_HEADS else everywhere, draw)
        for each in pages:
            for view, text in (("wrapped", each.text), ("short", broken_off(each.text, draw))):
                rows = page_rows(site, site.page(text), document=f"{each.document}#{view}", split="")
                yield from (row | {"group": name, "title": each.title} for row in rows)


def draw_site(
    grammar: Grammar, language: Language, name: str, heads: Sequence[tuple[str, str]], draw: random.Random
) -> Site:
    """Draw a simulated site in a language, with titles and first sentences of other articles."""
    styles = [replace(style, part="train") for style in grammar.styles.values() if style.part == "train"]
    place = draw.choice(language.slots["city"] + language.slots["section"])
    titles, teasers = zip(*heads, strict=True)
    return Site(f"{place} {draw.choice(NAMES)} {name}", language, draw.choice(styles), titles, teasers, draw)


def broken_off(text: str, draw: random.Random) -> str:
    """Return title and first paragraphs of an article."""
    lines = [line for line in text.split("\n") if line.strip()]
    return "\n\n".join(lines[: 1 + draw.randint(SHORTEST, SHORT)])
