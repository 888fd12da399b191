"""Quantisation of weights to one byte each."""

from __future__ import annotations

from typing import Any

import numpy as np

from copydesk.compiled.arrays import Array, Floats
from copydesk.interface.checks import require_fitted
from copydesk.interface.late_bases import Classifier

MAX_LEVELS = 255  # zero in the middle; an index fits one byte


def quantise(weights: Floats, levels: int = MAX_LEVELS) -> Floats:
    """Round weights to evenly spaced levels that include zero, with a step of its own for each column.

    A bundle stores arrays of at most 256 distinct values in one byte per value. The error of a weight is at most half
    a step: the largest absolute weight of its column divided by ``levels - 1``.

    Parameters
    ----------
    weights : float array of shape (n_features, n_outputs)
    levels : int, default=255
        Number of levels, odd, so that they are symmetric about zero.

    Returns
    -------
    float array of the same shape and dtype

    Raises
    ------
    ValueError
        ``levels`` is even, below 3 or above 255.
    """
    if levels % 2 == 0 or not 3 <= levels <= MAX_LEVELS:
        raise ValueError(f"levels={levels}: an odd number from 3 to {MAX_LEVELS}, so that zero is a level")
    largest = np.abs(weights).max(axis=0, initial=0.0)
    step = np.where(largest > 0, largest / (levels // 2), 1).astype(weights.dtype)
    return np.asarray(np.rint(weights / step) * step + 0.0, dtype=weights.dtype)  # no negative zeros


class Quantised(Classifier):
    """Linear classifier with weights rounded after fitting.

    Parts fitted on its scores, such as a second stage or a threshold, see the scores of the rounded weights.

    Parameters
    ----------
    classifier : linear classifier
        With ``weights_`` of shape (n_features, n_outputs).
    levels : int, default=255
        See ``quantise``.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
    weights_ : ndarray of shape (n_features, n_outputs)
    intercept_ : ndarray of shape (n_outputs,)
    """

    def __init__(self, classifier: Any = None, levels: int = MAX_LEVELS) -> None:
        self.classifier = classifier
        self.levels = levels

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Quantised:
        """Fit the classifier and round its weights."""
        from sklearn.base import clone

        fitted = clone(self.classifier).fit(X, y, sample_weight=sample_weight)
        self.classes_ = fitted.classes_
        self.weights_ = quantise(fitted.weights_, self.levels)
        self.intercept_ = fitted.intercept_
        return self

    @property
    def coef_(self) -> Floats:
        """Weights, shape (n_outputs, n_features)."""
        return self.weights_.T

    def decision_function(self, X: Any) -> Floats:
        """Return decision values, shape (n_samples,) with one output, else (n_samples, n_outputs)."""
        require_fitted(self)
        scores = np.asarray(X @ self.weights_ + self.intercept_)
        return scores[:, 0] if scores.shape[1] == 1 else scores

    def predict(self, X: Any) -> Array:
        """Return labels, shape (n_samples,)."""
        scores = self.decision_function(X)
        best = (scores > 0).astype(int) if scores.ndim == 1 else scores.argmax(axis=1)
        return np.asarray(self.classes_[best])
