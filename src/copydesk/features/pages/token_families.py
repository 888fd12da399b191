"""Families of hashed tokens of a page's paragraphs, beside the n-grams of their texts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from zlib import crc32

import numpy as np

from copydesk.compiled.arrays import Array, Floats
from copydesk.features.kernels.markup import spaced_tokens
from copydesk.features.kernels.neighbour_words import (
    FIRST,
    FIRST_AND_LENGTH,
    LAST_AND_LENGTH,
    LENGTHS,
    OUTSIDE,
    add_token_scores,
    neighbour_tokens,
    token_columns,
)
from copydesk.features.kernels.paragraph_shapes import UNSPACED_RANGES
from copydesk.features.ngrams.terms import code_points
from copydesk.features.pages.page_rows import SHAPE, PageRows
from copydesk.interface.late_bases import Transformer

if TYPE_CHECKING:
    import scipy.sparse as sp

    from copydesk.features.pages.page_rows import Table


_UNSPACED = "".join(f"{chr(first)}-{chr(last)}" for first, last in UNSPACED_RANGES)
_WORD = re.compile(rf"(?=\w)[{_UNSPACED}]|[^\W{_UNSPACED}]+")


class TokenFamily(Transformer):
    """Tokens of paragraphs, hashed to columns; a base class.

    A subclass gives ``tokens`` and ``names``. A row's values are equal and, where no two tokens share a column, of
    norm ``weight``. Nothing is fitted.

    Parameters
    ----------
    n_features : int, default=65536
        Columns, a power of two.
    weight : float, default=1.0
        Norm of a row.
    """

    def __init__(self, n_features: int = 65536, weight: float = 1.0) -> None:
        self.n_features = n_features
        self.weight = weight

    def tokens(self, X: Table, rows: PageRows) -> tuple[Array, Array]:
        """Return the hashes of all tokens, uint64, and where each paragraph's begin, int64 (n_paragraphs + 1,)."""
        raise NotImplementedError

    def training_tokens(self, X: Table, rows: PageRows) -> tuple[Array, Array]:
        """Return what ``tokens`` does; a family may change some for training."""
        return self.tokens(X, rows)

    def names(self, X: Table, rows: PageRows) -> list[str]:
        """Return a name for each of ``tokens``, in their order."""
        raise NotImplementedError

    def matrix(self, X: Table, rows: PageRows, training: bool = False) -> sp.csr_matrix:
        """Return a row of values for each paragraph, CSR float32 (n_paragraphs, n_features)."""
        from scipy.sparse import csr_matrix

        tokens, borders = self.training_tokens(X, rows) if training else self.tokens(X, rows)
        sizes = np.diff(borders)
        values = np.repeat((self.weight / np.sqrt(np.maximum(sizes, 1))).astype(np.float32), sizes)
        shape = (len(sizes), self.n_features)
        found = csr_matrix((values, token_columns(tokens, self.n_features), borders), shape=shape)
        found.sum_duplicates()
        return found

    def add_scores(self, X: Table, rows: PageRows, weights: Floats, scores: Floats) -> None:
        """Add ``matrix(X, rows) @ weights`` to ``scores`` (n_paragraphs,), without the matrix."""
        tokens, borders = self.tokens(X, rows)
        add_token_scores(token_columns(tokens, self.n_features), borders, weights, self.weight, scores)

    def contributions(self, X: Table, rows: PageRows, weights: Floats) -> list[list[tuple[str, float]]]:
        """Return the name of each token of each paragraph, and what it adds to the score."""
        tokens, borders = self.tokens(X, rows)
        sizes = np.diff(borders)
        added = weights[token_columns(tokens, self.n_features)]
        added = (added * np.repeat(self.weight / np.sqrt(np.maximum(sizes, 1)), sizes)).tolist()
        named = list(zip(self.names(X, rows), added, strict=True))
        return [named[a:b] for a, b in zip(borders[:-1].tolist(), borders[1:].tolist(), strict=True)]


class NeighbourWords(TokenFamily):
    """The first and last words of a paragraph and of its neighbours, some crossed with its length.

    Parameters
    ----------
    reach : int, default=2
        Neighbours on each side.
    n_features, weight
        See ``TokenFamily``.
    """

    def __init__(self, reach: int = 2, n_features: int = 65536, weight: float = 1.0) -> None:
        super().__init__(n_features, weight)
        self.reach = reach

    def _read(self, rows: PageRows) -> Any:
        log_characters = np.ascontiguousarray(rows.shapes[:, SHAPE.index("log_characters")])
        return neighbour_tokens(rows.words, rows.word_starts, rows.starts, log_characters, self.reach)

    def tokens(self, X: Table, rows: PageRows) -> tuple[Array, Array]:
        """Return the hashes of all tokens, and where each paragraph's begin."""
        tokens, borders, _ = self._read(rows)
        return tokens, borders

    def names(self, X: Table, rows: PageRows) -> list[str]:
        """Return names such as "[-1] ends “Read more”"."""
        _, borders, described = self._read(rows)
        row = np.repeat(np.arange(len(borders) - 1), np.diff(borders)).tolist()
        words: dict[int, list[str]] = {}
        texts = X["text"]
        texts = texts.tolist() if hasattr(texts, "tolist") else texts
        found = []
        for at, (kind, by, n) in zip(row, described.tolist(), strict=True):
            place = f"[{by:+d}] " if by else ""
            if kind == OUTSIDE:
                found.append(f"{place}no paragraph")
            elif kind == LENGTHS:
                found.append(f"{place}length beside its own")
            else:
                own = words.setdefault(at + by, _WORD.findall(texts[at + by]))
                chosen = own[:n] if kind in (FIRST, FIRST_AND_LENGTH) else own[len(own) - n :]
                verb = "begins" if kind in (FIRST, FIRST_AND_LENGTH) else "ends"
                with_length = " and length" if kind in (FIRST_AND_LENGTH, LAST_AND_LENGTH) else ""
                found.append(f"{place}{verb} “{' '.join(chosen)}”{with_length}")
        return found


class Markup(TokenFamily):
    """Tokens of the elements around and within a paragraph, see ``text.markup_tokens``; none where the table has none.

    Parameters
    ----------
    unnamed : float, default=0.33
        Share of the pages whose classes and ids are left out in training: other sites give other names or none.
    n_features, weight
        See ``TokenFamily``.
    """

    def __init__(self, unnamed: float = 0.33, n_features: int = 65536, weight: float = 1.0) -> None:
        super().__init__(n_features, weight)
        self.unnamed = unnamed

    def tokens(self, X: Table, rows: PageRows) -> tuple[Array, Array]:
        """Return the hashes of all tokens, and where each paragraph's begin."""
        tokens, borders = spaced_tokens(*code_points(self._columns(X)))
        return tokens, borders

    def training_tokens(self, X: Table, rows: PageRows) -> tuple[Array, Array]:
        """Return the same, without classes and ids on a share of the pages, chosen by their names."""
        pages, page = np.unique(np.asarray(X["document"], dtype=object).astype(str), return_inverse=True)
        drawn = np.array([crc32(name.encode()) for name in pages]) < self.unnamed * 2**32
        columns = [
            " ".join(token for token in markup.split() if "." not in token) if unnamed else markup
            for markup, unnamed in zip(self._columns(X), drawn[page].tolist(), strict=True)
        ]
        tokens, borders = spaced_tokens(*code_points(columns))
        return tokens, borders

    def names(self, X: Table, rows: PageRows) -> list[str]:
        """Return the tokens."""
        return [f"<{token}>" for markup in self._columns(X) for token in markup.split(" ") if token]

    def _columns(self, X: Table) -> list[str]:
        return list(X["markup"]) if "markup" in X else [""] * len(X["text"])
