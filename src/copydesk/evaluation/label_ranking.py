"""Scores of rankings of labels: precision, recall and nDCG at k, coverage error, average precision by label."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from copydesk.evaluation.curves import threshold_counts
from copydesk.evaluation.score import ratio

if TYPE_CHECKING:
    from collections.abc import Iterator

    from copydesk.evaluation.label_predictions import LabelPredictions

RANKS = (1, 3, 5)  # the k of precision, recall and nDCG at k


def at_cuts(judged: LabelPredictions) -> dict[str, np.ndarray]:
    """Return precision, recall and nDCG of the k most probable labels of each document, and its coverage error.

    Labels of equal probability are taken in the order of their columns. nDCG is that of Järvelin and Kekäläinen 2002,
    "Cumulated gain-based evaluation of IR techniques", TOIS 20, with gains of 0 and 1. The coverage error is the rank
    of the least probable true label, ties at their last rank (Tsoumakas, Katakis and Vlahavas 2010, "Mining
    Multi-label Data").

    Returns
    -------
    dict of str to ndarray of float64, shape (n,)
        ``precision_at_1`` …, ``recall_at_1`` …, ``ndcg_at_1`` …, ``coverage_error``; recall, nDCG and coverage error
        are 0 for documents without labels.
    """
    support = np.diff(judged.truth.indptr).astype(np.float64)
    deepest = min(max(RANKS), len(judged.classes))
    hits = np.zeros((len(judged), max(RANKS)))
    coverage = np.zeros(len(judged))
    for part, values in judged.blocks():
        truth = judged.truth[part]
        top = _top(values, deepest)
        hits[part, :deepest] = np.take_along_axis(truth.toarray(), top, axis=1)
        coverage[part] = _depth(values, truth)
    discount = 1 / np.log2(np.arange(2, max(RANKS) + 2))
    found = np.cumsum(hits, axis=1)
    gain = np.cumsum(hits * discount, axis=1)
    ideal = np.append(0.0, np.cumsum(discount))
    scores = {}
    for k in RANKS:
        scores[f"precision_at_{k}"] = found[:, k - 1] / k
        scores[f"recall_at_{k}"] = found[:, k - 1] / np.maximum(support, 1)
        best = ideal[np.minimum(support, k).astype(np.int64)]
        scores[f"ndcg_at_{k}"] = np.divide(gain[:, k - 1], best, out=np.zeros(len(best)), where=best > 0)
    return scores | {"coverage_error": coverage}


def _top(values: np.ndarray, k: int) -> np.ndarray:
    """Return the columns of the ``k`` highest values of each row, highest first, shape (m, k)."""
    if k == values.shape[1]:
        return np.argsort(-values, axis=1, kind="stable")
    # argpartition takes any of equal values; those at the border are settled by column below
    border = -np.partition(-values, k - 1, axis=1)[:, k - 1 : k]
    above = np.where(values >= border, values, -np.inf)
    candidates = np.isfinite(above).sum(axis=1).max(initial=k)
    if candidates > 4 * k:  # many ties, as the zeros of a sparse matrix
        return np.argsort(-values, axis=1, kind="stable")[:, :k]
    some = np.sort(np.argpartition(-above, candidates - 1, axis=1)[:, :candidates], axis=1)
    order = np.argsort(-np.take_along_axis(above, some, axis=1), axis=1, kind="stable")[:, :k]
    return np.take_along_axis(some, order, axis=1)


def _depth(values: np.ndarray, truth: object) -> np.ndarray:
    """Return how many labels are at least as probable as the least probable true one, shape (m,)."""
    indptr, indices = truth.indptr, truth.indices  # type: ignore[attr-defined]
    depth = np.zeros(len(values))
    some = np.flatnonzero(np.diff(indptr))
    if len(some):
        rows = np.repeat(np.arange(len(values)), np.diff(indptr))
        least = np.minimum.reduceat(values[rows, indices], indptr[:-1][some])
        depth[some] = (values[some] >= least[:, None]).sum(axis=1)
    return depth


def average_precisions(judged: LabelPredictions) -> np.ndarray:
    """Return average precision of each label as scikit-learn defines it, shape (k,); NaN without positives."""
    found = np.full(len(judged.classes), np.nan)
    for at, positive, ranking in rankings(judged):
        found[at] = _average_precision(positive, ranking)
    return found


def rankings(judged: LabelPredictions) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    """Yield the column of each label with positives, which documents have it, and its probability for each."""
    by_label = judged.truth.tocsc()
    some = np.flatnonzero(np.diff(by_label.indptr))
    at = 0
    for values in judged.columns(some):
        for column in range(values.shape[1]):
            label = some[at]
            positive = np.zeros(len(judged), dtype=bool)
            positive[by_label.indices[by_label.indptr[label] : by_label.indptr[label + 1]]] = True
            yield int(label), positive, values[:, column]
            at += 1


def _average_precision(positive: np.ndarray, ranking: np.ndarray) -> float:
    needed = ranking >= ranking[positive].min()  # documents below the last positive change nothing
    _, hits, alarms = threshold_counts(positive[needed], ranking[needed])
    precision = ratio(hits, hits + alarms)
    return float(np.sum(np.diff(hits, prepend=0.0) * precision) / hits[-1])
