"""Predictions survive the disk, and folds join whatever classes they knew."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from copydesk.errors import DataError
from copydesk.evaluation.predictions import Predictions
from helpers.judged import frame_of, topics


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    said = topics(50)
    predicted = pd.Series([None, *said.rows["predicted"][1:]], dtype=object)
    silent = Predictions(said.rows.assign(predicted=predicted), said.classes, said.scores)
    silent.save(tmp_path / "p.parquet")
    found = Predictions.load(tmp_path / "p.parquet")
    assert found.rows["predicted"].iloc[0] is None
    pd.testing.assert_frame_equal(found.rows, silent.rows, check_dtype=False)
    np.testing.assert_array_equal(found.scores, said.scores)
    assert found.probabilities is None
    assert found.classes.tolist() == said.classes.tolist()


@pytest.mark.parametrize("content", [b"", b"PAR1 no", None])
def test_a_file_that_is_none_is_named(content: bytes | None, tmp_path: Path) -> None:
    file = tmp_path / "p.parquet"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(DataError, match=r"p\.parquet"):
        Predictions.load(file)


def test_a_table_of_something_else_is_refused(tmp_path: Path) -> None:
    pd.DataFrame({"a": [1]}).to_parquet(tmp_path / "p.parquet")
    with pytest.raises(DataError, match="no column 'document'"):
        Predictions.load(tmp_path / "p.parquet")


def test_a_class_that_a_fold_never_saw_has_no_probability_there() -> None:
    parts = []
    for fold, classes in enumerate((["a", "b"], ["b", "c"])):
        frame = frame_of([{"text": "t", "label": "b", "document": f"d{fold}"}])
        parts.append(
            Predictions.of(frame, classes=classes, predicted=["b"], scores=[[1.0, 2.0]], probabilities=[[0.4, 0.6]],
                           fold=fold)
        )  # fmt: skip
    joined = Predictions.concatenate(parts)
    assert joined.classes.tolist() == ["a", "b", "c"]
    assert joined.probabilities is not None
    assert joined.scores is not None
    np.testing.assert_allclose(joined.probabilities, [[0.4, 0.6, 0.0], [0.0, 0.4, 0.6]])
    assert joined.scores[0, 2] < joined.scores[0, :2].min()
    assert joined.rows["fold"].tolist() == [0, 1]


def test_lengths_that_do_not_fit_are_refused() -> None:
    frame = frame_of([{"text": "t", "label": "b", "document": "d"}])
    with pytest.raises(ValueError, match="one row per text, one column per class"):
        Predictions.of(frame, classes=["a", "b"], predicted=["b"], scores=[[1.0, 2.0, 3.0]])
    with pytest.raises(ValueError, match="need scores or probabilities"):
        Predictions.of(frame, classes=["a", "b"], predicted=["b"])
