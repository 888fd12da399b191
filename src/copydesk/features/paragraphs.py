"""What tells a paragraph of an article from what stands around it, in plain text and in any language."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.utils.validation import check_is_fitted

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float32]

WORD = re.compile(r"\w+")
SENTENCE_END = re.compile(r"[.!?…。！？।؟][\"'”’»)\]]*(?=\s|$)")
MARKS = "|›»«→←©#@•►·/…:"
LONG_WORDS = 20  # from here on a paragraph that ends like a sentence is taken for running text

SHAPE = (
    "log_characters", "log_words", "word_length", "upper_share", "digit_share", "punctuation_share",
    "small_word_share", "capitalised_share", "ends_sentence", "ends_colon", "starts_small", "sentences",
    "commas", "quotes", "url", *(f"mark_{mark}" for mark in MARKS),
)  # fmt: skip
POSITION = (
    "from_start", "from_end", "relative", "log_paragraphs", "before_body", "after_body", "to_long", "body_share",
)  # fmt: skip
REPETITION = ("copies_in_page", "site_share")
AGREEMENT = ("title_overlap", "is_title", "body_overlap", "first")
NEIGHBOUR_SHAPE = ("log_words", "ends_sentence", "capitalised_share", "small_word_share", "digit_share")


class ParagraphFeatures(TransformerMixin, BaseEstimator):
    """N-grams of each paragraph, and its shape, place, neighbours, repetition and agreement with the page.

    Numbers enter as indicators of quantile bins, found on the training data, so that a linear classifier can
    learn that both very short and very long are signs.

    Parameters
    ----------
    text : transformer or None
        Of the paragraphs' texts; None for no n-grams.
    shape, position, repetition, agreement : bool, default=True
        Which groups of numbers to use.
    neighbours : int, default=2
        How many paragraphs on each side lend their shape; 0 for none.
    bins : int, default=10
        Quantile bins of each number.
    weight : float, default=0.3
        Value of an indicator; n-gram vectors have length 1.

    Attributes
    ----------
    text_ : fitted transformer or None
    edges_ : ndarray of shape (n_numbers, bins - 1), float32
        Inner borders of the bins.
    """

    takes_paragraphs = True

    def __init__(
        self,
        text: Any = None,
        shape: bool = True,
        position: bool = True,
        repetition: bool = True,
        agreement: bool = True,
        neighbours: int = 2,
        bins: int = 10,
        weight: float = 0.3,
    ) -> None:
        self.text = text
        self.shape = shape
        self.position = position
        self.repetition = repetition
        self.agreement = agreement
        self.neighbours = neighbours
        self.bins = bins
        self.weight = weight

    def fit(self, X: pd.DataFrame, y: Any = None) -> ParagraphFeatures:
        """Fit to a frame of paragraphs; see ``transform``."""
        self.fit_transform(X, y)
        return self

    def fit_transform(self, X: pd.DataFrame, y: Any = None, **_: Any) -> sp.csr_matrix:
        """Fit, and return the features of the same paragraphs."""
        numbers = self._numbers(X)
        shares = np.linspace(0, 1, self.bins + 1)[1:-1]
        self.edges_ = np.ascontiguousarray(np.quantile(numbers, shares, axis=0).T, dtype=np.float32)
        self.text_ = None if self.text is None else clone(self.text)
        n_grams = None if self.text_ is None else self.text_.fit_transform(X["text"].tolist())
        return self._join(n_grams, numbers)

    def transform(self, X: pd.DataFrame) -> sp.csr_matrix:
        """Return features, CSR float32 of shape (n_paragraphs, n_features).

        Parameters
        ----------
        X : DataFrame
            ``text``, ``title``, ``document``, ``position``, ``group``; a document's paragraphs together and in order.
        """
        check_is_fitted(self)
        n_grams = None if self.text_ is None else self.text_.transform(X["text"].tolist())
        return self._join(n_grams, self._numbers(X))

    def _join(self, n_grams: Any, numbers: Floats) -> sp.csr_matrix:
        binned = self._indicators(numbers)
        return binned if n_grams is None else sp.hstack([n_grams.astype(np.float32), binned], format="csr")

    def _indicators(self, numbers: Floats) -> sp.csr_matrix:
        n, m = numbers.shape
        columns = np.empty((n, m), dtype=np.int32)
        for at in range(m):
            columns[:, at] = at * self.bins + np.searchsorted(self.edges_[at], numbers[:, at], side="left")
        data = np.full(n * m, self.weight, dtype=np.float32)
        return sp.csr_matrix((data, columns.ravel(), np.arange(0, n * m + 1, m)), shape=(n, m * self.bins))

    def _numbers(self, X: pd.DataFrame) -> Floats:
        return page_numbers(
            X,
            shape=self.shape,
            position=self.position,
            repetition=self.repetition,
            agreement=self.agreement,
            neighbours=self.neighbours,
        )


def page_numbers(
    X: pd.DataFrame,
    *,
    shape: bool = True,
    position: bool = True,
    repetition: bool = True,
    agreement: bool = True,
    neighbours: int = 2,
) -> Floats:
    """Return the numbers of every paragraph, float32 of shape (n_paragraphs, n_numbers).

    The order of columns is that of ``SHAPE``, ``POSITION``, ``REPETITION``, ``AGREEMENT``, then ``NEIGHBOUR_SHAPE``
    for each neighbour.
    """
    texts = X["text"].tolist()
    shapes = np.array([paragraph_shape(text) for text in texts], dtype=np.float32).reshape(-1, len(SHAPE))
    starts = page_starts(X["document"].to_numpy())
    is_long = (shapes[:, SHAPE.index("log_words")] >= np.log1p(LONG_WORDS)) & (
        shapes[:, SHAPE.index("ends_sentence")] > 0
    )
    blocks = [shapes] if shape else []
    if position:
        blocks.append(places(starts, is_long))
    if repetition:
        blocks.append(repetitions(texts, starts, X["group"].tolist()))
    if agreement:
        blocks.append(agreements(texts, X["title"].tolist(), starts, is_long))
    if neighbours:
        chosen = shapes[:, [SHAPE.index(name) for name in NEIGHBOUR_SHAPE]]
        blocks += [shifted(chosen, starts, by) for by in range(-neighbours, neighbours + 1) if by]
    return np.hstack(blocks) if blocks else np.zeros((len(texts), 0), dtype=np.float32)


def paragraph_shape(text: str) -> list[float]:
    """Return the numbers named in ``SHAPE`` for one paragraph."""
    words = WORD.findall(text)
    n, n_words = max(len(text), 1), max(len(words), 1)
    letters = sum(map(len, words))
    upper = sum(map(str.isupper, text))
    digits = sum(map(str.isdigit, text))
    small = sum(word.islower() for word in words)
    end = text.rstrip("\"'”’»)] ")[-1:]
    return [
        float(np.log1p(len(text))),
        float(np.log1p(len(words))),
        letters / n_words,
        upper / n,
        digits / n,
        (n - letters - text.count(" ")) / n,
        small / n_words,
        sum(word[0].isupper() for word in words) / n_words,
        float(end in ".!?…。！？।؟" and end != ""),
        float(end == ":"),
        float(text[:1].islower()),
        float(min(len(SENTENCE_END.findall(text)), 10)),
        text.count(",") / n_words,
        float(text.count('"') + text.count("“") + text.count("„") + text.count("«") > 0),
        float("http" in text or "www." in text),
        *(float(min(text.count(mark), 3)) for mark in MARKS),
    ]


def page_starts(documents: NDArray[Any]) -> NDArray[np.int64]:
    """Return where each document's rows begin, with the number of rows at the end."""
    change = np.flatnonzero(documents[1:] != documents[:-1]) + 1
    return np.concatenate([[0], change, [len(documents)]]).astype(np.int64) if len(documents) else np.zeros(1, np.int64)


def places(starts: NDArray[np.int64], is_long: NDArray[np.bool_]) -> Floats:
    """Return the numbers named in ``POSITION``: where in its page, and where from the running text, a row stands."""
    found = np.zeros((len(is_long), len(POSITION)), dtype=np.float32)
    for start, end in zip(starts[:-1], starts[1:], strict=True):
        n = end - start
        place = np.arange(n)
        long = np.flatnonzero(is_long[start:end])
        first, last = (long[0], long[-1]) if len(long) else (0, n - 1)
        nearest = np.zeros(n)
        if len(long):
            right = np.minimum(np.searchsorted(long, place), len(long) - 1)
            nearest = np.minimum(np.abs(long[right] - place), np.abs(long[np.maximum(right - 1, 0)] - place))
        found[start:end] = np.column_stack(
            [
                np.log1p(place),
                np.log1p(n - 1 - place),
                place / max(n - 1, 1),
                np.full(n, np.log1p(n)),
                np.log1p(np.maximum(first - place, 0)),
                np.log1p(np.maximum(place - last, 0)),
                np.log1p(nearest),
                np.full(n, len(long) / n),
            ]
        )
    return found


def repetitions(texts: list[str], starts: NDArray[np.int64], groups: list[str]) -> Floats:
    """Return how often a text stands in its page, and on what share of its site's other pages."""
    found = np.zeros((len(texts), len(REPETITION)), dtype=np.float32)
    pages_of_site: dict[str, int] = {}
    pages_with: dict[tuple[str, str], int] = {}
    normal = [" ".join(text.split()).lower() for text in texts]
    for start, end in zip(starts[:-1], starts[1:], strict=True):
        counts: dict[str, int] = {}
        for at in range(start, end):
            counts[normal[at]] = counts.get(normal[at], 0) + 1
        site = groups[start] if end > start else ""
        if site:
            pages_of_site[site] = pages_of_site.get(site, 0) + 1
            for text in counts:
                pages_with[site, text] = pages_with.get((site, text), 0) + 1
        for at in range(start, end):
            found[at, 0] = min(counts[normal[at]] - 1, 5)
    for at, site in enumerate(groups):
        others = pages_of_site.get(site, 1) - 1
        if others > 0:
            found[at, 1] = (pages_with[site, normal[at]] - 1) / others
    return found


def agreements(texts: list[str], titles: list[str], starts: NDArray[np.int64], is_long: NDArray[np.bool_]) -> Floats:
    """Return the numbers named in ``AGREEMENT``: words shared with the title and with the running text."""
    found = np.zeros((len(texts), len(AGREEMENT)), dtype=np.float32)
    for start, end in zip(starts[:-1], starts[1:], strict=True):
        words = [set(WORD.findall(text.lower())) for text in texts[start:end]]
        title = set(WORD.findall((titles[start] if end > start else "").lower())) or (words[0] if words else set())
        holders: dict[str, int] = {}
        for at in range(end - start):
            if is_long[start + at]:
                for word in words[at]:
                    holders[word] = holders.get(word, 0) + 1
        for at, own in enumerate(words):
            if not own:
                continue
            by_itself = 1 if is_long[start + at] else 0
            shared = len(own & title) / len(own | title)
            in_body = sum(holders.get(word, 0) > by_itself for word in own) / len(own)
            found[start + at] = (shared, shared == 1, in_body, at == 0)
    return found


def shifted(values: Floats, starts: NDArray[np.int64], by: int) -> Floats:
    """Return each row's neighbour ``by`` places further on in its page; -1 where there is none."""
    found = np.full_like(values, -1)
    for start, end in zip(starts[:-1], starts[1:], strict=True):
        low, high = max(start, start - by), min(end, end - by)
        if low < high:
            found[low:high] = values[low + by : high + by]
    return found
