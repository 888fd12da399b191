"""Compiled kernels that turn counts into TF-IDF values in one pass."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from copydesk.compiled.arrays import Array
from copydesk.compiled.kernel import kernel

LOGARITHMS = 64
NORMS = {None: 0, "l1": 1, "l2": 2}
_ONE = np.uint64(1)


class Weighting(NamedTuple):
    """Weighting scheme of one family.

    Attributes
    ----------
    idf : float64 (n_columns,)
    binary, sublinear : bool
        Count presence only; replace a count by 1 plus its logarithm.
    k1, b, mean_length : float
        BM25's saturation and length correction (Robertson and Zaragoza 2009); ``k1`` 0 for none.
    norm : int
        0 for none, 1 (sum of absolute values) or 2 (Euclidean).
    scale : float
        Factor of every value, after the norm.
    """

    idf: Array
    binary: bool
    sublinear: bool
    k1: float
    b: float
    mean_length: float
    norm: int
    scale: float


@kernel(no_cpython_wrapper=True)
def logarithms() -> Array:
    """Return a table of the logarithms of small counts; computing each anew would take a fifth of the time."""
    logs = np.zeros(LOGARITHMS, dtype=np.float64)
    for count in range(1, LOGARITHMS):
        logs[count] = np.log(count)
    return logs


@kernel(no_cpython_wrapper=True)
def weigh_count(weighting: Weighting, count: Any, length: Any, logs: Array) -> Any:
    """Return a term's weight in a document before idf and norm.

    Parameters
    ----------
    length : float
        Result of ``length_factor``.
    logs : float64
        Result of ``logarithms``.
    """
    if weighting.binary:
        count = 1
    if weighting.k1 > 0.0:
        return count * (weighting.k1 + 1.0) / (count + weighting.k1 * length)
    if weighting.sublinear:
        return (logs[np.uint64(count)] if count < LOGARITHMS else np.log(count)) + 1.0
    return count * 1.0


@kernel(no_cpython_wrapper=True)
def length_factor(weighting: Weighting, found: Array, first: Any, last: Any) -> float:
    """Return BM25's length correction of the document with counts ``first`` to ``last``; 0 without BM25."""
    if weighting.k1 <= 0.0:
        return 0.0
    total = 0
    for at in range(first, last):
        total += found[at, 1]
    return 1.0 - weighting.b + weighting.b * total / weighting.mean_length


@kernel(no_cpython_wrapper=True)
def norm_factor(weighting: Weighting, size: float) -> float:
    """Return the factor of a document's values, from their sum of squares or, for the L1 norm, absolute values."""
    if weighting.norm and size > 0.0:
        return weighting.scale / (size if weighting.norm == 1 else np.sqrt(size))
    return weighting.scale


@kernel
def kept_per_row(found: Array, starts: Array, column_of: Array, kept: Array) -> None:
    """Write the number of each document's n-grams that have a column."""
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
    weighting: Weighting,
    first_column: int,
    begin: Array,
    indices: Array,
    data: Array,
) -> None:
    """Write the TF-IDF values of documents into the rows of a CSR matrix.

    Parameters
    ----------
    found : int32 (nnz, 2)
        N-grams and counts; row i holds ``starts[i]`` to ``starts[i + 1]``.
    column_of : int32 (n,)
        Column of each n-gram within its family, -1 for one that is left out; empty if columns equal the n-grams' ids.
    first_column : int
        The family's first column in the matrix.
    begin : int64 (n_documents,)
        Where the family's part of each row begins.
    indices, data
        Written; ``data`` is float32 or float64.
    """
    logs = logarithms()
    same = column_of.shape[0] == 0
    for row in range(starts.shape[0] - 1):
        first, last = np.uint64(starts[row]), np.uint64(starts[row + 1])
        length = length_factor(weighting, found, first, last)
        n = np.uint64(begin[row])
        size = 0.0
        for at in range(first, last):
            column = found[at, 0] if same else column_of[np.uint64(found[at, 0])]
            if column < 0:
                continue
            value = weigh_count(weighting, found[at, 1], length, logs) * weighting.idf[np.uint64(column)]
            indices[n] = column + first_column
            data[n] = value
            size += abs(value) if weighting.norm == 1 else value * value
            n += _ONE
        factor = norm_factor(weighting, size)
        if factor != 1.0:
            for at in range(np.uint64(begin[row]), n):
                data[at] *= factor
