"""Tree of labels: similar labels share leaves, and only the documents of a node train its linear classifiers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from copydesk.classifiers.base import narrow_csr
from copydesk.classifiers.label_clusters import balanced_clusters, label_vectors
from copydesk.compiled.arrays import Array, Floats
from copydesk.interface.checks import require_fitted
from copydesk.interface.late_bases import Classifier
from copydesk.labels.indicator import as_indicator, is_indicator

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scipy.sparse import csc_matrix, csr_matrix

LOWEST = -15.0
"""Score of labels that the search has not reached, and the lowest of all: a probability of 3e-7."""
_ROWS_AT_ONCE = 1024


class LabelTree(Classifier):
    """Multi-label classifier whose training time grows more slowly than the number of labels.

    Labels are clustered by the mean of their documents into a balanced tree. Each node has linear classifiers, one
    against the rest, of its children or, in a leaf, of its labels, trained on the documents that have a label in the
    node; the root sees all documents. A label's probability is the product of the probabilities on its path from the
    root. Prediction follows the most probable nodes only (beam search).

    Parameters
    ----------
    classifier : estimator with ``weights_`` and ``intercept_`` once fitted to an indicator matrix
        Trained in each node, such as `LinearSVM`.
    labels_per_leaf : int
        Largest number of labels in a leaf. With no more labels than that, the tree is a single leaf: all labels
        against the rest.
    branching : int
        Largest number of children; rounded down to a power of two.
    beam : int
        Nodes of each level that prediction follows.
    sharpness : float
        A score s of a node's classifier becomes the probability ``1 / (1 + exp(-sharpness * s))``; 3 suits the
        margins of a support vector machine, 1 a logistic regression.
    prune : float
        Weights of a smaller magnitude are dropped.
    random_state : int
        Seed of the clusters.

    Attributes
    ----------
    classes_ : ndarray of shape (n_labels,)
        Numbers of the labels, as columns of the indicator matrix.
    lane_start_ : ndarray of int64, shape (n_nodes + 1,)
        Lanes of each node: its children, or its labels. Nodes are numbered from the root, 0, level by level.
    target_ : ndarray of int32, shape (n_lanes,)
        Child of each lane, or ``-1 - label``.
    intercept_ : ndarray of float32, shape (n_lanes,)
    feature_start_ : ndarray of int64, shape (n_nodes + 1,)
        Features of each node.
    feature_ : ndarray of int32
        Ascending within each node; features without weights in a node are left out.
    weight_start_ : ndarray of int64, shape (len(feature_) + 1,)
    weight_lane_ : ndarray of int32, and weight_ : ndarray of float32
        Lane, counted from the node's first, and value of each weight.

    References
    ----------
    Prabhu et al., "Parabel: Partitioned Label Trees for Extreme Classification with Application to Dynamic Search
    Advertising", WWW 2018. Khandagale, Xiao & Babbar, "Bonsai: Diverse and Shallow Trees for Extreme Multi-label
    Classification", Machine Learning 109, 2020.
    """

    multilabel_ = True
    needs_several = True

    def __init__(
        self,
        classifier: Any,
        *,
        labels_per_leaf: int = 100,
        branching: int = 128,
        beam: int = 10,
        sharpness: float = 3.0,
        prune: float = 0.01,
        random_state: int = 0,
    ) -> None:
        self.classifier = classifier
        self.labels_per_leaf = labels_per_leaf
        self.branching = branching
        self.beam = beam
        self.sharpness = sharpness
        self.prune = prune
        self.random_state = random_state

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit to ``X`` (n_documents, n_features), sparse or dense, and an indicator matrix ``y`` of labels.

        Raises
        ------
        ValueError
            ``y`` is no indicator matrix, or a parameter is out of range.
        """
        from sklearn.utils.validation import _check_sample_weight, check_consistent_length, validate_data

        self._check_parameters()
        if not is_indicator(y):
            raise ValueError(
                "LabelTree needs an indicator matrix (n_documents, n_labels); for one label for each text use "
                "classifier=linear_svm"
            )
        X = narrow_csr(validate_data(self, X, accept_sparse="csr", dtype=[np.float32, np.float64]))
        y = as_indicator(y)
        check_consistent_length(X, y)
        weight = None if sample_weight is None else _check_sample_weight(sample_weight, X)
        if weight is not None and not weight.all():
            X, y, weight = X[weight > 0], y[weight > 0], weight[weight > 0]
        self.classes_ = np.arange(y.shape[1])
        nodes = self._plan(X, y)
        self.lane_start_ = np.cumsum([0, *(len(lanes) for lanes, _ in nodes)])
        self.target_ = np.concatenate([targets for _, targets in nodes]).astype(np.int32)
        by_label = y.tocsc()
        self._set_weights(
            [self._fit_node(X, by_label, weight, lanes, root=not at) for at, (lanes, _) in enumerate(nodes)]
        )
        return self

    def decision_function(self, X: Any) -> Floats:
        """Return the log odds of each label, float32 (n_documents, n_labels), -15 for labels not reached."""
        scores = np.full((X.shape[0], len(self.classes_)), LOWEST, dtype=np.float32)
        for first, (indptr, labels, logs) in self._search(X):
            rows = np.repeat(np.arange(first, first + len(indptr) - 1), np.diff(indptr))
            scores[rows, labels] = np.maximum(log_odds(logs), LOWEST)
        return scores

    def path_probabilities(self, X: Any) -> csr_matrix:
        """Return the products of the probabilities on the paths that the search followed, CSR of float32.

        In contrast to ``decision_function`` it needs no array of all documents and labels.
        """
        from scipy.sparse import csr_matrix

        parts = [part for _, part in self._search(X)]
        sizes = np.concatenate([[0], *(np.diff(indptr) for indptr, *_ in parts)])
        labels = np.concatenate([np.empty(0, np.int32), *(labels for _, labels, _ in parts)])
        values = np.exp(np.concatenate([np.empty(0, np.float32), *(logs for *_, logs in parts)]))
        found = csr_matrix((values, labels, np.cumsum(sizes)), shape=(X.shape[0], len(self.classes_)))
        found.sort_indices()
        return found

    def predict(self, X: Any) -> Array:
        """Return an indicator of the labels that are more probable than not, int64 (n_documents, n_labels)."""
        return np.asarray(self.decision_function(X) > 0, dtype=np.int64)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.classifier_tags.multi_label = True
        tags.classifier_tags.multi_class = False
        return tags

    def _check_parameters(self) -> None:
        for name, least in (("labels_per_leaf", 1), ("branching", 2), ("beam", 1)):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < least:
                raise ValueError(f"{name}={value!r} is not valid; it must be a whole number from {least}")
        if not (self.sharpness > 0 and np.isfinite(self.sharpness)):
            raise ValueError(f"sharpness={self.sharpness!r} is not valid; it must be a positive number")
        if not (self.prune >= 0 and np.isfinite(self.prune)):
            raise ValueError(f"prune={self.prune!r} is not valid; it must be a number from 0")

    def _plan(self, X: Any, y: csr_matrix) -> list[tuple[list[NDArray[np.int64]], NDArray[np.int64]]]:
        """Return for each node, level by level, the labels under each of its lanes, and the targets of the lanes."""
        n_labels = y.shape[1]
        halvings = max(0, int(np.ceil(np.log2(max(n_labels, 1) / self.labels_per_leaf))))
        vectors = label_vectors(X, y) if halvings else None
        rng = np.random.default_rng(self.random_state)
        most = int(np.log2(self.branching))
        levels = -(-halvings // most)
        steps = [halvings * (at + 1) // levels - halvings * at // levels for at in range(levels)]
        nodes = []
        level, n_nodes = [np.arange(n_labels)], 1
        for step in steps:
            below = []
            for labels in level:
                children = balanced_clusters(vectors, labels, step, rng)
                nodes.append((children, n_nodes + np.arange(len(children))))
                n_nodes += len(children)
                below += children
            level = below
        return nodes + [([np.array([label]) for label in labels], -1 - labels) for labels in level]

    def _fit_node(
        self, X: Any, by_label: csc_matrix, weight: Floats | None, lanes: list[NDArray[np.int64]], root: bool
    ) -> tuple[NDArray[np.int32], csr_matrix, Floats]:
        """Return the features that have weights in a node, the pruned weights by feature and lane, and intercepts."""
        from scipy.sparse import csr_matrix
        from sklearn.base import clone

        lane = np.repeat(np.arange(len(lanes)), [len(each) for each in lanes])
        own_labels = by_label[:, np.concatenate(lanes)].tocoo()
        pairs = (np.ones(own_labels.nnz, np.int64), (own_labels.row, lane[own_labels.col]))
        members = csr_matrix(pairs, shape=(X.shape[0], len(lanes)))  # how many labels of a lane each document has
        rows = np.arange(X.shape[0]) if root else np.flatnonzero(np.diff(members.indptr))
        if not len(rows):  # labels without documents
            empty = csr_matrix(np.empty((0, len(lanes)), np.float32))
            return np.empty(0, np.int32), empty, np.full(len(lanes), LOWEST, np.float32)
        here = X[rows]
        features, columns = np.unique(here.indices, return_inverse=True)
        own = csr_matrix((here.data, columns.astype(np.int32), here.indptr), shape=(len(rows), len(features)))
        targets = members[rows].astype(np.bool_).astype(np.uint8)
        extra = {} if weight is None else {"sample_weight": weight[rows]}
        fitted = clone(self.classifier).fit(own, targets, **extra)
        weights = np.where(np.abs(fitted.weights_) >= self.prune, fitted.weights_, 0)
        kept = csr_matrix(weights.astype(np.float32))
        some = np.diff(kept.indptr) > 0
        return features[some].astype(np.int32), kept[some], np.asarray(fitted.intercept_, np.float32)

    def _set_weights(self, fitted: list[tuple[NDArray[np.int32], csr_matrix, Floats]]) -> None:
        self.intercept_ = np.concatenate([intercept for *_, intercept in fitted]).astype(np.float32)
        self.feature_start_ = np.cumsum([0, *(len(features) for features, *_ in fitted)])
        self.feature_ = np.concatenate([features for features, *_ in fitted])
        sizes = np.concatenate([np.diff(weights.indptr) for _, weights, _ in fitted])
        self.weight_start_ = np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)])
        self.weight_lane_ = np.concatenate([weights.indices.astype(np.int32) for _, weights, _ in fitted])
        self.weight_ = np.concatenate([weights.data for _, weights, _ in fitted])

    def _search(self, X: Any) -> Iterator[tuple[int, tuple[NDArray[np.int64], NDArray[np.int32], Floats]]]:
        """Yield the first row of each block of rows with its labels and log probabilities, as parts of a CSR matrix."""
        from sklearn.utils.validation import validate_data

        from copydesk.classifiers.solvers.beam import TreeArrays, search_beam

        require_fitted(self)
        X = narrow_csr(validate_data(self, X, accept_sparse="csr", dtype=[np.float32, np.float64], reset=False))
        if not X.has_sorted_indices:
            X = X.sorted_indices()
        tree = TreeArrays(
            self.lane_start_, self.target_, self.intercept_, self.feature_start_, self.feature_, self.weight_start_,
            self.weight_lane_, self.weight_,
        )  # fmt: skip
        for first in range(0, X.shape[0], _ROWS_AT_ONCE):
            rows = X[first : first + _ROWS_AT_ONCE]
            yield first, search_beam(rows.indptr, rows.indices, rows.data, tree, self.beam, float(self.sharpness))


def log_odds(logs: Floats) -> Floats:
    """Return ``log(p / (1 - p))`` from logarithms of p, at most 15."""
    with np.errstate(divide="ignore"):
        return np.asarray(np.minimum(logs - np.log(-np.expm1(logs)), -LOWEST))
