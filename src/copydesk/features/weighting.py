"""Compiled kernels: counts to TF-IDF values, in one pass."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

Array = NDArray[Any]

NORMS = {None: 0, "l1": 1, "l2": 2}


@njit(cache=True, nogil=True, inline="always")
def weigh(count: Any, binary: bool, sublinear: bool, k1: Any, length: Any) -> Any:
    """Return a term's weight in a document from its count, before idf and norm."""
    if binary:
        count = 1.0
    if k1 > 0.0:
        return count * (k1 + 1.0) / (count + k1 * length)
    if sublinear:
        return np.log(count) + 1.0
    return count * 1.0


@njit(cache=True, nogil=True)
def tfidf_rows(
    found: Array,
    indptr: Array,
    column_of: Array,
    idf: Array,
    binary: bool,
    sublinear: bool,
    k1: float,
    b: float,
    mean_length: float,
    norm: int,
    scale: float,
    indices: Array,
    data: Array,
    out_indptr: Array,
) -> int:
    """Fill a CSR matrix with the TF-IDF values of documents; return its number of values.

    Parameters
    ----------
    found : int32 (nnz, 2)
        Terms and counts, row by row as ``indptr`` says.
    column_of : int32 (n_terms,)
        Column of a term, -1 for one that is left out.
    idf : float64 (n_columns,)
    k1, b, mean_length : float
        BM25's saturation and length correction (Robertson and Zaragoza 2009); ``k1`` 0 for none.
    norm : int
        0, 1 (sum of absolute values) or 2 (Euclidean).
    scale : float
        Factor of every value, after the norm.
    indices, data, out_indptr
        Written; ``data`` is float32 or float64.
    """  # fmt: skip
    n = 0
    for row in range(indptr.shape[0] - 1):
        first = n
        length = 0.0
        if k1 > 0.0:
            total = 0
            for at in range(indptr[row], indptr[row + 1]):
                total += found[at, 1]
            length = 1.0 - b + b * total / mean_length
        size = 0.0
        for at in range(indptr[row], indptr[row + 1]):
            column = column_of[found[at, 0]]
            if column < 0:
                continue
            value = weigh(found[at, 1], binary, sublinear, k1, length) * idf[column]
            indices[n] = column
            data[n] = value
            size += abs(value) if norm == 1 else value * value
            n += 1
        if norm and size > 0.0:
            factor = scale / (size if norm == 1 else np.sqrt(size))
            for at in range(first, n):
                data[at] *= factor
        elif scale != 1.0:
            for at in range(first, n):
                data[at] *= scale
        out_indptr[row + 1] = n
    return n


@njit(cache=True, nogil=True)
def add_scores(
    found: Array,
    indptr: Array,
    idf: Array,
    binary: bool,
    sublinear: bool,
    k1: float,
    b: float,
    mean_length: float,
    norm: int,
    scale: float,
    weights: Array,
    scores: Array,
) -> None:
    """Add to ``scores`` (n_documents, n_classes) what TF-IDF values times ``weights`` (n_columns, n_classes) give.

    Terms are columns here: the vocabulary is already the pruned one.
    """  # fmt: skip
    n_classes = weights.shape[1]
    sums = np.empty(n_classes, dtype=np.float64)
    for row in range(indptr.shape[0] - 1):
        length = 0.0
        if k1 > 0.0:
            total = 0
            for at in range(indptr[row], indptr[row + 1]):
                total += found[at, 1]
            length = 1.0 - b + b * total / mean_length
        sums[:] = 0.0
        size = 0.0
        for at in range(indptr[row], indptr[row + 1]):
            term = found[at, 0]
            value = weigh(found[at, 1], binary, sublinear, k1, length) * idf[term]
            size += abs(value) if norm == 1 else value * value
            for k in range(n_classes):
                sums[k] += value * weights[term, k]
        factor = scale
        if norm and size > 0.0:
            factor = scale / (size if norm == 1 else np.sqrt(size))
        for k in range(n_classes):
            scores[row, k] += factor * sums[k]
