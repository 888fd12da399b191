"""A family of n-grams without a vocabulary: the hash says the column (Weinberger et al., ICML 2009, without signs)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

from copydesk.features import table, terms
from copydesk.features.vocabulary import NO_TABLE, inverse_document_frequency

Array = NDArray[Any]


class HashedFamily(BaseEstimator):
    """What hashing learns: document frequencies, and nothing else.

    Attributes
    ----------
    document_frequency_ : ndarray of int32, shape (n_features,)
    idf_ : ndarray of float64, shape (n_features,)
    n_documents_, n_ngrams_ : int
    mean_length_ : float
        Mean number of n-grams in a training document.
    """

    document_frequency_: Array
    idf_: Array
    n_documents_: int
    n_ngrams_: int
    mean_length_: float

    def learn(self, df: Array, n_documents: int, n_ngrams: int, options: dict[str, Any]) -> HashedFamily:
        """Set everything from document frequencies, shape (n_features,), and the number of n-grams counted."""
        self.document_frequency_ = np.ascontiguousarray(df, dtype=np.int32)
        self.n_documents_, self.n_ngrams_ = n_documents, n_ngrams
        self.mean_length_ = max(n_ngrams / max(n_documents, 1), 1e-9)
        self.idf_ = inverse_document_frequency(self.document_frequency_, n_documents, options)
        return self

    def add(self, other: HashedFamily, options: dict[str, Any]) -> HashedFamily:
        """Return what was learnt from the documents of both."""
        return HashedFamily().learn(
            self.document_frequency_ + other.document_frequency_,
            self.n_documents_ + other.n_documents_,
            self.n_ngrams_ + other.n_ngrams_,
            options,
        )

    @property
    def n_terms(self) -> int:
        """Number of columns."""
        return len(self.idf_)

    def strings(self, which: Iterable[int] | None = None) -> list[str]:
        """Return names of columns; which n-grams share one is not known."""
        return [f"#{column}" for column in (range(self.n_terms) if which is None else which)]

    def columns_of(self, strings: Sequence[str], bases: Array) -> Array:
        """Return the column of each term, int64."""
        keys, _ = terms.hash_terms(*terms.encode_terms(strings), bases)
        numbers = np.zeros(len(keys), dtype=np.uint64)
        table.hash_columns(keys, numbers, len(keys), self.n_terms)
        return numbers.astype(np.int64) - 1

    def lookup(self, bases: Array) -> Array:
        """Return the empty table that stands for hashing."""
        return NO_TABLE
