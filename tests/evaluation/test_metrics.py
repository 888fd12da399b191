"""Scores beside scikit-learn's, intervals beside what they promise, and boilerplate counted by hand."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

from copydesk.evaluation.boilerplate import removed_at_loss
from copydesk.evaluation.curves import average_precision, coverage_curve, reliability, roc_auc
from copydesk.evaluation.intervals import resampling_units, wilson_interval
from copydesk.evaluation.metrics import evaluate
from copydesk.evaluation.predictions import Predictions
from copydesk.tasks import BOILERPLATE_TASK
from helpers.judged import frame_of, pages, topics


@pytest.mark.parametrize(("n", "classes", "right"), [(200, 2, 0.7), (400, 5, 0.6), (90, 8, 0.95)])
def test_scores_are_those_of_scikit_learn(n: int, classes: int, right: float) -> None:
    said = topics(n, classes=classes, right=right)
    assert said.probabilities is not None
    y, p = said.rows["label"].to_numpy(str), said.rows["predicted"].to_numpy(str)
    found = {name: score["value"] for name, score in evaluate(said, resamples=20)["scores"].items()}
    names = said.classes.astype(str)
    truth = y[:, None] == names[None, :]
    assert found["accuracy"] == pytest.approx(sk.accuracy_score(y, p))
    assert found["macro_f1"] == pytest.approx(sk.f1_score(y, p, average="macro"))
    assert found["weighted_f1"] == pytest.approx(sk.f1_score(y, p, average="weighted"))
    assert found["log_loss"] == pytest.approx(sk.log_loss(y, said.probabilities, labels=names))
    single = [sk.average_precision_score(truth[:, k], said.probabilities[:, k]) for k in range(classes)]
    assert found["average_precision"] == pytest.approx(np.mean(single))
    areas = [sk.roc_auc_score(truth[:, k], said.probabilities[:, k]) for k in range(classes)]
    assert found["roc_auc"] == pytest.approx(np.mean(areas))
    brier = np.square(said.probabilities - truth).sum(axis=1).mean() / (2 if classes == 2 else 1)
    assert found["brier"] == pytest.approx(brier)


@settings(max_examples=50)
@given(st.lists(st.tuples(st.booleans(), st.sampled_from([0.1, 0.2, 0.5, 0.9])), min_size=2, max_size=30))
def test_areas_with_ties_are_those_of_scikit_learn(rows: list[tuple[bool, float]]) -> None:
    y, score = np.array([hit for hit, _ in rows]), np.array([value for _, value in rows])
    if y.any() and not y.all():
        assert average_precision(y, score) == pytest.approx(sk.average_precision_score(y, score))
        assert roc_auc(y, score) == pytest.approx(sk.roc_auc_score(y, score))
    elif not y.any():
        assert np.isnan(average_precision(y, score))


def test_an_abstention_lowers_recall_and_nobodys_precision() -> None:
    rows = [{"text": str(n), "label": "xxyy"[n], "document": f"d{n}"} for n in range(4)]
    frame = frame_of(rows)
    said = Predictions.of(frame, classes=["x", "y"], predicted=["x", None, "y", "x"], scores=np.zeros((4, 2)))
    found = evaluate(said, resamples=20)
    by_label = {row["label"]: row for row in found["per_class"]}
    assert found["scores"]["accuracy"]["value"] == 0.5
    assert found["scores"]["accuracy_answered"]["value"] == pytest.approx(2 / 3)
    assert found["coverage"]["abstained"] == 1
    assert (by_label["x"]["precision"]["value"], by_label["x"]["recall"]["value"]) == (0.5, 0.5)
    assert found["confusion"] == {"labels": ["x", "y"], "abstained": True, "counts": [[1, 0, 1], [1, 1, 0]]}


def test_pages_are_counted_by_paragraph_and_by_character() -> None:
    rows = [
        {"text": "a" * 90, "label": "content", "document": "d", "position": 0},
        {"text": "b" * 10, "label": "content", "document": "d", "position": 1},
        {"text": "c" * 30, "label": "boilerplate", "document": "d", "position": 2},
        {"text": "d" * 10, "label": "boilerplate", "document": "e", "position": 0},
    ]
    cut = ["content", "boilerplate", "boilerplate", "content"]
    ranking = np.array([0.1, 0.7, 0.9, 0.2])
    said = Predictions.of(
        frame_of(rows), classes=["boilerplate", "content"], predicted=cut,
        probabilities=np.column_stack([ranking, 1 - ranking]),
    )  # fmt: skip
    found = {name: score["value"] for name, score in evaluate(said, BOILERPLATE_TASK, resamples=20)["scores"].items()}
    assert found["boilerplate_f1"] == 0.5
    assert found["article_lost"] == pytest.approx(0.1)
    assert found["boilerplate_removed"] == pytest.approx(0.75)
    assert found["boilerplate_removed_at_half_percent_lost"] == pytest.approx(0.75)


def test_what_can_be_removed_never_loses_more_than_is_allowed() -> None:
    draw = np.random.default_rng(0)
    positive, ranking, characters = draw.random(300) < 0.4, draw.random(300), draw.integers(1, 200, 300).astype(float)
    for loss in (0.0, 0.01, 0.2, 1.0):
        gone = removed_at_loss(positive, ranking, characters, loss)
        best = max(
            (characters[positive & (ranking >= t)].sum() for t in ranking
             if characters[~positive & (ranking >= t)].sum() <= loss * characters[~positive].sum()),
            default=0.0,
        )  # fmt: skip
        assert gone == pytest.approx(best / characters[positive].sum())


def test_groups_are_resampled_whole_where_ten_are_known() -> None:
    said = topics()
    _, n, kind = resampling_units(said.rows)
    assert (n, kind) == (12, "group")
    _, n, kind = resampling_units(said.rows.assign(group=["a", "b"] * 60))
    assert (n, kind) == (120, "document")


def test_intervals_of_accuracy_hold_what_they_promise() -> None:
    covered = 0
    for seed in range(40):
        hit = np.random.default_rng(seed).random(300) < 0.8
        rows = [{"text": str(n), "label": "x", "document": f"d{n}"} for n in range(300)]
        said = Predictions.of(
            frame_of(rows), classes=["x", "y"], predicted=np.where(hit, "x", "y"), scores=np.zeros((300, 2))
        )
        score = evaluate(said, resamples=150, seed=seed)["scores"]["accuracy"]
        covered += score["low"] <= 0.8 <= score["high"]
    assert 34 <= covered <= 40


@given(st.integers(1, 500), st.floats(0, 1))
def test_wilsons_interval_is_a_share_and_holds_the_share(n: int, share: float) -> None:
    low, high = wilson_interval(round(share * n), n)
    assert 0 <= low <= round(share * n) / n + 1e-9
    assert round(share * n) / n - 1e-9 <= high <= 1
    assert high - low > 0


@settings(max_examples=20)
@given(st.integers(0, 100))
def test_curves_end_where_everything_is_answered(seed: int) -> None:
    draw = np.random.default_rng(seed)
    sure, right = draw.random(80), draw.random(80) < 0.7
    curve = coverage_curve(sure, right)
    assert curve[-1]["coverage"] == 1.0
    assert curve[-1]["accuracy"] == pytest.approx(right.mean())
    assert sum(each["n"] for each in reliability(sure, right)) == 80


def test_the_same_seed_gives_the_same_json() -> None:
    one, other = (json.dumps(evaluate(pages(), BOILERPLATE_TASK, seed=3, resamples=50)) for _ in range(2))
    assert one == other
    assert "NaN" not in one


def test_nothing_to_judge_is_refused() -> None:
    said = topics()
    with pytest.raises(ValueError, match="no labelled row"):
        evaluate(Predictions(said.rows.assign(judged=False), said.classes, said.scores))
