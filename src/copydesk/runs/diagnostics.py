"""What is noted of each model while its rows are judged, since it is gone when the report is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from copydesk.evaluation.shift import unknown_shares
from copydesk.reports.highlights import highlights

if TYPE_CHECKING:
    import pandas as pd

    from copydesk.estimator import TextClassifier
    from copydesk.evaluation.predictions import Predictions
    from copydesk.reports.report import Highlight, Place
    from copydesk.tasks import Task


class Observed:
    """Notes on the models of all folds.

    Attributes
    ----------
    marks : dict of Place to Highlight
        What led to the worst mistakes.
    unknown : list of float
        The share of n-grams that the model did not know, for some texts of each fold.
    """

    def __init__(self) -> None:
        self.marks: dict[Place, Highlight] = {}
        self.unknown: list[float] = []

    def note(self, model: TextClassifier, frame: pd.DataFrame, said: Predictions, task: Task) -> None:
        """Note what is to be known of a model and the rows that it was judged on."""
        self.marks |= highlights(model, frame, said, task)
        self.unknown += unknown_shares(model, frame, task)

    @property
    def unknown_share(self) -> float | None:
        """Mean share of unknown n-grams in a text; None where that can't be said."""
        return float(np.mean(self.unknown)) if self.unknown else None
