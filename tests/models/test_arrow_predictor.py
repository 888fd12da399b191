"""A model as a function of batches: same answers as the model's own, in the shape that each library expects."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import copydesk
from copydesk.models.arrow_predictor import ArrowPredictor
from helpers import little_topics
from helpers.little_desk import article, desk
from helpers.little_topics import LABELS, TEXTS


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    return little_topics.save(tmp_path_factory.mktemp("model") / "m")


@pytest.fixture
def predictor(model: str) -> ArrowPredictor:
    return copydesk.arrow_predictor(model)


def test_tables_batches_and_frames_get_the_models_own_answers(predictor: ArrowPredictor, model: str) -> None:
    table = pa.table({"id": list(range(30)), "text": TEXTS[:30]})
    own = copydesk.load(model)
    made = predictor(table)
    assert made.schema == predictor.schema(table.schema)
    assert made["label"].to_pylist() == list(own.predict(TEXTS[:30])) == list(LABELS[:30])
    assert np.array_equal(made["confidence"].to_numpy(), own.predict_proba(TEXTS[:30]).max(axis=1))
    (batch,) = table.to_batches()
    assert predictor(batch).to_pydict() == made.to_pydict()
    assert isinstance(predictor(batch), pa.RecordBatch)
    frame = table.to_pandas().set_index("id")
    labelled = predictor(frame)
    assert labelled["label"].tolist() == list(LABELS[:30])
    assert labelled.index.equals(frame.index)
    assert "label" not in frame
    assert [each.to_pydict() for each in predictor.batches([batch, batch])] == [made.to_pydict()] * 2
    assert predictor.column(table["text"]).to_pylist() == list(LABELS[:30])


def test_rows_without_a_valid_text_get_nulls(predictor: ArrowPredictor) -> None:
    made = predictor(pa.table({"text": [None, TEXTS[0], "  "]}))
    assert made["label"].to_pylist() == [None, LABELS[0], None]
    assert made["confidence"].to_pylist()[0] is None
    frame = predictor(pd.DataFrame({"text": [None, np.nan, TEXTS[0]]}))
    assert frame["label"].isna().tolist() == [True, True, False]
    assert frame["label"].tolist()[2] == LABELS[0]
    assert frame["confidence"].isna().tolist() == [True, True, False]
    empty = predictor(pa.table({"text": pa.array([], pa.string())}))
    assert empty.schema.names == ["text", "label", "confidence"]
    assert len(empty) == 0


def test_a_title_is_the_first_line_of_the_text(model: str) -> None:
    made = copydesk.arrow_predictor(model, title="head")(pa.table({"head": ["oven bread"], "text": [""]}))
    assert made["label"].to_pylist() == ["bread"]


def test_it_is_sent_to_workers_without_the_model(predictor: ArrowPredictor) -> None:
    predictor(pa.table({"text": TEXTS[:1]}))
    sent = pickle.dumps(predictor)
    assert len(sent) < 1000
    assert pickle.loads(sent)(pa.table({"text": TEXTS[:1]}))["label"].to_pylist() == [LABELS[0]]


def test_a_cleaner_adds_the_cleaned_text() -> None:
    cleaner, text = desk(), article()
    made = copydesk.arrow_predictor(cleaner, prefix="my_")(pa.table({"text": [text, None]}))
    assert made["my_cleaned"].to_pylist() == [cleaner.clean(text).text, None]
    assert made["text"].to_pylist()[0] == text


@pytest.mark.parametrize(
    ("batch", "error", "wanted"),
    [
        (pa.table({"body": ["x"]}), KeyError, "no column 'text'; there are body"),
        (pa.table({"text": ["x"], "label": ["y"]}), ValueError, "the column 'label' already exists"),
        ({"text": np.array(["x"])}, TypeError, 'found dict; in Ray, batch_format="pyarrow"'),
    ],
)
def test_refused(predictor: ArrowPredictor, batch: object, error: type[Exception], wanted: str) -> None:
    with pytest.raises(error, match=wanted):
        predictor(batch)


def test_duckdb_calls_it_as_a_function(predictor: ArrowPredictor, tmp_path: Path) -> None:
    duckdb = pytest.importorskip("duckdb", reason="needs DuckDB")
    with duckdb.connect() as database:
        database.create_function("topic", predictor.column, ["VARCHAR"], "VARCHAR", type="arrow")
        database.register("articles", pa.table({"id": list(range(3000)), "text": [TEXTS[n % 30] for n in range(3000)]}))
        found = database.sql("SELECT id, topic(text) AS label FROM articles ORDER BY id").fetchall()
    assert found == [(n, LABELS[n % 30]) for n in range(3000)]
