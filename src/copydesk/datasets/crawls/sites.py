"""Simulated sites: the leftovers around their stories, worded the same on all pages of a site."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from unicodedata import normalize

from copydesk.datasets.crawls.grammar import REPEATED, Language, Production, Style, choose, fill, native, repeat
from copydesk.datasets.crawls.sentences import proper_names
from copydesk.datasets.crawls.stories import (
    Typography,
    draw_typography,
    invent_story,
    person,
    set_case,
    spare,
    typeset,
)
from copydesk.text.paragraphs import split_paragraphs

# How many productions of a family one site uses; the same ones on all its pages.
WORDINGS = 8
# Chance that a site lacks a family that its style has: no two themes are set up alike.
DROPPED = 0.2
# Slots that hold another text's words; a line that has one keeps its case.
FROM_ARTICLES = ("{other", "{teaser", "{scene", "{title")
# Families that stand alike on every page of a site; of the others each page has its own number and order.
FIXED = frozenset({"navigation", "comments", "newsletter", "legal", "follow", "share", "donate", "cookies"})

Wording = tuple[Production, str | None]  # lines, and what joins them where a site runs them together


@dataclass(frozen=True)
class CrawlPage:
    """A story before it is wrapped.

    Attributes
    ----------
    title : str
    story : list of str
        Its paragraphs; those of several lines are blocks whose lines stand together.
    scenes : list of str
        Sentences to stand under pictures.
    names : list of str
        People in it.
    """

    title: str
    story: list[str]
    scenes: list[str]
    names: list[str]


@dataclass
class Site:
    """One simulated site: a name, a language, a style, and the wordings, order and typography it always uses.

    Attributes
    ----------
    titles, teasers : sequence of str
        Titles and first sentences of the site's other articles.
    draw : random.Random
    """

    name: str
    language: Language
    style: Style
    titles: Sequence[str]
    teasers: Sequence[str]
    draw: random.Random
    invents: bool = False
    typography: Typography = field(init=False)
    separator: str = field(init=False)
    domain: str = field(init=False)
    dropped: set[str] = field(init=False)
    wordings: dict[str, list[Wording]] = field(default_factory=dict, init=False)
    numbers: dict[tuple[str, str], int] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        self.typography = draw_typography(self.language, self.draw)
        self.separator = self.language.convention("separator", self.draw)
        self.domain = f"{latin(self.shown.lower()) or f'news{self.draw.randint(1, 99)}'}.example"
        self.dropped = {family for family in sorted(self.style.families) if self.draw.random() < DROPPED}

    @property
    def shown(self) -> str:
        """The name that pages show: without the key that tells sites of one name apart."""
        return self.name.rsplit(" ", 1)[0]

    def place(self, place: str, page: CrawlPage) -> Iterator[str]:
        """Yield the leftovers of a place ("top", "under", "after")."""
        for family, (fewest, most) in getattr(self.style, place).items():
            number = self.draw.randint(fewest, most)
            if family in FIXED:
                number = self.numbers.setdefault((place, family), number)
            yield from self.lines(family, number, page)

    def gap(self, page: CrawlPage) -> Iterator[str]:
        """Yield the leftovers between two paragraphs."""
        for family, chance in self.style.inside.items():
            if self.draw.random() < chance:
                yield from self.lines(family, 1, page)

    def lines(self, family: str, number: int, page: CrawlPage) -> Iterator[str]:
        """Yield the lines of some productions of a family, as this site words them."""
        wordings = self._wordings(family)
        if family in self.dropped or not wordings:
            return
        start, draw = self.draw.randrange(len(wordings)), self.draw
        if family in FIXED:
            # The same menu, form and footer on every page.
            start, draw = 0, random.Random(f"{self.name} {family}")
        for place in range(number):
            production, joint = wordings[(start + place) % len(wordings)]
            texts = self._texts(production, place + 1, page, draw)
            yield from texts if joint is None else filter(None, (joint.join(texts),))

    def _texts(self, production: Production, place: int, page: CrawlPage, draw: random.Random) -> Iterator[str]:
        printed: set[str] = set()
        for count, line in repeat(production, draw):
            text = fill(line, self._values(page, count or place), self.language, draw) if "{" in line else line.strip()
            if not text or ("{" in line and text in printed):
                continue
            printed.add(text)
            # What comes from an article keeps its case.
            kept = any(slot in line for slot in FROM_ARTICLES)
            yield text if kept else set_case(text, self.style.case)

    def _wordings(self, family: str) -> list[Wording]:
        if family not in self.wordings:
            productions = self.language.productions(family, self.style.part)
            chosen = self.draw.sample(productions, min(WORDINGS, len(productions)))
            self.wordings[family] = [self._settle(production) for production in chosen]
        return self.wordings[family]

    def _settle(self, production: Production) -> Wording:
        lines = tuple(choose(line, self.draw) for line in production)
        glued = (len(lines) > 1 or bool(REPEATED.match(lines[0]))) and self.draw.random() < self.style.glue
        return lines, self.draw.choice((" ", "", self.separator)) if glued else None

    def _values(self, page: CrawlPage, number: int) -> dict[str, str]:
        author = person(self.language, self.draw)
        scene = self.draw.choice(page.scenes) if page.scenes else ""
        return {
            "site": self.shown, "domain": self.domain, "sep": self.separator, "digits": self.typography.digits,
            "author": author, "author2": person(self.language, self.draw),
            "handle": self._handle(author),
            "title": page.title, "other": self._other(page), "other2": self._other(page),
            "teaser": self.draw.choice(self.teasers), "scene": scene or self.draw.choice(self.teasers),
            "who": self.draw.choice(page.names) if page.names else author,
            "num": native(str(number), {"digits": self.typography.digits}),
        }  # fmt: skip

    def _handle(self, author: str) -> str:
        if "handle" in self.language.slots:
            return self.draw.choice(self.language.slots["handle"])
        return author.lower().replace(" ", self.draw.choice(("_", "", ".")))

    def _other(self, page: CrawlPage) -> str:
        """Return the title of another article, which must not be this page's own: that one is content."""
        for _ in range(10):
            title = self.draw.choice(self.titles)
            if title != page.title:
                break
        return title

    def page(self, text: str) -> CrawlPage:
        """Make a page of an article, or invent one."""
        if self.invents:
            title, paragraphs = invent_story(self.language, self.typography.digits, self.draw)
        else:
            title, *paragraphs = [paragraph.text for paragraph in split_paragraphs(text)]
        names = proper_names(" ".join(paragraphs))
        scenes: list[str] = []
        if "caption" in self.style.families - self.dropped:
            paragraphs, scenes = spare(paragraphs, self.draw)
        story = list(typeset(paragraphs, self.typography, self.language, names, self.draw))
        return CrawlPage(title, story, scenes, names)


def latin(text: str) -> str:
    """Return the letters and digits of a text that an address may have, those with accents without."""
    return "".join(letter for letter in normalize("NFKD", text) if letter.isascii() and letter.isalnum())
