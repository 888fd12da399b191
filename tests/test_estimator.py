"""Features, classifier and decision work as one estimator, the same as by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.model_selection import GroupKFold
from sklearn.naive_bayes import ComplementNB
from sklearn.svm import LinearSVC

from copydesk.estimator import TextClassifier, as_columns

TEXTS = [f"{'sea ship' if n % 2 else 'land horse'} number{n} {'wet' if n % 2 else 'dry'}" for n in range(40)]
LABELS = ["sea" if n % 2 else "land" for n in range(40)]


class Listening(BaseEstimator):  # type: ignore[misc]
    """A decision that keeps what it was fitted on."""

    def __init__(self, needs_validation: bool = True) -> None:
        self.needs_validation = needs_validation

    def fit(self, scores: Any, y: Any, classes: Any, weight: Any = None, groups: Any = None) -> Listening:
        self.scores_, self.y_, self.classes_, self.weight_ = scores, y, classes, weight
        return self

    def predict(self, scores: Any) -> Any:
        return self.classes_[scores.argmax(axis=1)]

    def predict_proba(self, scores: Any) -> Any:
        return np.full(scores.shape, 1 / scores.shape[1])


def fitted(**kwargs: Any) -> TextClassifier:
    return TextClassifier(TfidfVectorizer(), LinearSVC(random_state=0), Listening(**kwargs)).fit(TEXTS, LABELS)


def test_scores_are_those_of_the_parts_used_by_hand() -> None:
    model = fitted(needs_validation=False)
    by_hand = LinearSVC(random_state=0).fit(TfidfVectorizer().fit_transform(TEXTS), LABELS)
    expected = by_hand.decision_function(TfidfVectorizer().fit(TEXTS).transform(TEXTS))
    np.testing.assert_array_equal(model.scores(TEXTS), np.column_stack([-expected, expected]))
    assert model.predict(TEXTS).tolist() == by_hand.predict(TfidfVectorizer().fit(TEXTS).transform(TEXTS)).tolist()


def test_a_decision_that_needs_no_validation_costs_no_further_fit() -> None:
    assert len(fitted(needs_validation=False).decision_.scores_) == 0


def test_fitting_returns_the_scores_that_the_decision_was_fitted_on() -> None:
    model = TextClassifier(TfidfVectorizer(), LinearSVC(random_state=0), Listening())
    weight = np.arange(40.0) % 3
    scores = model.fit_and_validate(TEXTS, LABELS, decision_weight=weight)
    assert scores.shape == (40, 2)
    np.testing.assert_array_equal(model.decision_.scores_, scores[weight > 0])


def test_validation_scores_come_from_models_that_did_not_see_the_row() -> None:
    groups = np.repeat(np.arange(10), 4)
    model = TextClassifier(TfidfVectorizer(), LinearSVC(random_state=0), Listening(), folds=5, random_state=3)
    model.fit(TEXTS, LABELS, groups=groups)
    expected = np.empty(40)
    for rest, out in GroupKFold(5, shuffle=True, random_state=3).split(TEXTS, groups=groups):
        vectorizer = TfidfVectorizer().fit([TEXTS[i] for i in rest])
        svm = LinearSVC(random_state=0).fit(vectorizer.transform([TEXTS[i] for i in rest]), [LABELS[i] for i in rest])
        expected[out] = svm.decision_function(vectorizer.transform([TEXTS[i] for i in out]))
    np.testing.assert_allclose(model.decision_.scores_, as_columns(expected), rtol=1e-12)


def test_a_classifier_without_decision_values_is_scored_by_log_probability() -> None:
    model = TextClassifier(TfidfVectorizer(), ComplementNB(), Listening(False)).fit(TEXTS, LABELS)
    matrix = model.features_.transform(TEXTS)
    np.testing.assert_array_equal(model.scores(TEXTS), model.classifier_.predict_log_proba(matrix))


def test_a_class_missing_from_a_fold_has_no_score_there_and_its_rows_judge_nothing() -> None:
    labels = ["rare", *["often" if n % 2 else "common" for n in range(39)]]
    model = TextClassifier(TfidfVectorizer(), LinearSVC(random_state=0), Listening())
    model.fit(TEXTS, labels, groups=np.repeat(np.arange(10), 4))
    assert model.classes_.tolist() == ["common", "often", "rare"]
    assert model.decision_.y_.tolist() == labels[1:]
    unknown = np.isneginf(model.decision_.scores_)
    assert not unknown[:, :2].any()
    assert unknown[:, 2].sum() == 7  # of the two groups that were held out with the only row of the class, but for it


class Enough(Listening):
    """A decision to which a few rows are enough."""

    enough_rows = 10


def test_a_decision_gets_no_more_validation_rows_than_it_needs() -> None:
    model = TextClassifier(TfidfVectorizer(), LinearSVC(random_state=0), Enough()).fit(TEXTS, LABELS)
    assert len(model.decision_.scores_) == 14  # one fold of three
    scores = TextClassifier(TfidfVectorizer(), LinearSVC(random_state=0), Enough()).fit_and_validate(TEXTS, LABELS)
    assert np.isfinite(scores).all()
