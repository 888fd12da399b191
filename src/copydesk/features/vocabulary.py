"""A family of n-grams: how text is cut into them, the vocabulary that grows while counting, and the fitted one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

from copydesk.features import ngrams, table, terms
from copydesk.features.table import ORIGIN_COLUMNS, STATE_COLUMNS
from copydesk.features.titles import title_of

Array = NDArray[Any]

# Token patterns that the kernel knows: (shortest token, whether marks are tokens).
PATTERNS = {
    r"(?u)\b\w\w+\b": (2, False),
    r"\b\w\w+\b": (2, False),
    r"(?u)\b\w+\b": (1, False),
    r"\b\w+\b": (1, False),
    r"(?u)\w+": (1, False),
    r"\w+": (1, False),
    r"(?u)\w+|[^\w\s]": (1, True),
    r"\w+|[^\w\s]": (1, True),
}
BETWEEN = 0x110000  # no code point: stands between tokens that a pattern of the user's own has found
_CUSTOM_CLASSES = np.full(BETWEEN + 1, ngrams.WORD, dtype=np.uint8)
_CUSTOM_CLASSES[BETWEEN] = ngrams.SPACE


@dataclass
class Chunk:
    """Preprocessed texts as code points, and what they become for character n-grams, made once."""

    text: Array
    starts: Array
    classes: Array

    @classmethod
    def of(cls, texts: list[str]) -> Chunk:
        """Encode texts."""
        text, starts = terms.code_points(texts)
        return cls(text, starts, terms.classes_for(text))


@dataclass(frozen=True)
class Cut:
    """How a family cuts texts into n-grams.

    Attributes
    ----------
    analyzer : {"word", "char", "char_wb"}
    n_min, n_max : int
    shortest, marks : see ``ngrams.count_words``
    find : callable or None
        Finds the tokens of a text, where the kernel does not know the pattern.
    stops : ndarray of uint64, sorted
    one_line, title : bool
        Read each text's first line alone, or its title alone.
    bases : ndarray of uint64 (2,)
    """

    analyzer: str
    n_min: int
    n_max: int
    shortest: int
    marks: bool
    find: Any
    stops: Array
    one_line: bool
    title: bool
    bases: Array

    def view(self, chunk: Chunk, texts: Sequence[str]) -> Chunk:
        """Return a chunk the way this family reads it."""
        if self.title:
            texts = [title_of(text) for text in texts]
            chunk = Chunk.of(texts)
        if self.analyzer == "word" and self.find is None:
            return chunk
        if self.analyzer == "word":
            shown = [text.split("\n", 1)[0] for text in texts] if self.one_line else texts
            return _tokens(self.find(text) for text in shown)
        text, starts = ngrams.squeeze(
            chunk.text, chunk.starts, chunk.classes, self.analyzer == "char_wb", self.one_line
        )
        return Chunk(text, starts, chunk.classes)

    def count(
        self, chunk: Chunk, table: Array, state: Array, origin: Array, n_terms: int, stamp: int, frozen: bool
    ) -> Any:
        """Count a chunk seen through ``view``; results as ``ngrams.count_words``."""
        vocabulary = (table, state, origin, n_terms, stamp, frozen)
        if self.analyzer == "word":
            shortest = self.shortest if self.find is None else 1
            one_line = self.one_line and self.find is None
            return ngrams.count_words(
                chunk.text, chunk.starts, chunk.classes, shortest, self.marks, self.n_min, self.n_max, self.bases,
                self.stops, *vocabulary, one_line,
            )  # fmt: skip
        return ngrams.count_characters(
            chunk.text, chunk.starts, self.analyzer == "char_wb", self.n_min, self.n_max, self.bases, *vocabulary
        )


def _tokens(found: Iterable[list[str]]) -> Chunk:
    parts, lengths = [], []
    gap = np.array([BETWEEN], dtype=np.uint32)
    for tokens in found:
        pieces = [piece for token in tokens if token for piece in (terms.code_points([token])[0], gap)]
        parts += pieces
        lengths.append(sum(map(len, pieces)))
    text = np.concatenate(parts) if parts else np.zeros(0, dtype=np.uint32)
    return Chunk(text, np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64), _CUSTOM_CLASSES)


class Growing:
    """A vocabulary while documents are counted into it.

    Terms are numbered as they first appear.
    """

    def __init__(self, cut: Cut) -> None:
        self.cut = cut
        self.n_terms = 0
        self.table = np.zeros((1 << 14, 2), dtype=np.uint64)
        self.state = np.empty((1 << 13, STATE_COLUMNS), dtype=np.int32)
        self.origin = np.empty((1 << 13, ORIGIN_COLUMNS), dtype=np.int64)
        self.written = np.empty((1 << 16, 1), dtype=np.uint8)
        self.offsets = np.zeros(1, dtype=np.int64)
        self.blocks: list[tuple[Array, Array]] = []
        self.fixed = False

    def start_with(self, names: list[str]) -> None:
        """Fix the vocabulary to given terms; others are passed over."""
        written, self.offsets = terms.encode_terms(names)
        self.written, self.n_terms, self.fixed = written[:, None], len(names), True
        self.origin = terms.origin_of(*terms.hash_terms(written, self.offsets, self.cut.bases))
        self.state = fresh_state(len(names))
        self.table = table.grow_table(self.origin, len(names), table_size(len(names)))

    def start_hashing(self, n_features: int) -> None:
        """Keep no vocabulary: the hash of an n-gram says its column."""
        self.n_terms, self.fixed = n_features, True
        self.state = fresh_state(n_features)
        self.table = NO_TABLE

    def prune(self, memory: int) -> None:
        """Drop the rarest terms until at most half of ``memory`` bytes is taken, if it is exceeded."""
        taken = (self.table, self.state, self.origin, self.written, self.offsets)
        size = sum(each.nbytes for each in taken)
        if size <= memory or not self.n_terms:
            return
        df = self.document_frequency
        room = int(self.n_terms * memory / size / 2)
        floor = int(np.partition(df, self.n_terms - room - 1)[self.n_terms - room - 1]) if room else int(df.max())
        kept = np.flatnonzero(df > floor)
        written, self.offsets = terms.gather_terms(self.written[:, 0], self.offsets, kept)
        self.written = written[:, None]
        self.state, self.origin = self.state[kept], self.origin[kept]
        self.n_terms = len(kept)
        self.table = table.grow_table(self.origin, self.n_terms, table_size(self.n_terms))

    def add(self, chunk: Chunk, stamp: int) -> None:
        """Count a chunk's documents, adding new terms."""
        before = self.n_terms
        self.table, self.state, self.origin, self.n_terms, found, indptr = self.cut.count(
            chunk, self.table, self.state, self.origin, self.n_terms, stamp, self.fixed
        )
        self.blocks.append((found.copy(), indptr))
        if self.fixed:
            return
        self.offsets = np.concatenate([self.offsets, np.zeros(self.n_terms - before, dtype=np.int64)])
        cut = self.cut
        self.written = terms.write_terms(
            chunk.text, chunk.classes, self.origin, before, self.n_terms, cut.analyzer == "word",
            cut.shortest if cut.find is None else 1, cut.marks, cut.stops, cut.bases[0], self.written, self.offsets,
        )  # fmt: skip

    def join(self, other: Growing) -> None:
        """Take over what another counted of later documents; terms keep the order of first appearance."""
        if not len(self.table):
            self.state[:, table.DF] += other.state[:, table.DF]
            self.blocks += other.blocks
            return
        self.table, self.state, self.origin, total, number = table.join_terms(
            self.table, self.state, self.origin, self.n_terms, other.state, other.origin, other.n_terms
        )
        new = np.flatnonzero(number >= self.n_terms)
        written, offsets = terms.gather_terms(other.written[:, 0], other.offsets, new)
        end = self.offsets[-1]
        self.written = np.concatenate([self.written[:end], written[:, None]])
        self.offsets = np.concatenate([self.offsets, end + offsets[1:]])
        self.n_terms = total
        for found, indptr in other.blocks:
            found[:, 0] = number[found[:, 0]]
            self.blocks.append((found, indptr))

    @property
    def document_frequency(self) -> Array:
        """In how many documents each term stands, int64 (n_terms,)."""
        df: Array = self.state[: self.n_terms, table.DF]
        return df

    def total_counts(self) -> Array:
        """How often each term stands in all documents, int64 (n_terms,)."""
        total = np.zeros(self.n_terms, dtype=np.int64)
        for found, _ in self.blocks:
            total += np.bincount(found[:, 0], found[:, 1], self.n_terms).astype(np.int64)
        return total


NO_TABLE = np.zeros((0, 2), dtype=np.uint64)


def fresh_state(n_terms: int) -> Array:
    """Return the state of terms that have not been seen in any document."""
    state = np.zeros((n_terms, STATE_COLUMNS), dtype=np.int32)
    state[:, table.LAST] = -1
    return state


def table_size(n_terms: int) -> int:
    """Return the number of rows of a table that is at most half full."""
    return 1 << max(10, int(2 * n_terms).bit_length())


def inverse_document_frequency(df: Array, n_documents: int, options: dict[str, Any]) -> Array:
    """Return idf as scikit-learn's ``TfidfTransformer`` defines it, float64 of the shape of ``df``."""
    if not options["use_idf"]:
        return np.ones(len(df))
    smooth = int(options["smooth_idf"])
    with np.errstate(divide="ignore"):
        return np.asarray(np.log((n_documents + smooth) / (df.astype(np.float64) + smooth)) + 1.0)


class FittedFamily(BaseEstimator):
    """The fitted vocabulary of one family, columns in order.

    Attributes
    ----------
    terms_ : ndarray of uint8
        All terms in UTF-8, one after the other.
    offsets_ : ndarray of int64, shape (n_terms + 1,)
    idf_ : ndarray of float64, shape (n_terms,)
    n_documents_ : int
    mean_length_ : float
        Mean number of n-grams in a training document.
    """

    terms_: Array
    offsets_: Array
    idf_: Array
    n_documents_: int
    mean_length_: float

    def learn(self, df: Array, n_documents: int, n_ngrams: int, options: dict[str, Any]) -> FittedFamily:
        """Set what follows from document frequencies, shape (n_terms,), and the number of n-grams counted."""
        self.n_documents_ = n_documents
        self.mean_length_ = max(n_ngrams / max(n_documents, 1), 1e-9)
        self.idf_ = inverse_document_frequency(df, n_documents, options)
        return self

    @property
    def n_terms(self) -> int:
        """Number of columns."""
        return len(self.offsets_) - 1

    def strings(self, which: Iterable[int] | None = None) -> list[str]:
        """Return terms as strings."""
        return terms.decode_terms(self.terms_, self.offsets_, which)

    def columns_of(self, strings: Sequence[str], bases: Array) -> Array:
        """Return the column of each term, int64, -1 for one that is not known."""
        keys, checks = terms.hash_terms(*terms.encode_terms(strings), bases)
        numbers = np.zeros(len(keys), dtype=np.uint64)
        table.find_terms(self.lookup(bases), keys, checks, numbers, len(keys))
        return numbers.astype(np.int64) - 1

    def lookup(self, bases: Array) -> Array:
        """Return the table that finds terms; made when it is first needed."""
        if not hasattr(self, "_table"):
            keys, checks = terms.hash_terms(self.terms_, self.offsets_, bases)
            self._table: Array = table.grow_table(terms.origin_of(keys, checks), self.n_terms, table_size(self.n_terms))
        return self._table

    def __getstate__(self) -> dict[str, Any]:
        state: dict[str, Any] = super().__getstate__()
        return {key: value for key, value in state.items() if key != "_table"}
