"""``copydesk compare``: runs beside the first, on the same rows or not at all."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from copydesk.cli import main
from helpers.judged import HOSTILE, pages, topics
from helpers.recorded import record


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with three runs on the same texts, one on others, and one on pages."""
    folder = tmp_path / "experiments" / "runs"
    record(folder / "news" / "first", topics(right=0.6))
    record(folder / "news" / "second", topics(right=0.8))
    record(folder / "words" / "third", topics(right=0.7))
    record(folder / "other" / "fourth", topics(100))
    record(folder / "cleaner" / "fifth", pages(), "boilerplate")
    monkeypatch.chdir(tmp_path)
    return folder


def test_two_runs_are_compared_with_paired_intervals(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", "experiments/runs/news/first", "news"]) == 0
    text = capsys.readouterr().out
    assert "2 runs, judged on the same 120 texts" in text
    accuracy = next(line for line in text.splitlines() if line.startswith("Accuracy"))
    assert " points (+" in accuracy
    assert "right only in A: 0; McNemar's exact test: p = " in text
    assert "F1 by class" in text
    assert "flipped" in text
    assert "more; --json lists all" in text


def test_several_runs_stand_beside_the_first(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", "news", "words", str(runs / "news" / "first"), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["rows"] == 120
    assert len(found["beside_the_first"]) == 2
    second = found["beside_the_first"][0]
    assert second["differences"]["accuracy"]["value"] < 0
    assert second["broken"] == len(second["flipped"])
    assert {"document", "label", "before", "after"} <= set(second["flipped"][0])


def test_the_config_keys_that_differ_are_shown(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, words in (("first", "[1, 1]"), ("second", "[1, 2]")):
        config = f"name: {name}\nruns: {name}\nfeatures: {{ngram_range: {words}, min_df: 1}}\nclassifier: {{C: 1.0}}\n"
        (runs / "news" / name / "config.yaml").write_text(config, encoding="utf-8")
    found = {"settings": {"features": {"ngram_range": [1, 3], "min_df": 1}, "classifier": {"C": 2.0, "tol": 0.1}}}
    (runs / "news" / "second" / "model" / "manifest.json").write_text(json.dumps(found), encoding="utf-8")
    words = ["compare", str(runs / "news" / "first"), "news"]
    assert main([*words, "--json"]) == 0
    different = json.loads(capsys.readouterr().out)["config_differences"]
    # what a search found counts, not the config that it started from
    assert different == {
        "features.ngram_range": ["[1, 1]", "[1, 3]"], "classifier.C": ["1.0", "2.0"], "classifier.tol": ["–", "0.1"]
    }  # fmt: skip
    assert main(words) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "features.ngram_range  [1, 1]  [1, 3]" in lines
    assert main(["compare", str(runs / "news" / "first"), "words", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["config_differences"] == {}  # one of them has no config


def test_pages_are_compared_by_character(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record(runs / "cleaner" / "sixth", pages(seed=1), "boilerplate")
    assert main(["compare", str(runs / "cleaner" / "fifth"), "cleaner"]) == 0
    text = capsys.readouterr().out
    assert "168 paragraphs" in text
    assert "Article lost" in text


def test_the_comparison_is_a_page_too_and_texts_stay_in_it(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("matplotlib")
    for name, right in (("seventh", 0.6), ("eighth", 0.8)):
        record(runs / "hostile" / name, topics(right=right, text=HOSTILE), overrides=[HOSTILE])
    assert main(["compare", str(runs / "hostile" / "seventh"), "hostile", "--html", "page.html"]) == 0
    page = Path("page.html").read_text(encoding="utf-8")
    assert page.count("<script") == 1
    assert "<img" not in page
    assert ">mended</b>" in page
    assert "McNemar" in page
    assert "page: page.html" in capsys.readouterr().out
    assert main(["compare", str(runs / "hostile" / "seventh"), "hostile", "--html", "page.html"]) == 2
    assert "--html page.html: already exists; --force replaces it" in capsys.readouterr().err
    words = ["compare", str(runs / "hostile" / "seventh"), "hostile", "--html", "page.html", "--force"]
    assert main(words) == 0
    read = runs / "hostile" / "seventh" / "metrics.json"
    assert main([*words[:-2], str(read), "--force"]) == 2
    assert "metrics.json: is the input" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "code", "reason"),
    [
        (["news", "other"], 3, "news and other were judged on different data: judged on 120 and on 100 rows"),
        (["news", "cleaner"], 3, "judged on different data: the tasks differ"),
        (["news"], 2, "needs two or more different runs"),
        (["news", "experiments/runs/news/second"], 2, "needs two or more different runs"),
        (["news", "nowhere"], 3, "nowhere: no finished run"),
        (
            ["news", "words", "--html", "nowhere/page.html"],
            2,
            "--html nowhere/page.html: is a folder, or its parent folder does not exist",
        ),
        ([], 2, "the following arguments are required: RUN"),
    ],
)
def test_a_mistake_is_one_line(
    runs: Path, words: list[str], code: int, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compare", *words]) == code
    said = capsys.readouterr()
    assert reason in said.err
    assert said.err.count("\n") == 1
    assert said.out == ""


def test_predictions_that_are_gone_are_named(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (runs / "words" / "third" / "predictions.parquet").unlink()
    assert main(["compare", "news", "words"]) == 3
    assert "predictions.parquet" in capsys.readouterr().err
