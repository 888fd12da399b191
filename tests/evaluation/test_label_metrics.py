"""Scores of sets of labels beside scikit-learn's, intervals beside drawing rows, and counts made by hand."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy.sparse import csr_matrix
from sklearn import metrics as sk

from copydesk.evaluation import label_counts, label_predictions
from copydesk.evaluation.label_counts import LabelCounts
from copydesk.evaluation.label_metrics import draw_labels, evaluate_labels
from copydesk.evaluation.label_pairs import confused, together
from copydesk.evaluation.label_predictions import LabelPredictions
from copydesk.evaluation.label_ranking import at_cuts, average_precisions
from copydesk.evaluation.label_reliability import calibration_draws, calibration_errors, reliability_of_pairs
from copydesk.evaluation.label_thresholds import f1_over_thresholds
from copydesk.tasks import Task
from helpers.judged_labels import labels_at_random, predictions_of

TASK = Task(name="sets", title="Sets", use="", limits="", headline="micro_f1")
SHAPES = st.tuples(st.integers(1, 12), st.integers(2, 8))


@st.composite
def judged_cases(draw: st.DrawFn) -> LabelPredictions:
    """Draw small predictions, with ties among the probabilities."""
    shape = draw(SHAPES)
    truth, decisions = (draw(arrays.arrays(np.bool_, shape)) for _ in range(2))
    values = draw(arrays.arrays(np.float32, shape, elements=st.sampled_from([0.0, 0.125, 0.25, 0.5, 0.75, 1.0])))
    return predictions_of(truth, decisions, values)


def dense(judged: LabelPredictions) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return judged.truth.toarray(), judged.decisions.toarray(), np.asarray(judged.probabilities)


def values_of(judged: LabelPredictions) -> dict[str, Any]:
    return {name: each["value"] for name, each in evaluate_labels(judged, TASK, resamples=20)["scores"].items()}


@settings(max_examples=60, deadline=None)
@given(judged_cases())
def test_scores_are_those_of_scikit_learn(judged: LabelPredictions) -> None:
    y, p, _ = dense(judged)
    found = values_of(judged)
    present = (y.any(axis=0) | p.any(axis=0)).nonzero()[0]
    assume(len(present) != 1)  # scikit-learn takes a single column for one label for each row
    for average in ("micro", "macro", "weighted"):
        for name, function in (("f1", sk.f1_score), ("precision", sk.precision_score), ("recall", sk.recall_score)):
            known = function(y[:, present], p[:, present], average=average, zero_division=0) if len(present) else None
            value = found[f"{average}_{name}"]
            assert (0.0 if value is None else value) == pytest.approx(known or 0.0)
    assert found["hamming_loss"] == pytest.approx(sk.hamming_loss(y, p))
    assert found["subset_accuracy"] == pytest.approx(sk.accuracy_score(y, p))


@settings(max_examples=60, deadline=None)
@given(judged_cases())
def test_rankings_are_those_of_scikit_learn(judged: LabelPredictions) -> None:
    y, _, values = dense(judged)
    found = at_cuts(judged)
    assert found["coverage_error"].mean() == pytest.approx(sk.coverage_error(y, values))
    single = average_precisions(judged)
    for at in range(y.shape[1]):
        if y[:, at].any():
            assert single[at] == pytest.approx(sk.average_precision_score(y[:, at], values[:, at]))
        else:
            assert np.isnan(single[at])
    by_hand = np.argsort(-values, axis=1, kind="stable")
    ranked = np.take_along_axis(y, by_hand, axis=1)
    for k in (1, 3, 5):
        assert found[f"precision_at_{k}"] == pytest.approx(ranked[:, :k].sum(axis=1) / k)
        assert found[f"recall_at_{k}"] == pytest.approx(ranked[:, :k].sum(axis=1) / np.maximum(y.sum(axis=1), 1))


def test_ndcg_is_that_of_scikit_learn() -> None:
    judged = labels_at_random(150, 30, noise=3.0)
    y, _, values = dense(judged)
    found = at_cuts(judged)
    for k in (1, 3, 5):
        known = [sk.ndcg_score(y[[at]], values[[at]], k=k) if y[at].any() else 0.0 for at in range(len(y))]
        assert found[f"ndcg_at_{k}"] == pytest.approx(known)


@settings(max_examples=30, deadline=None)
@given(judged_cases())
def test_sparse_probabilities_give_the_same_scores(judged: LabelPredictions) -> None:
    sparse = LabelPredictions(
        judged.rows, judged.classes, judged.truth, judged.decisions, csr_matrix(judged.probabilities)
    )
    assert values_of(sparse) == values_of(judged)


def test_small_blocks_give_the_same_scores(monkeypatch: pytest.MonkeyPatch) -> None:
    judged = labels_at_random(90, 40)
    whole = evaluate_labels(judged, TASK, resamples=50)
    monkeypatch.setattr(label_predictions, "DENSE_CELLS", 130)
    monkeypatch.setattr(label_counts, "LABELS_AT_ONCE", 7)
    parts = evaluate_labels(judged, TASK, resamples=50)
    for name, each in whole["scores"].items():
        assert parts["scores"][name] == pytest.approx(each), name
    assert parts["per_class"] == whole["per_class"]


def test_draws_are_the_scores_of_drawn_rows() -> None:
    judged = labels_at_random(60, 8)
    units, resamples, seed = np.arange(60), 12, 3
    _, drawn, _ = draw_labels(LabelCounts(judged), (units, 60, resamples, seed))
    rng = np.random.default_rng(seed)
    for at, rows in enumerate(rng.integers(60, size=(resamples, 60))):
        again, _, _ = draw_labels(LabelCounts(judged.take(rows)), (units, 60, 2, 0))
        for name in drawn:
            assert drawn[name][at] == pytest.approx(np.ravel(again[name])[0]), name


def test_intervals_contain_the_value_where_most_labels_are_rare() -> None:
    found = evaluate_labels(labels_at_random(150, 300, noise=1.5), TASK, resamples=100)
    assert np.median([row["support"] for row in found["per_class"]]) < 5
    for name in ("macro_f1", "weighted_f1", "average_precision", "label_ece", "micro_f1"):
        each = found["scores"][name]
        assert each["low"] < each["value"] < each["high"], name


def test_calibration_errors_are_those_of_bins_made_by_hand() -> None:
    judged = labels_at_random(300, 5, noise=2.0)
    y, _, values = dense(judged)
    bins = np.minimum((values * 15).astype(int), 14)
    known = [
        sum(abs((values[bins[:, k] == b, k] - y[bins[:, k] == b, k]).sum()) for b in range(15)) / 300 for k in range(5)
    ]
    assert calibration_errors(judged) == pytest.approx(known, rel=1e-5)
    pairs = reliability_of_pairs(judged)
    assert sum(each["n"] for each in pairs) == 300 * 5
    assert sum(each["n"] * each["accuracy"] for each in pairs) == pytest.approx(y.sum())
    drawn = calibration_draws(judged, np.arange(300), 300, 300, 0)
    assert drawn.min() < np.mean(known) < drawn.max() + 0.02


def test_one_threshold_for_all_labels_is_that_of_scikit_learn() -> None:
    judged = labels_at_random(200, 9, noise=2.0)
    y, _, values = dense(judged)
    curve = f1_over_thresholds(judged, steps=20)
    for at in (0, 9, 15):
        called = values >= curve["thresholds"][at]
        assert curve["micro_f1"][at] == pytest.approx(sk.f1_score(y, called, average="micro", zero_division=0))
        assert curve["macro_f1"][at] == pytest.approx(sk.f1_score(y, called, average="macro", zero_division=0))


def test_pairs_are_counted_by_hand() -> None:
    truth = [[1, 1, 0], [1, 1, 0], [1, 0, 0], [0, 1, 0]]
    given_labels = [[1, 1, 0], [1, 0, 1], [0, 0, 1], [0, 1, 0]]
    judged = predictions_of(np.array(truth), np.array(given_labels), np.full((4, 3), 0.5))
    [both] = together(judged)
    assert (both["first"], both["second"], both["true"], both["predicted"]) == ("l000", "l001", 2, 1)
    assert both["share_of_first"] == pytest.approx(2 / 3)
    assert both["lift"] == pytest.approx(2 * 4 / (3 * 3))
    assert confused(judged) == [
        {"missed": "l000", "given": "l002", "n": 1, "share": pytest.approx(1 / 3)},
        {"missed": "l001", "given": "l002", "n": 1, "share": pytest.approx(1 / 3)},
    ]


def test_labels_in_no_document_and_in_no_decision_are_left_out_of_means() -> None:
    judged = predictions_of(np.array([[1, 0, 0]]), np.array([[1, 0, 0]]), np.array([[0.9, 0.1, 0.0]]))
    found = evaluate_labels(judged, TASK, resamples=20)
    assert found["scores"]["macro_f1"]["value"] == 1.0
    assert [row["label"] for row in found["per_class"]] == ["l000"]
    assert found["coverage"] == {"answered": 1, "abstained": 0}


def test_documents_without_labels_count_and_nothing_given_is_defined() -> None:
    judged = predictions_of(np.zeros((2, 2)), np.zeros((2, 2)), np.full((2, 2), 0.1))
    found = evaluate_labels(judged, TASK, resamples=20)
    assert found["scores"]["subset_accuracy"]["value"] == 1.0
    assert found["scores"]["micro_f1"]["value"] is None
    assert found["scores"]["recall_at_1"]["value"] is None
    assert found["scores"]["precision_at_1"]["value"] == 0.0
    assert found["scores"]["coverage_error"]["value"] == 0.0
    json.dumps(found, allow_nan=False)


def test_metrics_are_json_with_parts_and_a_baseline() -> None:
    groups = [f"site {at % 11}" for at in range(200)]
    found = evaluate_labels(labels_at_random(200, 12, group=groups), TASK, resamples=50)
    json.dumps(found, allow_nan=False)
    assert found["intervals"]["resampled"] == "group"
    assert len(found["by_group"]) == 11
    assert found["headline"]["name"] == "micro_f1"
    assert found["headline"]["low"] < found["headline"]["value"] < found["headline"]["high"]
    assert 0 < found["baseline"]["micro_f1"] < found["headline"]["value"]
    assert found["labels"]["n"] == 12


def test_nothing_to_judge_is_an_error() -> None:
    judged = labels_at_random(3)
    judged.rows["judged"] = False
    with pytest.raises(ValueError, match="no labelled row"):
        evaluate_labels(judged, TASK)
