"""``copydesk explain``: exact reasons, for people and for programs."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from types import SimpleNamespace

import pytest

from copydesk.bundle import save_bundle
from copydesk.classifiers.decision import Argmax
from copydesk.classifiers.linear import LinearSVM
from copydesk.cli import main
from copydesk.estimator import TextClassifier
from copydesk.features.tfidf import TfidfFeatures
from helpers import little_desk

TEXTS = ["ferry harbour tide", "harbour crew sails", "oven flour yeast", "dough oven crust"]
LABELS = ["boats", "boats", "bread", "bread"]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    topics = TextClassifier(TfidfFeatures(families=[{"ngram_range": (1, 1)}]), LinearSVM(), Argmax())
    save_bundle(folder / "topics", topics.fit(TEXTS, LABELS), {"task": "topic", "classes": ["boats", "bread"]})
    desk = little_desk.desk()
    save_bundle(folder / "desk", desk.estimator, {"task": "boilerplate", "classes": ["boilerplate", "content"]})
    return folder


@pytest.fixture
def here(models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "article.txt").write_text("The ferry left the harbour, \x1b[2J not the oven.\n", encoding="utf-8")
    rows = [{"body": "tide and crew", "headline": "Ferry"}, {"body": "dough", "headline": ""}, {"body": "flour"}]
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    (tmp_path / "rows.jsonl").write_text(lines, encoding="utf-8")
    (tmp_path / "page.txt").write_text(little_desk.article(), encoding="utf-8")
    (tmp_path / "empty.txt").write_text(" \n", encoding="utf-8")
    (tmp_path / "latin.txt").write_bytes("café".encode("latin-1"))
    (tmp_path / "models").symlink_to(models)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_label_is_explained_by_its_ngrams(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "--model", "models/topics", "article.txt"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("article.txt: boats, probability 0.")
    assert lines[2].startswith("for     harbour +")
    assert lines[3].startswith("against oven -")
    assert "\x1b" not in "".join(lines)


def test_for_programs_contributions_sum_to_the_score(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "--model", "models/topics", "--label", "bread", "--json", "article.txt"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["label"] == "bread"
    assert said["probability"] < 0.5
    assert said["intercept"] + sum(each["value"] for each in said["contributions"]) == pytest.approx(said["score"])
    text = Path("article.txt").read_text(encoding="utf-8")
    for each in said["contributions"]:
        assert {text[start:end].lower() for start, end in each["places"]} == {each["ngram"]}


def test_in_colour_the_text_stands_below_and_moves_no_cursor(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "--model", "models/topics", "--color", "always", "article.txt"]) == 0
    out = capsys.readouterr().out
    assert re.search(r"\x1b\[[\d;]+mharbour\x1b\[0m", out)
    assert "\x1b[2J" not in out
    assert "The ferry left the harbour, � not the oven." in re.sub(r"\x1b\[[\d;]*m", "", out).replace("�[2J", "�")


def test_every_row_of_a_table_is_explained_with_its_title(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["explain", "--model", "models/topics", "--text-field", "body", "--title-field", "headline", "rows.jsonl"]
    assert main([*words, "--limit", "2"]) == 0
    said = capsys.readouterr()
    assert said.out.startswith("rows.jsonl:1: boats")
    assert "ferry +" in said.out
    assert "rows.jsonl:2: bread" in said.out
    assert "rows.jsonl:3" not in said.out
    assert said.err == "copydesk: the first 2 texts; --limit N explains more\n"


def test_paragraphs_are_explained_one_by_one(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "--model", "models/desk", "page.txt"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("= page.txt: ")
    assert sum(line.startswith("+ ") for line in lines) >= 3
    assert sum(line.startswith("- ") for line in lines) >= 3
    assert sum("score " in line for line in lines) == sum(line[:1] in "+-" for line in lines)
    assert main(["explain", "--model", "models/desk", "--json", "page.txt"]) == 0
    said = json.loads(capsys.readouterr().out)
    why = said["paragraphs"][0]["why"]
    assert why["start"] + sum(why["groups"].values()) == pytest.approx(why["score"], abs=1e-3)


def test_standard_input_is_read(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(b"dough in the oven")))
    assert main(["explain", "--model", "models/topics", "-"]) == 0
    assert ": bread, probability" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "code", "reason"),
    [
        (["--model", "models/topics", "nowhere.txt"], 3, "nowhere.txt: no such file"),
        (["--model", "models/topics", "empty.txt"], 3, "empty.txt: nothing but white space"),
        (["--model", "models/topics", "latin.txt"], 3, "latin.txt: not UTF-8: byte 0xe9 at 4"),
        (["--model", "models/topics", "rows.jsonl"], 3, "rows.jsonl:1: expected a string in the field 'text'"),
        (["--model", "models/topics", "--label", "chess", "article.txt"], 2, "--label chess: the model knows boats"),
        (["--model", "models/desk", "--label", "content", "page.txt"], 2, "it is no topic model"),
        (["--model", "models/nowhere", "article.txt"], 4, "models/nowhere: does not exist"),
        (["--model", "models/topics", "--limit", "0", "article.txt"], 2, "--limit 0: a whole number from 1"),
        (["article.txt"], 2, "the following arguments are required: --model"),
    ],
)
def test_a_mistake_is_one_line(
    here: Path, words: list[str], code: int, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["explain", *words]) == code
    said = capsys.readouterr()
    assert reason in said.err
    assert said.err.count("\n") == 1
    assert said.out == ""
