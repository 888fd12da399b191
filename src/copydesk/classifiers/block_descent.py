"""Block dual coordinate descent: linear classifiers fitted to more rows than memory holds, one block after another.

Each visit to a block minimises over the dual variables of its rows while those of all other blocks are fixed. Visits in
any order approach the optimum of the whole problem. Hsiang-Fu Yu, Cho-Jui Hsieh, Kai-Wei Chang and Chih-Jen Lin, "Large
Linear Classification When Data Cannot Fit In Memory", KDD 2010.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from copydesk.classifiers.solvers.training_rows import DualRows, Limits, RowClasses, Solution, rows_by_rank
from copydesk.compiled.arrays import Array, Floats
from copydesk.compiled.threads import in_threads, thread_count

_SUMMED_AT_ONCE = 1 << 16  # rows of weights, to be summed in float64


class RowBlock(NamedTuple):
    """Rows of a training matrix, with the columns numbered by how many of these rows have them.

    Attributes
    ----------
    indptr : int64 array of shape (n_rows + 1,)
    indices : int32 array of shape (nnz,)
        Ranks of columns; 0 is in the most rows, so that the weights of frequent columns lie together.
    values : float32 or float64 array of shape (nnz,)
    squared_norm : float64 array of shape (n_rows,)
    columns : int32 array of shape (n_columns,)
        Column of each rank.
    classes : int32 array of shape (n_rows,)
        Class of each row, from 0.
    """

    indptr: NDArray[np.int64]
    indices: NDArray[np.int32]
    values: Floats
    squared_norm: NDArray[np.float64]
    columns: NDArray[np.int32]
    classes: NDArray[np.int32]

    @classmethod
    def of(cls, X: Any, classes: Array) -> RowBlock:
        """Return the rows of a CSR matrix with 32-bit indices and no column twice in a row."""
        return cls(*rows_by_rank(X.indptr, X.indices, X.data, X.shape[1]), classes.astype(np.int32))  # type: ignore[call-arg]

    def __len__(self) -> int:
        return len(self.classes)

    def matrix(self) -> Any:
        """Return the rows as a CSR matrix of shape (n_rows, n_columns), columns by rank."""
        from scipy.sparse import csr_matrix

        return csr_matrix((self.values, self.indices, self.indptr), shape=(len(self), len(self.columns)))


class PrimalDual(NamedTuple):
    """Values of the primal and the dual objective, float64 (n_problems,)."""

    primal: Floats
    dual: Floats

    @property
    def relative_gap(self) -> float:
        """Largest difference of the two as a share of the primal."""
        return float(((self.primal - self.dual) / np.maximum(self.primal, 1e-300)).max())


class BlockDescent:
    """State of a fit: the weights, and what is the same for all blocks. The dual variables are the caller's.

    Parameters
    ----------
    classifier : LinearSVM or LogisticRegression
    classes : ndarray of shape (n_classes,)
        Sorted labels, at least two.
    sizes : ndarray of shape (n_classes,)
        Number of training rows of each, by which ``class_weight="balanced"`` weighs them.
    n_features : int
    dtype : data-type, default=float32

    Attributes
    ----------
    weights : ndarray of shape (n_features, n_lanes)
    intercept : ndarray of shape (n_lanes,)
        Weights of the constant feature.
    """

    def __init__(self, classifier: Any, classes: Array, sizes: Array, n_features: int, dtype: Any = np.float32) -> None:
        classifier._check_parameters()
        classifier.classes_ = np.asarray(classes)
        self.classifier = classifier
        self.n_lanes = classifier._n_outputs
        sizes = np.maximum(np.asarray(sizes, dtype=np.float64), 1.0)
        # a row for each class stands for all of its rows
        cost, self.class_cost = classifier._costs(classifier.classes_, self.n_lanes, sizes)
        self.cost_of_class = cost / sizes
        self.weights = np.zeros((n_features, self.n_lanes), dtype=dtype)
        self.intercept = np.zeros(self.n_lanes, dtype=dtype)

    def new_dual(self, n_rows: int) -> Floats:
        """Return the dual variables of rows that no visit has seen, shape (n_rows, n_lanes)."""
        return np.zeros((n_rows, self.n_lanes), dtype=self.weights.dtype)

    def visit(self, block: RowBlock, dual: Floats, passes: int, seed: int) -> None:
        """Improve the dual variables of a block's rows in at most ``passes`` passes; updates them and the weights."""
        classifier = self.classifier
        problem = (self._rows(block), self._targets(block), self.cost_of_class[block.classes], self.class_cost)
        limits = Limits(classifier._constant, float(classifier.tol), passes, seed)
        n_parts = min(thread_count(classifier.n_jobs), classifier._max_blocks(self.n_lanes))

        def solve(lanes: tuple[int, int]) -> None:
            some = slice(*lanes)
            weights = self.weights[block.columns, some]
            own = np.ascontiguousarray(dual[:, some])
            intercept = self.intercept[some].copy()
            n_iter = np.zeros(lanes[1] - lanes[0], dtype=np.int32)
            solution = Solution(weights.reshape(-1), intercept, own, n_iter)
            classifier._solve_lanes(*problem, lanes, limits, solution)
            self.weights[block.columns, some] = weights
            dual[:, some], self.intercept[some] = own, intercept

        in_threads(solve, list(pairwise(np.linspace(0, self.n_lanes, n_parts + 1).astype(int).tolist())))

    def terms(self, block: RowBlock, dual: Floats) -> PrimalDual:
        """Return what a block's rows add to the objective."""
        scores = np.asarray(block.matrix() @ self.weights[block.columns], dtype=np.float64)
        scores += self.intercept * self.classifier._constant
        cost = self.classifier.C * self.cost_of_class[block.classes]
        own = self._targets(block).indices
        positive = own[:, None] == np.arange(self.n_lanes)
        bounds = cost[:, None] * np.where(positive, self.class_cost[:, 1], self.class_cost[:, 0])
        return PrimalDual(*self.classifier._objective_terms(scores, positive, dual.astype(np.float64), bounds))

    def objective(self, terms: PrimalDual) -> PrimalDual:
        """Return the objective, given the sum of what all rows add."""
        square = np.square(self.intercept, dtype=np.float64)
        for first in range(0, len(self.weights), _SUMMED_AT_ONCE):
            square += np.square(self.weights[first : first + _SUMMED_AT_ONCE], dtype=np.float64).sum(axis=0)
        if len(terms.primal) == 1:
            square = square.sum(keepdims=True)
        return PrimalDual(terms.primal + square / 2, terms.dual - square / 2)

    def finish(self, n_iter: int) -> Any:
        """Return the classifier, fitted."""
        classifier = self.classifier
        classifier.n_features_in_, classifier.n_iter_ = len(self.weights), n_iter
        classifier.weights_, classifier.intercept_ = self.weights, self.intercept * classifier._constant
        return classifier

    def _rows(self, block: RowBlock) -> DualRows:
        """Return a block as solvers take it, every column with weights of its own, since other blocks have it too."""
        n, dtype = len(block), block.values.dtype
        none = np.zeros(0, dtype=np.int32)
        return DualRows(
            block.indptr, block.indices, block.values, block.squared_norm, np.zeros(n), none, len(block.columns),
            np.zeros(n + 1, dtype=np.int64), none, np.zeros(0, dtype=dtype),
        )  # fmt: skip

    def _targets(self, block: RowBlock) -> RowClasses:
        """Return the weight vector of each row's class; the only one of two classes is that of the second."""
        lanes = block.classes - 1 if self.n_lanes == 1 else block.classes
        return RowClasses(np.arange(len(block) + 1), lanes.astype(np.int32))
