"""Texts are checked before a model sees them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from copydesk.classifiers.decision import Abstain
from copydesk.classifiers.linear import LinearSVM
from copydesk.estimator import TextClassifier
from copydesk.features.tfidf import TfidfFeatures
from copydesk.models.topic import TopicModel, check_texts, in_batches
from helpers.little_topics import LABELS, TEXTS


@pytest.fixture(scope="module")
def topics() -> TopicModel:
    fitted = TextClassifier(TfidfFeatures(), LinearSVM(), Abstain(min_confidence=0.6)).fit(TEXTS, LABELS)
    return TopicModel(fitted, {"task": "topic", "classes": ["boats", "bread", "chess"]})


@pytest.mark.parametrize("bad", [None, 3, float("nan"), b"bytes", ["nested"]])
def test_what_is_not_a_string_is_named_by_its_row(bad: object) -> None:
    with pytest.raises(TypeError, match="row 1: expected a str"):
        check_texts(["fine", bad])


def test_one_string_is_not_a_list_of_texts() -> None:
    with pytest.raises(TypeError, match=r"pass \[text\]"):
        check_texts("one text")


TABLES = [pd.DataFrame({"text": TEXTS}), pa.table({"text": TEXTS}), {"text": TEXTS}]


@pytest.mark.parametrize("table", TABLES, ids=["frame", "arrow", "dict"])
def test_a_table_is_no_list_of_texts(topics: TopicModel, table: Any) -> None:
    for method in (topics.predict, topics.predict_proba, topics.label, topics.decision_function, topics.explain):
        with pytest.raises(TypeError, match="pass a column"):
            method(table)
    with pytest.raises(TypeError, match="pass a column"):
        next(topics.predict_stream(table))


def test_one_string_is_no_stream(topics: TopicModel) -> None:
    with pytest.raises(TypeError, match=r"pass \[text\]"):
        next(topics.predict_stream("one text"))


@pytest.mark.parametrize(
    "column",
    [
        pa.chunked_array([TEXTS[:2], TEXTS[2:]]),
        pd.Series(TEXTS, dtype="string"),
        pd.Series(TEXTS, dtype="string[pyarrow]"),
        np.array(TEXTS),
        tuple(TEXTS),
    ],
    ids=["chunked", "string", "string[pyarrow]", "numpy", "tuple"],
)
def test_every_column_of_strings_is_a_list_of_texts(topics: TopicModel, column: Any) -> None:
    assert topics.predict(column).tolist() == topics.predict(TEXTS).tolist()


def test_a_missing_text_of_a_column_is_named_by_its_row(topics: TopicModel) -> None:
    with pytest.raises(TypeError, match="row 1: expected a str"):
        topics.predict(pd.Series(["fine", None], dtype="string"))


@pytest.mark.fuzz
@given(st.lists(st.integers()), st.integers(1, 7))
def test_law_chunks_hold_everything_once_and_in_order(items: list[int], size: int) -> None:
    parts = list(in_batches(iter(items), size))
    assert [item for part in parts for item in part] == items
    assert all(0 < len(part) <= size for part in parts)


def test_a_frame_comes_back_with_its_columns_and_the_answers(topics: TopicModel) -> None:
    frame = pd.DataFrame({"body": TEXTS[:3], "head": ["", None, "ship wave sea"], "id": [7, 8, 9]}, index=list("abc"))
    found = topics.predict_frame(frame, text="body", title="head", prefix="my_", n_jobs=2)
    pd.testing.assert_frame_equal(found[["body", "head", "id"]], frame)
    assert found["my_label"].tolist()[:2] == ["boats", "bread"]
    np.testing.assert_array_equal(found["my_confidence"][:2], topics.predict_proba(TEXTS[:2]).max(axis=1))
    assert topics.predict_frame(frame[:0], text="body")["label"].tolist() == []


def test_rows_of_a_frame_without_text_raise_or_are_handed_over(topics: TopicModel) -> None:
    frame = pd.DataFrame({"text": ["sea ship", None, " ", float("nan"), "oven bread"]}, index=list("abcde"))
    with pytest.raises(TypeError, match="row b: expected a str, found"):
        topics.predict_frame(frame)
    refused: list[tuple[Any, str]] = []
    found = topics.predict_frame(frame, on_reject=lambda index, text, reason: refused.append((index, reason)))
    assert list(found.index) == ["a", "e"]
    assert [index for index, _ in refused] == ["b", "c", "d"]
    assert refused[1] == ("c", "nothing but white space")
    with pytest.raises(ValueError, match="'label' already exists"):
        topics.predict_frame(frame.assign(label="gold"))
    with pytest.raises(KeyError, match="body"):
        topics.predict_frame(frame, text="body")


def test_fields_are_those_of_the_training_data_unless_they_are_named(topics: TopicModel) -> None:
    fields = {"fields": {"text": "body", "title": "head"}}
    model = TopicModel(topics.estimator, {**topics.manifest, **fields})
    frame = pd.DataFrame({"body": ["x", "oven bread"], "head": ["ship wave sea", None]})
    assert model.predict_frame(frame)["label"].tolist() == ["boats", "bread"]
    assert model.predict_frame(frame, title="")["label"].isna().tolist() == [True, False]
    assert [
        row["label"] for row in model.predict_stream([{"body": "x", "head": "ship wave sea"}, {"body": "oven bread"}])
    ] == ["boats", "bread"]
    assert [row["label"] for row in model.predict_stream([{"head": "ship wave sea"}], text="head", title="")] == [
        "boats"
    ]
    with pytest.warns(UserWarning, match="the model was trained with titles, in the column 'head', which the frame"):
        assert model.predict_frame(frame[["body"]])["label"].isna().tolist() == [True, False]
    with pytest.raises(KeyError, match="body"):
        model.predict_frame(frame.rename(columns={"body": "text"}))


@pytest.mark.parametrize("chunk", [1, 2, 1000])
def test_a_stream_answers_items_in_order_and_hands_over_the_rest(topics: TopicModel, chunk: int) -> None:
    items: list[Any] = [
        "sea ship wave",
        {"text": "oven bread", "id": 2**80},
        3,
        "",
        {"id": 1},
        "unheard of",
        {"text": "x", "label": "g"},
    ]
    refused: list[tuple[int, Any]] = []
    found = list(topics.predict_stream(items, chunk=chunk, on_reject=lambda n, item, why: refused.append((n, item))))
    assert found[0] == "boats"
    assert {**found[1], "confidence": 0} == {"text": "oven bread", "id": 2**80, "label": "bread", "confidence": 0}
    assert found[2:] == [None]  # it abstains
    assert refused == [(n, items[n]) for n in (2, 3, 4, 6)]
    assert len(found) + len(refused) == len(items)


def test_a_stream_raises_at_the_first_bad_item_after_all_before_it(topics: TopicModel) -> None:
    answers = topics.predict_stream(iter(["sea ship wave", "oven bread", None]), chunk=10)
    assert [next(answers), next(answers)] == ["boats", "bread"]
    with pytest.raises(TypeError, match="row 2: expected a str, found NoneType"):
        next(answers)


def test_a_stream_is_read_no_further_than_a_chunk(topics: TopicModel) -> None:
    taken = []

    def endless() -> Any:
        while True:
            taken.append(1)
            yield "sea ship"

    answers = topics.predict_stream(endless(), chunk=5)
    assert next(answers) == "boats"
    assert len(taken) == 5
