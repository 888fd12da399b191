"""Features, classifier and decision as one scikit-learn estimator: what a run fits and a bundle saves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from copydesk.compiled.arrays import Floats
from copydesk.interface.checks import require_fitted
from copydesk.interface.late_bases import Classifier

if TYPE_CHECKING:
    import pandas as pd

    Inputs = list[str] | pd.DataFrame
    # Scoring needs no frame: columns of paragraphs will do.
    Scored = Inputs | Mapping[str, Sequence[Any]]


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
        Folds for those scores; groups stay whole where they are given.
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
        y : array-like of shape (n_samples,)
        groups : array-like of shape (n_samples,), optional
            Sites or sources; none is in two folds.
        sample_weight : ndarray of shape (n_samples,), optional
            For the classifier.
        decision_weight : ndarray of shape (n_samples,), optional
            For the decision, e.g. characters.
        """
        self.fit_and_validate(X, y, groups, sample_weight, decision_weight)
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

        The result is empty, (0, 0), if the decision needs no validation.
        """
        from sklearn.base import clone

        y = np.asarray(y, dtype=object)
        scores: Floats = np.empty((0, 0))
        judged = np.zeros(len(y), dtype=bool)
        if self.decision.needs_validation and self.features is None and hasattr(self.classifier, "fit_and_validate"):
            # The classifier holds out groups itself and reuses its own folds.
            self.features_, self.classifier_ = None, clone(self.classifier)
            scores = as_columns(self.classifier_.fit_and_validate(X, y, groups, sample_weight))
        else:
            self.features_, self.classifier_ = self._fit_parts(X, y, groups, sample_weight)
            if self.decision.needs_validation:
                scores = self._out_of_fold(X, y, groups, sample_weight)
        self.classes_ = self.classifier_.classes_
        if self.decision.needs_validation:
            # Rows of weight 0 only serve as context for their neighbours; their labels are doubtful.
            judged = np.ones(len(y), dtype=bool) if decision_weight is None else decision_weight > 0
        self.decision_ = clone(self.decision).fit(
            scores[judged] if len(scores) else scores,
            y[judged],
            self.classes_,
            weight=None if decision_weight is None else decision_weight[judged],
            groups=None if groups is None else np.asarray(groups)[judged],
        )
        return scores

    def _fit_parts(self, X: Inputs, y: Any, groups: Any, weight: Any) -> tuple[Any, Any]:
        from sklearn.base import clone
        from sklearn.utils.validation import has_fit_parameter

        features = clone(self.features) if self.features is not None else None
        matrix = features.fit_transform(X, y) if features is not None else X
        classifier = clone(self.classifier)
        extras = {"groups": groups, "sample_weight": weight}
        used = {k: v for k, v in extras.items() if v is not None and has_fit_parameter(classifier, k)}
        return features, classifier.fit(matrix, y, **used)

    def _out_of_fold(self, X: Inputs, y: Any, groups: Any, weight: Any) -> Floats:
        from sklearn.model_selection import GroupKFold, StratifiedKFold

        rows = np.arange(len(y))
        kwargs = {"shuffle": True, "random_state": self.random_state}
        folds = StratifiedKFold(self.folds, **kwargs).split(rows, y.astype(str))
        if groups is not None:
            folds = GroupKFold(self.folds, **kwargs).split(rows, groups=groups)
        n_classes = len(set(y.tolist()))
        scores = np.empty((len(y), n_classes))
        for rest, held_out in folds:
            part = None if groups is None else np.asarray(groups)[rest]
            weights = None if weight is None else weight[rest]
            fitted = self._fit_parts(take(X, rest), y[rest], part, weights)
            if len(fitted[1].classes_) < n_classes:
                raise ValueError(
                    f"a class is missing from a fold of {self.folds}: decision={type(self.decision).__name__} "
                    "needs every class in every fold; use more examples, fewer folds or decision=argmax"
                )
            scores[held_out] = scores_of(*fitted, take(X, held_out))
        return scores

    def scores(self, X: Scored, n_jobs: int | None = None) -> Floats:
        """Return decision values, shape (n_samples, n_classes); a binary score s becomes (-s, s)."""
        require_fitted(self)
        scorer = self._fused_scorer()
        if scorer is not None:
            return as_columns(scorer.decision_function(X, n_jobs=n_jobs))
        return scores_of(self.features_, self.classifier_, X)

    def _fused_scorer(self) -> Any:
        """Return a scorer that needs no feature matrix; None if the features or the classifier do not support it."""
        if not hasattr(self, "_fused"):
            self._fused = None
            if getattr(self.features_, "supports_fused_scoring", False):
                from copydesk.classifiers.fused import FusedScorer

                self._fused = FusedScorer.from_fitted(self.features_, self.classifier_)
        return self._fused

    def predict_proba(self, X: Scored) -> Floats:
        """Return probabilities, shape (n_samples, n_classes); rows sum to 1."""
        return np.asarray(self.decision_.predict_proba(self.scores(X)))

    def predict(self, X: Scored) -> NDArray[np.object_]:
        """Return labels, shape (n_samples,); None where the decision abstains."""
        return np.asarray(self.decision_.predict(self.scores(X)), dtype=object)

    def __getstate__(self) -> dict[str, Any]:
        state: dict[str, Any] = super().__getstate__()
        return {key: value for key, value in state.items() if key != "_fused"}


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
