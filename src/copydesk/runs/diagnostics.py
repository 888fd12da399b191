"""Diagnostics of each fold's model, collected before it is discarded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from copydesk.errors import ModelError
from copydesk.reports.highlights import highlights

if TYPE_CHECKING:
    import pandas as pd

    from copydesk.estimator import TextClassifier
    from copydesk.evaluation.predictions import Predictions
    from copydesk.reports.report import Highlight, Place
    from copydesk.tasks import Task

_SAMPLE = 200  # texts of a fold in which unknown n-grams are counted


class Diagnostics:
    """Diagnostics of the models of all folds.

    Attributes
    ----------
    marks : dict of Place to Highlight
        The n-grams behind the worst mistakes.
    unknown : list of float
        Share of n-grams outside the model's vocabulary, for a sample of texts of each fold.
    """

    def __init__(self) -> None:
        self.marks: dict[Place, Highlight] = {}
        self.unknown: list[float] = []

    def add(self, model: TextClassifier, frame: pd.DataFrame, predictions: Predictions, task: Task) -> None:
        """Add those of a model and the rows that it was evaluated on."""
        self.marks |= highlights(model, frame, predictions, task)
        self.unknown += unknown_shares(model, frame, task)

    @property
    def unknown_share(self) -> float | None:
        """Mean share of unknown n-grams in a text; None where the vocabulary is not known."""
        return float(np.mean(self.unknown)) if self.unknown else None


def unknown_shares(model: TextClassifier, frame: pd.DataFrame, task: Task) -> list[float]:
    """Return the share of n-grams outside the model's vocabulary in each of some texts, evenly spread over the rows.

    Counts the n-grams of the first family, each as often as it occurs in the text. Empty for hashed features and
    those of other packages, which have no vocabulary to look n-grams up in.
    """
    from copydesk.features.places import ngram_places
    from copydesk.features.tfidf import TfidfFeatures

    features = text_features(model, task)
    if not isinstance(features, TfidfFeatures) or not hasattr(features.families_[0], "terms_"):
        return []
    family, options, cut = features.families_[0], features.family_options()[0], features.fitted_cuts()[0]
    found = []
    for row in np.unique(np.linspace(0, len(frame) - 1, min(_SAMPLE, len(frame))).astype(int)).tolist():
        text = frame["text"].iloc[row]
        places = ngram_places(text, options, lowercase=features.lowercase, strip_accents=features.strip_accents)
        often = np.array([len(spans) for spans in places.values()], dtype=np.float64)
        if often.sum():
            unknown = family.columns_of(list(places), cut) < 0
            found.append(float(often[unknown].sum() / often.sum()))
    return found


def text_features(model: TextClassifier, task: Task) -> Any:
    """Return the features of a model that read texts; None where it has none."""
    from copydesk.explanations.reasons import reader_of

    if not task.grouped:
        return model.features_
    try:
        return reader_of(model)[0]
    except ModelError:
        return None
