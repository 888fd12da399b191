"""Paragraphs of pages as the kernels read them: shapes, words and where each page begins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from copydesk.compiled.arrays import Array, Floats
from copydesk.features.kernels.paragraph_shapes import MARKS, read_paragraphs, tables_for
from copydesk.features.ngrams.terms import code_points

if TYPE_CHECKING:
    import pandas as pd

    Table = pd.DataFrame | Mapping[str, Sequence[Any]]


LONG_WORDS = 20  # a paragraph of at least as many words that ends like a sentence counts as running text
LONG_LETTERS = 60  # so many, in scripts without spaces, do without an end: Thai has no full stop

# Names of a paragraph's numbers, in the order of columns.
SHAPE = (
    "log_characters", "log_words", "word_length", "upper_share", "digit_share", "punctuation_share",
    "small_word_share", "capitalised_share", "ends_sentence", "ends_colon", "starts_small", "sentences",
    "commas", "quotes", "url", *(f"mark_{mark}" for mark in MARKS),
)  # fmt: skip


@dataclass(frozen=True)
class PageRows:
    """Paragraphs of pages as kernels read them.

    Attributes
    ----------
    shapes : float32 (n_paragraphs, len(SHAPE))
    starts : int64 (n_pages + 1,)
        Where each page's rows begin.
    is_long : bool (n_paragraphs,)
        Whether a paragraph counts as running text.
    hashes : uint64 (n_paragraphs,)
        Equal where texts are, but for case and white space.
    words, word_starts
        Hashes of words; see ``read_paragraphs``.
    """

    shapes: Floats
    starts: NDArray[np.int64]
    is_long: NDArray[np.bool_]
    hashes: NDArray[np.uint64]
    words: NDArray[np.uint64]
    word_starts: NDArray[np.int64]

    @classmethod
    def of(cls, X: Table) -> PageRows:
        """Read a frame of paragraphs."""
        text, borders = code_points(list(X["text"]))
        shapes, hashes, words, word_starts = read_paragraphs(text, borders, *tables_for(text))
        log_words, word_length, ends_sentence = (
            shapes[:, SHAPE.index(name)] for name in ("log_words", "word_length", "ends_sentence")
        )
        is_long = (log_words >= np.log1p(LONG_WORDS)) & (ends_sentence > 0)
        is_long |= (log_words >= np.log1p(LONG_LETTERS)) & (word_length <= 1)
        return cls(shapes, page_starts(np.asarray(X["document"])), is_long, hashes, words, word_starts)


def page_starts(documents: Array) -> NDArray[np.int64]:
    """Return where each document's rows begin, with the number of rows at the end."""
    change = np.flatnonzero(documents[1:] != documents[:-1]) + 1
    return np.concatenate([[0], change, [len(documents)]]).astype(np.int64) if len(documents) else np.zeros(1, np.int64)
