"""Counts of true, given and right labels, and the scores that follow from their sums over documents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from copydesk.evaluation import intervals
from copydesk.evaluation.label_predictions import cells
from copydesk.evaluation.label_ranking import RANKS, at_cuts
from copydesk.evaluation.metrics import CALIBRATION_BINS
from copydesk.evaluation.score import ratio

if TYPE_CHECKING:
    from collections.abc import Iterator

    from copydesk.evaluation.label_predictions import LabelPredictions

LABELS_AT_ONCE = 1_000  # of whose counts resamples are drawn together; bounds memory

_BY_DOCUMENT = (
    "n", "labelled", "support", "predicted", "hits", "exact", "coverage_error",
    *(f"{name}_at_{k}" for name in ("precision", "recall", "ndcg") for k in RANKS),
)  # fmt: skip


class LabelCounts:
    """Counts by label and quantities by document, their sums, and bootstrap draws of the sums.

    Parameters
    ----------
    judged : LabelPredictions
    """

    def __init__(self, judged: LabelPredictions) -> None:
        self.judged = judged
        self.truth, self.decisions = (part.astype(np.float64).tocsc() for part in (judged.truth, judged.decisions))
        self.hits = self.truth.multiply(self.decisions).tocsc()
        self.k = len(judged.classes)

    def by_label(self) -> np.ndarray:
        """Return support, predicted and hits of each label, shape (3, k)."""
        parts = (self.truth, self.decisions, self.hits)
        return np.vstack([np.asarray(part.sum(axis=0)).ravel() for part in parts])

    def drawn_by_label(
        self, units: np.ndarray, n_units: int, resamples: int, seed: int
    ) -> Iterator[tuple[slice, np.ndarray]]:
        """Yield blocks of labels with their sums in each resample, shape (3, resamples, w)."""
        from scipy.sparse import hstack

        for first in range(0, self.k, LABELS_AT_ONCE):
            part = slice(first, min(first + LABELS_AT_ONCE, self.k))
            columns = hstack([self.truth[:, part], self.decisions[:, part], self.hits[:, part]]).tocsr()
            drawn = intervals.bootstrap_sums(columns, units, n_units, resamples, seed)
            yield part, np.stack(np.split(drawn, 3, axis=1))

    def by_document(self) -> np.ndarray:
        """Return the quantities of each document that scores sum up, shape (n, m)."""
        sizes = [np.asarray(part.sum(axis=1)).ravel() for part in (self.truth, self.decisions, self.hits)]
        support, predicted, hits = sizes
        exact = (support == hits) & (predicted == hits)
        found = {
            "n": np.ones(len(self.judged)), "labelled": support > 0, "support": support, "predicted": predicted,
            "hits": hits, "exact": exact, **at_cuts(self.judged),
        }  # fmt: skip
        given, right = self._given_bins()
        columns = [np.column_stack([found[name] for name in _BY_DOCUMENT]), given, right]
        return np.hstack(columns).astype(np.float64)

    def _given_bins(self) -> tuple[np.ndarray, np.ndarray]:
        """Return sums of probability and hits of each document's given labels by bin, shape (n, bins) each."""
        given = self.judged.decisions
        rows = np.repeat(np.arange(given.shape[0]), np.diff(given.indptr))
        proba, right = (cells(values, rows, given.indices) for values in (self.judged.probabilities, self.judged.truth))
        cell = rows * CALIBRATION_BINS + bins_of(proba)
        shape = (given.shape[0], CALIBRATION_BINS)
        size = shape[0] * shape[1]
        return np.bincount(cell, proba, size).reshape(shape), np.bincount(cell, right, size).reshape(shape)

    def document_scores(self, sums: np.ndarray) -> dict[str, np.ndarray]:
        """Return the scores of sums over documents, shape (r, m): those that need no counts by label."""
        total = dict(zip(_BY_DOCUMENT, sums[:, : len(_BY_DOCUMENT)].T, strict=True))
        support, predicted, hits = (total[name] for name in ("support", "predicted", "hits"))
        sure, right = np.split(sums[:, len(_BY_DOCUMENT) :], 2, axis=1)
        scores = {
            "micro_f1": ratio(2 * hits, support + predicted),
            "micro_precision": ratio(hits, predicted),
            "micro_recall": ratio(hits, support),
            "subset_accuracy": ratio(total["exact"], total["n"]),
            "hamming_loss": ratio(support + predicted - 2 * hits, total["n"] * self.k),
            "coverage_error": ratio(total["coverage_error"], total["n"]),
            "labels_given": ratio(predicted, total["n"]),
            "given_ece": ratio(np.abs(sure - right).sum(axis=1), predicted),
        }
        for k in RANKS:
            scores[f"precision_at_{k}"] = ratio(total[f"precision_at_{k}"], total["n"])
            for name in (f"recall_at_{k}", f"ndcg_at_{k}"):  # undefined for documents without labels
                scores[name] = ratio(total[name], total["labelled"])
        return scores


def bins_of(probabilities: np.ndarray) -> np.ndarray:
    """Return the calibration bin of each probability, int, of equal width from 0 to 1."""
    return np.minimum((probabilities * CALIBRATION_BINS).astype(np.int64), CALIBRATION_BINS - 1)


def label_scores(counts: np.ndarray) -> dict[str, np.ndarray]:
    """Return precision, recall and F1 from support, predicted and hits (3, …); NaN where undefined."""
    support, predicted, hits = counts
    return {
        "precision": ratio(hits, predicted),
        "recall": ratio(hits, support),
        "f1": ratio(2 * hits, support + predicted),
    }


def averages(counts: np.ndarray) -> dict[str, np.ndarray]:
    """Return sums over the last axis, of labels, from which `average_scores` computes means.

    Parameters
    ----------
    counts : ndarray, shape (3, …, w)
        Support, predicted and hits.
    """
    support, predicted, _ = counts
    found = {name: np.nan_to_num(values) for name, values in label_scores(counts).items()}
    sums = {"present": (support + predicted > 0).sum(axis=-1), "support": support.sum(axis=-1)}
    for name, values in found.items():
        sums |= {f"macro_{name}": values.sum(axis=-1), f"weighted_{name}": (values * support).sum(axis=-1)}
    return sums


def average_scores(sums: dict[str, Any]) -> dict[str, np.ndarray]:
    """Return macro and weighted F1, precision and recall from the sums of `averages`.

    As in scikit-learn with ``zero_division=0``, over the labels that some document has or was given.
    """
    return {
        name: ratio(value, sums["present" if name.startswith("macro") else "support"])
        for name, value in sums.items()
        if "_" in name
    }
