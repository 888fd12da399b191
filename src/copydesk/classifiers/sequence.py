"""Two-stage classifier of a page's paragraphs: by their words, then by their context."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from copydesk.classifiers.fused import FusedScorer
from copydesk.compiled.arrays import Array
from copydesk.features.pages.context import LENT, LIKENESS, Context, alike, limited
from copydesk.features.pages.page_rows import PageRows, page_starts
from copydesk.features.paragraph_features import number_names, page_numbers
from copydesk.interface.checks import require_fitted
from copydesk.interface.late_bases import Classifier

if TYPE_CHECKING:
    from copydesk.features.pages.number_groups import NumberGroup
    from copydesk.features.pages.page_rows import Table
    from copydesk.features.pages.token_families import TokenFamily

EDGES = ("^", "$")


class SequenceClassifier(Classifier):
    """Stacked classifier of paragraphs (Wolpert 1992): a linear classifier of n-grams, then one of contexts.

    The first stage scores each paragraph by its text alone. The inputs of the second are that score, scores and shapes
    of the neighbours, scores averaged over the page, and the paragraph's shape, place, repetition and agreement. It is
    fitted on out-of-fold scores with whole groups held out, so that they are as on unseen sites.

    Parameters
    ----------
    text : transformer
        Of the paragraphs' texts. It uses no labels and is fitted once for all folds.
    first : linear classifier
        Of the n-grams of ``text`` and the tokens of ``families``, side by side.
    second : BoostedTrees, LinearChain or None
        None: the first stage's scores are the result.
    edges : bool, default=True
        Whether paragraphs are delimited by ``EDGES`` for the first stage, so that n-grams at their beginning and end,
        such as "^previous", differ from those in the middle.
    shape, position, repetition, agreement : bool, default=True
        Whether each group of numbers is an input of the second stage.
    likeness : bool, default=True
        Whether the number of paragraphs of the page that begin, end or look like this one is an input.
    reach : int, default=4
        Neighbours on each side that are inputs of the second stage.
    smooth : bool, default=True
        Whether mean scores of the surroundings and of the page are inputs.
    stretch : bool, default=True
        Whether the distance from the page's best contiguous stretch, and the rank of the score, are inputs.
    topic : bool, default=True
        Whether the similarity of topic to that stretch is an input; it separates titles from teasers.
    length_power : float, default=0.75
        Both stages weigh a paragraph by its characters to this power: 0 counts paragraphs, 1 characters.
    balance : bool, default=True
        Whether all pages have the same total weight, whatever their length; multiplied by ``sample_weight``.
    passes : int, default=1
        Number of second stages. From the second on, the out-of-fold scores of the one before are inputs, too
        (auto-context, Tu and Bai 2010).
    folds : int, default=3
    random_state : int, default=0
    families : dict of str to TokenFamily, optional
        Tokens of paragraphs beside the n-grams of ``text``, such as ``NeighbourWords``; None turns a family off.
    numbers : dict of str to NumberGroup, optional
        Further inputs of the second stage, such as ``Prose``; None turns a group off.

    Attributes
    ----------
    classes_ : ndarray of shape (2,)
    text_, first_, second_ : the fitted parts
    earlier_ : list
        Second stages of all passes but the last.
    """

    takes_paragraphs = True

    def __init__(
        self,
        text: Any = None,
        first: Any = None,
        second: Any = None,
        edges: bool = True,
        shape: bool = True,
        position: bool = True,
        repetition: bool = True,
        agreement: bool = True,
        likeness: bool = True,
        reach: int = 4,
        smooth: bool = True,
        stretch: bool = True,
        topic: bool = True,
        length_power: float = 0.75,
        balance: bool = True,
        passes: int = 1,
        folds: int = 3,
        random_state: int = 0,
        families: dict[str, TokenFamily | None] | None = None,
        numbers: dict[str, NumberGroup | None] | None = None,
    ) -> None:
        self.text = text
        self.first = first
        self.second = second
        self.edges = edges
        self.shape = shape
        self.position = position
        self.repetition = repetition
        self.agreement = agreement
        self.likeness = likeness
        self.reach = reach
        self.smooth = smooth
        self.stretch = stretch
        self.topic = topic
        self.length_power = length_power
        self.balance = balance
        self.passes = passes
        self.folds = folds
        self.random_state = random_state
        self.families = families
        self.numbers = numbers

    def fit(self, X: Table, y: Any, groups: Any = None, sample_weight: Array | None = None) -> SequenceClassifier:
        """Fit both stages.

        Parameters
        ----------
        X : DataFrame, or dict of equally long sequences
            Paragraphs, as ``ParagraphFeatures`` takes them.
        y : array-like of shape (n_paragraphs,), two classes
        groups : array-like of shape (n_paragraphs,), optional
            Sites; none is in two folds.
        sample_weight : ndarray of shape (n_paragraphs,), optional
            A paragraph of weight 0 serves only as context for its neighbours.

        Raises
        ------
        ValueError
            There are not two classes.
        """
        self._fit(X, y, groups, sample_weight, validate=False)
        return self

    def fit_and_validate(self, X: Table, y: Any, groups: Any = None, sample_weight: Array | None = None) -> Array:
        """Fit both stages; return out-of-fold scores of the second, float64 (n_paragraphs,).

        The second stage is fitted again without each fold, on the first stage's scores out of the same folds, the
        cheapest form of stacking (Wolpert 1992).
        """
        return self._fit(X, y, groups, sample_weight, validate=True)

    def _fit(self, X: Table, y: Any, groups: Any, sample_weight: Array | None, validate: bool) -> Array:
        from sklearn.base import clone

        y = np.asarray(y, dtype=object)
        self.classes_ = np.array(sorted(set(y.tolist())), dtype=object)
        if len(self.classes_) != 2:
            raise ValueError(f"{type(self).__name__} needs two classes, found {self.classes_.tolist()}")
        target = y == self.classes_[1]
        weight = np.ones(len(y)) if sample_weight is None else np.asarray(sample_weight, dtype=np.float64)
        weight = weight * self._page_weights(X, weight > 0)
        self.text_ = clone(self.text)
        rows = PageRows.of(X)
        matrix = self._beside(self.text_.fit_transform(self.read(X["text"])), X, rows, training=True)
        self.first_ = self._fit_first(matrix, target, weight, np.arange(len(y)))
        self.second_, self.earlier_ = None, []
        if self.second is None and not validate:
            return np.zeros(len(y))
        folds = self._folds(len(y), groups)
        scores = np.empty(len(y))
        for rest, held_out in folds:
            scores[held_out] = self._fit_first(matrix, target, weight, rest).decision_function(matrix[held_out])
        if self.second is None:
            return scores
        numbers = own = self._numbers(X, rows, scores)
        for last in range(1, self.passes + 1):
            fitted = self._fit_second(numbers, target, weight, rows, np.arange(len(y)))
            if last < self.passes or validate:
                scores = self._held_out(numbers, target, weight, rows, folds)
            if last < self.passes:
                self.earlier_.append(fitted)
                numbers = np.hstack([own, self._context.numbers_again(scores, rows)])
        self.second_ = fitted
        return scores

    def decision_function(self, X: Table) -> Array:
        """Return scores, float64 (n_paragraphs,), positive for ``classes_[1]``."""
        rows = PageRows.of(X)
        return self.later_scores(X, rows, self.first_scores(X, rows))

    def predict(self, X: Table) -> Array:
        """Return labels, shape (n_paragraphs,)."""
        return np.asarray(self.classes_[(self.decision_function(X) > 0).astype(int)])

    def first_scores(self, X: Table, rows: PageRows | None = None) -> Array:
        """Return the first stage's scores, of each paragraph's text and tokens, float64 (n_paragraphs,).

        ``rows`` are those of ``X``, for the tokens; read if they are not given and needed.
        """
        require_fitted(self)
        texts = self.read(X["text"])
        if not hasattr(self, "_fused"):
            self._fused = FusedScorer.from_fitted(self.text_, self.first_)
        if self._fused is None:
            matrix = self._beside(self.text_.transform(texts), X, rows)
            return np.asarray(self.first_.decision_function(matrix), dtype=np.float64)
        scores = np.asarray(self._fused.decision_function(texts), dtype=np.float64)
        for family, weights in self.token_weights():
            rows = PageRows.of(X) if rows is None else rows
            family.add_scores(X, rows, weights, scores)
        return scores

    def later_scores(self, X: Table, rows: PageRows, scores: Array) -> Array:
        """Return the second stage's scores for those of the first, float64 (n_paragraphs,)."""
        if self.second_ is None:
            return scores
        return np.asarray(self.second_.decision_function(self._last_look(X, rows, scores), starts=rows.starts))

    def token_weights(self) -> Iterator[tuple[TokenFamily, Array]]:
        """Yield each family of tokens with the first stage's weights of its columns, float32 (n_features,)."""
        weights = np.ravel(getattr(self.first_, "coef_", ()))
        end = len(weights)
        for family in reversed(active(self.families)):
            yield family, np.ascontiguousarray(weights[end - family.n_features : end])
            end -= family.n_features

    def _beside(self, matrix: Any, X: Table, rows: PageRows | None, training: bool = False) -> Any:
        """Return the n-grams' matrix with the tokens of the families to its right."""
        import scipy.sparse as sp

        families = active(self.families)
        if not families:
            return matrix
        rows = PageRows.of(X) if rows is None else rows
        return sp.hstack([matrix, *(family.matrix(X, rows, training) for family in families)], format="csr")

    def read(self, texts: Iterable[str]) -> list[str]:
        """Return paragraphs as inputs of the first stage, delimited if ``edges``."""
        if not self.edges:
            return list(texts)
        begin, end = EDGES
        return [f"{begin}{text}{end}" for text in texts]

    def number_names(self) -> list[tuple[str, str]]:
        """Return group and name of each input of the second stage; the paragraph's own score is the first."""
        names = self._first_names()
        if self.passes > 1:
            names += [("second look", name) for _, name in self._context.names()]
        return names

    def _first_names(self) -> list[tuple[str, str]]:
        names = self._context.names(LENT)
        names += [("repetition", name) for name in LIKENESS] if self.likeness else []
        names += number_names(**self._groups, neighbours=0)
        return names + [name for group in active(self.numbers) for name in group.names()]

    def contributions(self, X: Table) -> tuple[float, list[tuple[str, str]], Array, Array]:
        """Decompose the paragraphs' scores.

        Returns
        -------
        start : float
        names : list of (group, name)
        numbers, added : ndarray of shape (n_paragraphs, n_names)
            Inputs of the second stage and their contributions, whose sum with ``start`` is the score.
        """
        rows = PageRows.of(X)
        first = self.first_scores(X, rows)
        if self.second_ is None:
            return 0.0, [("words", "score")], first[:, None], first[:, None]
        numbers = self._last_look(X, rows, first)
        if hasattr(self.second_, "contributions"):
            start, added = self.second_.contributions(numbers)
            return start, self.number_names(), numbers, added
        own = self.second_.evidence(numbers)
        rest = self.second_.decision_function(numbers, starts=rows.starts) - own
        names = [("words", "score"), ("neighbours", "chain")]
        return 0.0, names, np.column_stack([first, rest]), np.column_stack([own, rest])

    def _fit_first(self, matrix: Any, target: Array, weight: Array, rows: Array) -> Any:
        from sklearn.base import clone

        rows = rows[weight[rows] > 0]
        return clone(self.first).fit(matrix[rows], target[rows], sample_weight=weight[rows])

    def _fit_second(self, numbers: Array, target: Array, weight: Array, rows: PageRows, chosen: Array) -> Any:
        from sklearn.base import clone

        used = chosen[weight[chosen] > 0]
        starts = np.searchsorted(used, rows.starts)
        return clone(self.second).fit(numbers[used], target[used], sample_weight=weight[used], starts=starts)

    def _held_out(self, numbers: Array, target: Array, weight: Array, rows: PageRows, folds: Any) -> Array:
        """Return the out-of-fold scores of the second stage."""
        scores = np.empty(len(target))
        for rest, held_out in folds:
            fitted = self._fit_second(numbers, target, weight, rows, rest)
            starts = np.searchsorted(held_out, rows.starts)
            scores[held_out] = fitted.decision_function(numbers[held_out], starts=starts)
        return scores

    def _page_weights(self, X: Table, used: Array) -> Array:
        """Return weights by length and page, with mean 1 over the rows used, shape (n_paragraphs,)."""
        lengths = np.array([max(len(text), 1) for text in X["text"]], dtype=np.float64)
        weights = used * lengths**self.length_power
        if self.balance:
            starts = page_starts(np.asarray(X["document"]))
            totals = np.add.reduceat(weights, starts[:-1])
            weights /= np.repeat(np.maximum(totals, 1e-12), np.diff(starts))
        return np.asarray(weights * (used.sum() / weights.sum()))

    def _folds(self, n: int, groups: Any) -> list[tuple[Array, Array]]:
        """Return folds of whole groups: positions of the rest and of the rows held out, ascending."""
        from sklearn.model_selection import GroupKFold, KFold

        splitter = KFold if groups is None else GroupKFold
        n_units = n if groups is None else len(set(np.asarray(groups).tolist()))
        folds = splitter(min(self.folds, n_units), shuffle=True, random_state=self.random_state)
        return list(folds.split(np.zeros(n), groups=groups))

    @property
    def _groups(self) -> dict[str, bool]:
        return {group: getattr(self, group) for group in ("shape", "position", "repetition", "agreement")}

    @property
    def _context(self) -> Context:
        return Context(self.reach, self.smooth, self.stretch, self.topic)

    def _numbers(self, X: Table, rows: PageRows, scores: Array) -> Array:
        """Return the inputs of the first pass, float32 (n_paragraphs, n_numbers), the score in the first column."""
        blocks = self._context.numbers(scores, rows, LENT)
        if self.likeness:
            blocks.append(alike(rows))
        blocks.append(page_numbers(X, **self._groups, neighbours=0, rows=rows))
        blocks += [group.numbers(X, rows, scores) for group in active(self.numbers)]
        return limited(np.hstack(blocks), self._first_names())

    def _last_look(self, X: Table, rows: PageRows, scores: Array) -> Array:
        """Return the inputs of the last pass."""
        numbers = own = self._numbers(X, rows, scores)
        for stage in self.earlier_:
            scores = stage.decision_function(numbers, starts=rows.starts)
            numbers = np.hstack([own, self._context.numbers_again(scores, rows)])
        return numbers

    def __getstate__(self) -> dict[str, Any]:
        state: dict[str, Any] = super().__getstate__()
        return {key: value for key, value in state.items() if key != "_fused"}


def active(parts: dict[str, Any] | None) -> list[Any]:
    """Return the parts of a mapping that are not turned off, in its order."""
    return [part for part in (parts or {}).values() if part is not None]
