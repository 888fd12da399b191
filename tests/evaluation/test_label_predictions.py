"""Predictions of sets of labels: unknown labels, folds joined, and the round trip through a file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_matrix, issparse

from copydesk.errors import DataError
from copydesk.evaluation.label_predictions import LabelPredictions
from copydesk.evaluation.predictions import Predictions
from helpers.judged import frame_of, topics
from helpers.judged_labels import labels_at_random


def little(labels: list[tuple[str, ...]], classes: list[str]) -> LabelPredictions:
    frame = frame_of([{"text": str(at), "label": each, "document": f"d{at}"} for at, each in enumerate(labels)])
    proba = np.linspace(0.1, 0.9, len(labels) * len(classes)).reshape(len(labels), len(classes))
    return LabelPredictions.of(frame, classes=classes, predicted=csr_matrix(proba > 0.5), probabilities=proba)


def test_a_true_label_that_the_model_does_not_know_is_missed() -> None:
    said = little([("a", "new"), ()], ["a", "b"])
    assert said.classes.tolist() == ["a", "b", "new"]
    assert said.truth.toarray().tolist() == [[1, 0, 1], [0, 0, 0]]
    assert said.decisions.toarray()[:, 2].tolist() == [0, 0]
    assert said.ranking("new") == pytest.approx([0.0, 0.0])
    assert said.ranking("nowhere") is None
    assert said.rows["label"].tolist() == [("a", "new"), ()]
    assert said.rows["predicted"].tolist() == [(), ("a", "b")]


def test_folds_with_other_labels_are_joined_by_name() -> None:
    joined = LabelPredictions.concatenate([little([("a",)], ["a", "c"]), little([("b",), ("a",)], ["a", "b"])])
    assert joined.classes.tolist() == ["a", "b", "c"]
    assert joined.truth.toarray().tolist() == [[1, 0, 0], [0, 1, 0], [1, 0, 0]]
    assert joined.ranking("c") == pytest.approx([0.9, 0.0, 0.0])
    assert len(joined) == 3


@pytest.mark.parametrize("sparse", [False, True])
def test_what_is_saved_is_loaded(tmp_path: Path, sparse: bool) -> None:
    said = labels_at_random(40, 7)
    if sparse:
        rare = csr_matrix(np.where(said.decisions.toarray(), said.probabilities, 0))
        said = LabelPredictions(said.rows, said.classes, said.truth, said.decisions, rare)
    said.rows["title"] = pd.Series(["\ud800"] * 40, dtype=object)
    said.save(tmp_path / "predictions.parquet")
    again = LabelPredictions.load(tmp_path / "predictions.parquet")
    said.rows["title"] = "?"
    pd.testing.assert_frame_equal(again.rows, said.rows, check_dtype=False)
    assert again.classes.tolist() == said.classes.tolist()
    for name in ("truth", "decisions"):
        assert (getattr(again, name) != getattr(said, name)).nnz == 0
    assert issparse(again.probabilities) == sparse
    for name in said.classes:
        assert (again.ranking(name) == said.ranking(name)).all()


def test_a_file_of_one_label_for_each_row_is_no_such_file(tmp_path: Path) -> None:
    topics(30).save(tmp_path / "predictions.parquet")
    with pytest.raises(DataError, match=r"no column 'scored'; expected the predictions\.parquet"):
        LabelPredictions.load(tmp_path / "predictions.parquet")
    labels_at_random(5).save(tmp_path / "sets.parquet")
    (tmp_path / "damaged.parquet").write_bytes((tmp_path / "sets.parquet").read_bytes()[:200])
    with pytest.raises(DataError, match="can't be read as predictions of a run"):
        LabelPredictions.load(tmp_path / "damaged.parquet")
    assert Predictions.load(tmp_path / "predictions.parquet").classes.tolist() == ["class 00", "class 01", "class 02"]


def test_shapes_are_checked() -> None:
    frame = frame_of([{"text": "a", "label": ("a",), "document": "d"}])
    with pytest.raises(ValueError, match=r"probabilities have shape \(1, 3\), not \(1, 2\)"):
        LabelPredictions.of(frame, classes=["a", "b"], predicted=csr_matrix((1, 2)), probabilities=np.zeros((1, 3)))
