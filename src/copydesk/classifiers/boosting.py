"""Gradient-boosted trees, stored and applied as plain arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from copydesk.compiled.arrays import Array
from copydesk.compiled.kernel import kernel
from copydesk.interface.checks import require_fitted
from copydesk.interface.late_bases import Estimator

ROWS_AT_ONCE = 128  # a block of rows and a tree fit into the cache
# Down to this level each node is applied to all rows at once; below it each row looks up its own node.
UNROLLED_LEVELS = 4
MISSING = np.float32(-1e9)  # replaces NaN; below all values


class BoostedTrees(Estimator):
    """Binary classifier trained by scikit-learn's ``HistGradientBoostingClassifier`` and applied without it.

    Trees are stored as full binary trees in arrays: the children of node i are 2i + 1 and 2i + 2. Traversal needs
    neither pointers nor branches, so that many rows descend in parallel.

    Parameters
    ----------
    max_iter, learning_rate, max_leaf_nodes, max_depth, min_samples_leaf, l2_regularization, max_features, random_state
        As in scikit-learn; ``max_features`` is the share of columns considered at a split. Time and size are
        proportional to two to the power of ``max_depth``, which is at most 10.

    Attributes
    ----------
    baseline_ : float
    feature_ : ndarray of int16, shape (n_trees, n_inner)
    threshold_ : ndarray of float32, shape (n_trees, n_inner)
        Values up to it go left; infinite below the leaves of a shallower tree, where all go left.
    leaf_ : ndarray of float32, shape (n_trees, n_inner + 1)
    count_ : ndarray of int32, shape (n_trees, n_inner + 1)
        Training rows in each leaf.
    """

    def __init__(
        self,
        max_iter: int = 80,
        learning_rate: float = 0.15,
        max_leaf_nodes: int = 31,
        max_depth: int = 6,
        min_samples_leaf: int = 100,
        l2_regularization: float = 5.0,
        max_features: float = 0.3,
        random_state: int = 0,
    ) -> None:
        self.max_iter = max_iter
        self.learning_rate = learning_rate
        self.max_leaf_nodes = max_leaf_nodes
        self.max_depth = max_depth
        self.min_samples_leaf = min_samples_leaf
        self.l2_regularization = l2_regularization
        self.max_features = max_features
        self.random_state = random_state

    def _check_parameters(self) -> None:
        if not 1 <= self.max_depth <= 10:
            raise ValueError(f"max_depth={self.max_depth}: from 1 to 10; a tree is stored with all its possible leaves")

    def fit(self, X: Array, y: Array, sample_weight: Array | None = None, starts: Any = None) -> BoostedTrees:
        """Fit to ``X``, float32 (n_samples, n_numbers), NaN for missing values, and booleans ``y``.

        Raises
        ------
        ValueError
            ``max_depth`` is not from 1 to 10.
        RuntimeError
            The trees can't be read from this version of scikit-learn.
        """
        from sklearn.ensemble import HistGradientBoostingClassifier

        self._check_parameters()
        X = np.where(np.isnan(X), MISSING, X).astype(np.float32)
        learner = HistGradientBoostingClassifier(early_stopping=False, **self.get_params())
        learner.fit(X, y, sample_weight=sample_weight)
        # Trees are private to scikit-learn; what is read from them is checked against its own predictions.
        trees = [predictors[0].nodes for predictors in learner._predictors]
        n_inner = 2**self.max_depth - 1
        self.baseline_ = float(np.ravel(learner._baseline_prediction)[0])
        self.feature_ = np.zeros((len(trees), n_inner), dtype=np.int16)
        self.threshold_ = np.full((len(trees), n_inner), np.inf, dtype=np.float32)
        self.leaf_ = np.zeros((len(trees), n_inner + 1), dtype=np.float32)
        self.count_ = np.zeros((len(trees), n_inner + 1), dtype=np.int32)
        for number, nodes in enumerate(trees):
            self._keep(number, nodes)
        some = X[:: max(1, len(X) // 1000)]
        if not np.allclose(self.decision_function(some), learner.decision_function(some), atol=1e-3):
            raise RuntimeError("trees read from this version of scikit-learn do not give its own scores")
        return self

    def _keep(self, number: int, nodes: Array) -> None:
        """Store a tree of scikit-learn as a full binary tree."""
        n_inner = self.feature_.shape[1]
        to_keep = [(0, 0)]  # node of scikit-learn, node of the full tree
        for at, place in to_keep:
            node = nodes[at]
            if node["is_leaf"]:
                while place < n_inner:
                    place = 2 * place + 1
                self.leaf_[number, place - n_inner] = node["value"]
                self.count_[number, place - n_inner] = node["count"]
            else:
                self.feature_[number, place] = node["feature_idx"]
                self.threshold_[number, place] = _rounded_down(node["num_threshold"])
                to_keep += [(int(node["left"]), 2 * place + 1), (int(node["right"]), 2 * place + 2)]

    def decision_function(self, X: Array, starts: Any = None) -> Array:
        """Return log odds of True, float64 (n_samples,), for numbers of shape (n_samples, n_numbers)."""
        require_fitted(self)
        scores = np.full(len(X), self.baseline_)
        X = np.ascontiguousarray(X, dtype=np.float32)
        add_trees(X, self.feature_, self.threshold_, self.leaf_, MISSING, scores)
        return scores

    def contributions(self, X: Array) -> tuple[float, Array]:
        """Decompose log odds: return the common start, and each column's contributions, float64 (n_samples, n_numbers).

        Each split changes a row's expectation from the mean of the node to that of the child; the change is credited to
        the column of the split (Saabas 2014, as in ``treeinterpreter``). Start and contributions sum to the log odds.
        """
        require_fitted(self)
        X = np.where(np.isnan(X), MISSING, X).astype(np.float32)
        means = node_means(self.leaf_, self.count_)
        found = np.zeros(X.shape)
        add_paths(X, self.feature_, self.threshold_, means, found)
        return self.baseline_ + float(means[:, 0].sum()), found


def _rounded_down(threshold: float) -> np.float32:
    """Return the largest float32 not above a threshold; it splits float32 values as the threshold does."""
    rounded = np.float32(threshold)
    return np.nextafter(rounded, np.float32(-np.inf)) if rounded > threshold else rounded


def node_means(leaf: Array, count: Array) -> Array:
    """Return the mean value of the leaves under each node over the training rows, float64 (n_trees, n_nodes)."""
    levels = [leaf.astype(np.float64)]
    sizes = count.astype(np.float64)
    while levels[0].shape[1] > 1:
        sums = (levels[0] * sizes).reshape(len(leaf), -1, 2).sum(axis=2)
        # below a leaf all rows are on the left
        alone = levels[0][:, ::2]
        sizes = sizes.reshape(len(leaf), -1, 2).sum(axis=2)
        levels.insert(0, np.where(sizes > 0, sums / np.maximum(sizes, 1), alone))
    return np.hstack(levels)


@kernel
def add_trees(X: Array, feature: Array, threshold: Array, leaf: Array, nothing: float, scores: Array) -> None:
    """Add each row's leaf values of all trees to ``scores`` (n_samples,)."""
    one = np.uint32(1)
    n_inner = np.uint32(feature.shape[1])
    depth = int(np.log2(leaf.shape[1]) + 0.5)
    together = min(depth, UNROLLED_LEVELS)
    node = np.empty(ROWS_AT_ONCE, dtype=np.uint32)
    block = np.zeros((X.shape[1], ROWS_AT_ONCE), dtype=np.float32)
    for first in range(0, X.shape[0], ROWS_AT_ONCE):
        n = np.uint64(min(ROWS_AT_ONCE, X.shape[0] - first))  # unsigned: no index is checked for being negative
        for row in range(n):
            for number in range(X.shape[1]):
                value = X[np.uint64(first) + row, number]
                block[number, row] = nothing if np.isnan(value) else value
        for tree in range(feature.shape[0]):
            names, borders, values = feature[tree], threshold[tree], leaf[tree]
            node[:] = 0
            for inner in range((1 << together) - 1):
                column, border, here = block[names[inner]], borders[inner], np.uint32(inner)
                for row in range(ROWS_AT_ONCE):
                    child = here + here + one + np.uint32(column[row] > border)
                    node[row] = child if node[row] == here else node[row]
            for _ in range(depth - together):
                for row in range(n):
                    at = node[row]
                    node[row] = at + at + one + np.uint32(block[np.uint32(names[at]), row] > borders[at])
            for row in range(n):
                scores[np.uint64(first) + row] += values[node[row] - n_inner]


@kernel
def add_paths(X: Array, feature: Array, threshold: Array, means: Array, found: Array) -> None:
    """Add the change of the mean at each split on a row's path to ``found`` (n_samples, n_numbers)."""
    for row in range(X.shape[0]):
        for tree in range(feature.shape[0]):
            node = 0
            while node < feature.shape[1]:
                number = feature[tree, node]
                child = 2 * node + 1 + (X[row, number] > threshold[tree, node])
                found[row, number] += means[tree, child] - means[tree, node]
                node = child
