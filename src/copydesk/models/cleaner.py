"""Cleaner: cuts boilerplate from texts and returns every paragraph, labelled."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from copydesk.errors import ModelError
from copydesk.models.assembly import assemble, keep_headline
from copydesk.models.paragraph_tables import check_beside, page_table, paragraph_table
from copydesk.models.topic import Model, check_text, check_texts
from copydesk.text.paragraphs import CONTENT, CleanedText, ParagraphTable
from copydesk.text.urls import host_of

if TYPE_CHECKING:
    from copydesk.estimator import TextClassifier
    from copydesk.explanations.reasons import Reasons
    from copydesk.features.pages.site_lines import SiteLines
    from copydesk.models.cleaned_page import CleanedPage
    from copydesk.text.html import Page


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
        cleaned = self._clean(texts, *self._table(texts, titles, sites))
        known = titles if headlines is None else headlines
        if known is None:
            return cleaned
        name = "titles" if headlines is None else "headlines"
        return list(map(keep_headline, texts, cleaned, check_beside(name, known, texts)))

    def prepare(self) -> None:
        """Load all kernels, which threads then share; the first time on a machine, compile them in two processes."""
        from copydesk.compiled.beside import compiled_beside
        from copydesk.features.pages.page_rows import PageRows

        classifier, text = self.estimator.classifier_, "Any text."

        def score_with_context() -> None:
            table, _ = self._table([text], None, None)
            classifier.later_scores(table, PageRows.of(table), np.zeros(1))

        if hasattr(classifier, "later_scores"):
            with compiled_beside(score_with_context):
                classifier.first_scores(self._table([text], None, None)[0])
        self.clean(text)

    def clean_pages(self, pages: Sequence[Page], sites: Sequence[str] | None = None) -> list[CleanedText]:
        """Clean parsed pages together; the paragraph that repeats a page's own headline is content.

        Parameters
        ----------
        pages : sequence of Page, length n
            See ``text.html.read_page``. A paragraph for each block.
        sites : sequence of str, length n, optional
            "" where unknown.

        Returns
        -------
        list of CleanedText
            Places of paragraphs are those in ``Page.text``.

        Raises
        ------
        ValueError
            The number of ``sites`` differs from that of the pages.
        """
        table, spans = page_table(pages, sites)
        texts = [page.text for page in pages]
        cleaned = self._clean(texts, self._with_site_shares(table), spans)
        return list(map(keep_headline, texts, cleaned, (page.headline for page in pages)))

    def clean_html(self, html: bytes | str, url: str | None = None) -> CleanedPage:
        """Clean a page of HTML, and read what it states of itself.

        Nothing is fetched, and no date is guessed.

        Parameters
        ----------
        html : bytes or str
            Bytes are decoded as the page declares them.
        url : str, optional
            Where it comes from. Lines that ``fit_site`` found on many pages of its host are recognised.

        Returns
        -------
        CleanedPage
            Text, labelled paragraphs, title, author, date, name of the site, language and address.
        """
        from copydesk.models.cleaned_page import CleanedPage
        from copydesk.text.html import page_of_tree, parse_tree
        from copydesk.text.metadata import metadata_of_tree

        tree = parse_tree(html if isinstance(html, bytes) else check_text(html))
        page, stated = page_of_tree(tree), asdict(metadata_of_tree(tree))
        stated["url"] = stated["url"] or url or ""
        sites = [host_of(url or stated["url"])]
        ((found, paragraphs, _),) = self.clean_pages([page], sites)

        def explained() -> list[Reasons]:
            return self.explain_pages([page], sites)[0]

        return CleanedPage(**stated, text=found, paragraphs=paragraphs, page=page, _explained=explained)

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
        if mode is not None:
            return self.within(mode).explain_many(texts, titles, sites, headlines)
        cleaned = self.clean_many(texts, titles, sites, headlines)
        table, _ = self._table(check_texts(texts), titles, sites)
        return self._explain(cleaned, table)

    def explain_pages(self, pages: Sequence[Page], sites: Sequence[str] | None = None) -> list[list[Reasons]]:
        """Explain why each paragraph of parsed pages, cleaned together, was cut or kept; see ``explain_many``."""
        table, _ = page_table(pages, sites)
        return self._explain(self.clean_pages(pages, sites), self._with_site_shares(table))

    def _explain(self, cleaned: Sequence[CleanedText], table: ParagraphTable) -> list[list[Reasons]]:
        """Return the reasons for the paragraphs of a table, page by page."""
        from copydesk.explanations.reasons import explain_paragraphs

        paragraphs = [paragraph for page in cleaned for paragraph in page.paragraphs]
        if not paragraphs:
            return [[] for _ in cleaned]
        reasons = iter(explain_paragraphs(self.estimator, table, paragraphs, CONTENT))
        return [[next(reasons) for _ in page.paragraphs] for page in cleaned]

    def _table(
        self, texts: list[str], titles: Sequence[str] | None, sites: Sequence[str] | None
    ) -> tuple[ParagraphTable, NDArray[np.int64]]:
        """Return the table of paragraphs, with the known shares of their sites, and their places."""
        table, spans = paragraph_table(texts, titles, sites)
        return self._with_site_shares(table), spans

    def _clean(self, texts: Sequence[str], table: ParagraphTable, spans: NDArray[np.int64]) -> list[CleanedText]:
        """Label the paragraphs of a table, and put them back into their texts."""
        if not len(spans):
            return [CleanedText("", []) for _ in texts]
        scores = self.estimator.scores(table)
        decision = self.estimator.decision_for(table, scores)
        content = list(self.classes_).index(CONTENT)
        probabilities = decision.predict_proba(scores)[:, content]
        modes = getattr(decision, "row_modes", None)
        return assemble(texts, table, spans, decision.predict(scores), probabilities, modes)

    def _with_site_shares(self, table: ParagraphTable) -> ParagraphTable:
        """Return a table with the shares of lines on sites that ``fit_site`` knows."""
        known = self.sites.keys() & set(table["group"])
        if not known:
            return table
        from copydesk.features.pages.page_rows import PageRows
        from copydesk.features.paragraph_features import repetitions

        rows, groups = PageRows.of(table), np.asarray(table["group"], dtype=object)
        shares = repetitions(table, rows)[:, 1]
        for site in known:
            here = groups == site
            shares[here] = self.sites[site].share_of(rows.hashes[here])
        return {**table, "site_share": shares}


def singly(*values: str | None) -> list[list[str] | None]:
    """Return title, site and headline of one text as lists of one."""
    return [None if value is None else [value] for value in values]
