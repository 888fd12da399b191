"""Logistic function and softmax as SciPy's, whose import takes longer than a short prediction."""

from __future__ import annotations

import numpy as np

from copydesk.compiled.arrays import Floats


def expit(x: Floats) -> Floats:
    """Return ``1 / (1 + exp(-x))``, element by element."""
    with np.errstate(over="ignore"):  # far below zero the exponential is infinite and the result 0
        return np.asarray(1 / (1 + np.exp(-x)))


def softmax(x: Floats) -> Floats:
    """Return the softmax of each row, shape (n, m)."""
    shifted = np.exp(x - x.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True))
