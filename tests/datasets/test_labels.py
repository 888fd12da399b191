"""Tables with several labels for each text: every way to write them, and every way to get them wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from copydesk.config.build import settle_parameters
from copydesk.datasets.labels import LABELS, LabelTable
from copydesk.errors import DataError
from copydesk.tasks import find_task


def write(path: Path, rows: list[dict[str, Any]]) -> str:
    if path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    elif path.suffix == ".parquet":
        pd.DataFrame(rows).to_parquet(path)
    else:
        pd.DataFrame(rows).to_csv(path, index=False)
    return str(path)


def labels_of(path: str, **options: Any) -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = LabelTable(path, max_bad=0.0, **options).load().frame["label"].tolist()
    return found


@pytest.mark.parametrize("suffix", ["jsonl", "parquet"])
def test_lists_are_sorted_sets_and_no_label_is_kept(tmp_path: Path, suffix: str) -> None:
    rows = [{"text": "one", "labels": ["b", "a", "b"]}, {"text": "two", "labels": []}]
    assert labels_of(write(tmp_path / f"t.{suffix}", rows)) == [("a", "b"), ()]


def test_a_cell_is_split_by_the_delimiter(tmp_path: Path) -> None:
    rows = [{"text": "one", "topics": "b; a;"}, {"text": "two", "topics": ""}, {"text": "three", "topics": "NA"}]
    options = {"label": "topics", "label_delimiter": ";"}
    assert labels_of(write(tmp_path / "t.csv", rows), **options) == [("a", "b"), (), ("NA",)]


def test_a_cell_may_hold_a_list_as_json(tmp_path: Path) -> None:
    rows = [{"text": "one", "labels": '["b", "a;c"]'}, {"text": "two", "labels": ""}]
    assert labels_of(write(tmp_path / "t.csv", rows)) == [("a;c", "b"), ()]


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet"])
def test_columns_of_0_and_1(tmp_path: Path, suffix: str) -> None:
    rows = [{"text": "one", "sea": 1, "land": 0}, {"text": "two", "sea": 0, "land": 0}]
    assert labels_of(write(tmp_path / f"t.{suffix}", rows), labels=["sea", "land"]) == [("sea",), ()]


def test_columns_of_true_and_false(tmp_path: Path) -> None:
    rows = [{"text": "one", "sea": True, "land": True}, {"text": "two", "sea": False, "land": True}]
    assert labels_of(write(tmp_path / "t.jsonl", rows), labels=["sea", "land"]) == [("land", "sea"), ("land",)]


def test_a_label_brings_its_ancestors(tmp_path: Path) -> None:
    rows = [{"text": "one", "labels": ["sport/football/cup"]}, {"text": "two", "labels": ["sport"]}]
    found = labels_of(write(tmp_path / "t.jsonl", rows), separator="/")
    assert found == [("sport", "sport/football", "sport/football/cup"), ("sport",)]


@pytest.mark.parametrize(
    ("labels", "options", "reason"),
    [
        ([3], {}, "labels: 3 among the labels; write all labels as strings"),
        ([True], {}, "labels: True among the labels"),
        (["a", None], {}, "labels: nothing among the labels"),
        (None, {}, r"labels: nothing, expected a list of strings; write \[\] for no label"),
        (7, {}, "labels: 7, expected a list of strings"),
        ([["a"]], {}, r"labels: nested \(\['a'\]\), expected a list of strings"),
        ([{"a": 1}], {}, "labels: nested"),
        ([" "], {}, "labels: an empty label"),
        (["\ud800"], {}, "labels: bytes or characters that are not valid text"),
        ("a;b", {}, "labels: 'a;b' is one string, expected a list; set dataset.label_delimiter"),
        ("[a", {}, r"labels: '\[a' is not valid JSON"),
        (["a;b"], {"label_delimiter": ";"}, "labels: 'a;b' contains the delimiter ';'"),
        (["a//b"], {"separator": "/"}, "labels: 'a//b' has an empty step between separators '/'"),
        (["x" * 99 + "/"], {"separator": "/"}, "labels: '" + "x" * 49 + "… has an empty step"),
    ],
)
def test_labels_that_are_none_are_named_in_one_line(
    tmp_path: Path, labels: Any, options: dict[str, Any], reason: str
) -> None:
    path = write(tmp_path / "t.jsonl", [{"text": "one", "labels": ["a"]}, {"text": "two", "labels": labels}])
    with pytest.raises(DataError, match=f"1 of 2 rows are unusable .t.jsonl:2: {reason}") as refusal:
        labels_of(path, **options)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("value", "shown"), [("yes", "'yes'"), (2, "2"), (None, "nothing"), ("", "nothing"), ([1], r"\[1\]")]
)
def test_only_0_and_1_mark_a_label(tmp_path: Path, value: Any, shown: str) -> None:
    path = write(tmp_path / "t.jsonl", [{"text": "one", "sea": 1}, {"text": "two", "sea": value}])
    with pytest.raises(DataError, match=f"t.jsonl:2: sea: {shown}; valid: 0 and 1"):
        labels_of(path, labels=["sea"])


def test_a_column_that_is_missing_is_named(tmp_path: Path) -> None:
    path = write(tmp_path / "t.jsonl", [{"text": "one", "label": ["a"]}])
    with pytest.raises(DataError, match="no row has a field 'labels'"):
        labels_of(path)
    with pytest.raises(DataError, match="no row has a field 'see'"):
        labels_of(path, labels=["see"])


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"label_delimiter": " "}, "label_delimiter=' ': must be visible characters"),
        ({"separator": ""}, "separator='': must be visible characters"),
        ({"separator": ";", "label_delimiter": ";"}, "separator=';': is label_delimiter too"),
        ({"labels": []}, r"labels=\[\]: must name columns, each once"),
        ({"labels": ["a", "a"]}, "must name columns, each once"),
        ({"labels": ["a"], "label_delimiter": ";"}, "label_delimiter=';': columns of 0 and 1 have none"),
    ],
)
def test_options_that_contradict_are_refused(options: dict[str, Any], error: str) -> None:
    with pytest.raises(ValueError, match=error):
        settle_parameters(LabelTable("t.jsonl", **options))


def test_other_fields_are_read_as_in_tables_of_one_label(tmp_path: Path) -> None:
    rows = [{"text": "one", "labels": ["a"], "site": "x", "head": "Title", "part": "test", "name": "n1"}]
    options = {"group": "site", "title": "head", "split": "part", "id": "name"}
    examples = LabelTable(write(tmp_path / "t.jsonl", rows), **options).load()
    row = examples.frame.iloc[0]
    assert (row["text"], row["group"], row["split"], row["document"]) == ("Title\n\none", "x", "test", "n1")
    assert examples.task is LABELS
    assert examples.notes["labels"] == {"label": "labels", "labels": None, "label_delimiter": None, "separator": None}


def test_a_saved_model_finds_the_task() -> None:
    assert find_task("labels") is LABELS
    assert LABELS.several
