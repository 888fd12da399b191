"""Calibration of independent probabilities: the error of each label, and reliability over all pairs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from copydesk.evaluation.intervals import resample_counts
from copydesk.evaluation.label_counts import bins_of
from copydesk.evaluation.metrics import CALIBRATION_BINS
from copydesk.evaluation.ranking import CELLS, FEWEST_RESAMPLES

if TYPE_CHECKING:
    from copydesk.evaluation.label_predictions import LabelPredictions


def calibration_errors(judged: LabelPredictions) -> np.ndarray:
    """Return the expected calibration error of each label over documents, in 15 equal bins, shape (k,).

    Guo et al. 2017, "On Calibration of Modern Neural Networks", ICML, for the binary problem of a label.
    """
    gaps = _gaps(judged)
    return np.asarray(np.abs(gaps).sum(axis=0) / max(len(judged), 1))


def _gaps(judged: LabelPredictions) -> np.ndarray:
    """Return summed probability minus hits of each bin and label, shape (bins, k)."""
    k = len(judged.classes)
    total = np.zeros(CALIBRATION_BINS * k)
    for part, values in judged.blocks():
        truth = judged.truth[part].toarray()
        cell = bins_of(values) * k + np.arange(k)
        total += np.bincount(cell.ravel(), (values.astype(np.float64) - truth).ravel(), len(total))
    return total.reshape(CALIBRATION_BINS, k)


def calibration_draws(
    judged: LabelPredictions, units: np.ndarray, n_units: int, resamples: int, seed: int
) -> np.ndarray:
    """Return the mean over labels of the calibration error in each resample, shape (r,); for small data."""
    from scipy.sparse import csr_matrix

    n, k = len(judged), len(judged.classes)
    values = np.vstack([block for _, block in judged.blocks()]).astype(np.float64)
    cell = bins_of(values) * k + np.arange(k)
    rows = np.broadcast_to(units[:, None], (n, k))
    entries = ((values - judged.truth.toarray()).ravel(), (rows.ravel(), cell.ravel()))
    gaps = csr_matrix(entries, shape=(n_units, CALIBRATION_BINS * k))
    sizes = np.bincount(units, minlength=n_units).astype(np.float64)
    resamples = int(np.clip(CELLS // max(1, n * k), min(FEWEST_RESAMPLES, resamples), resamples))
    drawn = []
    for counts in resample_counts(n_units, resamples, seed):
        weight = counts.astype(np.float64)
        total = np.abs((gaps.T @ weight.T).T).reshape(len(weight), CALIBRATION_BINS, k).sum(axis=1)
        drawn.append((total / (weight @ sizes)[:, None]).mean(axis=1))
    return np.concatenate(drawn)


def reliability_of_pairs(judged: LabelPredictions, bins: int = 10) -> list[dict[str, float]]:
    """Return mean probability, share of true labels and number of pairs (document, label) of each non-empty bin."""
    n, sure, hits = np.zeros(bins), np.zeros(bins), np.zeros(bins)
    for part, values in judged.blocks():
        at = np.minimum((values * bins).astype(np.int64), bins - 1).ravel()
        n += np.bincount(at, minlength=bins)
        sure += np.bincount(at, values.ravel(), bins)
        hits += np.bincount(at, judged.truth[part].toarray().ravel(), bins)
    return [
        {"confidence": float(sure[b] / n[b]), "accuracy": float(hits[b] / n[b]), "n": int(n[b])}
        for b in range(bins)
        if n[b]
    ]
