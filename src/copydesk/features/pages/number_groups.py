"""Groups of numbers of a page's paragraphs, for the second stage of ``SequenceClassifier``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from copydesk.compiled.arrays import Floats
from copydesk.features.kernels.prose import prose
from copydesk.features.pages.page_rows import SHAPE, PageRows
from copydesk.interface.late_bases import Estimator

if TYPE_CHECKING:
    from copydesk.features.pages.page_rows import Table

PROSE = (
    "length_in_page", "length_in_prose", "prose_before", "prose_after", "island_share", "larger_islands",
    "to_largest_island", "islands", "run_without_sentence", "length_in_run",
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
