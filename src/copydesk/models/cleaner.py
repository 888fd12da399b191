"""Cleaner: cuts boilerplate from texts and returns every paragraph, labelled."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from functools import partial
from itertools import repeat
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from copydesk.errors import ModelError
from copydesk.features.options import plain_list, refuse_tables
from copydesk.models.topic import Model, check_text, check_texts
from copydesk.text.headline import find_headline
from copydesk.text.paragraphs import CONTENT, CleanedText, LabelledParagraph, ParagraphTable, join_kept

if TYPE_CHECKING:
    from copydesk.estimator import TextClassifier
    from copydesk.explanations.reasons import Reasons
    from copydesk.features.pages.site_lines import SiteLines


class Cleaner(Model):
    """Cuts boilerplate paragraphs. Nothing is lost: every paragraph is returned, labelled.

    Attributes
    ----------
    sites : dict of str to SiteLines
        Repeated lines that ``fit_site`` found, by site.
    """

    def __init__(self, estimator: TextClassifier, manifest: dict[str, Any]) -> None:
        super().__init__(estimator, manifest)
        self.sites: dict[str, SiteLines] = {}

    def clean(
        self,
        text: str,
        title: str | None = None,
        site: str | None = None,
        headline: str | None = None,
        mode: str | None = None,
    ) -> CleanedText:
        """Return the text without its boilerplate, and every paragraph with label and probability.

        Parameters
        ----------
        text : str
            The crawled article: title, paragraphs, leftovers.
        title : str, optional
            If known and not the text's first paragraph.
        site : str, optional
            Lines that ``fit_site`` found on many of its pages are recognised.
        headline : str, optional
            The page's own, such as its ``<title>``: the paragraph that repeats it is content. Default: ``title``.
        mode : {"auto", "page", "extract"}, optional
            page: a dump of a whole page; extract: an extractor's output, or an article with leftovers, where less is
            cut. Default: the model's, which is auto: one for each text, by its scores.
        """
        return self.clean_many([check_text(text)], *singly(title, site, headline), mode=mode)[0]

    def clean_many(
        self,
        texts: Sequence[str],
        titles: Sequence[str] | None = None,
        sites: Sequence[str] | None = None,
        headlines: Sequence[str] | None = None,
        *,
        mode: str | None = None,
    ) -> list[CleanedText]:
        """Clean texts together.

        Lines repeated across a site's pages are recognised: among these texts, or by ``fit_site`` if it knows the site.

        Parameters
        ----------
        texts : sequence of str, length n
        titles, sites, headlines : sequence of str, length n, optional
            "" where unknown. A headline is not a feature of the model: it only marks the paragraph that repeats it as
            content. By default, the title.
        mode : {"auto", "page", "extract"}, optional
            See ``clean``.

        Raises
        ------
        ModelError
            The model has no modes.
        TypeError
            A text is not a string; names its index.
        ValueError
            The number of ``titles``, ``sites`` or ``headlines`` differs from that of the texts, or the mode is unknown.
        """
        if mode is not None:
            return self.within(mode).clean_many(texts, titles, sites, headlines)
        texts = check_texts(texts)
        table, spans = self._table(texts, titles, sites)
        if not len(spans):
            return [CleanedText("", []) for _ in texts]
        scores = self.estimator.scores(table)
        decision = self.estimator.decision_for(table, scores)
        content = list(self.classes_).index(CONTENT)
        probabilities = decision.predict_proba(scores)[:, content]
        modes = getattr(decision, "row_modes", None)
        cleaned = assemble(texts, table, spans, decision.predict(scores), probabilities, modes)
        known = titles if headlines is None else headlines
        if known is None:
            return cleaned
        name = "titles" if headlines is None else "headlines"
        return list(map(keep_headline, texts, cleaned, check_beside(name, known, texts)))

    def fit_site(self, texts: Sequence[str], site: str = "") -> Cleaner:
        """Remember which lines stand on many of a site's pages, for later texts of that site; return the cleaner.

        Parameters
        ----------
        texts : sequence of str
            Some crawled pages of the site; ten are a good start. Memory grows with the number of distinct repeated
            lines, 12 bytes each.
        site : str, default=""
            Its name, to be passed with texts to clean; "" for texts without one.

        Raises
        ------
        TypeError
            A text is not a string; names its index.
        """
        from copydesk.features.pages.page_rows import PageRows
        from copydesk.features.pages.site_lines import SiteLines

        table, _ = paragraph_table(check_texts(texts))
        self.sites[site] = SiteLines.of(PageRows.of(table))
        return self

    def at(self, keep: float) -> Cleaner:
        """Return a cleaner that promises to keep another share of the article's characters.

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
        return self._deciding(decision.at(keep))

    @property
    def has_modes(self) -> bool:
        """Whether the model has modes."""
        return hasattr(self.estimator.decision_, "within")

    def within(self, mode: str) -> Cleaner:
        """Return a cleaner in another mode: auto, page or extract; see ``clean``.

        Raises
        ------
        ModelError
            The model has no modes.
        ValueError
            The mode is unknown.
        """
        decision = self.estimator.decision_
        if not self.has_modes:
            raise ModelError(
                f"mode={mode}: decision {type(decision).__name__} has no modes; train the model with decision=modes"
            )
        return self._deciding(decision.within(mode))

    def _deciding(self, decision: Any) -> Cleaner:
        changed = copy(self)
        changed.estimator = copy(self.estimator)
        changed.estimator.decision_ = decision
        return changed

    def explain(
        self,
        text: str,
        title: str | None = None,
        site: str | None = None,
        headline: str | None = None,
        mode: str | None = None,
    ) -> list[Reasons]:
        """Explain why each paragraph of a text was cut or kept; see ``explain_many``."""
        return self.explain_many([check_text(text)], *singly(title, site, headline), mode=mode)[0]

    def explain_many(
        self,
        texts: Sequence[str],
        titles: Sequence[str] | None = None,
        sites: Sequence[str] | None = None,
        headlines: Sequence[str] | None = None,
        *,
        mode: str | None = None,
    ) -> list[list[Reasons]]:
        """Explain why each paragraph of texts, cleaned together, was cut or kept: its words and its surroundings.

        Raises
        ------
        ModelError
            The scores of the model's parts are not sums that could be explained, or the model has no modes.
        """
        from copydesk.explanations.reasons import explain_paragraphs

        if mode is not None:
            return self.within(mode).explain_many(texts, titles, sites, headlines)
        pages = [cleaned.paragraphs for cleaned in self.clean_many(texts, titles, sites, headlines)]
        paragraphs = [paragraph for page in pages for paragraph in page]
        if not paragraphs:
            return [[] for _ in pages]
        table, _ = self._table(check_texts(texts), titles, sites)
        reasons = iter(explain_paragraphs(self.estimator, table, paragraphs, CONTENT))
        return [[next(reasons) for _ in page] for page in pages]

    def _table(
        self, texts: list[str], titles: Sequence[str] | None, sites: Sequence[str] | None
    ) -> tuple[ParagraphTable, NDArray[np.int64]]:
        """Return the table of paragraphs, with the known shares of their sites, and their places."""
        table, spans = paragraph_table(texts, titles, sites)
        known = self.sites.keys() & set(table["group"])
        if not known:
            return table, spans
        from copydesk.features.pages.page_rows import PageRows
        from copydesk.features.paragraph_features import repetitions

        rows, groups = PageRows.of(table), np.asarray(table["group"], dtype=object)
        shares = repetitions(table, rows)[:, 1]
        for site in known:
            here = groups == site
            shares[here] = self.sites[site].share_of(rows.hashes[here])
        return {**table, "site_share": shares}, spans


def singly(*values: str | None) -> list[list[str] | None]:
    """Return title, site and headline of one text as lists of one."""
    return [None if value is None else [value] for value in values]


def check_beside(name: str, given: Any, texts: Sequence[str]) -> list[str]:
    """Return the values given beside the texts, one for each, "" for those that are missing (None, NaN or NA).

    Raises
    ------
    TypeError
        A table, a mapping or a single string was given, or a value is neither a string nor missing; names its row.
    ValueError
        The values are more or fewer than the texts.
    """
    if isinstance(given, str):
        raise TypeError(f"{name}: expected a list, one for each text, found one str")
    refuse_tables(given)
    values = plain_list(given)
    if len(values) != len(texts):
        raise ValueError(f"{name}: {len(values)} for {len(texts)} texts; give one for each, '' where unknown")
    for row, value in enumerate(values):
        if not isinstance(value, str):
            if not is_missing(value):
                raise TypeError(f"{name}: row {row}: expected a str, found {type(value).__name__} {str(value)[:40]!r}")
            values[row] = ""
    return values


def is_missing(value: Any) -> bool:
    """Return whether a value is None or a missing value of pandas, which need not be installed."""
    return value is None or (isinstance(value, float) and value != value) or type(value).__name__ == "NAType"


def paragraph_table(
    texts: Sequence[str], titles: Sequence[str] | None = None, sites: Sequence[str] | None = None
) -> tuple[ParagraphTable, NDArray[np.int64]]:
    """Split texts into the table of paragraphs that boilerplate models read.

    Returns
    -------
    table : dict of equally long sequences
        text, title, document (the text's number), position, group (the site).
    spans : int64 (n_paragraphs, 2)
        Start and end of each in its text.

    Raises
    ------
    ValueError
        ``titles`` or ``sites`` are not as many as the texts.
    """
    from copydesk.features.pages.splitting import split_texts

    titles, sites = (
        None if given is None else check_beside(name, given, texts)
        for name, given in (("titles", titles), ("sites", sites))
    )
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
    """Repeat each page's value for each of its paragraphs, "" if it has none."""
    if values is None:
        return [""] * int(sizes.sum())
    return [value for value, size in zip(values, sizes.tolist(), strict=True) for _ in range(size)]


def assemble(
    texts: Sequence[str],
    table: ParagraphTable,
    spans: NDArray[np.int64],
    labels: Sequence[Any],
    probabilities: NDArray[np.floating[Any]],
    row_modes: NDArray[np.object_] | None = None,
) -> list[CleanedText]:
    """Put labelled paragraphs back into their texts; a text without paragraphs has no mode."""
    starts, ends = spans.T.tolist()
    columns = zip(table["text"], starts, ends, map(str, labels), probabilities.tolist(), repeat(False))
    with uncollected():
        # LabelledParagraph(*each), without calling a Python function for every paragraph
        found: list[LabelledParagraph] = list(map(partial(tuple.__new__, LabelledParagraph), columns))
    borders = np.searchsorted(table["document"], np.arange(len(texts) + 1)).tolist()
    cleaned = []
    for text, a, b in zip(texts, borders[:-1], borders[1:], strict=True):
        mode = str(row_modes[a]) if row_modes is not None and a < b else None
        cleaned.append(CleanedText(join_kept(text, found[a:b]), found[a:b], mode))
    return cleaned


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
    return cleaned if was_kept else cleaned._replace(text=join_kept(text, paragraphs))


@contextmanager
def uncollected() -> Iterator[None]:
    """Disable garbage collection while many objects are created and all kept: collecting would double the time."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()
