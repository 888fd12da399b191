"""Curves over a threshold: precision and recall, ROC, calibration, accuracy by coverage."""

from __future__ import annotations

import numpy as np

ENOUGH_SUPPORT = 10  # examples of a class from which on reports take its scores seriously


def threshold_counts(
    positive: np.ndarray, ranking: np.ndarray, weight: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Count true and false positives at each distinct threshold, highest first.

    Parameters
    ----------
    positive : ndarray of bool, shape (n,)
    ranking : ndarray of float, shape (n,)
        Higher is more positive.
    weight : ndarray of float, shape (n,), optional

    Returns
    -------
    thresholds, hits, alarms : ndarrays of float64, shape (t,)
        Weighted true and false positives among rows with ``ranking >= threshold``.
    """
    order = np.argsort(-ranking, kind="stable")
    value, hit = ranking[order], positive[order]
    mass = np.ones(len(value)) if weight is None else weight[order].astype(np.float64)
    last = np.flatnonzero(np.append(np.diff(value) != 0, True)) if len(value) else np.empty(0, np.int64)
    return value[last], np.cumsum(mass * hit)[last], np.cumsum(mass * ~hit)[last]


def precision_recall(positive: np.ndarray, ranking: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return precision, recall and thresholds, highest first; recall is NaN without positives."""
    thresholds, hits, alarms = threshold_counts(positive, ranking)
    called = hits + alarms
    precision = np.divide(hits, called, out=np.ones_like(hits), where=called > 0)
    total = hits[-1] if len(hits) else 0.0
    return precision, hits / total if total else np.full_like(hits, np.nan), thresholds


def average_precision(positive: np.ndarray, ranking: np.ndarray) -> float:
    """Return average precision as scikit-learn defines it; NaN without positives."""
    precision, recall, _ = precision_recall(positive, ranking)
    return float(np.sum(np.diff(recall, prepend=0.0) * precision)) if len(recall) else float("nan")


def roc(positive: np.ndarray, ranking: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return false and true positive rates from (0, 0) to (1, 1); NaN if a class is missing."""
    _, hits, alarms = threshold_counts(positive, ranking)
    if not len(hits) or not hits[-1] or not alarms[-1]:
        return np.full(2, np.nan), np.full(2, np.nan)
    return np.append(0.0, alarms / alarms[-1]), np.append(0.0, hits / hits[-1])


def roc_auc(positive: np.ndarray, ranking: np.ndarray) -> float:
    """Return the area under the ROC curve; NaN if a class is missing."""
    false_rate, true_rate = roc(positive, ranking)
    return float(np.sum(np.diff(false_rate) * (true_rate[1:] + true_rate[:-1]) / 2))


def coverage_curve(confidence: np.ndarray, right: np.ndarray, points: int = 40) -> list[dict[str, float]]:
    """Return accuracy by coverage: that of the most confident texts, for growing shares of them.

    Parameters
    ----------
    confidence : ndarray of float, shape (n,)
    right : ndarray of bool, shape (n,)
        Whether the most probable class is the true one.

    Returns
    -------
    list of dict
        ``coverage`` (share answered), ``accuracy`` on it, ``confidence`` (the lowest that is
        answered). Texts of equal confidence are answered together.
    """
    thresholds, hits, misses = threshold_counts(right.astype(bool), confidence)
    n = len(confidence)
    answered = hits + misses
    at = np.unique(np.searchsorted(answered, np.linspace(0, n, points + 1)[1:]).clip(max=len(answered) - 1))
    return [
        {"coverage": float(c), "accuracy": float(a), "confidence": float(t)}
        for c, a, t in zip(answered[at] / n, hits[at] / answered[at], thresholds[at], strict=True)
    ]


def reliability(confidence: np.ndarray, right: np.ndarray, bins: int = 10) -> list[dict[str, float]]:
    """Return mean confidence, accuracy and number of rows of each non-empty bin; bins are equally wide.

    Guo et al. 2017, "On Calibration of Modern Neural Networks", ICML, section 2.
    """
    at = np.minimum((confidence * bins).astype(np.int64), bins - 1)
    n = np.bincount(at, minlength=bins)
    sure, hits = np.bincount(at, confidence, bins), np.bincount(at, right.astype(np.float64), bins)
    return [
        {"confidence": float(sure[b] / n[b]), "accuracy": float(hits[b] / n[b]), "n": int(n[b])}
        for b in range(bins)
        if n[b]
    ]
