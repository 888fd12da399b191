"""A loaded boilerplate model: cuts what is not the article, and returns all that was cut."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from functools import partial
from itertools import groupby, repeat
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from copydesk.errors import ModelError
from copydesk.models.topic import Model, check_texts
from copydesk.text.headline import find_headline

if TYPE_CHECKING:
    from copydesk.estimator import TextClassifier
    from copydesk.explanations.reasons import Reasons
    from copydesk.features.pages.site_lines import SiteLines

CONTENT = "content"

Table = dict[str, Any]


class LabelledParagraph(NamedTuple):
    """A paragraph of a cleaned text.

    Attributes
    ----------
    text : str
        Hard line breaks within it joined by spaces.
    start, end : int
        Its place in the text as it was given, in characters.
    label : str
        "content" or "boilerplate".
    probability : float
        Of being content, as the model has it.
    headline : bool
        Whether it is the page's own headline, which is content whatever the model has it for.
    """

    text: str
    start: int
    end: int
    label: str
    probability: float
    headline: bool = False

    @property
    def kept(self) -> bool:
        """Whether it stands in the cleaned text."""
        return self.label == CONTENT


class CleanedText(NamedTuple):
    """A text without its boilerplate, and every paragraph that it had."""

    text: str
    paragraphs: list[LabelledParagraph]


class Cleaner(Model):
    """Cuts the paragraphs that are not the article. Nothing is lost: they are returned, labelled.

    Attributes
    ----------
    sites : dict of str to SiteLines
        What ``fit_site`` has found, by site.
    """

    def __init__(self, estimator: TextClassifier, manifest: dict[str, Any]) -> None:
        super().__init__(estimator, manifest)
        self.sites: dict[str, SiteLines] = {}

    def clean(
        self, text: str, title: str | None = None, site: str | None = None, headline: str | None = None
    ) -> CleanedText:
        """Return the text without its boilerplate, and every paragraph with label and probability.

        Parameters
        ----------
        text : str
            The crawled article: title, paragraphs, leftovers.
        title : str, optional
            Where it is known and not the text's first paragraph.
        site : str, optional
            Where the text is from; lines that ``fit_site`` saw on many of its pages are recognised.
        headline : str, optional
            The page's own, such as its ``<title>``: the paragraph that repeats it is content. Default: ``title``.
        """
        return self.clean_many([text], *singly(title, site, headline))[0]

    def clean_many(
        self,
        texts: Sequence[str],
        titles: Sequence[str] | None = None,
        sites: Sequence[str] | None = None,
        headlines: Sequence[str] | None = None,
    ) -> list[CleanedText]:
        """Clean texts together.

        What returns across a site's pages is seen: among these texts, unless ``fit_site`` saw the site before.

        Parameters
        ----------
        texts : sequence of str, length n
        titles, sites, headlines : sequence of str, length n, optional
            "" where unknown. A headline is not a feature of the model: it only marks the paragraph that repeats it as
            content. By default, the title.

        Raises
        ------
        TypeError
            A text is not a string; names its place.
        ValueError
            ``titles``, ``sites`` or ``headlines`` are not as many as the texts.
        """
        texts = check_texts(texts)
        table, spans = self._table(texts, titles, sites)
        if not len(spans):
            return [CleanedText("", []) for _ in texts]
        scores = self.estimator.scores(table)
        labels = self.estimator.decision_.predict(scores)
        content = list(self.classes_).index(CONTENT)
        probabilities = self.estimator.decision_.predict_proba(scores)[:, content]
        cleaned = assemble(texts, table, spans, labels, probabilities)
        known = titles if headlines is None else headlines
        if known is None:
            return cleaned
        check_length("headlines", known, texts)
        return list(map(keep_headline, texts, cleaned, known))

    def fit_site(self, texts: Sequence[str], site: str = "") -> Cleaner:
        """Remember which lines stand on many of a site's pages, for later texts of that site; return the cleaner.

        Parameters
        ----------
        texts : sequence of str
            Some pages of the site, as they are crawled; ten are a good start. Memory grows with the number of
            different lines that return, 12 bytes each.
        site : str, default=""
            Its name, to be given with texts to clean; "" for those that come without.

        Raises
        ------
        TypeError
            A text is not a string; names its place.
        """
        from copydesk.features.pages.site_lines import SiteLines
        from copydesk.features.paragraph_features import PageRows

        table, _ = paragraph_table(check_texts(texts))
        self.sites[site] = SiteLines.of(PageRows.of(table))
        return self

    def at(self, keep: float) -> Cleaner:
        """Return a cleaner with another promise: the share of the article's characters that stays.

        Raises
        ------
        ModelError
            The model makes no promise.
        ValueError
            ``keep`` is not above 0 and at most 1.
        """
        decision = self.estimator.decision_
        if not hasattr(decision, "at"):
            raise ModelError(
                f"decision {type(decision).__name__} makes no promise that could be changed; "
                "train the model with decision=threshold"
            )
        changed = copy(self)
        changed.estimator = copy(self.estimator)
        changed.estimator.decision_ = decision.at(keep)
        return changed

    def explain(
        self, text: str, title: str | None = None, site: str | None = None, headline: str | None = None
    ) -> list[Reasons]:
        """Return why each paragraph of a text went or stayed; see ``explain_many``."""
        return self.explain_many([text], *singly(title, site, headline))[0]

    def explain_many(
        self,
        texts: Sequence[str],
        titles: Sequence[str] | None = None,
        sites: Sequence[str] | None = None,
        headlines: Sequence[str] | None = None,
    ) -> list[list[Reasons]]:
        """Return why each paragraph of texts, cleaned together, went or stayed: its words and its surroundings.

        Raises
        ------
        ModelError
            The model's parts are of a kind whose scores can't be taken apart.
        """
        from copydesk.explanations.reasons import explain_paragraphs

        pages = [cleaned.paragraphs for cleaned in self.clean_many(texts, titles, sites, headlines)]
        paragraphs = [paragraph for page in pages for paragraph in page]
        if not paragraphs:
            return [[] for _ in pages]
        table, _ = self._table(check_texts(texts), titles, sites)
        reasons = iter(explain_paragraphs(self.estimator, table, paragraphs, CONTENT))
        return [[next(reasons) for _ in page] for page in pages]

    def _table(
        self, texts: list[str], titles: Sequence[str] | None, sites: Sequence[str] | None
    ) -> tuple[Table, NDArray[np.int64]]:
        """Return the table of paragraphs, with what is remembered of their sites, and their places."""
        table, spans = paragraph_table(texts, titles, sites)
        known = self.sites.keys() & set(table["group"])
        if not known:
            return table, spans
        from copydesk.features.paragraph_features import PageRows, repetitions

        rows, groups = PageRows.of(table), np.asarray(table["group"], dtype=object)
        shares = repetitions(table, rows)[:, 1]
        for site in known:
            here = groups == site
            shares[here] = self.sites[site].share_of(rows.hashes[here])
        return {**table, "site_share": shares}, spans


def singly(*values: str | None) -> list[list[str] | None]:
    """Return title, site and headline of one text as lists of one."""
    return [None if value is None else [value] for value in values]


def check_length(name: str, given: Sequence[str], texts: Sequence[str]) -> None:
    """Check that a value is given for each text.

    Raises
    ------
    ValueError
        The values are more or fewer.
    """
    if len(given) != len(texts):
        raise ValueError(f"{name}: {len(given)} for {len(texts)} texts; give one for each, '' where unknown")


def paragraph_table(
    texts: Sequence[str], titles: Sequence[str] | None = None, sites: Sequence[str] | None = None
) -> tuple[Table, NDArray[np.int64]]:
    """Split texts into the table of paragraphs that boilerplate models read.

    Returns
    -------
    table : dict of equally long sequences
        text, title, document (the text's number), position, group (the site).
    spans : int64 (n_paragraphs, 2)
        Where each begins and ends in its text.

    Raises
    ------
    ValueError
        ``titles`` or ``sites`` are not as many as the texts.
    """
    from copydesk.features.pages.splitting import split_texts

    for name, given in (("titles", titles), ("sites", sites)):
        if given is not None:
            check_length(name, given, texts)
    paragraphs, spans, sizes = split_texts(texts)
    table = {
        "text": paragraphs,
        "title": repeated(titles, sizes),
        "document": np.repeat(np.arange(len(sizes)), sizes),
        "position": np.arange(len(paragraphs)) - np.repeat(np.cumsum(sizes) - sizes, sizes),
        "group": repeated(sites, sizes),
    }
    return table, spans


def repeated(values: Sequence[str] | None, sizes: NDArray[np.int64]) -> list[str]:
    """Return each page's value once for each of its paragraphs, "" where there is none."""
    if values is None:
        return [""] * int(sizes.sum())
    return [value or "" for value, size in zip(values, sizes.tolist(), strict=True) for _ in range(size)]


def assemble(
    texts: Sequence[str],
    table: Table,
    spans: NDArray[np.int64],
    labels: Sequence[Any],
    probabilities: NDArray[np.floating[Any]],
) -> list[CleanedText]:
    """Put labelled paragraphs back into their texts."""
    starts, ends = spans.T.tolist()
    columns = zip(table["text"], starts, ends, map(str, labels), probabilities.tolist(), repeat(False))
    with uncollected():
        # what LabelledParagraph(*each) does, without a Python function called for every paragraph
        found: list[LabelledParagraph] = list(map(partial(tuple.__new__, LabelledParagraph), columns))
    borders = np.searchsorted(table["document"], np.arange(len(texts) + 1)).tolist()
    pages = [found[a:b] for a, b in zip(borders[:-1], borders[1:], strict=True)]
    return [CleanedText(join_kept(text, page), page) for text, page in zip(texts, pages, strict=True)]


def keep_headline(text: str, cleaned: CleanedText, headline: str) -> CleanedText:
    """Label the paragraph that repeats the page's headline as content."""
    paragraphs = cleaned.paragraphs
    if not headline:
        return cleaned
    at = find_headline([each.text for each in paragraphs], [each.kept for each in paragraphs], headline)
    if at is None:
        return cleaned
    was_kept = paragraphs[at].kept
    paragraphs[at] = paragraphs[at]._replace(label=CONTENT, headline=True)
    return cleaned if was_kept else CleanedText(join_kept(text, paragraphs), paragraphs)


@contextmanager
def uncollected() -> Iterator[None]:
    """Look for no garbage: many objects are made and all are kept, and looking would take as long as making them."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


def join_kept(text: str, paragraphs: Sequence[LabelledParagraph]) -> str:
    """Join the kept paragraphs as they stood: what was between two neighbours, a blank line over a cut."""
    runs = (list(run) for kept, run in groupby(paragraphs, key=_is_kept) if kept)
    return "\n\n".join(text[run[0].start : run[-1].end] for run in runs)


def _is_kept(paragraph: LabelledParagraph) -> bool:
    return paragraph.label == CONTENT
