"""Clean articles wrapped in boilerplate, so that every paragraph is labelled."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from copydesk.datasets.bbc import BBC
from copydesk.datasets.crawls.grammar import Grammar, Language, Style
from copydesk.datasets.crawls.grammar_files import load_grammar
from copydesk.datasets.crawls.sentences import split_sentences
from copydesk.datasets.crawls.sites import CrawlPage, Site
from copydesk.datasets.crawls.stories import invent_story, news_site
from copydesk.datasets.crawls.unknown_scripts import UnknownScript
from copydesk.datasets.examples import Examples
from copydesk.datasets.fetch import in_home
from copydesk.errors import DataError, nearest
from copydesk.resources import shipped
from copydesk.tasks import BOILERPLATE_TASK
from copydesk.text.paragraphs import BOILERPLATE, CONTENT

if TYPE_CHECKING:
    import pandas as pd


class ComposedCrawl:
    """Paragraphs of composed crawls, labelled content or boilerplate.

    Test crawls are of articles, sites and site styles, and partly of phrasings, that training never sees.
    A site is a group; each article appears once.

    Parameters
    ----------
    articles : dataset or None, default=None
        Clean articles, title on the first line; None: BBC News.
    languages : list of str or None, default=None
        Of the leftovers, that of the articles first; None: English and every other language of the grammar.
    foreign_share : float, default=0.3
        Share of sites in other languages than the first, each of which is drawn as often as any other. Their articles
        are invented, in the same language, so that a language is no sign of boilerplate.
    unknown_script_share : float, default=0.0
        Share of training sites that are respelt in a script of which the grammar has no language.
    documents : int or None, default=None
        How many crawls; None: one for each article.
    pages_per_site : int, default=4
    test_size : float, default=0.2
        Share of articles for test crawls.
    styles, test_styles : list of str or None, default=None
        Names of site styles for training and test; None: as the grammar says.
    grammar : str or None, default=None
        A grammar of your own: one language's file (``pl.yaml``), added to what ships, or a folder, which replaces it.
    seed : int, default=0
    """

    def __init__(
        self,
        articles: Any = None,
        languages: list[str] | None = None,
        foreign_share: float = 0.3,
        unknown_script_share: float = 0.0,
        documents: int | None = None,
        pages_per_site: int = 4,
        test_size: float = 0.2,
        styles: list[str] | None = None,
        test_styles: list[str] | None = None,
        grammar: str | None = None,
        seed: int = 0,
    ) -> None:
        self.articles = articles
        self.languages = languages
        self.foreign_share = foreign_share
        self.unknown_script_share = unknown_script_share
        self.documents = documents
        self.pages_per_site = pages_per_site
        self.test_size = test_size
        self.styles = styles
        self.test_styles = test_styles
        self.grammar = grammar
        self.seed = seed

    def load(self) -> Examples:
        """Compose the crawls.

        Raises
        ------
        DataError
            The articles or the grammar can't be read, a language or style is not in it, or there are too few
            articles for a train and a test part.
        """
        import pandas as pd

        grammar = load_grammar(shipped("data/boilerplate"), in_home(self.grammar) if self.grammar else None)
        languages = self._languages(grammar)
        texts = self._texts()
        cut = len(texts) - round(self.test_size * len(texts))
        rows: list[dict[str, Any]] = []
        drawn = self._drawn(languages)
        for part, first, last in (("train", 0, cut), ("test", cut, len(texts))):
            styles = self._styles(grammar, part)
            heads = [heading(text) for text in texts[first:last]]
            for number, start in enumerate(range(first, last, self.pages_per_site)):
                language = next(drawn)
                site = self._site(f"{part}{number}", styles, language, language is not languages[0], heads)
                of_site: list[dict[str, Any]] = []
                for at in range(start, min(start + self.pages_per_site, last)):
                    of_site += page_rows(site, site.page(texts[at]), document=f"crawl{at}", split=part)
                rows += self._respelt(of_site, site.name)
        return Examples(pd.DataFrame(rows), BOILERPLATE_TASK, "composed_crawl", {"articles": len(texts)})

    def _texts(self) -> list[str]:
        source = (BBC() if self.articles is None else self.articles).load().frame.drop_duplicates("text")
        texts = [text for text in source["text"].tolist() if "\n" in text.strip()]
        random.Random(f"{self.seed} articles").shuffle(texts)
        texts = texts[: self.documents]
        if len(texts) < 2 or not 0 < round(self.test_size * len(texts)) < len(texts):
            raise DataError(
                f"dataset: {len(texts)} articles and test_size={self.test_size} leave no train or no test crawls; "
                "give more articles, a title on the first line of each"
            )
        return texts

    def _languages(self, grammar: Grammar) -> list[Language]:
        known = grammar.languages
        main = "en" if "en" in known else min(known)
        for name in self.languages or []:
            if name not in known:
                raise DataError(f"dataset.languages: no grammar for {name!r}; {nearest(name, known)}")
        return [known[name] for name in self.languages or [main, *sorted(set(known) - {main})]]

    def _styles(self, grammar: Grammar, part: str) -> list[Style]:
        key, named = ("styles", self.styles) if part == "train" else ("test_styles", self.test_styles)
        for name in named or []:
            if name not in grammar.styles:
                raise DataError(f"dataset.{key}: no style {name!r}; {nearest(name, grammar.styles)}")
        taken = set(self.styles or []) if part == "test" else set(self.test_styles or [])
        found = [
            style
            for style in grammar.styles.values()
            if (style.name in named if named else style.part == part and style.name not in taken)
        ]
        if not found or {style.name for style in found} & taken:
            raise DataError(f"dataset.{key}: train and test crawls need styles of their own")
        return [replace(style, part=part) for style in found]

    def _drawn(self, languages: list[Language]) -> Iterator[Language]:
        """Yield the language of each site: the first, and by ``foreign_share`` the others, each as often as any."""
        draw = random.Random(f"{self.seed} languages")
        others = [other for other in languages[1:] if {"titles", "sentences"} <= set(other.story)]
        left: list[Language] = []
        while True:
            if not others or draw.random() >= self.foreign_share:
                yield languages[0]
                continue
            left = left or draw.sample(others, len(others))
            yield left.pop()

    def _respelt(self, rows: list[dict[str, Any]], site: str) -> list[dict[str, Any]]:
        """Return the rows of a site, by ``unknown_script_share`` in an unknown script."""
        draw = random.Random(f"{self.seed} {site} script")
        if draw.random() >= self.unknown_script_share or rows[0]["split"] != "train":
            return rows
        script = UnknownScript(draw)
        return [{**row, **{name: row[name].translate(script) for name in ("text", "title")}} for row in rows]

    def _site(
        self, key: str, styles: list[Style], language: Language, invents: bool, heads: Sequence[tuple[str, str]]
    ) -> Site:
        draw = random.Random(f"{self.seed} {key}")
        style = draw.choice(styles)
        if invents:
            digits = language.convention("digits", draw)
            stories = [invent_story(language, digits, draw) for _ in range(20)]
            heads = [(title, split_sentences(story[0])[0]) for title, story in stories]
        titles, teasers = zip(*heads, strict=True)
        return Site(f"{news_site(language, draw)} {key}", language, style, titles, teasers, draw, invents)


def heading(text: str) -> tuple[str, str]:
    """Return an article's title and its first sentence."""
    title, _, body = text.strip().partition("\n")
    return title.strip(), split_sentences(body.strip().split("\n", 1)[0])[0]


def page_rows(site: Site, page: CrawlPage, *, document: str, split: str) -> list[dict[str, Any]]:
    """Compose one page; return the rows of its paragraphs, in order."""
    found = [(line, BOILERPLATE) for line in site.place("top", page)]
    found.append((page.title, CONTENT))
    found += [(line, BOILERPLATE) for line in site.place("under", page)]
    for place, paragraph in enumerate(page.story):
        if place:
            found += [(line, BOILERPLATE) for line in site.gap(page)]
        found += [(line, CONTENT) for line in paragraph.split("\n")]
    found += [(line, BOILERPLATE) for line in site.place("after", page)]
    return [
        {"text": line, "label": label, "group": site.name, "split": split, "document": document, "position": position,
         "title": page.title}
        for position, (line, label) in enumerate(found)
    ]  # fmt: skip


def render(rows: pd.DataFrame, end: str = "single") -> str:
    """Return a composed page as a crawl brings it: blank lines between paragraphs.

    With ``end="single"`` the leftovers after the last paragraph of the article follow each other without.
    """
    lines, labels = rows["text"].tolist(), rows["label"].tolist()
    last = max(at for at, label in enumerate(labels) if label == CONTENT)
    tail = "\n".join(lines[last + 1 :]) if end == "single" else "\n\n".join(lines[last + 1 :])
    return "\n\n".join([*lines[: last + 1], tail]) if tail else "\n\n".join(lines)
