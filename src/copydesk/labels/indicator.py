"""Sets of labels as an indicator matrix: CSR of uint8, a row for each document and a column for each label."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix


def indicator_of(
    rows: Iterable[Iterable[str]], classes: Sequence[str] | NDArray[Any] | None = None
) -> tuple[csr_matrix, NDArray[Any]]:
    """Return the indicator matrix of sets of labels, and the labels of its columns.

    Parameters
    ----------
    rows : iterable of iterable of str
        The labels of each document; none is a row of zeros.
    classes : sequence or ndarray of str, optional
        Labels of the columns; labels of a row that are not among them are left out. By default all labels, sorted, as
        in scikit-learn's ``MultiLabelBinarizer``.

    Returns
    -------
    indicator : csr_matrix of uint8, shape (n_documents, n_labels)
        Indices are int32 and ascend in each row.
    classes : ndarray of str, shape (n_labels,)
    """
    from scipy.sparse import csr_matrix

    sets = [set(row) for row in rows]
    names = sorted(set().union(*sets)) if classes is None else list(classes)
    column = {name: at for at, name in enumerate(names)}
    found = [sorted(column[label] for label in row if label in column) for row in sets]
    indptr = np.cumsum([0, *map(len, found)], dtype=np.int32)
    indices = np.fromiter((at for row in found for at in row), np.int32, count=int(indptr[-1]))
    indicator = csr_matrix((np.ones(len(indices), np.uint8), indices, indptr), shape=(len(found), len(names)))
    return indicator, np.asarray(names, dtype=object)


def sets_of(indicator: Any, classes: Sequence[str] | NDArray[Any]) -> list[tuple[str, ...]]:
    """Return the labels of each row of an indicator matrix, sorted as its columns; see ``indicator_of``."""
    indicator = as_indicator(indicator)
    names = list(classes)
    indices = indicator.indices.tolist()
    borders = indicator.indptr.tolist()
    return [
        tuple(names[at] for at in indices[first:last]) for first, last in zip(borders[:-1], borders[1:], strict=True)
    ]


def as_indicator(values: Any) -> csr_matrix:
    """Return a sparse or dense matrix of 0 and 1 as CSR of uint8 with sorted int32 indices and no stored zeros.

    Raises
    ------
    ValueError
        It is not two-dimensional, or holds anything but 0 and 1.
    """
    from scipy.sparse import csr_matrix, issparse

    if not issparse(values):
        values = np.asarray(values)
    if values.ndim != 2:
        raise ValueError(f"an indicator matrix has shape (n_documents, n_labels), not {values.shape}")
    found = csr_matrix(values)
    if not found.has_canonical_format:
        found = found.copy()  # leaves the caller's matrix alone, here and below
        found.sum_duplicates()
    if not ((found.data == 0) | (found.data == 1)).all():
        other = found.data[(found.data != 0) & (found.data != 1)][0]
        raise ValueError(f"an indicator matrix holds 0 and 1, not {other}")
    if not found.data.all():
        found = found.copy()
        found.eliminate_zeros()
    parts = (found.data.astype(np.uint8, copy=False), found.indices.astype(np.int32), found.indptr.astype(np.int32))
    return csr_matrix(parts, shape=found.shape)


def is_indicator(values: Any) -> bool:
    """Return whether targets are an indicator matrix instead of one label for each document, maybe as a column."""
    return getattr(values, "ndim", 1) == 2 and (hasattr(values, "tocsr") or values.shape[1] != 1)
