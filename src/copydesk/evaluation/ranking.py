"""Scores of rankings on resampled evaluation sets: each label is sorted once, not once for every resample."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from copydesk.evaluation.intervals import resample_counts
from copydesk.evaluation.score import ratio

CELLS = 50_000_000  # resamples times rows times labels; with more there are fewer resamples
FEWEST = 100
AT_ONCE = 4_000_000  # resamples times rows that are weighed together, so that memory stays flat


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
    labels = [_Label(positive, ranking, units) for positive, ranking in ranked]
    drawn_counts = _counts(len(units), len(ranked), n_units, resamples, seed)
    blocks = [np.stack([each.scores(counts) for each in labels], axis=-1) for counts in drawn_counts]
    drawn = np.concatenate(blocks, axis=1)  # (2, resamples, labels)
    defined = np.isfinite(drawn)
    means = ratio(np.where(defined, drawn, 0.0).sum(axis=-1), defined.sum(axis=-1))
    return dict(zip(("average_precision", "roc_auc"), means, strict=True))


def found_draws(
    positive: np.ndarray,
    ranking: np.ndarray,
    sizes: np.ndarray,
    alarms: float,
    units: np.ndarray,
    n_units: int,
    resamples: int,
    seed: int,
) -> np.ndarray:
    """Return the largest share of the positive that a threshold finds in each resample, shape (r,).

    Parameters
    ----------
    sizes : ndarray of float, shape (n,)
        How much each row counts.
    alarms : float
        Largest share of the negative that it may find, too.
    """
    label = _Label(positive, ranking, units, sizes)
    drawn_counts = _counts(len(units), 1, n_units, resamples, seed)
    return np.concatenate([label.found(counts, alarms) for counts in drawn_counts])


def _counts(rows: int, labels: int, n_units: int, resamples: int, seed: int) -> Iterator[np.ndarray]:
    """Yield how often each unit is drawn, (r, n_units), of as many resamples as so many rows allow."""
    resamples = int(np.clip(CELLS // max(1, rows * labels), min(FEWEST, resamples), resamples))
    together = max(1, AT_ONCE // max(1, rows))
    for counts in resample_counts(n_units, resamples, seed):
        for start in range(0, len(counts), together):
            yield counts[start : start + together]


class _Label:
    """Rows in the order in which thresholds, the strictest first, call them positive."""

    def __init__(
        self, positive: np.ndarray, ranking: np.ndarray, units: np.ndarray, sizes: np.ndarray | None = None
    ) -> None:
        order = np.argsort(-ranking, kind="stable")
        self.units, self.positive = units[order], positive[order].astype(np.float32)
        self.sizes = np.float32(1) if sizes is None else sizes[order].astype(np.float32)
        self.last = np.flatnonzero(np.append(np.diff(ranking[order]) != 0, True))  # of equal ones, which come together

    def called(self, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return how much of the positive and the negative each threshold calls positive, shapes (r, n_thresholds)."""
        weight = counts.astype(np.float32)[:, self.units] * self.sizes
        called = np.cumsum(weight, axis=1, dtype=np.float64)[:, self.last]
        hits = np.cumsum(weight * self.positive, axis=1, dtype=np.float64)[:, self.last]
        return hits, called - hits

    def found(self, counts: np.ndarray, most: float) -> np.ndarray:
        """Return the largest share of hits that at most a share of alarms comes with, shape (r,)."""
        hits, alarms = self.called(counts)
        allowed = alarms <= most * alarms[:, -1:]
        return ratio(np.where(allowed, hits, 0.0).max(axis=1), hits[:, -1])

    def scores(self, counts: np.ndarray) -> np.ndarray:
        """Return average precision and ROC AUC, shape (2, r), where units count as often as ``counts`` (r, u) says."""
        hits, alarms = self.called(counts)
        called = hits + alarms
        found = np.diff(hits, axis=1, prepend=0.0)
        precision = np.divide(hits, called, out=np.zeros_like(hits), where=called > 0)
        area = (np.diff(alarms, axis=1, prepend=0.0) * (hits - found / 2)).sum(axis=1)
        all_hits, all_alarms = hits[:, -1], alarms[:, -1]
        return np.stack([ratio((found * precision).sum(axis=1), all_hits), ratio(area, all_hits * all_alarms)])
