"""Features, classifier and decision as one scikit-learn estimator: what a run fits and a bundle saves."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from copydesk.compiled.arrays import Floats
from copydesk.errors import DataError
from copydesk.interface.checks import require_fitted
from copydesk.interface.late_bases import Classifier
from copydesk.labels.indicator import is_indicator
from copydesk.labels.targets import Targets, training_targets

if TYPE_CHECKING:
    import pandas as pd

    Inputs = list[str] | pd.DataFrame
    # Scoring needs no frame: columns of paragraphs will do.
    Scored = Inputs | Mapping[str, Sequence[Any]]


_FOLDS_OF_ENOUGH = 3


class TextClassifier(Classifier):
    """Classify raw texts, or the paragraphs of pages.

    Parameters
    ----------
    features : transformer or None
        Transforms the inputs; None if the classifier reads them itself.
    classifier : estimator
        A scikit-learn classifier.
    decision : Decision
        Turns scores into labels and probabilities. If it needs validation data it is fitted on out-of-fold scores:
        features and classifier are fitted again without each fold.
    folds : int, default=5
        Folds for those scores, fewer if there are fewer groups; groups stay whole where they are given. Where the
        decision says how many rows are enough for it, 3, of which it takes as many as it needs.
    random_state : int, default=0
        Seed of the folds.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
    features_, classifier_, decision_ : the fitted parts
    """

    def __init__(
        self,
        features: Any = None,
        classifier: Any = None,
        decision: Any = None,
        folds: int = 5,
        random_state: int = 0,
    ) -> None:
        self.features = features
        self.classifier = classifier
        self.decision = decision
        self.folds = folds
        self.random_state = random_state

    def fit(
        self,
        X: Inputs,
        y: Any,
        groups: Any = None,
        sample_weight: Floats | None = None,
        decision_weight: Floats | None = None,
    ) -> TextClassifier:
        """Fit the three parts, in order.

        Parameters
        ----------
        X : list of str, or frame of paragraphs, of length n_samples
        y : array-like of shape (n_samples,), or indicator matrix of shape (n_samples, n_classes)
            A label for each sample, or a list, tuple or set of labels.
        groups : array-like of shape (n_samples,), optional
            Sites or sources; none is in two folds.
        sample_weight : ndarray of shape (n_samples,), optional
            For the classifier.
        decision_weight : ndarray of shape (n_samples,), optional
            For the decision, e.g. characters.

        Raises
        ------
        DataError
            All paragraphs are of one group, and the decision or the classifier holds out whole groups.
        """
        self._fit(X, y, groups, sample_weight, decision_weight, enough=getattr(self.decision, "enough_rows", None))
        return self

    def fit_and_validate(
        self,
        X: Inputs,
        y: Any,
        groups: Any = None,
        sample_weight: Floats | None = None,
        decision_weight: Floats | None = None,
    ) -> Floats:
        """Fit; return the out-of-fold scores that the decision was fitted on, (n_samples, n_classes).

        The result is empty, (0, 0), if the decision needs no validation. A class that a fold's model did not know
        has a score below all others.

        Raises
        ------
        DataError
            As ``fit``.
        """
        scores = self._fit(X, y, groups, sample_weight, decision_weight, enough=None)
        known = np.isfinite(scores)
        return np.where(known, scores, np.min(scores, where=known, initial=0.0) - 1)

    def fit_scorer(self, X: Inputs, y: Any, groups: Any = None, sample_weight: Floats | None = None) -> TextClassifier:
        """Fit features and classifier alone; ``fit_decision`` makes it whole."""
        if groups is not None and self._holds_out_groups:
            self._check_groups(groups)
        targets = training_targets(y)
        self.features_, self.classifier_ = fitting.get()(
            self.features, self.classifier, X, targets, groups, sample_weight
        )
        self.classes_ = targets.classes(self.classifier_)
        return self

    def fit_decision(
        self, scores: Floats, y: Any, weight: Floats | None = None, groups: Any = None, X: Inputs | None = None
    ) -> TextClassifier:
        """Fit the decision on out-of-fold scores.

        Parameters
        ----------
        scores : ndarray of shape (n_samples, n_classes)
            -inf where the model that scored a row did not know the class. Rows whose label it did not know, or for
            which it knew one class only, can't be judged and are left out.
        y : as for ``fit``
        weight : ndarray of shape (n_samples,), optional
            Rows of weight 0 only serve as context for their neighbours; their labels are doubtful.
        groups : array-like of shape (n_samples,), optional
        X : frame of paragraphs, optional
            For decisions that read pages; rows that can't be judged have weight 0 there.
        """
        from sklearn.base import clone

        targets = training_targets(y, self.classes_)
        if not self.decision.needs_validation:
            none = targets.take(np.empty(0, dtype=np.intp)).values
            self.decision_ = clone(self.decision).fit(np.empty((0, 0)), none, self.classes_)
            return self
        judged = targets.judged(scores, self.classes_)
        if weight is not None:
            judged &= weight > 0
        used, pages = judged, {}
        if X is not None and not isinstance(X, list) and getattr(self.decision, "reads_pages", False):
            weight = np.where(judged, 1.0 if weight is None else weight, 0.0)
            used, pages = np.ones(len(judged), dtype=bool), {"pages": X}
        self.decision_ = clone(self.decision).fit(
            scores[used],
            targets.take(used).values,
            self.classes_,
            weight=None if weight is None else weight[used],
            groups=None if groups is None else np.asarray(groups)[used],
            **pages,
        )
        return self

    def _fit(
        self, X: Inputs, y: Any, groups: Any, weight: Floats | None, decision_weight: Floats | None, enough: int | None
    ) -> Floats:
        """Fit; return out-of-fold scores, of ``enough`` rows at least or of all."""
        from sklearn.base import clone

        y = training_targets(y)
        if groups is not None and not isinstance(X, list) and self.decision.needs_validation:
            self._check_groups(groups)
        scores: Floats = np.empty((0, 0))
        if self.decision.needs_validation and self._holds_out_groups:
            # The classifier holds out groups itself and reuses its own folds.
            self.features_, self.classifier_ = None, clone(self.classifier)
            scores = as_columns(self.classifier_.fit_and_validate(X, y.values, groups, weight))
            self.classes_ = self.classifier_.classes_
        else:
            self.fit_scorer(X, y, groups, weight)
            if self.decision.needs_validation:
                scores = self._out_of_fold(X, y, groups, weight, enough)
        self.fit_decision(scores, y, decision_weight, groups, X)
        return scores

    @property
    def _holds_out_groups(self) -> bool:
        """Whether the classifier holds out groups itself."""
        return self.features is None and hasattr(self.classifier, "fit_and_validate")

    def _check_groups(self, groups: Any) -> None:
        first, *others = set(np.asarray(groups).tolist())
        if not others:
            raise DataError(
                f"the training part has one group only, {first!r}, but training holds out whole groups; "
                "give paragraphs of at least 2 sites"
            )

    def _out_of_fold(self, X: Inputs, y: Targets, groups: Any, weight: Any, enough: int | None) -> Floats:
        """Return scores by models that did not see the row, -inf of classes that these did not see either."""
        fold_of = y.folds(groups, self.folds if enough is None else _FOLDS_OF_ENOUGH, self.random_state)
        scores = np.full((len(fold_of), len(self.classes_)), -np.inf)
        for fold in range(fold_of.max() + 1):
            held_out, rest = np.flatnonzero(fold_of == fold), np.flatnonzero(fold_of != fold)
            part = None if groups is None else np.asarray(groups)[rest]
            weights = None if weight is None else weight[rest]
            seen = y.take(rest)
            if not seen.teach(weights):
                continue  # nothing to learn
            fitted = fitting.get()(self.features, self.classifier, take(X, rest), seen, part, weights)
            found = scores_of(*fitted, take(X, held_out))
            scores[held_out] = seen.align(found, fitted[1], self.classes_)
            if enough is not None and np.isfinite(scores).any(axis=1).sum() >= enough:
                break
        return scores

    def scores(self, X: Scored, n_jobs: int | None = None) -> Floats:
        """Return decision values, shape (n_samples, n_classes); a binary score s becomes (-s, s)."""
        require_fitted(self)
        scorer = self._fused_scorer()
        if scorer is not None:
            found = as_columns(scorer.decision_function(X, n_jobs=n_jobs))
        else:
            found = scores_of(self.features_, self.classifier_, X)
        return found[:, -len(self.classes_) :]  # with several labels, there may be a single one

    def _fused_scorer(self) -> Any:
        """Return a scorer that needs no feature matrix; None if the features or the classifier do not support it."""
        if not hasattr(self, "_fused"):
            self._fused = None
            if getattr(self.features_, "supports_fused_scoring", False):
                from copydesk.classifiers.fused import FusedScorer

                self._fused = FusedScorer.from_fitted(self.features_, self.classifier_)
        return self._fused

    def predict_proba(self, X: Scored) -> Floats:
        """Return probabilities, shape (n_samples, n_classes); rows sum to 1 unless there are several labels."""
        scores = self.scores(X)
        return np.asarray(self.decision_for(X, scores).predict_proba(scores))

    def predict(self, X: Scored) -> Any:
        """Return labels, shape (n_samples,), None where the decision abstains.

        With several labels, return an indicator matrix, CSR of shape (n_samples, n_classes).
        """
        scores = self.scores(X)
        found = self.decision_for(X, scores).predict(scores)
        return found if is_indicator(found) else np.asarray(found, dtype=object)

    def decision_for(self, X: Any, scores: Floats) -> Any:
        """Return the decision for these rows: one with modes takes one for each page."""
        return self.decision_.for_pages(X, scores) if hasattr(self.decision_, "for_pages") else self.decision_

    def __getstate__(self) -> dict[str, Any]:
        state: dict[str, Any] = super().__getstate__()
        return {key: value for key, value in state.items() if key != "_fused"}


def fit_parts(
    features: Any, classifier: Any, X: Inputs, y: Targets, groups: Any, weight: Floats | None
) -> tuple[Any, Any]:
    """Return fitted copies of features and classifier."""
    from sklearn.base import clone
    from sklearn.utils.validation import has_fit_parameter

    features = clone(features) if features is not None else None
    matrix = features.fit_transform(X, y.values) if features is not None else X
    classifier = clone(classifier)
    extras = {"groups": groups, "sample_weight": weight}
    used = {k: v for k, v in extras.items() if v is not None and has_fit_parameter(classifier, k)}
    return features, classifier.fit(matrix, y.values, **used)


fitting: ContextVar[Callable[..., tuple[Any, Any]]] = ContextVar("fitting", default=fit_parts)
"""Function that fits features and classifier; an engine sets another one."""


def take(X: Inputs, rows: NDArray[np.intp]) -> Inputs:
    """Select rows of a list of texts or of a frame."""
    return [X[i] for i in rows] if isinstance(X, list) else X.iloc[rows]


def scores_of(features: Any, classifier: Any, X: Scored) -> Floats:
    """Return decision values or log probabilities of a fitted pair, shape (n_samples, n_classes)."""
    matrix = features.transform(X) if features is not None else X
    if hasattr(classifier, "decision_function"):
        return as_columns(classifier.decision_function(matrix))
    # Naive Bayes has no decision values; its log probabilities rank and calibrate the same way.
    return np.asarray(classifier.predict_log_proba(matrix))


def as_columns(scores: Floats) -> Floats:
    """Give binary decision values the two columns that every other number of classes has."""
    return np.column_stack([-scores, scores]) if scores.ndim == 1 else scores
