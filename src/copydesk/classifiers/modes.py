"""Decision with modes: whole pages and extracts have calibrations and thresholds of their own."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from copydesk.classifiers.decision import Keep
from copydesk.compiled.arrays import Array, Floats
from copydesk.errors import DataError
from copydesk.interface.late_bases import Estimator

if TYPE_CHECKING:
    from copydesk.features.pages.page_rows import Table

MODES = PAGE, EXTRACT = ("page", "extract")
AUTO = "auto"
CHOICES = (AUTO, *MODES)
# Scores below which paragraphs count as low: of trees, log odds.
LOW_SCORE, VERY_LOW_SCORE = 0.0, -2.0
# Of 1,872 extracts of real pages, scored out of fold, one had no paragraph above.
NO_ARTICLE_SCORE = -1.5


class Modes(Estimator):
    """A decision for whole pages and one for extracts, and numbers of a page by which to take one of them.

    An extract is an extractor's output, or an article with leftovers. Scores mean less there: most of what is left
    beside the article looks like it.

    Parameters
    ----------
    page, extract : Keep
    mode : {"auto", "page", "extract"}, default="auto"
        auto takes one for each page, by ``page_signs`` of its scores. A page of leftovers alone is no extract.

    Attributes
    ----------
    decisions_ : list of Keep
        Fitted on the rows of each view, in the order of ``MODES``.
    signs_ : ndarray of float64, shape (n_signs + 1,)
        Weights of a page's signs in the log odds of a whole page, then the intercept.
    """

    needs_validation = True
    shares_folds = False
    enough_rows = None
    reads_pages = True

    def __init__(self, page: Any = None, extract: Any = None, mode: str = AUTO) -> None:
        self.page = page
        self.extract = extract
        self.mode = mode

    def _check_parameters(self) -> None:
        check_mode(self.mode)

    @property
    def label(self) -> str:
        """The label to keep."""
        return str(self.page.label)

    def fit(
        self, scores: Floats, y: Array, classes: Array, weight: Any = None, groups: Any = None, pages: Any = None
    ) -> Modes:
        """Fit the decision of each view on its rows, and the signs on all pages.

        Parameters
        ----------
        pages : table of paragraphs
            ``document``, ``text``, and ``view``: page or extract, "" for rows of neither.

        Raises
        ------
        DataError
            The rows are not of both views.
        """
        from sklearn.base import clone

        views = np.asarray(pages["view"], dtype=object) if pages is not None and "view" in pages else np.array([])
        missing = sorted(set(MODES) - set(views.tolist()))
        if missing:
            raise DataError(
                f"decision=modes: no rows of the view {missing[0]!r}; use dataset=pages with dataset.view=both, or "
                "decision=threshold"
            )
        self.classes_ = np.asarray(classes, dtype=object)
        weight = np.ones(len(y)) if weight is None else np.asarray(weight, dtype=np.float64)
        self.decisions_ = [
            clone(decision).fit(scores, y, classes, np.where(views == mode, weight, 0.0), groups, pages)
            for mode, decision in zip(MODES, (self.page, self.extract), strict=True)
        ]
        self.signs_ = self._fit_signs(scores, views, pages)
        summaries = zip(MODES, self.decisions_, strict=True)
        self.summary_: dict[str, Any] = {
            "decision": "a mode for each page",
            "calibrated": self.page.method,
            **{f"{mode}_{name}": value for mode, decision in summaries for name, value in decision.summary_.items()},
        }
        return self

    def _fit_signs(self, scores: Floats, views: Array, pages: Any) -> Floats:
        """Fit a logistic regression of the view on a page's signs; return its weights and intercept."""
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        signs, starts, _ = self._signs(pages, self._own(scores))
        view = views[starts]
        known = np.isin(view, MODES)
        scaler, regression = StandardScaler(), LogisticRegression(class_weight="balanced")
        make_pipeline(scaler, regression).fit(signs[known], view[known] == PAGE)
        weights = regression.coef_[0] / scaler.scale_
        return np.append(weights, regression.intercept_[0] - weights @ scaler.mean_)

    def _own(self, scores: Floats) -> Floats:
        """Return the scores of the label to keep."""
        return np.asarray(scores, dtype=np.float64)[:, list(self.classes_).index(self.label)]

    def _signs(self, X: Table, own: Floats) -> tuple[Floats, Array, Array]:
        """Return the signs of each page, where its rows begin, and the page of each row."""
        documents = np.asarray(X["document"])
        new = np.append(True, documents[1:] != documents[:-1])[: len(documents)]
        page = np.cumsum(new) - 1
        return page_signs(own, np.array([len(text) for text in X["text"]]), page), np.flatnonzero(new), page

    def for_pages(self, X: Table, scores: Floats) -> PagesInModes:
        """Return the decision for paragraphs with these scores: each page's mode."""
        if self.mode != AUTO:
            return PagesInModes(self.decisions_, np.full(len(scores), MODES.index(self.mode)))
        own = self._own(scores)
        signs, starts, page = self._signs(X, own)
        best = np.maximum.reduceat(own, starts) if len(starts) else starts
        is_extract = (signs @ self.signs_[:-1] + self.signs_[-1] < 0) & (best >= NO_ARTICLE_SCORE)
        return PagesInModes(self.decisions_, is_extract.astype(int)[page])

    def within(self, mode: str) -> Modes:
        """Return a copy in another mode.

        Raises
        ------
        ValueError
            The mode is unknown.
        """
        check_mode(mode)
        changed = copy(self)
        changed.mode = mode
        return changed

    def at(self, keep: float) -> Modes:
        """Return a copy with a promise in each mode, from the validation scores of its view.

        Raises
        ------
        ValueError
            ``keep`` is not between 0 and 1.
        """
        changed = copy(self)
        changed.decisions_ = [decision.at(keep) for decision in self.decisions_]
        return changed

    def predict_proba(self, scores: Floats) -> Floats:
        """Return probabilities of rows of unknown pages: those of extracts."""
        return np.asarray(self.decisions_[MODES.index(EXTRACT)].predict_proba(scores))

    def predict(self, scores: Floats) -> NDArray[np.object_]:
        """Return labels of rows of unknown pages: those of extracts, where less is cut."""
        return np.asarray(self.decisions_[MODES.index(EXTRACT)].predict(scores))


class PagesInModes:
    """The decisions of pages whose modes are known.

    Attributes
    ----------
    row_modes : ndarray of str, shape (n_rows,)
    threshold_ : ndarray of shape (n_rows,)
    """

    def __init__(self, decisions: list[Keep], chosen: Array) -> None:
        self._decisions, self._chosen = decisions, chosen
        self.row_modes = np.array(MODES, dtype=object)[chosen]
        self.threshold_ = np.array([decision.threshold_ for decision in decisions])[chosen]

    def predict_proba(self, scores: Floats) -> Floats:
        """Return probabilities, shape (n, n_classes)."""
        both = np.stack([decision.predict_proba(scores) for decision in self._decisions])
        return np.asarray(both[self._chosen, np.arange(len(scores))])

    def predict(self, scores: Floats) -> NDArray[np.object_]:
        """Return labels, shape (n,)."""
        both = np.stack([decision.predict(scores) for decision in self._decisions])
        return np.asarray(both[self._chosen, np.arange(len(scores))])


def check_mode(mode: str) -> None:
    """Check the name of a mode.

    Raises
    ------
    ValueError
        It is unknown.
    """
    if mode not in CHOICES:
        raise ValueError(f"mode={mode}: unknown; valid: {', '.join(CHOICES)}")


def page_signs(own: Floats, lengths: Array, page: Array) -> Floats:
    """Return numbers that tell a whole page from an extract, float64 (n_pages, n_signs).

    The shares of paragraphs and of characters with low scores, and with very low ones; logarithms of the number of
    paragraphs and of the characters with low scores and without.

    Parameters
    ----------
    own : (n_rows,)
        Scores of the label to keep.
    lengths : (n_rows,)
        Characters.
    page : (n_rows,)
        Number of each row's page.
    """
    n = np.bincount(page)
    size = np.maximum(np.bincount(page, lengths), 1)
    found = []
    for border in (LOW_SCORE, VERY_LOW_SCORE):
        low = own < border
        found += [np.bincount(page, low) / np.maximum(n, 1), np.bincount(page, low * lengths) / size]
    low_size = found[1] * size
    return np.column_stack([*found, np.log1p(n), np.log1p(low_size), np.log1p(size - low_size)])
