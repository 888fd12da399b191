"""A cleaned page of HTML, with what it states of itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from copydesk.text.markdown import blocks_markdown
from copydesk.text.metadata import Metadata

if TYPE_CHECKING:
    from copydesk.explanations.reasons import Reasons
    from copydesk.text.html import Page
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
    page : Page
        As it was parsed; it has a block for each paragraph.
    title, author, date, site_name, language, url : str
        See ``Metadata``; ``url`` is the given one where the page states none.
    """

    text: str
    paragraphs: list[LabelledParagraph]
    page: Page = field(repr=False)
    _explained: Callable[[], list[Reasons]] = field(repr=False, compare=False)

    @property
    def markdown(self) -> str:
        """The article with its headings, lists, quotes and tables."""
        return blocks_markdown(self.page.blocks, [each.kept for each in self.paragraphs])

    def explain(self) -> list[Reasons]:
        """Return why each paragraph was cut or kept.

        Raises
        ------
        ModelError
            The scores of the model's parts are not sums that could be explained.
        """
        return self._explained()
