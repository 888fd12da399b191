"""Scores of rankings on resampled evaluation sets: each label is sorted once, not once for every resample."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from copydesk.evaluation.intervals import resample_counts
from copydesk.evaluation.score import ratio

CELLS = 50_000_000  # resamples times rows times labels; with more there are fewer resamples
FEWEST = 100


def ranking_draws(
    ranked: Sequence[tuple[np.ndarray, np.ndarray]], units: np.ndarray, n_units: int, resamples: int, seed: int
) -> dict[str, np.ndarray]:
    """Return ``average_precision`` and ``roc_auc``, means over labels, of each resample, shape (r,).

    The resamples are those of ``intervals.bootstrap_sums``; labels that one does not hold are left out of its means.

    Parameters
    ----------
    ranked : sequence of (positive, ranking)
        For each label: bool and float, shape (n,).
    units : ndarray of int64, shape (n,)
    """
    resamples = int(np.clip(CELLS // max(1, len(units) * len(ranked)), min(FEWEST, resamples), resamples))
    labels = [_Label(positive, ranking, units) for positive, ranking in ranked]
    blocks = [
        np.stack([each.scores(counts) for each in labels], axis=-1)
        for counts in resample_counts(n_units, resamples, seed)
    ]
    drawn = np.concatenate(blocks, axis=1)  # (2, resamples, labels)
    defined = np.isfinite(drawn)
    means = ratio(np.where(defined, drawn, 0.0).sum(axis=-1), defined.sum(axis=-1))
    return dict(zip(("average_precision", "roc_auc"), means, strict=True))


class _Label:
    """Rows in the order in which thresholds, the strictest first, call them positive."""

    def __init__(self, positive: np.ndarray, ranking: np.ndarray, units: np.ndarray) -> None:
        order = np.argsort(-ranking, kind="stable")
        self.units, self.positive = units[order], positive[order].astype(np.float32)
        self.last = np.flatnonzero(np.append(np.diff(ranking[order]) != 0, True))  # of equal ones, which come together

    def scores(self, counts: np.ndarray) -> np.ndarray:
        """Return average precision and ROC AUC, shape (2, r), where units count as often as ``counts`` (r, u) says."""
        weight = counts.astype(np.float32)[:, self.units]
        called = np.cumsum(weight, axis=1, dtype=np.float64)[:, self.last]
        hits = np.cumsum(weight * self.positive, axis=1, dtype=np.float64)[:, self.last]
        alarms = called - hits
        found = np.diff(hits, axis=1, prepend=0.0)
        precision = np.divide(hits, called, out=np.zeros_like(hits), where=called > 0)
        area = (np.diff(alarms, axis=1, prepend=0.0) * (hits - found / 2)).sum(axis=1)
        all_hits, all_alarms = hits[:, -1], alarms[:, -1]
        return np.stack([ratio((found * precision).sum(axis=1), all_hits), ratio(area, all_hits * all_alarms)])
