"""Calibration of the scores of independent labels: a logistic curve for each, drawn towards one shared by all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from copydesk.classifiers.calibration import SMALLEST
from copydesk.classifiers.probability import expit
from copydesk.compiled.arrays import Array, Floats
from copydesk.interface.late_bases import Estimator

# Strength of the pull towards the shared curve; found by cross-validation.
_SLOPE_PRIOR = 1.0
_OFFSET_PRIOR = 0.1
_SMALLEST_SLOPE = 1e-2  # of scores of unit variance
_LARGEST_STEP = 3.0
_SHARED_FROM = 5.0  # documents of a label whose curve counts half in the shared one
_ROUNDS = 6  # of the shared curve
_STEPS = (30, 4)  # of Newton's method, in the first round and in later ones
_ROWS = 20_000  # at most, evenly spaced
_CELLS = 4_000_000  # of scores read together


class LabelCalibrator(Estimator):
    """Map scores to independent probabilities of labels.

    Each label gets a logistic curve (Platt 1999) of the highest posterior density: its slope and offset are normally
    distributed around those of a curve shared by all labels, the mean of their own curves. A rare label, or one
    without validation documents, gets nearly the shared curve; a frequent one its own.

    Attributes
    ----------
    slope_, offset_ : ndarray of float64, shape (n_labels,)
    """

    def fit(self, scores: Floats, indicator: Any) -> LabelCalibrator:
        """Fit on scores of shape (n, n_labels) and an indicator matrix of the same shape.

        A score is -inf where the model that scored the row did not know the label.
        """
        n_labels = indicator.shape[1]
        self.slope_, self.offset_ = np.ones(n_labels), np.zeros(n_labels)
        if not len(scores):
            return self
        some = np.unique(np.linspace(0, len(scores) - 1, min(len(scores), _ROWS)).astype(int))
        scores, truth = np.asarray(scores, dtype=np.float64)[some], indicator[some]
        scale = float(np.std(scores, where=np.isfinite(scores))) or 1.0
        share = np.asarray(truth.sum(axis=0)).ravel() + 1e-9
        share = share / (share + _SHARED_FROM)
        curve = np.column_stack([np.full(n_labels, 2.0), np.zeros(n_labels)])
        shared = curve[0].copy()
        for turn in range(_ROUNDS):
            for part in _blocks(*scores.shape):
                z, y = scores[:, part] / scale, truth[:, part].toarray()
                for _ in range(_STEPS[min(turn, 1)]):
                    curve[part] = _newton(z, y, curve[part], shared)
            shared = share @ curve / share.sum()
        self.slope_, self.offset_ = curve[:, 0] / scale, curve[:, 1].copy()
        return self

    def predict_proba(self, scores: Floats) -> Floats:
        """Return probabilities, float64 of shape (n, n_labels); rows do not sum to 1."""
        z = np.asarray(scores, dtype=np.float64) * self.slope_ + self.offset_
        return np.asarray(np.clip(expit(z), SMALLEST, 1 - SMALLEST))


def _blocks(n_rows: int, n_labels: int) -> Iterator[slice]:
    width = max(1, _CELLS // n_rows)
    return (slice(first, min(first + width, n_labels)) for first in range(0, n_labels, width))


def _newton(z: Floats, y: Array, curve: Floats, shared: NDArray[np.float64]) -> Floats:
    """Return slopes and offsets after a step of Newton's method on the penalised log losses, shape (n_labels, 2)."""
    known = np.isfinite(z)
    z = np.where(known, z, 0.0)
    p = expit(z * curve[:, 0] + curve[:, 1])
    error, weight = (p - y) * known, p * (1 - p) * known
    pull = np.array([_SLOPE_PRIOR / shared[0] ** 2, _OFFSET_PRIOR])
    gradient = np.column_stack([(error * z).sum(axis=0), error.sum(axis=0)]) + pull * (curve - shared)
    weighed = weight * z
    own, both, rest = (weighed * z).sum(axis=0) + pull[0], weighed.sum(axis=0), weight.sum(axis=0) + pull[1]
    step = np.column_stack(
        [rest * gradient[:, 0] - both * gradient[:, 1], own * gradient[:, 1] - both * gradient[:, 0]]
    )
    step /= (own * rest - both**2)[:, None]
    step *= np.minimum(1.0, _LARGEST_STEP / np.maximum(np.hypot(*step.T), 1e-12))[:, None]
    moved = curve - step
    moved[:, 0] = np.maximum(moved[:, 0], _SMALLEST_SLOPE)
    return np.asarray(moved)
