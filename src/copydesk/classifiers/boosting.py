"""Gradient-boosted trees that are kept and applied as plain arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

Array = NDArray[Any]
ROWS_AT_ONCE = 512  # so that a tree and its rows stay in cache


class BoostedTrees(BaseEstimator):
    """Binary classification by scikit-learn's ``HistGradientBoostingClassifier``, applied without it.

    Trees are learnt there, and kept as arrays here: they load at once, take 19 bytes a node, and need no
    scikit-learn ensemble to be imported.

    Parameters
    ----------
    max_iter, learning_rate, max_leaf_nodes, min_samples_leaf, l2_regularization, max_features, random_state
        As there; ``max_features`` is the share of numbers that a split looks at.

    Attributes
    ----------
    baseline_ : float
    roots_ : ndarray of int32, shape (n_trees,)
    feature_ : ndarray of int16, shape (n_nodes,)
        -1 for a leaf.
    threshold_ : ndarray of float32, shape (n_nodes,)
        Of a leaf, its value. Numbers up to the threshold go to the left.
    left_, right_ : ndarray of int32, shape (n_nodes,)
    missing_left_ : ndarray of bool, shape (n_nodes,)
    count_ : ndarray of int32, shape (n_nodes,)
        Training rows that came by.
    """

    def __init__(
        self,
        max_iter: int = 300,
        learning_rate: float = 0.06,
        max_leaf_nodes: int = 31,
        min_samples_leaf: int = 40,
        l2_regularization: float = 1.0,
        max_features: float = 1.0,
        random_state: int = 0,
    ) -> None:
        self.max_iter = max_iter
        self.learning_rate = learning_rate
        self.max_leaf_nodes = max_leaf_nodes
        self.min_samples_leaf = min_samples_leaf
        self.l2_regularization = l2_regularization
        self.max_features = max_features
        self.random_state = random_state

    def fit(self, X: Array, y: Array, sample_weight: Array | None = None, starts: Any = None) -> BoostedTrees:
        """Fit to numbers ``X``, float32 (n_samples, n_numbers), NaN where there is none, and booleans ``y``.

        Raises
        ------
        RuntimeError
            This version of scikit-learn keeps trees in another way than is read here.
        """
        from sklearn.ensemble import HistGradientBoostingClassifier

        learner = HistGradientBoostingClassifier(early_stopping=False, **self.get_params())
        learner.fit(X, y, sample_weight=sample_weight)
        # Trees are private to scikit-learn; what is read from them is checked against its own predictions.
        trees = [predictors[0].nodes for predictors in learner._predictors]
        nodes = np.concatenate(trees)
        sizes = np.array([len(tree) for tree in trees])
        self.roots_ = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int32)
        shift = np.repeat(self.roots_, sizes)
        leaf = nodes["is_leaf"].astype(bool)
        self.baseline_ = float(np.ravel(learner._baseline_prediction)[0])
        self.feature_ = np.where(leaf, -1, nodes["feature_idx"]).astype(np.int16)
        self.threshold_ = np.where(leaf, nodes["value"], _rounded_down(nodes["num_threshold"])).astype(np.float32)
        self.left_ = (nodes["left"] + shift).astype(np.int32)
        self.right_ = (nodes["right"] + shift).astype(np.int32)
        self.missing_left_ = nodes["missing_go_to_left"].astype(bool)
        self.count_ = nodes["count"].astype(np.int32)
        some = X[:: max(1, len(X) // 1000)]
        if not np.allclose(self.decision_function(some), learner.decision_function(some), atol=1e-3):
            raise RuntimeError("trees read from this version of scikit-learn do not give its own scores")
        return self

    def decision_function(self, X: Array, starts: Any = None) -> Array:
        """Return log odds of True, float64 (n_samples,), for numbers of shape (n_samples, n_numbers)."""
        check_is_fitted(self)
        X = np.ascontiguousarray(X, dtype=np.float32)
        scores = np.full(len(X), self.baseline_)
        add_trees(X, self.roots_, self.feature_, self.threshold_, self.left_, self.right_, self.missing_left_, scores)
        return scores

    def contributions(self, X: Array) -> tuple[float, Array]:
        """Return what each number adds to a row's log odds, float64 (n_samples, n_numbers), and where all begin.

        At every split the row's expectation changes from that of the node to that of the child, and the change is
        the split number's (Saabas 2014, as in ``treeinterpreter``): start and contributions sum to the log odds.
        """
        check_is_fitted(self)
        X = np.ascontiguousarray(X, dtype=np.float32)
        means = node_means(self.feature_, self.threshold_, self.left_, self.right_, self.count_)
        found = np.zeros(X.shape)
        add_paths(
            X, self.roots_, self.feature_, self.threshold_, self.left_, self.right_, self.missing_left_, means, found
        )
        return self.baseline_ + float(means[self.roots_].sum()), found


def _rounded_down(thresholds: Array) -> Array:
    """Return the largest float32 not above each threshold: float32 numbers fall on the same side of both."""
    rounded = thresholds.astype(np.float32)
    return np.where(rounded > thresholds, np.nextafter(rounded, np.float32(-np.inf)), rounded)


@njit(cache=True, nogil=True)
def add_trees(
    X: Array, roots: Array, feature: Array, threshold: Array, left: Array, right: Array, missing: Array, scores: Array
) -> None:
    """Add to ``scores`` (n_samples,) the value of the leaf that each row falls into, of every tree."""
    for first in range(0, X.shape[0], ROWS_AT_ONCE):
        last = min(first + ROWS_AT_ONCE, X.shape[0])
        for root in roots:
            for row in range(first, last):
                node = root
                while feature[node] >= 0:
                    value = X[row, feature[node]]
                    to_left = value <= threshold[node] or (missing[node] and np.isnan(value))
                    node = left[node] if to_left else right[node]
                scores[row] += threshold[node]


@njit(cache=True, nogil=True)
def node_means(feature: Array, threshold: Array, left: Array, right: Array, count: Array) -> Array:
    """Return the mean value of the leaves under each node over the training rows, float64 (n_nodes,)."""
    means = threshold.astype(np.float64)
    for node in range(feature.shape[0] - 1, -1, -1):  # children stand after their parent
        if feature[node] >= 0:
            a, b = left[node], right[node]
            means[node] = (means[a] * count[a] + means[b] * count[b]) / max(count[a] + count[b], 1)
    return means


@njit(cache=True, nogil=True)
def add_paths(
    X: Array,
    roots: Array,
    feature: Array,
    threshold: Array,
    left: Array,
    right: Array,
    missing: Array,
    means: Array,
    found: Array,
) -> None:
    """Add to ``found`` (n_samples, n_numbers) by how much each split on a row's way changes its mean."""
    for row in range(X.shape[0]):
        for root in roots:
            node = root
            while feature[node] >= 0:
                value = X[row, feature[node]]
                to_left = value <= threshold[node] or (missing[node] and np.isnan(value))
                child = left[node] if to_left else right[node]
                found[row, feature[node]] += means[child] - means[node]
                node = child
