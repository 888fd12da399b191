"""Worst mistakes of a model that gives sets of labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from copydesk.evaluation.label_predictions import cells
from copydesk.evaluation.mistakes import WORST

if TYPE_CHECKING:
    from copydesk.evaluation.label_predictions import LabelPredictions

LABELS_COVERED = 100  # labels missed or wrong in the most documents, each of which is in a mistake that is shown


class LabelMistake(NamedTuple):
    """A document with missed or wrong labels.

    Attributes
    ----------
    row : int
    weight : float
        Sum of the probabilities of wrong labels, and of 1 minus those of missed ones.
    missed, wrong, right : tuple of (label, probability)
        Missed labels by rising, the others by falling probability.
    """

    row: int
    weight: float
    missed: tuple[tuple[str, float], ...]
    wrong: tuple[tuple[str, float], ...]
    right: tuple[tuple[str, float], ...]


def worst_label_mistakes(
    judged: LabelPredictions, worst: int = WORST, most_labels: int = LABELS_COVERED
) -> list[LabelMistake]:
    """Return the worst mistakes: the heaviest, and the heaviest of each label often missed or wrong; worst first."""
    from scipy.sparse import csr_matrix

    truth, given = (part.astype(np.int8) for part in (judged.truth, judged.decisions))
    different = csr_matrix(truth - given)
    different.eliminate_zeros()
    rows = np.repeat(np.arange(len(judged)), np.diff(different.indptr))
    proba = cells(judged.probabilities, rows, different.indices)
    surprise = np.where(different.data > 0, 1 - proba, proba)
    weight = np.bincount(rows, surprise, len(judged))
    ranked = np.argsort(-weight, kind="stable")
    ranked = ranked[weight[ranked] > 0]
    often = np.argsort(-np.bincount(different.indices, minlength=len(judged.classes)), kind="stable")[:most_labels]
    wanted = set(often.tolist())
    chosen = []
    for at, row in enumerate(ranked.tolist()):
        labels = different.indices[different.indptr[row] : different.indptr[row + 1]].tolist()
        if at < worst or wanted.intersection(labels):
            chosen.append(_mistake(judged, row, float(weight[row])))
            wanted.difference_update(labels)
    return chosen


def wrong_documents(judged: LabelPredictions) -> int:
    """Return the number of documents with a missed or a wrong label."""
    different = abs(judged.truth.astype(np.int8) - judged.decisions.astype(np.int8))
    return int((np.asarray(different.sum(axis=1)).ravel() > 0).sum())


def _mistake(judged: LabelPredictions, row: int, weight: float) -> LabelMistake:
    true, given = (set(part[row].indices.tolist()) for part in (judged.truth, judged.decisions))
    parts = []
    for columns, falling in ((true - given, False), (given - true, True), (true & given, True)):
        named = [(str(judged.classes[at]), float(judged.probabilities[row, at])) for at in sorted(columns)]
        parts.append(tuple(sorted(named, key=lambda each: -each[1] if falling else each[1])))
    return LabelMistake(row, weight, *parts)
