"""Decision on sets of labels."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_matrix
from scipy.special import expit
from sklearn.metrics import f1_score

from copydesk.classifiers.label_decision import THRESHOLD_METRICS, LabelDecision
from copydesk.errors import ConfigError
from copydesk.labels.hierarchy import parents_of

CLASSES = np.array(["a", "a/b", "a/c", "d"], dtype=object)


def drawn(n: int = 600, seed: int = 0) -> tuple[np.ndarray, csr_matrix]:
    rng = np.random.default_rng(seed)
    scores = rng.normal([0.5, -1, -1.5, -2], 1.0, (n, 4))
    return scores, csr_matrix((rng.random((n, 4)) < expit(3 * scores)).astype(np.uint8))


@cache
def fitted(**options: Any) -> LabelDecision:
    scores, Y = drawn()
    return LabelDecision(**options).fit(scores, Y, CLASSES)


def test_thresholds_raise_the_f1_that_they_are_set_for() -> None:
    (scores, Y), (unseen, truth) = drawn(8_000), drawn(8_000, seed=1)
    given = {
        metric: LabelDecision(metric=metric).fit(scores, Y, CLASSES).predict(unseen) for metric in THRESHOLD_METRICS[:3]
    }
    reached = {
        metric: {
            average: f1_score(truth.toarray(), given[metric].toarray(), average=average)
            for average in ("micro", "macro")
        }
        for metric in THRESHOLD_METRICS[:3]
    }
    at_zero = f1_score(truth.toarray(), unseen > 1, average="macro")
    assert reached["macro_f1"]["macro"] > at_zero
    assert reached["micro_f1"]["micro"] >= reached["macro_f1"]["micro"] - 0.005
    assert reached["macro_f1"]["macro"] >= reached["micro_f1"]["macro"] - 0.005


@pytest.mark.parametrize(("metric", "target"), [("precision", 0.9), ("recall", 0.8)])
def test_each_label_reaches_a_target_on_unseen_rows(metric: str, target: float) -> None:
    scores, Y = drawn(20_000)
    unseen, truth = drawn(20_000, seed=1)
    given = LabelDecision(metric=metric, target=target).fit(scores, Y, CLASSES).predict(unseen).toarray()
    right = (given * truth.toarray()).sum(axis=0)
    reached = right / (given.sum(axis=0) if metric == "precision" else truth.toarray().sum(axis=0))
    assert (reached > target - 0.05).all()


def test_the_answer_is_an_indicator_of_probabilities_above_thresholds() -> None:
    model = fitted(at_least_one=False)
    scores, _ = drawn(50, seed=2)
    found = model.predict(scores)
    assert isinstance(found, csr_matrix)
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found.toarray(), model.predict_proba(scores) >= model.thresholds_)


@given(st.integers(0, 99), st.sampled_from([{}, {"at_most": 1}, {"top_k": 2}, {"at_least_one": True}]))
def test_a_parent_holds_where_its_child_does(seed: int, options: dict[str, Any]) -> None:
    model = fitted(separator="/", **options)
    scores, _ = drawn(30, seed=seed)
    given, p = model.predict(scores).toarray(), model.predict_proba(scores)
    for child, parent in enumerate(parents_of(CLASSES, "/")):
        if parent >= 0:
            assert (given[:, parent] >= given[:, child]).all()
            assert (p[:, parent] >= p[:, child]).all()


@given(st.integers(0, 99))
def test_limits_on_the_number_of_labels(seed: int) -> None:
    scores, _ = drawn(30, seed=seed)
    low = scores - 3
    assert (fitted(at_least_one=False).predict(low).sum(axis=1) == 0).any()
    assert (fitted(at_least_one=True).predict(low).sum(axis=1) >= 1).all()
    assert (fitted(at_most=1).predict(scores + 3).sum(axis=1) <= 1).all()
    assert (fitted(top_k=3).predict(scores).sum(axis=1) == 3).all()
    for options in ({"at_least_one": True, "at_most": 1}, {"top_k": 1}):
        given = fitted(**options).predict(low).toarray()
        np.testing.assert_array_equal(given.argmax(axis=1), fitted().predict_proba(low).argmax(axis=1))


def test_at_least_one_is_learnt_from_the_validation_rows() -> None:
    scores, Y = drawn()
    assert not fitted().at_least_one_
    some = np.flatnonzero(np.diff(Y.indptr) > 0)
    model = LabelDecision().fit(scores[some], Y[some], CLASSES)
    assert model.at_least_one_
    assert model.summary_["decision"].endswith("set for micro macro f1, at least one")


def test_a_threshold_for_all_labels_in_place_of_their_own() -> None:
    model = fitted(at_least_one=True)
    p = model.predict_proba(drawn(40, seed=3)[0])
    np.testing.assert_array_equal(model.select(p, threshold=0.7).toarray(), p >= 0.7)
    assert (model.select(p, top_k=2).sum(axis=1) == 2).all()


def test_labels_without_validation_rows_are_named_and_rows_of_unknown_labels_left_out() -> None:
    scores, Y = drawn()
    lacking = csr_matrix(np.hstack([Y.toarray()[:, :3], np.zeros((Y.shape[0], 1), np.uint8)]))
    scores[:300, 3] = -np.inf
    model = LabelDecision().fit(scores, lacking, CLASSES)
    assert model.summary_["labels_not_validated"] == ["d"]
    assert np.isfinite(model.thresholds_).all()


def test_without_validation_rows_a_label_holds_if_it_is_likelier_than_not() -> None:
    model = LabelDecision().fit(np.empty((0, 0)), csr_matrix((0, 4), dtype=np.uint8), CLASSES)
    assert model.summary_["calibrated"] is False
    assert model.predict(np.array([[1.0, -1.0, 0.1, -0.1]])).toarray().tolist() == [[1, 0, 1, 0]]


def test_one_label_for_each_document_is_refused() -> None:
    with pytest.raises(ConfigError, match="decision=labels: the data has one label for each document"):
        LabelDecision().fit(np.zeros((2, 2)), np.array(["a", "b"], dtype=object), CLASSES[:2])


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"metric": "f1"}, "metric='f1': unknown; valid: micro_macro_f1, micro_f1"),
        ({"metric": "precision"}, "target=None: precision needs a share between 0 and 1"),
        ({"target": 0.5}, "target=0.5: only precision and recall have one"),
        ({"fbr": 2.0}, "fbr=2.0: an F1 from 0 to 1"),
        ({"top_k": 0}, "top_k=0: a whole number from 1, or null"),
        ({"at_most": True}, "at_most=True: a whole number from 1, or null"),
    ],
)
def test_parameters_are_checked(options: dict[str, Any], error: str) -> None:
    with pytest.raises(ValueError, match=error):
        LabelDecision(**options).fit(*drawn(10), CLASSES)
