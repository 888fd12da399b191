"""A cleaned page of HTML, with what it states of itself."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

from copydesk.text.decoding import decode
from copydesk.text.html import Page, read_page
from copydesk.text.markdown import blocks_markdown
from copydesk.text.metadata import Metadata, read_metadata
from copydesk.text.urls import host_of

if TYPE_CHECKING:
    from copydesk.explanations.reasons import Reasons
    from copydesk.models.cleaner import Cleaner
    from copydesk.text.paragraphs import LabelledParagraph


@dataclass(frozen=True, kw_only=True)
class CleanedPage(Metadata):
    """The article of a page, every paragraph of the page, labelled, and what the page states of itself.

    Attributes
    ----------
    text : str
        The article.
    paragraphs : list of LabelledParagraph
        Each with its label and the probability of being content.
    title, author, date, site_name, language, url
        See ``Metadata``; ``url`` is the given one where the page states none.
    """

    text: str
    paragraphs: list[LabelledParagraph]
    _page: Page = field(repr=False, compare=False)
    _cleaner: Cleaner = field(repr=False, compare=False)
    _site: str = field(repr=False, compare=False)

    @property
    def markdown(self) -> str:
        """The article with its headings, lists, quotes and tables."""
        return blocks_markdown(self._page.blocks, [each.kept for each in self.paragraphs])

    def explain(self) -> list[Reasons]:
        """Return why each paragraph was cut or kept.

        Raises
        ------
        ModelError
            The scores of the model's parts are not sums that could be explained.
        """
        return self._cleaner.explain_pages([self._page], [self._site])[0]


def clean_page(cleaner: Cleaner, html: bytes | str, url: str | None) -> CleanedPage:
    """Clean a page; see ``Cleaner.clean_html``."""
    text = decode(html) if isinstance(html, bytes) else html
    page, metadata = read_page(text), read_metadata(text)
    site = host_of(url or metadata.url)
    (cleaned,) = cleaner.clean_pages([page], [site])
    stated = asdict(metadata)
    stated["url"] = stated["url"] or url or ""
    return CleanedPage(
        **stated, text=cleaned.text, paragraphs=cleaned.paragraphs, _page=page, _cleaner=cleaner, _site=site
    )
