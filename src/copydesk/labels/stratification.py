"""Iterative stratification: parts in which every label keeps its share, though documents have several.

Sechidis, Tsoumakas & Vlahavas, "On the Stratification of Multi-label Data", ECML PKDD 2011, algorithm 1, of groups of
documents as well as of single ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from copydesk.labels.indicator import as_indicator


def stratify(
    indicator: Any, shares: Sequence[float], rng: np.random.Generator, units: NDArray[np.int64] | None = None
) -> NDArray[np.int64]:
    """Return the part of each document, shape (n_documents,).

    Label by label, the rarest of those left first, each document goes to the part that lacks most of the label. Ties
    go to the part that lacks most documents, then to a random one. Documents without labels come last. No part is
    empty if there are enough groups.

    Parameters
    ----------
    indicator : matrix of shape (n_documents, n_labels)
    shares : sequence of float
        Share of each part; they sum to 1.
    rng : Generator
    units : ndarray of int64, shape (n_documents,), optional
        Number of each document's group, from 0; a group is in one part. By default each document is its own.
    """
    from scipy.sparse import csr_matrix

    Y = as_indicator(indicator).astype(np.int64)
    unit_of = np.arange(Y.shape[0]) if units is None else np.asarray(units)
    n_units = int(unit_of.max(initial=-1)) + 1
    members = csr_matrix((np.ones(len(unit_of), np.int64), (unit_of, np.arange(len(unit_of)))), (n_units, len(unit_of)))
    dealer = _Dealer(members @ Y, np.asarray(members.sum(axis=1)).ravel(), np.asarray(shares, dtype=np.float64), rng)
    return dealer.deal()[unit_of]


class _Dealer:
    """Deals units, which have counts of labels and sizes, to parts."""

    def __init__(
        self, counts: Any, sizes: NDArray[np.int64], shares: NDArray[np.float64], rng: np.random.Generator
    ) -> None:
        self.counts, self.sizes, self.rng = counts.tocsr(), sizes, rng
        self.left = np.asarray((self.counts > 0).sum(axis=0)).ravel()  # units of each label that have no part yet
        self.lacks_label = shares[:, None] * np.asarray(self.counts.sum(axis=0)).reshape(1, -1)
        self.lacks_rows = shares * sizes.sum()
        self.part = np.full(len(sizes), -1, dtype=np.int64)

    def deal(self) -> NDArray[np.int64]:
        columns = self.counts.tocsc()
        while (self.left > 0).any():
            label = int(np.where(self.left > 0, self.left, np.iinfo(np.int64).max).argmin())
            span = slice(columns.indptr[label], columns.indptr[label + 1])
            units, counts = columns.indices[span], columns.data[span]
            free = self.part[units] < 0
            order = self._large_first(units[free], counts[free])
            for unit in order.tolist():
                self._give(unit, self.lacks_label[:, label])
        for unit in self._large_first(np.flatnonzero(self.part < 0), self.sizes[self.part < 0]).tolist():
            self._give(unit, self.lacks_rows)
        self._fill_empty()
        return self.part

    def _fill_empty(self) -> None:
        """Move the smallest unit of the part with the most units to each part that got none."""
        for empty in range(len(self.lacks_rows)):
            units = np.bincount(self.part, minlength=len(self.lacks_rows))
            if units[empty] or units.max(initial=0) < 2:
                continue
            own = np.flatnonzero(self.part == units.argmax())
            self.part[own[self.sizes[own].argmin()]] = empty

    def _large_first(self, units: NDArray[Any], counts: NDArray[Any]) -> NDArray[Any]:
        order = self.rng.permutation(len(units))
        return np.asarray(units[order[np.argsort(-counts[order], kind="stable")]])

    def _give(self, unit: int, lacks: NDArray[np.float64]) -> None:
        best = np.flatnonzero(lacks == lacks.max())
        if len(best) > 1:
            best = best[self.lacks_rows[best] == self.lacks_rows[best].max()]
        part = int(best[0] if len(best) == 1 else self.rng.choice(best))
        span = slice(self.counts.indptr[unit], self.counts.indptr[unit + 1])
        labels = self.counts.indices[span]
        self.part[unit] = part
        self.lacks_rows[part] -= self.sizes[unit]
        self.lacks_label[part, labels] -= self.counts.data[span]
        self.left[labels] -= 1
