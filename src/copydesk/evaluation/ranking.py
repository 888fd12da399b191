"""Bootstrap of ranking scores: each label is sorted once, not for every resample."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from copydesk.evaluation.intervals import resample_counts
from copydesk.evaluation.score import ratio

CELLS = 50_000_000  # resamples times rows times labels; beyond it, fewer resamples are drawn
FEWEST_RESAMPLES = 100
AT_ONCE = 4_000_000  # resamples times rows weighted together; bounds memory


def ranking_draws(
    ranked: Sequence[tuple[np.ndarray, np.ndarray]], units: np.ndarray, n_units: int, resamples: int, seed: int
) -> dict[str, np.ndarray]:
    """Return ``average_precision`` and ``roc_auc``, means over labels, of each resample, shape (r,).

    The resamples are those of ``intervals.bootstrap_sums``; labels missing from one are left out of its means.

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
    """Return the largest recall of a threshold with a bounded false positive rate, for each resample, shape (r,).

    Parameters
    ----------
    sizes : ndarray of float, shape (n,)
        Weight of each row.
    alarms : float
        Largest false positive rate.
    """
    label = _Label(positive, ranking, units, sizes)
    drawn_counts = _counts(len(units), 1, n_units, resamples, seed)
    return np.concatenate([label.found(counts, alarms) for counts in drawn_counts])


def _counts(rows: int, labels: int, n_units: int, resamples: int, seed: int) -> Iterator[np.ndarray]:
    """Yield how often each unit is drawn, shape (r, n_units), for as many resamples as the limits allow."""
    resamples = int(np.clip(CELLS // max(1, rows * labels), min(FEWEST_RESAMPLES, resamples), resamples))
    together = max(1, AT_ONCE // max(1, rows))
    for counts in resample_counts(n_units, resamples, seed):
        for start in range(0, len(counts), together):
            yield counts[start : start + together]


class _Label:
    """Rows of a label in descending order of their ranking."""

    def __init__(
        self, positive: np.ndarray, ranking: np.ndarray, units: np.ndarray, sizes: np.ndarray | None = None
    ) -> None:
        order = np.argsort(-ranking, kind="stable")
        self.units, self.positive = units[order], positive[order].astype(np.float32)
        self.sizes = np.float32(1) if sizes is None else sizes[order].astype(np.float32)
        self.last = np.flatnonzero(np.append(np.diff(ranking[order]) != 0, True))  # of equal values

    def called(self, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return weighted true and false positives at each threshold, shapes (r, n_thresholds)."""
        weight = counts.astype(np.float32)[:, self.units] * self.sizes
        called = np.cumsum(weight, axis=1, dtype=np.float64)[:, self.last]
        hits = np.cumsum(weight * self.positive, axis=1, dtype=np.float64)[:, self.last]
        return hits, called - hits

    def found(self, counts: np.ndarray, most: float) -> np.ndarray:
        """Return the largest recall at a false positive rate of at most ``most``, shape (r,)."""
        hits, alarms = self.called(counts)
        allowed = alarms <= most * alarms[:, -1:]
        return ratio(np.where(allowed, hits, 0.0).max(axis=1), hits[:, -1])

    def scores(self, counts: np.ndarray) -> np.ndarray:
        """Return average precision and ROC AUC, shape (2, r), units weighted by ``counts``, shape (r, u)."""
        hits, alarms = self.called(counts)
        called = hits + alarms
        found = np.diff(hits, axis=1, prepend=0.0)
        precision = np.divide(hits, called, out=np.zeros_like(hits), where=called > 0)
        area = (np.diff(alarms, axis=1, prepend=0.0) * (hits - found / 2)).sum(axis=1)
        all_hits, all_alarms = hits[:, -1], alarms[:, -1]
        return np.stack([ratio((found * precision).sum(axis=1), all_hits), ratio(area, all_hits * all_alarms)])
