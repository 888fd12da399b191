"""Which mistakes are shown, and which labels are suspect."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from copydesk.evaluation.mistakes import label_errors, worst_mistakes, wrong, wrong_lead
from copydesk.evaluation.predictions import Predictions
from copydesk.reports.marks import marked
from helpers.judged import frame_of, topics


def test_the_worst_come_first_and_every_class_has_some() -> None:
    said = topics(400, classes=20, right=0.5)
    chosen = worst_mistakes(said, worst=5, of_class=2)
    assert wrong(said)[chosen].all()
    assert (np.diff(wrong_lead(said)[chosen]) <= 0).all()
    counts = said.rows["label"].iloc[chosen].value_counts()
    assert len(counts) == 20
    assert counts.min() >= 2


def test_every_confusion_has_its_worst_mistake() -> None:
    said = topics(400, classes=8, right=0.5)
    wrongs = said.rows[wrong(said)]
    chosen = worst_mistakes(said, worst=1, of_class=1)
    rows = said.rows.iloc[chosen]
    pairs = set(zip(wrongs["label"], wrongs["predicted"], strict=True))
    assert set(zip(rows["label"], rows["predicted"], strict=True)) == pairs
    assert len(chosen) < len(wrongs)


@given(st.integers(0, 1000), st.integers(1, 6))
def test_the_worst_of_all_folds_are_among_the_worst_of_each(seed: int, folds: int) -> None:
    said = topics(90, classes=4, right=0.6, seed=seed)
    fold = np.arange(len(said)) % folds
    parts = [np.flatnonzero(fold == number) for number in range(folds)]
    shown = {int(part[at]) for part in parts for at in worst_mistakes(said.take(part), 8, 2)}
    assert set(worst_mistakes(said, 8, 2).tolist()) <= shown


def test_an_abstention_is_no_mistake() -> None:
    frame = frame_of([{"text": "a", "label": "x", "document": "d"}, {"text": "b", "label": "x", "document": "e"}])
    said = Predictions.of(frame, classes=["x", "y"], predicted=[None, "y"], scores=[[0.0, 1.0], [0.0, 1.0]])
    assert worst_mistakes(said).tolist() == [1]


def test_a_swapped_label_is_found_by_confident_learning() -> None:
    labels = ["x"] * 10 + ["y"] * 10
    truth = np.array([[0.9, 0.1]] * 10 + [[0.1, 0.9]] * 10)
    labels[3] = "y"  # sure to be x
    labels[12] = "x"
    truth[12] = [0.02, 0.98]  # surer to be y
    frame = frame_of([{"text": f"t{n}", "label": label, "document": f"d{n}"} for n, label in enumerate(labels)])
    said = Predictions.of(frame, classes=["x", "y"], predicted=labels, probabilities=truth)
    positions, suggested = label_errors(said)
    assert positions.tolist() == [12, 3]
    assert suggested.tolist() == ["y", "x"]


def test_a_label_that_is_more_probable_than_the_other_is_not_suspect() -> None:
    # "y" is rare, so its rows pass a low threshold although "x" is more probable
    truth = np.array([[0.9, 0.1]] * 8 + [[0.7, 0.3]] * 4)
    labels = ["x"] * 8 + ["y"] * 2 + ["x"] * 2
    frame = frame_of([{"text": f"t{n}", "label": label, "document": f"d{n}"} for n, label in enumerate(labels)])
    positions, suggested = label_errors(
        Predictions.of(frame, classes=["x", "y"], predicted=labels, probabilities=truth)
    )
    assert positions.tolist() == []
    assert suggested.tolist() == []


def test_without_probabilities_no_label_is_suspect() -> None:
    frame = frame_of([{"text": "a", "label": "x", "document": "d"}])
    said = Predictions.of(frame, classes=["x", "y"], predicted=["y"], scores=[[0.0, 1.0]])
    assert len(label_errors(said)[0]) == 0


@given(
    st.text(max_size=30),
    st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40), st.floats(-2, 2)), max_size=8),
)
def test_marked_pieces_join_to_the_text(text: str, spans: list[tuple[int, int, float]]) -> None:
    pieces = marked(text, [(min(a, len(text)), b, value) for a, b, value in spans])
    assert "".join(piece for piece, _ in pieces) == text
    assert {kind for _, kind in pieces} <= {"", "p1", "p2", "p3", "n1", "n2", "n3"}


@pytest.mark.parametrize(("value", "kind"), [(1.0, "p3"), (-1.0, "n3")])
def test_what_speaks_for_the_given_label_is_told_from_what_speaks_against_it(value: float, kind: str) -> None:
    assert marked("the ferry sails", [(4, 9, value)]) == [("the ", ""), ("ferry", kind), (" sails", "")]
