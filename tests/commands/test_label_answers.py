"""``copydesk predict``, ``explain``, ``compress`` and ``evaluate`` with a model of several labels."""

from __future__ import annotations

import csv
import json
from copy import copy
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

import copydesk
from copydesk.bundle import save_bundle
from copydesk.cli import main
from helpers import little_labels, little_topics

TEXTS = ["penalty keeper striker", "vote minister and bank market shares", "the a of and"]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    little_labels.save(folder / "labels")
    little_topics.save(folder / "topics")
    return folder


@pytest.fixture
def here(models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    rows = "".join(json.dumps({"text": text, "id": n}) + "\n" for n, text in enumerate(TEXTS))
    (tmp_path / "rows.jsonl").write_text(rows, encoding="utf-8")
    data = "".join(json.dumps(row) + "\n" for row in little_labels.rows(40, seed=9))
    (tmp_path / "labelled.jsonl").write_text(data, encoding="utf-8")
    (tmp_path / "models").symlink_to(models)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def predict(*words: str) -> int:
    return main(["predict", "-q", "--model", "models/labels", "rows.jsonl", *words])


def answers(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_json_lines_get_lists(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert predict() == 0
    found = answers(capsys)
    model = copydesk.load("models/labels")
    assert [each["labels"] for each in found] == model.predict(TEXTS)
    assert [list(each) for each in found] == [["text", "id", "labels", "probabilities"]] * 3
    assert found[2]["labels"] == found[2]["probabilities"] == []


def test_parquet_gets_list_columns(here: Path) -> None:
    assert predict("-o", "out.parquet") == 0
    table = pq.read_table("out.parquet")
    assert str(table.schema.field("labels").type).startswith("list<")
    assert str(table.schema.field("probabilities").type).startswith("list<")
    assert table["labels"].to_pylist() == copydesk.load("models/labels").predict(TEXTS)


def test_in_csv_labels_are_joined(here: Path) -> None:
    assert predict("-o", "out.csv", "--prefix", "x_") == 0
    with Path("out.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    found = copydesk.load("models/labels").predict(TEXTS)
    assert [row["x_labels"] for row in rows] == [";".join(labels) for labels in found]
    assert [len(row["x_probabilities"].split(";")) for row in rows] == [2, 2, 1]


def test_a_part_in_csv_is_as_a_single_output(here: Path) -> None:
    Path("rows.csv").write_text("".join(f"{line}\n" for line in ["text", *TEXTS]), encoding="utf-8")
    command = ["predict", "-q", "--model", "models/labels", "rows.csv", "-o"]
    assert main([*command, "out.csv"]) == main([*command, "parts/"]) == 0
    assert Path("parts/rows.csv").read_bytes() == Path("out.csv").read_bytes()


def test_labels_that_could_not_be_told_apart_are_not_joined(
    here: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    renamed = [f"{label};x" for label in little_labels.CLASSES]
    changed = copy(little_labels.fitted())
    changed.classes_ = np.array(renamed, dtype=object)
    save_bundle(tmp_path / "odd", changed, {"task": "labels", "classes": renamed})
    assert main(["predict", "-q", "--model", "odd", "rows.jsonl", "-o", "out.csv"]) == 2
    assert "the label 'economy;x' contains ';', which joins labels in CSV" in capsys.readouterr().err
    assert main(["predict", "-q", "--model", "odd", "rows.jsonl", "-o", "out.jsonl"]) == 0
    Path("rows.csv").write_text("text\nvote\n", encoding="utf-8")
    assert main(["predict", "-q", "--model", "odd", "rows.csv", "-o", "parts/"]) == 2


def test_thresholds_and_numbers_of_labels(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert predict("--labels-threshold", "0") == 0
    assert [len(each["labels"]) for each in answers(capsys)] == [4, 4, 4]  # type: ignore[arg-type]
    assert predict("--top-k", "4", "--proba") == 0
    for each in answers(capsys):
        assert each["labels"] == sorted(each["all_probabilities"], key=lambda name: -each["all_probabilities"][name])  # type: ignore[arg-type, index]


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["--min-confidence", "0.5"], "--min-confidence: the model gives several labels; use --labels-threshold"),
        (["--labels-threshold", "2"], "--labels-threshold 2.0: a probability is from 0 to 1"),
        (["--labels-threshold", "0.5", "--top-k", "1"], "--labels-threshold and --top-k: give one of both"),
        (["--top-k", "9"], "--top-k 9: the model has 4 labels; give 1 to 4"),
    ],
)
def test_options_that_do_not_fit_are_refused(
    here: Path, capsys: pytest.CaptureFixture[str], words: list[str], error: str
) -> None:
    assert predict(*words) == 2
    assert capsys.readouterr().err == f"copydesk: {error}\n"


def test_a_topic_model_has_no_labels_threshold(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["predict", "--model", "models/topics", "rows.jsonl", "--labels-threshold", "0.5"]) == 2
    assert "--labels-threshold: the model gives one label to each text" in capsys.readouterr().err


def test_every_given_label_is_explained(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "--model", "models/labels", "rows.jsonl", "--json"]) == 0
    found = answers(capsys)
    given = copydesk.load("models/labels").predict(TEXTS)
    assert [[each["label"] for each in row["labels"]] for row in found[:2]] == given[:2]  # type: ignore[attr-defined]
    assert len(found[2]["labels"]) == 1  # type: ignore[arg-type]
    assert main(["explain", "--model", "models/labels", "rows.jsonl", "--label", "economy", "--limit", "1"]) == 0
    assert capsys.readouterr().out.startswith("rows.jsonl:1: economy, probability 0.0")


def test_a_model_is_made_smaller(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    size = sum(file.stat().st_size for file in Path("models/labels").iterdir())
    assert main(["compress", "models/labels", "--to", f"{size * 3 // 4}B", "-o", "small"]) == 0
    assert copydesk.load("small").predict(TEXTS[:2]) == copydesk.load("models/labels").predict(TEXTS[:2])
    assert sum(file.stat().st_size for file in Path("small").iterdir()) <= size * 3 // 4


def test_a_model_is_not_exported(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", "--model", "models/labels", "-o", "out.joblib"]) != 0
    assert "labels" in capsys.readouterr().err
