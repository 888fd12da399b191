"""Compiled kernels: counts to TF-IDF values, in one pass."""

from __future__ import annotations

from typing import Any

import numpy as np

from copydesk.compiled.arrays import Array
from copydesk.compiled.kernel import kernel

LOGARITHMS = 64
NORMS = {None: 0, "l1": 1, "l2": 2}
_ONE = np.uint64(1)


@kernel
def logarithms() -> Array:
    """Return the logarithms of small counts; taking them anew would be a fifth of all work."""
    logs = np.zeros(LOGARITHMS, dtype=np.float64)
    for count in range(1, LOGARITHMS):
        logs[count] = np.log(count)
    return logs


@kernel
def weigh(count: Any, binary: bool, sublinear: bool, k1: Any, length: Any, logs: Array) -> Any:
    """Return a term's weight in a document from its count, before idf and norm; ``logs`` are ``logarithms()``."""
    if binary:
        count = 1
    if k1 > 0.0:
        return count * (k1 + 1.0) / (count + k1 * length)
    if sublinear:
        return (logs[np.uint64(count)] if count < LOGARITHMS else np.log(count)) + 1.0
    return count * 1.0


@kernel
def document_length(found: Array, first: Any, last: Any, k1: float, b: float, mean_length: float) -> float:
    """Return the factor by which BM25 corrects a document's length; 0 without BM25."""
    if k1 <= 0.0:
        return 0.0
    total = 0
    for at in range(first, last):
        total += found[at, 1]
    return 1.0 - b + b * total / mean_length


@kernel
def kept_per_row(found: Array, starts: Array, column_of: Array, kept: Array) -> None:
    """Write how many n-grams of each document have a column."""
    for row in range(starts.shape[0] - 1):
        n = 0
        for at in range(np.uint64(starts[row]), np.uint64(starts[row + 1])):
            n += column_of[np.uint64(found[at, 0])] >= 0
        kept[row] = n


@kernel
def tfidf_rows(
    found: Array,
    starts: Array,
    column_of: Array,
    idf: Array,
    binary: bool,
    sublinear: bool,
    k1: float,
    b: float,
    mean_length: float,
    norm: int,
    scale: float,
    first_column: int,
    begin: Array,
    indices: Array,
    data: Array,
) -> None:
    """Write the TF-IDF values of documents into the rows of a CSR matrix.

    Parameters
    ----------
    found : int32 (nnz, 2)
        N-grams and counts, row by row as ``starts`` says.
    column_of : int32 (n,)
        Column of an n-gram in this family, -1 for one that is left out; empty where it is the n-gram's number.
    idf : float64 (n_columns,)
    k1, b, mean_length : float
        BM25's saturation and length correction (Robertson and Zaragoza 2009); ``k1`` 0 for none.
    norm : int
        0, 1 (sum of absolute values) or 2 (Euclidean).
    scale : float
        Factor of every value, after the norm.
    first_column : int
        Of the family in the matrix.
    begin : int64 (n_documents,)
        Where the family's part of each row begins.
    indices, data
        Written; ``data`` is float32 or float64.
    """  # fmt: skip
    logs = logarithms()
    same = column_of.shape[0] == 0
    for row in range(starts.shape[0] - 1):
        first, last = np.uint64(starts[row]), np.uint64(starts[row + 1])
        length = document_length(found, first, last, k1, b, mean_length)
        n = np.uint64(begin[row])
        size = 0.0
        for at in range(first, last):
            column = found[at, 0] if same else column_of[np.uint64(found[at, 0])]
            if column < 0:
                continue
            value = weigh(found[at, 1], binary, sublinear, k1, length, logs) * idf[np.uint64(column)]
            indices[n] = column + first_column
            data[n] = value
            size += abs(value) if norm == 1 else value * value
            n += _ONE
        factor = scale
        if norm and size > 0.0:
            factor = scale / (size if norm == 1 else np.sqrt(size))
        if factor != 1.0:
            for at in range(np.uint64(begin[row]), n):
                data[at] *= factor
