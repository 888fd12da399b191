"""Rows go in and come out in order, with nothing lost but what was asked to go."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from copydesk.bundle import save_bundle
from copydesk.classifiers.decision import Argmax
from copydesk.classifiers.linear import LinearSVM
from copydesk.cli import main
from copydesk.estimator import TextClassifier
from copydesk.features.tfidf import TfidfFeatures
from helpers import little_topics
from helpers.little_topics import LABELS, TEXTS


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    return little_topics.save(tmp_path_factory.mktemp("model") / "m")


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, list[dict[str, object]], str]:
    code = main(["predict", *words])
    said = capsys.readouterr()
    return code, [json.loads(line) for line in said.out.splitlines()], said.err


def test_order_and_unknown_fields_are_kept(capsys: pytest.CaptureFixture[str], model: str, tmp_path: Path) -> None:
    rows = [{"text": TEXTS[n % 30], "id": n, "nested": {"a": [1, None, "ü"]}} for n in range(2500)]
    file = tmp_path / "in.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    code, found, _ = run(capsys, "--model", model, str(file))
    assert code == 0
    assert [{k: row[k] for k in ("text", "id", "nested")} for row in found] == rows
    assert [row["label"] for row in found] == [LABELS[n % 30] for n in range(2500)]


def test_options_add_what_they_name(capsys: pytest.CaptureFixture[str], model: str, tmp_path: Path) -> None:
    file = tmp_path / "in.txt"
    file.write_text("oven bread\n", encoding="utf-8")
    _, (row,), _ = run(capsys, "--model", model, "--proba", "--top-k", "2", "--min-confidence", "1", str(file))
    assert row["file"] == str(file)
    assert row["label"] is None
    assert abs(sum(row["probabilities"].values()) - 1) < 1e-5  # type: ignore[attr-defined]
    assert next(each["label"] for each in row["top"]) == "bread"  # type: ignore[attr-defined]


def most_null(n: int, model: str, capsys: pytest.CaptureFixture[str], file: Path) -> str:
    """Return standard error of a prediction in which ``n`` of 2,000 texts have no word that the model knows."""
    rows = [{"text": "zzz" if row < n else TEXTS[row % 30]} for row in range(2000)]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    code, found, err = run(capsys, "--model", model, "--min-confidence", "0.6", str(file))
    assert code == 0
    assert sum(row["label"] is None for row in found) == n
    return err


def test_a_confidence_that_leaves_most_labels_null_is_said_at_the_end(
    capsys: pytest.CaptureFixture[str], model: str, tmp_path: Path
) -> None:
    count = "copydesk: 2,000 read = 2,000 written + 0 rejected\n"
    assert most_null(1000, model, capsys, tmp_path / "in.jsonl") == count
    remark = "copydesk: --min-confidence 0.6 left 1,001 of 2,000 labels null; a lower value keeps more\n"
    assert most_null(1001, model, capsys, tmp_path / "in.jsonl") == count + remark


def test_labels_are_null_for_want_of_calibration(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    plain = TextClassifier(TfidfFeatures(), LinearSVM(), Argmax()).fit(TEXTS, LABELS)
    save_bundle(tmp_path / "plain", plain, {"task": "topic", "classes": [str(label) for label in plain.classes_]})
    err = most_null(2000, str(tmp_path / "plain"), capsys, tmp_path / "in.jsonl")
    assert "2,000 of 2,000 labels null; this model's probabilities are not calibrated: train it with decision=" in err


def test_a_title_field_is_read_as_the_first_line(
    capsys: pytest.CaptureFixture[str], model: str, tmp_path: Path
) -> None:
    file = tmp_path / "in.jsonl"
    file.write_text('{"text": "nothing known", "head": "pawn queen"}\n', encoding="utf-8")
    _, (row,), _ = run(capsys, "--model", model, "--title-field", "head", str(file))
    assert row["label"] == "chess"


@pytest.mark.parametrize(
    ("content", "words", "code", "said"),
    [
        (b'{"text": "a"}\n{broken\n', [], 3, ":2: rejected: not JSON"),
        (
            b'{"body": "a"}\n',
            [],
            3,
            ":1: rejected: expected a string in the field 'text', found nothing; see --text-field",
        ),
        (b'{"text": 3}\n', [], 3, "found a number"),
        (b'{"text": "\xff"}\n', [], 3, ":1: rejected: not UTF-8"),
        (b'{"text": "a"}\n', ["--top-k", "9"], 2, "--top-k 9: the model has 3 labels"),
        (b'{"text": "a"}\n', ["--min-confidence", "2"], 2, "--min-confidence 2.0"),
    ],
)
def test_a_mistake_is_named_by_file_and_line(
    capsys: pytest.CaptureFixture[str],
    model: str,
    tmp_path: Path,
    content: bytes,
    words: list[str],
    code: int,
    said: str,
) -> None:
    file = tmp_path / "in.jsonl"
    file.write_bytes(content)
    found, _, err = run(capsys, "--model", model, *words, str(file))
    assert found == code
    assert said in err
    assert err.count("\n") == 1 + (code == 3)  # and the count of rows


def test_a_missing_file_is_named(capsys: pytest.CaptureFixture[str], model: str) -> None:
    code, rows, err = run(capsys, "--model", model, "nowhere.txt")
    assert (code, rows) == (3, [])
    assert "nowhere.txt: no such file" in err
