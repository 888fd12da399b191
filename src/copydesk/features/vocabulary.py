"""What is fitted of a family of n-grams: its vocabulary, or with hashing nothing but frequencies, and idf."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from copydesk.compiled.arrays import Array
from copydesk.features.ngrams import terms
from copydesk.features.ngrams.counter import Counter
from copydesk.features.ngrams.cut import Cut
from copydesk.features.ngrams.word_counters import columns_of, new_counter, numbers_of


def inverse_document_frequency(df: Array, n_documents: int, options: dict[str, Any]) -> Array:
    """Return idf as scikit-learn's ``TfidfTransformer`` defines it, float64 of the shape of ``df``."""
    if not options["use_idf"]:
        return np.ones(len(df))
    smooth = int(options["smooth_idf"])
    frequencies = np.arange(int(df.max(initial=0)) + 1, dtype=np.float64)  # few, where terms are many
    with np.errstate(divide="ignore"):
        idf: Array = (np.log((n_documents + smooth) / (frequencies + smooth)) + 1.0)[df]
    return idf


class Family(BaseEstimator):
    """What families with and without a vocabulary share.

    Attributes
    ----------
    idf_ : ndarray of float64, shape (n_terms,)
    n_documents_ : int
    mean_length_ : float
        Mean number of n-grams in a training document.
    """

    idf_: Array
    n_documents_: int
    mean_length_: float

    def learn(self, df: Array, n_documents: int, n_ngrams: int, options: dict[str, Any]) -> Any:
        """Set what follows from document frequencies, shape (n_terms,), and the number of n-grams counted."""
        self.n_documents_ = n_documents
        self.mean_length_ = max(n_ngrams / max(n_documents, 1), 1e-9)
        self.idf_ = inverse_document_frequency(df, n_documents, options)
        return self

    @property
    def n_terms(self) -> int:
        """Number of columns."""
        return len(self.idf_)

    def numbers(self, cut: Cut) -> Any:
        """Return what finds the column of an n-gram; None with hashing."""
        return None

    def columns_of(self, strings: Sequence[str], cut: Cut) -> Array:
        """Return the column of each term, int64, -1 for one that is not known."""
        columns = columns_of(cut, self.numbers(cut), list(strings))
        return np.where(columns < self.n_terms, columns, -1)

    @contextmanager
    def counter(self, cut: Cut) -> Iterator[Counter]:
        """Lend a counter; it is kept for the next who asks, with what it remembers of words."""
        spare: list[Counter] = self.__dict__.setdefault("_spare", [])
        try:
            counter = spare.pop()
        except IndexError:
            counter = new_counter(cut, self.numbers(cut), self.n_terms)
        yield counter
        spare.append(counter)

    def __getstate__(self) -> dict[str, Any]:
        state: dict[str, Any] = super().__getstate__()
        return {key: value for key, value in state.items() if key not in ("_numbers", "_spare")}


class FittedFamily(Family):
    """The fitted vocabulary of one family, columns in order.

    Attributes
    ----------
    terms_ : ndarray of uint8
        All terms in UTF-8, one after the other.
    offsets_ : ndarray of int64, shape (n_terms + 1,)
    """

    terms_: Array
    offsets_: Array

    def write_later(self, write: Callable[[], tuple[Array, Array]]) -> None:
        """Take what returns terms and offsets; called when they are first asked for, as those of a fold never are."""
        self._write = write

    def __getattr__(self, name: str) -> Any:
        if name in ("terms_", "offsets_"):
            write = self.__dict__.get("_write")
            if write is not None:
                self.terms_, self.offsets_ = write()
                self.__dict__.pop("_write", None)
            if name in self.__dict__:  # by now; or another thread has been faster
                return self.__dict__[name]
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __getstate__(self) -> dict[str, Any]:
        getattr(self, "terms_", None)
        return super().__getstate__()

    def strings(self, which: Iterable[int] | None = None) -> list[str]:
        """Return terms as strings."""
        return terms.decode_terms(self.terms_, self.offsets_, which)

    def taken(self, columns: Array) -> FittedFamily:
        """Return a family of some of the terms, in the order given."""
        family = FittedFamily()
        family.terms_, family.offsets_ = terms.gather_terms(self.terms_, self.offsets_, columns)
        family.idf_ = self.idf_[columns]
        family.n_documents_, family.mean_length_ = self.n_documents_, self.mean_length_
        return family

    def numbers(self, cut: Cut) -> Any:
        """Return what finds the column of an n-gram; made when it is first needed."""
        if not hasattr(self, "_numbers"):
            # Numba compiles anew for arrays that can't be written, as those of a bundle may be.
            written, offsets = (np.require(each, requirements=("C", "W")) for each in (self.terms_, self.offsets_))
            self._numbers = numbers_of(cut, written, offsets)
        return self._numbers


class HashedFamily(Family):
    """What hashing learns: document frequencies, and nothing else.

    Attributes
    ----------
    document_frequency_ : ndarray of int32, shape (n_features,)
    n_ngrams_ : int
    """

    document_frequency_: Array
    n_ngrams_: int

    def learn(self, df: Array, n_documents: int, n_ngrams: int, options: dict[str, Any]) -> Any:
        """Keep also what a stream goes on from."""
        self.document_frequency_ = np.ascontiguousarray(df, dtype=np.int32)
        self.n_ngrams_ = n_ngrams
        return super().learn(df, n_documents, n_ngrams, options)

    def add(self, other: HashedFamily, options: dict[str, Any]) -> HashedFamily:
        """Return what was learnt from the documents of both."""
        added: HashedFamily = HashedFamily().learn(
            self.document_frequency_ + other.document_frequency_,
            self.n_documents_ + other.n_documents_,
            self.n_ngrams_ + other.n_ngrams_,
            options,
        )
        return added

    def folded(self, steps: int, options: dict[str, Any]) -> HashedFamily:
        """Return what would have been learnt with a ``steps``-th of the columns, a power of two.

        Columns are the first bits of a hash: neighbours fall together. A document that has several of them counts
        once too often.
        """
        df = self.document_frequency_.reshape(-1, steps).sum(axis=1)
        folded: HashedFamily = HashedFamily().learn(
            np.minimum(df, self.n_documents_), self.n_documents_, self.n_ngrams_, options
        )
        return folded

    def strings(self, which: Iterable[int] | None = None) -> list[str]:
        """Return names of columns; which n-grams share one is not known."""
        return [f"#{column}" for column in (range(self.n_terms) if which is None else which)]
