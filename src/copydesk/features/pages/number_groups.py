"""Groups of numbers of a page's paragraphs, for the second stage of ``SequenceClassifier``."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from copydesk.compiled.arrays import Floats
from copydesk.features.kernels.markup import structure
from copydesk.features.kernels.prose import prose
from copydesk.features.pages.context import limited
from copydesk.features.pages.page_rows import SHAPE, PageRows
from copydesk.interface.late_bases import Estimator

if TYPE_CHECKING:
    from copydesk.features.pages.page_rows import Table

PROSE = (
    "length_in_page", "length_in_prose", "prose_before", "prose_after", "island_share", "larger_islands",
    "to_largest_island", "islands", "run_without_sentence", "length_in_run",
)  # fmt: skip
# Bounds of logarithms of characters and of paragraphs, see ``BoundedProse``: some 10,000 and 2,000 characters, and 20
# paragraphs.
PROSE_BOUNDS = {"prose_before": 9.2, "prose_after": 9.2, "to_largest_island": 7.5, "run_without_sentence": 3.0}

STRUCTURE = (
    "link_share", "depth", "siblings", "to_prose_holder", "from_prose_holder", "to_scored_holder",
    "from_scored_holder", "parent_score", "grandparent_score", "third_score", "fourth_score",
    "parent_links", "grandparent_links", "third_links", "parent_prose", "grandparent_prose", "third_prose",
    "parent_share", "grandparent_share", "third_share",
)  # fmt: skip


class NumberGroup(Estimator):
    """Numbers of paragraphs within their pages; a base class. Nothing is fitted."""

    def names(self) -> list[tuple[str, str]]:
        """Return group and name of each number."""
        raise NotImplementedError

    def numbers(self, X: Table, rows: PageRows, scores: Floats) -> Floats:
        """Return the numbers, float32 (n_paragraphs, n_numbers); ``scores`` are those of the first stage."""
        raise NotImplementedError


class Prose(NumberGroup):
    """Where a paragraph stands from the page's running text, see ``kernels.prose``: the same in every script."""

    def names(self) -> list[tuple[str, str]]:
        """Return group and name of each number."""
        return [("page", name) for name in PROSE]

    def numbers(self, X: Table, rows: PageRows, scores: Floats) -> Floats:
        """Return the numbers named in ``PROSE``."""
        log_characters, ends = (
            np.ascontiguousarray(rows.shapes[:, SHAPE.index(name)]) for name in ("log_characters", "ends_sentence")
        )
        return np.asarray(prose(rows.starts, log_characters, rows.is_long, ends))


class BoundedProse(Prose):
    """As ``Prose``, with bounds on numbers that grow with the page.

    Few pages have values beyond ``PROSE_BOUNDS``, most of them by their comments. Trees memorise these: what stood
    behind 15,000 characters of running text was classified as comments, in a long article, too.
    """

    def numbers(self, X: Table, rows: PageRows, scores: Floats) -> Floats:
        """Return the numbers named in ``PROSE``, bounded."""
        return limited(super().numbers(X, rows, scores), self.names(), PROSE_BOUNDS)


class Structure(NumberGroup):
    """Where a paragraph stands in the page's tree, see ``kernels.markup``; NaN where the table has no markup."""

    def names(self) -> list[tuple[str, str]]:
        """Return group and name of each number."""
        return [("structure", name) for name in STRUCTURE]

    def numbers(self, X: Table, rows: PageRows, scores: Floats) -> Floats:
        """Return the numbers named in ``STRUCTURE``."""
        if "path" not in X:
            return np.full((len(scores), len(STRUCTURE)), np.nan, dtype=np.float32)
        paths = list(X["path"])
        borders = np.cumsum([0, *map(len, paths)])
        flat = np.fromiter(chain.from_iterable(paths), dtype=np.int64, count=int(borders[-1]))
        log_characters = np.ascontiguousarray(rows.shapes[:, SHAPE.index("log_characters")])
        link_share = np.asarray(X["link_share"], dtype=np.float32)
        return np.asarray(
            structure(rows.starts, flat, borders, log_characters, rows.is_long, link_share, scores.astype(np.float32))
        )
