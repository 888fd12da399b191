"""Wrap main texts of real pages in leftovers of the grammar, of kinds that are rare on real pages."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from copydesk.datasets.composed_crawl import heading, page_rows
from copydesk.datasets.crawls.grammar import Grammar, Language
from copydesk.datasets.crawls.grammar_files import load_grammar
from copydesk.datasets.crawls.sites import CrawlPage, Site
from copydesk.datasets.crawls.stories import news_site
from copydesk.datasets.crawls.story_blocks import story_block
from copydesk.resources import shipped
from copydesk.text.paragraphs import CONTENT

FEWEST_LEFT, MOST_LEFT = 1, 6  # paragraphs of an article that breaks off early
LINES_SHARE = 0.5  # of the articles that come as blocks of lines, too, where their language has such blocks
MOST_BLOCKS = 2
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


def wrapped(
    texts: Sequence[MainText], weight: float = 1.0, bare: float = 0.1, seed: int = 0
) -> Iterator[dict[str, Any]]:
    """Yield the paragraphs of composed pages: each article whole, broken off after a few paragraphs, and left out.

    Some come once more, a block such as a timeline or a table in place of most of the article. Small pages and pages of
    lines are rare on the web, and what users bring; so are pages of leftovers alone. A site keeps its name, so
    that it straddles no split, and draws a style of its own; leftovers are in its language where the grammar has it,
    else in English.

    Parameters
    ----------
    weight, bare : float
        Sample weights of pages with an article and without; 0 for none.
    """
    grammar = load_grammar(shipped("data/boilerplate"), None)
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
            for view, text, weighs in (
                ("wrapped", each.text, weight),
                ("short", broken_off(each.text, draw), weight),
                ("bare", each.text, bare),
                *([("lines", each.text, weight)] if language.blocks and draw.random() < LINES_SHARE else []),
            ):
                page = in_lines(site, site.page(text)) if view == "lines" else site.page(text)
                rows = page_rows(site, page, document=f"{each.document}#{view}", split="")
                if view == "bare":
                    rows = without_article(rows, draw)
                if weighs:
                    yield from (row | {"group": name, "title": each.title, "weight": weighs} for row in rows)


def draw_site(
    grammar: Grammar, language: Language, name: str, heads: Sequence[tuple[str, str]], draw: random.Random
) -> Site:
    """Draw a simulated site in a language, with titles and first sentences of other articles."""
    styles = [replace(style, part="train") for style in grammar.styles.values() if style.part == "train"]
    titles, teasers = zip(*heads, strict=True)
    return Site(f"{news_site(language, draw)} {name}", language, draw.choice(styles), titles, teasers, draw)


def without_article(rows: list[dict[str, Any]], draw: random.Random) -> list[dict[str, Any]]:
    """Return a page's leftovers alone: every second time all of them, else from some place after the article on."""
    last = max(at for at, row in enumerate(rows) if row["label"] == CONTENT)
    after = rows[last + 1 :]
    if after and draw.random() < 0.5:
        after = after[draw.randrange(len(after)) :]
    else:
        after = [row for row in rows if row["label"] != CONTENT]
    return [row | {"position": position} for position, row in enumerate(after)]


def in_lines(site: Site, page: CrawlPage) -> CrawlPage:
    """Return a page with blocks of the site's language in place of all but its first paragraphs, if any."""
    blocks = [
        story_block(site.language, page.names, site.draw, site.typography.digits)
        for _ in range(site.draw.randint(1, MOST_BLOCKS))
    ]
    return replace(page, story=[*page.story[: site.draw.randint(0, 2)], *blocks])


def broken_off(text: str, draw: random.Random) -> str:
    """Return title and first paragraphs of an article."""
    lines = [line for line in text.split("\n") if line.strip()]
    return "\n\n".join(lines[: 1 + draw.randint(FEWEST_LEFT, MOST_LEFT)])
