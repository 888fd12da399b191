"""Clean articles wrapped in the leftovers of real crawls, so that paragraphs are labelled for free."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from copydesk.datasets.bbc import BBC
from copydesk.datasets.examples import BOILERPLATE, CONTENT, Examples
from copydesk.datasets.grammar import Language, Style, choose, fill, load_grammar
from copydesk.errors import DataError
from copydesk.resources import find
from copydesk.text.paragraphs import split_paragraphs

if TYPE_CHECKING:
    import pandas as pd

SENTENCE = re.compile(r"(?<=[.!?][\"'”’)\s])\s*(?=[A-ZÀ-ÞА-Я\"“'‘])")
# How many phrasings of a family one site uses; the same ones on all its pages.
PHRASINGS = 6
# Words that site names are made of; with a city or a section they read like real ones.
NAMES = (
    "Herald",
    "Gazette",
    "Post",
    "Courier",
    "Tribune",
    "Observer",
    "Echo",
    "Daily",
    "Star",
    "Mercury",
    "Wire",
    "Review",
)


@dataclass
class Site:
    """One simulated site: a name, a language, a style, and the phrasings it always uses."""

    name: str
    language: Language
    style: Style
    draw: random.Random
    phrases: dict[str, list[str]] = field(default_factory=dict)

    def lines(self, family: str, number: int, values: dict[str, str], others: Sequence[str]) -> Iterator[str]:
        """Yield leftovers of a family, as this site words them."""
        if family not in self.phrases:
            productions = self.language.productions(family, self.style.part)
            chosen = self.draw.sample(productions, min(PHRASINGS, len(productions)))
            self.phrases[family] = [choose(production, self.draw) for production in chosen]
        wordings = self.phrases[family]
        # Forms and menus stand in the same order on every page; lists of headlines change.
        start = 0 if family in ("comments", "navigation", "legal", "newsletter") else self.draw.randrange(len(wordings))
        for place in range(number):
            wording = wordings[(start + place) % len(wordings)]
            other = self.draw.choice(others)
            author, author2 = (person(self.language, self.draw) for _ in range(2))
            filled = fill(
                wording,
                {"author": author, "author2": author2, "handle": author.lower().replace(" ", "_"), "other": other,
                 "num": str(place + 1), **values},
                self.language,
                self.draw,
            )  # fmt: skip
            yield filled.upper() if self.style.case == "upper" and "{other}" not in wording else filled


def person(language: Language, draw: random.Random) -> str:
    """Return a name."""
    return f"{draw.choice(language.slots['first'])} {draw.choice(language.slots['last'])}"


class ComposedCrawl:
    """Paragraphs of composed crawls, labelled content or boilerplate.

    Test crawls are of articles, sites and site styles, and partly of phrasings, that training never sees.
    A site is a group; each article appears once.

    Parameters
    ----------
    articles : dataset or None, default=None
        Clean articles, title on the first line; None: BBC News.
    languages : list of str or None, default=None
        Of the leftovers; None: English for most sites, and each other language of the grammar for a few, since
        machine-made and bilingual sites put foreign forms under English articles.
    foreign_share : float, default=0.1
        Share of sites in other languages than the first.
    documents : int or None, default=None
        How many crawls; None: one for each article.
    pages_per_site : int, default=8
    test_size : float, default=0.2
        Share of articles for test crawls.
    grammar : str or None, default=None
        Folder of a grammar of your own; None: the one that ships.
    seed : int, default=0
    """

    def __init__(
        self,
        articles: Any = None,
        languages: list[str] | None = None,
        foreign_share: float = 0.1,
        documents: int | None = None,
        pages_per_site: int = 8,
        test_size: float = 0.2,
        grammar: str | None = None,
        seed: int = 0,
    ) -> None:
        self.articles = articles
        self.languages = languages
        self.foreign_share = foreign_share
        self.documents = documents
        self.pages_per_site = pages_per_site
        self.test_size = test_size
        self.grammar = grammar
        self.seed = seed

    def load(self) -> Examples:
        """Compose the crawls.

        Raises
        ------
        DataError
            The articles or the grammar can't be read, or a language is not in the grammar.
        """
        import pandas as pd

        languages, styles = load_grammar(Path(self.grammar) if self.grammar else find("data/boilerplate"))
        wanted = self.languages or ["en", *sorted(set(languages) - {"en"})]
        missing = [name for name in wanted if name not in languages]
        if missing:
            raise DataError(
                f"dataset.languages: no grammar for {missing[0]!r}; there are {', '.join(sorted(languages))}"
            )
        source = (self.articles or BBC()).load().frame.drop_duplicates("text")
        texts = source["text"].tolist()
        random.Random(f"{self.seed} articles").shuffle(texts)
        texts = texts[: self.documents]
        titles = [text.split("\n", 1)[0] for text in texts]
        cut = len(texts) - round(self.test_size * len(texts))
        rows: list[dict[str, Any]] = []
        for part, first, last in (("train", 0, cut), ("test", cut, len(texts))):
            kinds = [style for style in styles.values() if style.part == part]
            for number, start in enumerate(range(first, last, self.pages_per_site)):
                site = self._site(f"{part}{number}", kinds, [languages[name] for name in wanted])
                for at in range(start, min(start + self.pages_per_site, last)):
                    rows += page_rows(texts[at], site, titles[first:last], document=f"crawl{at}", split=part)
        return Examples(pd.DataFrame(rows), "boilerplate", "composed_crawl", {"articles": len(texts)})

    def _site(self, key: str, styles: list[Style], languages: list[Language]) -> Site:
        draw = random.Random(f"{self.seed} {key}")
        foreign = len(languages) > 1 and draw.random() < self.foreign_share
        language = draw.choice(languages[1:]) if foreign else languages[0]
        style = draw.choice(styles)
        place = draw.choice(language.slots["city"] + language.slots["section"])
        return Site(f"{place} {draw.choice(NAMES)} {key}", language, style, draw)


def page_rows(text: str, site: Site, titles: Sequence[str], *, document: str, split: str) -> list[dict[str, Any]]:
    """Compose one page: the rows of its paragraphs, in the order in which they stand."""
    paragraphs = [paragraph.text for paragraph in split_paragraphs(text)]
    title, story = paragraphs[0], list(reshape(paragraphs[1:], site.draw))
    shown = site.name.rsplit(" ", 1)[0]
    values = {"site": shown, "domain": f"{shown.lower().replace(' ', '')}.example"}
    found: list[tuple[str, str]] = []

    def leftovers(places: dict[str, tuple[int, int]]) -> None:
        for family, (fewest, most) in places.items():
            number = site.draw.randint(fewest, most)
            found.extend((line, BOILERPLATE) for line in site.lines(family, number, values, titles) if line)

    leftovers(site.style.top)
    found.append((title, CONTENT))
    leftovers(site.style.under)
    for place, paragraph in enumerate(story):
        if place:
            for family, chance in site.style.inside.items():
                if site.draw.random() < chance:
                    leftovers({family: (1, 2 if family == "related" else 1)})
        found.append((paragraph, CONTENT))
    leftovers(site.style.after)
    return [
        {"text": line, "label": label, "group": site.name, "split": split, "document": document, "position": position,
         "title": title}
        for position, (line, label) in enumerate(found)
    ]  # fmt: skip


def reshape(paragraphs: Sequence[str], draw: random.Random) -> Iterator[str]:
    """Break paragraphs up as papers do, so that a short line is not a sign of boilerplate.

    Some papers print long paragraphs, some one sentence in each, most something between.
    """
    habit = draw.choice((0.0, 0.5, 0.5, 0.85, 0.95))
    for paragraph in paragraphs:
        sentences = [sentence.strip() for sentence in SENTENCE.split(paragraph) if sentence.strip()]
        together = sentences[:1]
        for sentence in sentences[1:]:
            if draw.random() < habit:
                yield " ".join(together)
                together = []
            together.append(sentence)
        yield " ".join(together)


def render(rows: pd.DataFrame, end: str = "single") -> str:
    """Return a composed page as a crawl brings it: blank lines between paragraphs.

    With ``end="single"`` the leftovers after the last paragraph of the article follow each other without.
    """
    lines, labels = rows["text"].tolist(), rows["label"].tolist()
    last = max(at for at, label in enumerate(labels) if label == CONTENT)
    tail = "\n".join(lines[last + 1 :]) if end == "single" else "\n\n".join(lines[last + 1 :])
    return "\n\n".join([*lines[: last + 1], tail]) if tail else "\n\n".join(lines)
