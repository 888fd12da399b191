"""Training rows for dual coordinate descent, and the inner loops that all solvers share.

Weights are laid out ``[feature, class]``, so that a visit to a document reads and writes all classes of a feature in
contiguous memory. A feature of few documents needs no weight: that would be the sum of the documents' dual variables
times their values, so that its part of a score follows from the dual variables. A feature of a single document adds
to that document's own score; features of few documents give pairs of documents that see each other's dual variables.
Most n-grams of texts are of this kind; without them the weights fit into the processor's cache.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from copydesk.compiled.arrays import Floats
from copydesk.compiled.kernel import kernel
from copydesk.compiled.splitmix import INCREMENT, mixed

FEW = 4
"""Features of at most this many documents get no weights; found by timing passes over 20 classes."""
WIDE = 32
"""Bytes of one feature's weights from which on that pays off; all weights of a binary problem fit into the cache."""


class DualRows(NamedTuple):
    """Training rows with the features of few documents set apart.

    Attributes
    ----------
    indptr : int64 array of shape (n_samples + 1,)
    indices : int32 array of shape (nnz_weighted,)
        Rank of each feature; 0 is in the most documents.
    values : float32 or float64 array of shape (nnz_weighted,)
    squared_norm : float64 array of shape (n_samples,)
        Squared norm of the whole row.
    own_square : float64 array of shape (n_samples,)
        The part of ``squared_norm`` from features that no other row has.
    rank : int32 array of shape (n_features,)
        Index of a feature's weights; ``n_weighted`` and above for features of few rows or none.
    n_weighted : int
        Number of features that have weights during training.
    seen_indptr : int64 array of shape (n_samples + 1,)
    seen_rows : int32 array of shape (nnz_seen,)
        Rows that share features of few rows with a row, itself included.
    seen_values : float32 or float64 array of shape (nnz_seen,)
        Inner products over those features.
    """

    indptr: NDArray[np.int64]
    indices: NDArray[np.int32]
    values: Floats
    squared_norm: NDArray[np.float64]
    own_square: NDArray[np.float64]
    rank: NDArray[np.int32]
    n_weighted: int
    seen_indptr: NDArray[np.int64]
    seen_rows: NDArray[np.int32]
    seen_values: Floats


class Limits(NamedTuple):
    """Options of a solver.

    Attributes
    ----------
    intercept_scaling : float
        Value of the constant feature whose weight is the intercept; 0 for no intercept.
    tol : float
    max_iter, seed : int
    """

    intercept_scaling: float
    tol: float
    max_iter: int
    seed: int


class RowClasses(NamedTuple):
    """Classes of each row, counted from the first of a block; numbers out of range are of other blocks.

    Attributes
    ----------
    indptr : int64 array of shape (n_samples + 1,)
    indices : int32 array of shape (nnz,)
        Those of row ``i`` are ``indices[indptr[i] : indptr[i + 1]]``.
    """

    indptr: NDArray[np.int64]
    indices: NDArray[np.int32]

    def block(self, first: int) -> RowClasses:
        """Return the classes counted from ``first``."""
        return RowClasses(self.indptr, self.indices - np.int32(first))


class Solution(NamedTuple):
    """Variables that a solver updates in place.

    Attributes
    ----------
    weights : array of shape (n_weighted * n_classes,)
        Flattened ``[feature, class]``.
    intercept : array of shape (n_classes,)
        Weight of the constant feature.
    dual : array of shape (n_samples, n_classes)
        Dual variable times the sign of the document's label.
    n_iter : int32 array of shape (n_classes,)
        Passes taken.
    """

    weights: Floats
    intercept: Floats
    dual: Floats
    n_iter: NDArray[np.int32]


def dual_rows(X: Any, n_outputs: int) -> DualRows | None:
    """Prepare a CSR matrix to train ``n_outputs`` weight vectors; None if a row has two entries of one feature."""
    in_rows, repeated = _rows_with_column(X.indptr, X.indices, X.shape[1])
    if repeated:
        return None
    few = FEW if n_outputs * X.dtype.itemsize >= WIDE else 1
    rank = _rank_by_rows(in_rows)
    n_weighted, n_shared = (int(np.count_nonzero(in_rows > rows)) for rows in (few, 1))
    weighted: Any = _split_rows(X.indptr, X.indices, X.data, rank, 0, n_weighted, n_shared)
    indptr, columns, values, *_ = _split_rows(X.indptr, X.indices, X.data, rank, n_weighted, n_shared, n_shared)
    from scipy.sparse import csr_matrix

    rare = csr_matrix((values, columns, indptr), shape=(X.shape[0], n_shared - n_weighted))
    seen = rare @ rare.T
    pairs = seen.indptr.astype(np.int64), seen.indices.astype(np.int32), seen.data
    return DualRows(*weighted, rank, n_weighted, *pairs)  # type: ignore[call-arg]


def rows_by_rank(indptr: Any, indices: Any, values: Any, n_columns: int) -> Any:
    """Return CSR rows with columns renamed to their ranks by descending number of rows, and the column of each rank.

    Returns
    -------
    indptr, indices, values, squared_norm, columns : ndarray
        See ``DualRows``.

    Raises
    ------
    ValueError
        A row has a column twice.
    """
    in_rows, repeated = _rows_with_column(indptr, indices, n_columns)
    if repeated:
        raise ValueError("a row has two entries of one feature")
    rank = _rank_by_rows(in_rows)
    present = int(np.count_nonzero(in_rows))
    ranked: Any = _split_rows(indptr, indices, values, rank, 0, present, present)
    columns = np.empty(present, dtype=np.int32)
    found = np.flatnonzero(in_rows)
    columns[rank[found]] = found
    return *ranked[:4], columns


@kernel
def _rows_with_column(indptr, indices, n_columns):
    """Count the rows that have each column; also return whether a row has one twice."""
    rows = np.zeros(n_columns, dtype=np.int32)
    last = np.full(n_columns, -1, dtype=np.int32)
    repeated = False
    for i in range(indptr.size - 1):
        for j in range(indptr[i], indptr[i + 1]):
            column = indices[j]
            repeated |= last[column] == i
            last[column] = i
            rows[column] += 1
    return rows, repeated


@kernel
def _rank_by_rows(in_rows):
    """Return each column's rank in a stable counting sort by descending number of rows."""
    starts = np.zeros(in_rows.max() + 2, dtype=np.int64)
    for rows in in_rows:
        starts[rows] += 1
    place = 0
    for rows in range(starts.size - 1, -1, -1):
        size = starts[rows]
        starts[rows] = place
        place += size
    rank = np.empty(in_rows.size, dtype=np.int32)
    for column in range(in_rows.size):
        rank[column] = starts[in_rows[column]]
        starts[in_rows[column]] += 1
    return rank


@kernel
def _split_rows(indptr, indices, values, rank, first, last, n_shared):
    """Return the entries of ranks ``first`` to ``last``, the rows' squared norms and their part from ``n_shared``."""
    n_rows = indptr.size - 1
    kept_indptr = np.zeros(n_rows + 1, dtype=np.int64)
    kept_indices = np.empty(indices.size, dtype=np.int32)
    kept_values = np.empty(values.size, dtype=values.dtype)
    squared_norm = np.zeros(n_rows)
    own_square = np.zeros(n_rows)
    kept = 0
    for i in range(n_rows):
        for j in range(indptr[i], indptr[i + 1]):
            place = rank[indices[j]]
            square = np.float64(values[j]) * np.float64(values[j])
            squared_norm[i] += square
            if place >= n_shared:
                own_square[i] += square
            elif first <= place < last:
                kept_indices[kept] = place - first
                kept_values[kept] = values[j]
                kept += 1
        kept_indptr[i + 1] = kept
    return kept_indptr, kept_indices[:kept].copy(), kept_values[:kept].copy(), squared_norm, own_square


@kernel
def mark_classes(target, i, own, value):
    """Set ``own`` (one per class of the block) to ``value`` for the classes of row ``i``."""
    for j in range(target.indptr[i], target.indptr[i + 1]):
        if 0 <= target.indices[j] < own.size:
            own[target.indices[j]] = value


@kernel(fastmath={"contract"})
def score_row(rows, solution, i, scores):
    """Write the row's score for every class, without its own features and the intercept, into ``scores``.

    Takes four features at a time, because each addition to ``scores`` waits for the previous one.
    """
    indices, values = rows.indices, rows.values
    weights, dual = solution.weights, solution.dual
    n_classes = np.uint64(scores.size)
    for c in range(n_classes):
        scores[c] = 0
    j = rows.indptr[i]
    end = rows.indptr[i + 1]
    while j + 4 <= end:
        v0, v1, v2, v3 = values[j], values[j + 1], values[j + 2], values[j + 3]
        w0 = np.uint64(indices[j]) * n_classes
        w1 = np.uint64(indices[j + 1]) * n_classes
        w2 = np.uint64(indices[j + 2]) * n_classes
        w3 = np.uint64(indices[j + 3]) * n_classes
        for c in range(n_classes):
            scores[c] += (v0 * weights[w0 + c] + v1 * weights[w1 + c]) + (v2 * weights[w2 + c] + v3 * weights[w3 + c])
        j += 4
    while j < end:
        w0 = np.uint64(indices[j]) * n_classes
        for c in range(n_classes):
            scores[c] += values[j] * weights[w0 + c]
        j += 1
    for k in range(rows.seen_indptr[i], rows.seen_indptr[i + 1]):
        value, other = rows.seen_values[k], np.uint64(rows.seen_rows[k])
        for c in range(n_classes):
            scores[c] += value * dual[other, c]


@kernel(fastmath={"contract"})
def add_row(rows, weights, i, steps):
    """Add ``steps`` (one per class) times the row to ``weights``, flattened ``[feature, class]``."""
    indices, values = rows.indices, rows.values
    n_classes = np.uint64(steps.size)
    for j in range(rows.indptr[i], rows.indptr[i + 1]):
        w = np.uint64(indices[j]) * n_classes
        for c in range(n_classes):
            weights[w + c] += values[j] * steps[c]


@kernel(fastmath={"contract"})
def score_row_at(rows, solution, i, lanes, n_lanes, scores):
    """Write the row's score for the classes ``lanes[:n_lanes]``, with the same roundings as `score_row`."""
    indices, values = rows.indices, rows.values
    weights, dual = solution.weights, solution.dual
    n_classes = np.uint64(scores.size)
    for k in range(n_lanes):
        scores[lanes[k]] = 0
    j = rows.indptr[i]
    end = rows.indptr[i + 1]
    while j + 4 <= end:
        v0, v1, v2, v3 = values[j], values[j + 1], values[j + 2], values[j + 3]
        w0 = np.uint64(indices[j]) * n_classes
        w1 = np.uint64(indices[j + 1]) * n_classes
        w2 = np.uint64(indices[j + 2]) * n_classes
        w3 = np.uint64(indices[j + 3]) * n_classes
        for k in range(n_lanes):
            c = lanes[k]
            scores[c] += (v0 * weights[w0 + c] + v1 * weights[w1 + c]) + (v2 * weights[w2 + c] + v3 * weights[w3 + c])
        j += 4
    while j < end:
        w0 = np.uint64(indices[j]) * n_classes
        for k in range(n_lanes):
            scores[lanes[k]] += values[j] * weights[w0 + lanes[k]]
        j += 1
    for s in range(rows.seen_indptr[i], rows.seen_indptr[i + 1]):
        value, other = rows.seen_values[s], np.uint64(rows.seen_rows[s])
        for k in range(n_lanes):
            scores[lanes[k]] += value * dual[other, lanes[k]]


@kernel(fastmath={"contract"})
def add_row_at(rows, weights, i, lanes, n_lanes, steps):
    """Add ``steps`` times the row to ``weights`` as `add_row`, for the classes ``lanes[:n_lanes]``."""
    indices, values = rows.indices, rows.values
    n_classes = np.uint64(steps.size)
    for j in range(rows.indptr[i], rows.indptr[i + 1]):
        w = np.uint64(indices[j]) * n_classes
        for k in range(n_lanes):
            weights[w + lanes[k]] += values[j] * steps[lanes[k]]


@kernel
def start_weights(rows, intercept_scaling, solution):
    """Compute zeroed weights and intercepts from the dual variables."""
    weights, intercept, dual, _ = solution
    for i in range(dual.shape[0]):
        add_row(rows, weights, i, dual[i])
        for c in range(dual.shape[1]):
            intercept[c] += dual[i, c] * intercept_scaling


@kernel
def shuffle(order, state):
    """Shuffle ``order`` in place (Fisher-Yates) and return the next state of the generator (splitmix64)."""
    for i in range(order.size - 1, 0, -1):
        state += INCREMENT
        other = np.int64(mixed(state) % np.uint64(i + 1))
        order[i], order[other] = order[other], order[i]
    return state


@kernel
def write_weights(indptr, indices, values, rows, solution, first, out):
    """Write the weights of this block of classes into ``out[:, first:first + n_block]``.

    ``indptr``, ``indices`` and ``values`` are the original matrix; ``out`` (n_features, n_classes) is zero at first.
    """
    rank, n_weighted = rows.rank, rows.n_weighted
    weights, dual = solution.weights, solution.dual
    n_block = dual.shape[1]
    for feature in range(rank.size):
        if rank[feature] < n_weighted:
            for c in range(n_block):
                out[feature, first + c] = weights[rank[feature] * n_block + c]
    for i in range(dual.shape[0]):
        for j in range(indptr[i], indptr[i + 1]):
            if rank[indices[j]] >= n_weighted:
                for c in range(n_block):
                    out[indices[j], first + c] += values[j] * dual[i, c]
