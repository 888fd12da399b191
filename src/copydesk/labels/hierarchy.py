"""Hierarchies of labels by a separator: ``sport/football`` is a child of ``sport``, which holds wherever it does."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from copydesk.labels.indicator import as_indicator

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix


def with_ancestors(labels: Iterable[str], separator: str | None) -> tuple[str, ...]:
    """Return labels and all their ancestors, sorted, each once; without a separator the labels alone."""
    found = set(labels)
    if separator:
        for label in list(found):
            steps = label.split(separator)
            found |= {separator.join(steps[:depth]) for depth in range(1, len(steps))}
    return tuple(sorted(found))


def parents_of(classes: Sequence[str] | NDArray[Any], separator: str | None) -> NDArray[np.int64]:
    """Return the column of each label's nearest ancestor among the labels, -1 where it has none; shape (n_labels,)."""
    column = {label: at for at, label in enumerate(classes)}
    parents = np.full(len(column), -1, dtype=np.int64)
    for label, at in column.items():
        steps = str(label).split(separator) if separator else []
        above = (separator.join(steps[:depth]) for depth in range(len(steps) - 1, 0, -1)) if separator else ()
        parents[at] = next((column[name] for name in above if name in column), -1)
    return parents


def close_decisions(indicator: Any, parents: NDArray[np.int64]) -> csr_matrix:
    """Return decisions in which every ancestor of a label holds too; CSR of uint8, shape (n_documents, n_labels)."""
    from scipy.sparse import csr_matrix, identity

    found = as_indicator(indicator)
    children = np.flatnonzero(parents >= 0)
    if not len(children):
        return found
    steps = csr_matrix((np.ones(len(children), np.int64), (children, parents[children])), shape=(len(parents),) * 2)
    upward = reach = identity(len(parents), dtype=np.int64, format="csr")
    while steps.nnz and reach.nnz:
        reach = reach @ steps
        upward = upward + reach
    return as_indicator((found.astype(np.int64) @ upward > 0).astype(np.uint8))


def close_probabilities(probabilities: NDArray[Any], parents: NDArray[np.int64]) -> NDArray[Any]:
    """Return probabilities raised to at least those of their children; shape (n_documents, n_labels)."""
    found = np.array(probabilities)
    for child in np.argsort(-depths(parents), kind="stable"):  # the deepest first
        if parents[child] >= 0:
            np.maximum(found[:, parents[child]], found[:, child], out=found[:, parents[child]])
    return found


def depths(parents: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the number of ancestors of each label, shape (n_labels,)."""
    depth = np.zeros(len(parents), dtype=np.int64)
    at = parents.copy()
    while (at >= 0).any():
        depth += at >= 0
        at = np.where(at >= 0, parents[at], -1)
    return depth
