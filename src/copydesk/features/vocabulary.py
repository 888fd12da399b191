"""Fitted state of a family of n-grams: its vocabulary or, with hashing, document frequencies; and idf."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from copydesk.compiled.arrays import Array
from copydesk.compiled.scratch import Scratch
from copydesk.features.kernels.grams import hash_ngrams
from copydesk.features.ngrams import terms
from copydesk.features.ngrams.character_counters import CharacterCounter, SpelledCounter
from copydesk.features.ngrams.counter import Counter
from copydesk.features.ngrams.cut import Cut
from copydesk.features.ngrams.strings import Strings
from copydesk.features.ngrams.word_counters import HashedWordCounter, PythonCounter, WordCounter, find_whole
from copydesk.features.ngrams.word_ngrams import WordNgrams
from copydesk.interface.late_bases import Estimator


def inverse_document_frequency(df: Array, n_documents: int, options: dict[str, Any]) -> Array:
    """Return idf as scikit-learn's ``TfidfTransformer`` defines it, float64 of the shape of ``df``."""
    if not options["use_idf"]:
        return np.ones(len(df))
    smooth = int(options["smooth_idf"])
    frequencies = np.arange(int(df.max(initial=0)) + 1, dtype=np.float64)  # few, where terms are many
    with np.errstate(divide="ignore"):
        idf: Array = (np.log((n_documents + smooth) / (frequencies + smooth)) + 1.0)[df]
    return idf


def new_counter(cut: Cut, numbers: Any = None, n_columns: int | None = None) -> Counter:
    """Return a counter for a cut; a fixed vocabulary is given by ``numbers`` and ``n_columns``."""
    kind: type[Counter] = {"word": WordCounter, "char": CharacterCounter, "char_wb": SpelledCounter}[cut.analyzer]
    if cut.find is not None:
        kind = PythonCounter
    if cut.n_features:
        return (HashedWordCounter if cut.by_words else kind)(cut, None, cut.n_features)
    if numbers is None:
        numbers = Strings(cut.multiplier)
        if cut.by_words:
            numbers = WordNgrams(cut.multiplier, terms.encode_terms(cut.stop_words))
    return kind(cut, numbers, n_columns)


def numbers_of(cut: Cut, written: Array, offsets: Array) -> WordNgrams | Strings:
    """Return a vocabulary of terms with ids in their order."""
    if cut.by_words:
        return WordNgrams.of(written, offsets, cut.multiplier, terms.encode_terms(cut.stop_words))
    return Strings.of(written, offsets, cut.multiplier)


def columns_of(cut: Cut, numbers: Any, strings: list[str]) -> Array:
    """Return the column of each term, int64 (n,), -1 for unknown ones."""
    written, offsets = terms.encode_terms(strings)
    if not cut.by_words:
        whole: Array = find_whole(cut, numbers, written, offsets).astype(np.int64)
        return whole
    keys, spans, starts = terms.split_terms(written, offsets, cut.multiplier)
    lengths = np.diff(starts)
    longest = int(lengths.max(initial=1))
    found = np.empty((longest, len(keys)), dtype=np.int32)
    if cut.n_features:
        hash_ngrams(keys, starts, 1, longest, cut.n_features, cut.multiplier, found)
    else:
        words, found[0] = numbers.find_words(written, spans, keys, frozen=True)
        for length in range(2, longest + 1):
            numbers.longer(found[length - 2], words, starts, length, True, Scratch(), found[length - 1])
    columns = np.full(len(strings), -1, dtype=np.int64)
    some = np.flatnonzero(lengths)
    columns[some] = found[lengths[some] - 1, starts[some + 1] - 1]
    return columns


class Family(Estimator):
    """Base class of families with and without a vocabulary.

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
        """Fit idf and mean length to document frequencies, shape (n_terms,), and the number of n-grams counted."""
        self.n_documents_ = n_documents
        self.mean_length_ = max(n_ngrams / max(n_documents, 1), 1e-9)
        self.idf_ = inverse_document_frequency(df, n_documents, options)
        return self

    @property
    def n_terms(self) -> int:
        """Number of columns."""
        return len(self.idf_)

    def numbers(self, cut: Cut) -> Any:
        """Return the vocabulary to look n-grams up in; None with hashing."""
        return None

    def columns_of(self, strings: Sequence[str], cut: Cut) -> Array:
        """Return the column of each term, int64 (n,), -1 for unknown ones."""
        columns = columns_of(cut, self.numbers(cut), list(strings))
        return np.where(columns < self.n_terms, columns, -1)

    @contextmanager
    def counter(self, cut: Cut) -> Iterator[Counter]:
        """Lend a counter; it is kept for the next caller, together with its cache of words."""
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
    """Fitted vocabulary of one family.

    Attributes
    ----------
    terms_ : ndarray of uint8
        All terms in UTF-8, one after the other, in the order of columns.
    offsets_ : ndarray of int64, shape (n_terms + 1,)
    """

    terms_: Array
    offsets_: Array

    def write_later(self, write: Callable[[], tuple[Array, Array]]) -> None:
        """Set a function that returns terms and offsets, called at their first use; those of a fold are never used."""
        self._write = write

    def __getattr__(self, name: str) -> Any:
        if name in ("terms_", "offsets_"):
            write = self.__dict__.get("_write")
            if write is not None:
                self.terms_, self.offsets_ = write()
                self.__dict__.pop("_write", None)
            if name in self.__dict__:  # set above, or by another thread
                return self.__dict__[name]
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __getstate__(self) -> dict[str, Any]:
        getattr(self, "terms_", None)
        return super().__getstate__()

    def strings(self, which: Iterable[int] | None = None) -> list[str]:
        """Return terms as strings."""
        return terms.decode_terms(self.terms_, self.offsets_, which)

    def taken(self, columns: Array) -> FittedFamily:
        """Return a family of the terms of the given columns, in that order."""
        family = FittedFamily()
        family.terms_, family.offsets_ = terms.gather_terms(self.terms_, self.offsets_, columns)
        family.idf_ = self.idf_[columns]
        family.n_documents_, family.mean_length_ = self.n_documents_, self.mean_length_
        return family

    def numbers(self, cut: Cut) -> Any:
        """Return the vocabulary to look n-grams up in, built at the first call."""
        if not hasattr(self, "_numbers"):
            # Numba would compile again for read-only arrays, such as those of a bundle.
            written, offsets = (np.require(each, requirements=("C", "W")) for each in (self.terms_, self.offsets_))
            self._numbers = numbers_of(cut, written, offsets)
        return self._numbers


class HashedFamily(Family):
    """Document frequencies of hashed n-grams.

    Attributes
    ----------
    document_frequency_ : ndarray of int32, shape (n_features,)
    n_ngrams_ : int
    """

    document_frequency_: Array
    n_ngrams_: int

    def learn(self, df: Array, n_documents: int, n_ngrams: int, options: dict[str, Any]) -> Any:
        """Fit, and keep the counts that ``partial_fit`` adds to."""
        self.document_frequency_ = np.ascontiguousarray(df, dtype=np.int32)
        self.n_ngrams_ = n_ngrams
        return super().learn(df, n_documents, n_ngrams, options)

    def add(self, other: HashedFamily, options: dict[str, Any]) -> HashedFamily:
        """Return the family fitted on the documents of both."""
        added: HashedFamily = HashedFamily().learn(
            self.document_frequency_ + other.document_frequency_,
            self.n_documents_ + other.n_documents_,
            self.n_ngrams_ + other.n_ngrams_,
            options,
        )
        return added

    def folded(self, steps: int, options: dict[str, Any]) -> HashedFamily:
        """Return the family as fitted with fewer columns, by a factor of ``steps``, a power of two.

        Columns are the leading bits of a hash, so that neighbours merge. A document that has several of them is counted
        several times.
        """
        df = self.document_frequency_.reshape(-1, steps).sum(axis=1)
        folded: HashedFamily = HashedFamily().learn(
            np.minimum(df, self.n_documents_), self.n_documents_, self.n_ngrams_, options
        )
        return folded

    def strings(self, which: Iterable[int] | None = None) -> list[str]:
        """Return names of columns; their n-grams are not known."""
        return [f"#{column}" for column in (range(self.n_terms) if which is None else which)]
