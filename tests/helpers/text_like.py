"""Training data like text, for tests of classifiers."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp


def documents(n_classes: int, n: int = 150, dtype: type = np.float64) -> tuple[sp.csr_matrix, np.ndarray]:
    """Return sparse rows of unit length, more features than samples, many features in a single row."""
    rng = np.random.default_rng(n_classes)
    y = rng.integers(0, n_classes, n)
    topics = rng.random((n_classes, 400)) ** 8
    X = np.zeros((n, 400 + n))
    for i in range(n):
        words = rng.choice(400, size=30, p=topics[y[i]] / topics[y[i]].sum())
        np.add.at(X[i], words, 1.0)
        X[i, 400 + i] = 1.0
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    return sp.csr_matrix(X, dtype=dtype), y
