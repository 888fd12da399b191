"""Features that separate an article's paragraphs from boilerplate, in plain text of any language."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from copydesk.compiled.arrays import Array, Floats
from copydesk.features.kernels import paragraph_shapes
from copydesk.features.ngrams.terms import code_points
from copydesk.features.pages.page_rows import SHAPE, PageRows
from copydesk.interface.checks import require_fitted
from copydesk.interface.late_bases import Transformer

if TYPE_CHECKING:
    import scipy.sparse as sp

    from copydesk.features.pages.page_rows import Table

# Names of further numbers of a paragraph, in the order of columns.
POSITION = (
    "from_start", "from_end", "relative", "log_paragraphs", "before_body", "after_body", "to_long", "body_share",
)  # fmt: skip
REPETITION = ("copies_in_page", "site_share")
AGREEMENT = ("title_overlap", "is_title", "body_overlap", "first")
NEIGHBOUR_SHAPE = ("log_words", "ends_sentence", "capitalised_share", "small_word_share", "digit_share")


class ParagraphFeatures(Transformer):
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

    def fit(self, X: Table, y: Any = None) -> ParagraphFeatures:
        """Fit to a frame of paragraphs; see ``transform``."""
        self.fit_transform(X, y)
        return self

    def fit_transform(self, X: Table, y: Any = None, **_: Any) -> sp.csr_matrix:
        """Fit, and return the features of the same paragraphs."""
        from sklearn.base import clone

        numbers = self.numbers(X)
        shares = np.linspace(0, 1, self.bins + 1)[1:-1]
        self.edges_ = np.ascontiguousarray(np.quantile(numbers, shares, axis=0).T, dtype=np.float32)
        self.text_ = None if self.text is None else clone(self.text)
        n_grams = None if self.text_ is None else self.text_.fit_transform(list(X["text"]))
        return self._join(n_grams, numbers)

    def transform(self, X: Table) -> sp.csr_matrix:
        """Return features, CSR float32 of shape (n_paragraphs, n_features).

        Parameters
        ----------
        X : DataFrame, or dict of equally long sequences
            ``text``, ``title``, ``document``, ``position``, ``group``; a document's paragraphs together and in order.
        """
        require_fitted(self)
        n_grams = None if self.text_ is None else self.text_.transform(list(X["text"]))
        return self._join(n_grams, self.numbers(X))

    def _join(self, n_grams: Any, numbers: Floats) -> sp.csr_matrix:
        import scipy.sparse as sp

        binned = self._indicators(numbers)
        return binned if n_grams is None else sp.hstack([n_grams.astype(np.float32), binned], format="csr")

    def _indicators(self, numbers: Floats) -> sp.csr_matrix:
        import scipy.sparse as sp

        n, m = numbers.shape
        columns = np.empty((n, m), dtype=np.int32)
        for at in range(m):
            columns[:, at] = at * self.bins + np.searchsorted(self.edges_[at], numbers[:, at], side="left")
        data = np.full(n * m, self.weight, dtype=np.float32)
        return sp.csr_matrix((data, columns.ravel(), np.arange(0, n * m + 1, m)), shape=(n, m * self.bins))

    def number_names(self) -> list[tuple[str, str]]:
        """Return group and name of each of ``numbers``."""
        groups = {name: getattr(self, name) for name in ("shape", "position", "repetition", "agreement")}
        return number_names(**groups, neighbours=self.neighbours)

    def numbers(self, X: Table) -> Floats:
        """Return the numbers of every paragraph before they are binned, float32 (n_paragraphs, n_numbers)."""
        return page_numbers(
            X,
            shape=self.shape,
            position=self.position,
            repetition=self.repetition,
            agreement=self.agreement,
            neighbours=self.neighbours,
        )


def page_numbers(
    X: Table,
    *,
    shape: bool = True,
    position: bool = True,
    repetition: bool = True,
    agreement: bool = True,
    neighbours: int = 2,
    rows: PageRows | None = None,
) -> Floats:
    """Return the numbers of every paragraph, float32 of shape (n_paragraphs, n_numbers).

    The order of columns is that of ``SHAPE``, ``POSITION``, ``REPETITION``, ``AGREEMENT``, then ``NEIGHBOUR_SHAPE``
    for each neighbour.
    """
    rows = PageRows.of(X) if rows is None else rows
    blocks = [rows.shapes] if shape else []
    if position:
        blocks.append(paragraph_shapes.place_paragraphs(rows.starts, rows.is_long))
    if repetition:
        blocks.append(repetitions(X, rows))
    if agreement:
        blocks.append(agreements(X, rows))
    if neighbours:
        chosen = np.ascontiguousarray(rows.shapes[:, [SHAPE.index(name) for name in NEIGHBOUR_SHAPE]])
        offsets = [by for by in range(-neighbours, neighbours + 1) if by]
        blocks += [paragraph_shapes.shift_rows(chosen, rows.starts, by, -1.0) for by in offsets]
    return np.hstack(blocks) if blocks else np.zeros((len(rows.shapes), 0), dtype=np.float32)


def number_names(
    *, shape: bool = True, position: bool = True, repetition: bool = True, agreement: bool = True, neighbours: int = 2
) -> list[tuple[str, str]]:
    """Return group and name of each of ``page_numbers``."""
    groups = {"shape": (shape, SHAPE), "position": (position, POSITION)}
    groups |= {"repetition": (repetition, REPETITION), "agreement": (agreement, AGREEMENT)}
    names = [(group, name) for group, (used, members) in groups.items() if used for name in members]
    offsets = [by for by in range(-neighbours, neighbours + 1) if by]
    return names + [("neighbours", f"{name}[{by:+d}]") for by in offsets for name in NEIGHBOUR_SHAPE]


def repetitions(X: Table, rows: PageRows) -> Floats:
    """Return how often a text stands in its page, and on what share of its site's other pages.

    A column ``site_share`` says the second where it is known from elsewhere.
    """
    copies = paragraph_shapes.copies_in_page(rows.hashes, rows.starts)
    if "site_share" in X:
        return np.column_stack([copies, np.asarray(X["site_share"], dtype=np.float32)])
    share = site_shares(rows, np.asarray(X["group"], dtype=object), np.asarray(X["document"]))
    return np.column_stack([copies, share])


def site_shares(rows: PageRows, groups: Array, documents: Array) -> Floats:
    """Return on what share of its site's other pages each paragraph's text stands, shape (n_paragraphs,).

    ``documents`` that are named alike up to a "#" are views of one page: they say nothing about each other.
    """
    share = np.zeros(len(groups), dtype=np.float32)
    has_site = groups.astype(bool)
    if not has_site.any():
        return share
    _, site = np.unique(groups.astype(str), return_inverse=True)
    first = rows.starts[:-1]
    names = [str(name).split("#")[0] for name in documents[first]]
    pages = np.unique(names, return_inverse=True)[1]
    page = np.repeat(pages, np.diff(rows.starts))
    pages_of_site = np.bincount(
        np.unique(np.column_stack([site[first], pages]), axis=0)[:, 0], minlength=site.max() + 1
    )
    line = np.unique(np.column_stack([site.astype(np.uint64), rows.hashes]), axis=0, return_inverse=True)[1].ravel()
    # each line once for every page that has it
    once = np.unique(np.column_stack([line, page]), axis=0)[:, 0]
    others = pages_of_site[site] - 1
    known = has_site & (others > 0)
    share[known] = ((np.bincount(once)[line] - 1)[known] / others[known]).astype(np.float32)
    return share


def agreements(X: Table, rows: PageRows) -> Floats:
    """Return the numbers named in ``AGREEMENT``: words shared with the title and with the running text."""
    given = np.asarray(X["title"], dtype=object)
    titles = [
        given[start] or "" if start < end else "" for start, end in zip(rows.starts[:-1], rows.starts[1:], strict=True)
    ]
    text, borders = code_points(titles)
    _, _, words, word_starts = paragraph_shapes.read_paragraphs(text, borders, *paragraph_shapes.tables_for(text))
    return np.asarray(
        paragraph_shapes.compare_words(rows.words, rows.word_starts, rows.starts, rows.is_long, words, word_starts)
    )
