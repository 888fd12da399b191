"""Highlights of mistakes: the n-grams behind a model's worst errors, with their places in the text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from copydesk.errors import ModelError
from copydesk.evaluation.label_mistakes import LabelMistake, worst_label_mistakes
from copydesk.evaluation.mistakes import worst_mistakes
from copydesk.evaluation.predictions import STORED_CHARACTERS
from copydesk.explanations.contributions import (
    Contribution,
    contrast,
    explain,
)
from copydesk.explanations.reasons import reader_of, word_contributions
from copydesk.reports.report import Highlight, Place

if TYPE_CHECKING:
    import pandas as pd

    from copydesk.estimator import TextClassifier
    from copydesk.evaluation.predictions import Predictions
    from copydesk.tasks import Task

TERMS = 12  # n-grams listed beside a text


def highlights(
    model: TextClassifier, frame: pd.DataFrame, predictions: Predictions, task: Task
) -> dict[Place, Highlight]:
    """Explain a model's worst mistakes on the rows of ``frame``; empty if its parts can't be explained.

    Parameters
    ----------
    model : TextClassifier
        Not fitted on these rows.
    frame : pandas.DataFrame
    predictions : Predictions
        Of the rows of ``frame``, in order.
    task : Task
    """
    try:
        if task.several:
            mistakes = worst_label_mistakes(predictions)  # type: ignore[arg-type]
            chosen = np.asarray([each.row for each in mistakes], dtype=np.int64)
            found = [of_labels(model, frame["text"].iloc[each.row], each) for each in mistakes]
        else:
            chosen = worst_mistakes(predictions)
            of_rows = of_paragraphs if task.grouped else of_texts
            found = of_rows(model, frame, predictions, chosen)
    except ModelError:
        return {}
    places = zip(
        predictions.rows["document"].iloc[chosen], predictions.rows["position"].iloc[chosen].tolist(), strict=True
    )
    return {place: highlight(each) for place, each in zip(places, found, strict=True)}


def of_texts(
    model: TextClassifier, frame: pd.DataFrame, predictions: Predictions, chosen: np.ndarray
) -> list[list[Contribution]]:
    """Return the n-grams of each chosen text that favour the predicted label over the true one."""
    known = set(model.classes_)
    found = []
    for row in chosen.tolist():
        text, label, predicted = (
            frame["text"].iloc[row],
            frame["label"].iloc[row],
            predictions.rows["predicted"].iloc[row],
        )
        if label in known:
            found.append(contrast(model, text, predicted, label))
        else:
            found.append(explain(model, text, predicted).contributions)
    return found


def of_labels(model: TextClassifier, text: str, mistake: LabelMistake) -> list[Contribution]:
    """Return the n-grams of a text that favour its surest wrong label over the missed one, or either alone."""
    known = set(model.classes_)
    wrong = next((label for label, _ in mistake.wrong), None)
    missed = next((label for label, _ in mistake.missed if label in known), None)
    if wrong is not None and missed is not None:
        return contrast(model, text, wrong, missed)
    if wrong is not None:
        return explain(model, text, wrong).contributions
    if missed is not None:
        return [replace(each, value=-each.value) for each in explain(model, text, missed).contributions]
    return []


def of_paragraphs(
    model: TextClassifier, frame: pd.DataFrame, predictions: Predictions, chosen: np.ndarray
) -> list[list[Contribution]]:
    """Return the n-grams of each chosen paragraph that favour the predicted label; its context is left out."""
    reader, second = reader_of(model), model.classes_[1]
    return [
        word_contributions(
            reader, frame["text"].iloc[row], 1.0 if predictions.rows["predicted"].iloc[row] == second else -1.0
        )
        for row in chosen.tolist()
    ]


def highlight(contributions: Sequence[Contribution]) -> Highlight:
    """Divide each contribution among the places of its n-gram within the stored text."""
    spans = [
        (start, min(end, STORED_CHARACTERS), each.value / len(each.spans))
        for each in contributions
        for start, end in each.spans
        if start < STORED_CHARACTERS
    ]
    values: dict[str, float] = {}
    for each in contributions:  # several families may have the same n-gram
        values[each.term] = values.get(each.term, 0.0) + each.value
    return Highlight(spans, sorted(values.items(), key=lambda each: -abs(each[1]))[:TERMS])
