"""What led a model astray: the n-grams behind its worst mistakes, each with its places in the text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from copydesk.errors import ModelError
from copydesk.evaluation.mistakes import worst_mistakes
from copydesk.evaluation.predictions import STORED_CHARACTERS
from copydesk.explanations.contributions import Contribution, contrast
from copydesk.reports.report import Highlight, Place

if TYPE_CHECKING:
    import pandas as pd

    from copydesk.estimator import TextClassifier
    from copydesk.evaluation.predictions import Predictions
    from copydesk.tasks import Task

TERMS = 12  # n-grams named beside a text


def highlights(model: TextClassifier, frame: pd.DataFrame, said: Predictions, task: Task) -> dict[Place, Highlight]:
    """Explain the worst mistakes that a model made on the rows of ``frame``; empty where its parts can't be explained.

    Parameters
    ----------
    model : TextClassifier
        The one that made them: it has not seen these rows.
    frame : pandas.DataFrame
    said : Predictions
        Of the rows of ``frame``, in order.
    task : Task
    """
    chosen = worst_mistakes(said)
    try:
        found = of_paragraphs(model, frame, said, chosen) if task.grouped else of_texts(model, frame, said, chosen)
    except ModelError:
        return {}
    places = zip(said.rows["document"].iloc[chosen], said.rows["position"].iloc[chosen].tolist(), strict=True)
    return {place: highlight(each) for place, each in zip(places, found, strict=True)}


def of_texts(
    model: TextClassifier, frame: pd.DataFrame, said: Predictions, chosen: np.ndarray
) -> list[list[Contribution]]:
    """Return what speaks for the label given and against the true one in each chosen text."""
    known = set(model.classes_)
    found = []
    for row in chosen.tolist():
        text, label, predicted = (frame["text"].iloc[row], frame["label"].iloc[row], said.rows["predicted"].iloc[row])
        if label in known:
            found.append(contrast(model, text, predicted, label))
        else:
            found.append(model.explain(text, predicted).contributions)
    return found


def of_paragraphs(
    model: TextClassifier, frame: pd.DataFrame, said: Predictions, chosen: np.ndarray
) -> list[list[Contribution]]:
    """Return what the words of each chosen paragraph say for the label given; its surroundings say the rest."""
    from copydesk.explanations.reasons import reader_of, word_contributions

    reader, second = reader_of(model), model.classes_[1]
    return [
        word_contributions(reader, frame["text"].iloc[row], 1.0 if said.rows["predicted"].iloc[row] == second else -1.0)
        for row in chosen.tolist()
    ]


def highlight(contributions: Sequence[Contribution]) -> Highlight:
    """Return contributions by place, each shared among the n-gram's places, within the text that is stored."""
    spans = [
        (start, min(end, STORED_CHARACTERS), each.value / len(each.spans))
        for each in contributions
        for start, end in each.spans
        if start < STORED_CHARACTERS
    ]
    return Highlight(spans, [(each.term, each.value) for each in contributions[:TERMS]])


def strongest_ngrams(model: TextClassifier, n: int = TERMS) -> dict[str, list[tuple[str, float]]]:
    """Return the n-grams that speak most for each class, the strongest first; empty where there are none to name."""
    from copydesk.explanations.contributions import explainable, linear_part, strongest
    from copydesk.explanations.reasons import reader_of
    from copydesk.features.tfidf import TfidfFeatures

    try:
        if getattr(model.features_ or model.classifier_, "takes_paragraphs", False):
            features, weights, _ = reader_of(model)
            of_class = dict(zip(model.classes_, (-weights, weights), strict=True))
        else:
            features = explainable(model)
            of_class = {label: linear_part(model, label)[0] for label in model.classes_}
    except ModelError:
        return {}
    if not isinstance(features, TfidfFeatures):
        return {}
    found = {str(label): strongest(features, weights, n) for label, weights in of_class.items()}
    return {label: terms for label, terms in found.items() if terms}
