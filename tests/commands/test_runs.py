"""``copydesk runs``: what was made, in the order asked for, for people and for programs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from copydesk.cli import main
from helpers.judged import pages, topics
from helpers.recorded import record


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with three runs of two experiments, one of them slow and large, and one that did not end."""
    runs = tmp_path / "experiments" / "runs"
    record(runs / "news" / "08-00", topics(right=0.6), seconds={"total": 90.0}, model_bytes=5_240_000)
    record(runs / "news" / "09-00", topics(right=0.9), overrides=["classifier.C=0.5", "seed=\x1b[2J1"])
    record(runs / "cleaner" / "08-30", pages(), "boilerplate")
    (runs / "news" / "10-00").mkdir()
    monkeypatch.chdir(tmp_path)
    return runs


def names(text: str) -> list[str]:
    return [line.split()[1] for line in text.splitlines()[1:]]


@pytest.mark.parametrize(
    ("order", "first"),
    [("started", "08-00"), ("experiment", "08-30"), ("score", "09-00"), ("seconds", "08-30"), ("size", "08-30")],
)
def test_runs_are_listed_in_the_order_asked_for(
    root: Path, order: str, first: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["runs", "--sort", order]) == 0
    listed = names(capsys.readouterr().out)
    assert sorted(listed) == ["08-00", "08-30", "09-00"]
    if order in ("seconds", "size"):
        assert listed[-1] == "08-00"
    else:
        assert listed[0] == first


def test_a_line_says_score_interval_seconds_size_and_overrides(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["runs"])
    line = next(line for line in capsys.readouterr().out.splitlines() if "08-00" in line)
    assert line.startswith("news ")
    assert "Accuracy" in line
    assert "90.0" in line
    assert "5.24 MB" in line
    assert line.endswith("classifier.C=2")


def test_what_would_move_the_cursor_is_not_printed(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["runs"])
    assert "\x1b" not in capsys.readouterr().out


def test_programs_get_json(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["runs", "--json", "--sort", "experiment"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [run["experiment"] for run in found] == ["cleaner", "news", "news"]
    assert found[1]["headline"]["name"] == "accuracy"
    assert found[1]["model_bytes"] == 5_240_000
    assert found[2]["overrides"][0] == "classifier.C=0.5"


def test_a_damaged_run_is_named_and_the_others_are_listed(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "news" / "08-00" / "metrics.json").write_text("{", encoding="utf-8")
    assert main(["runs"]) == 0
    said = capsys.readouterr()
    assert sorted(names(said.out)) == ["08-30", "09-00"]
    assert "08-00/metrics.json: damaged" in said.err


@pytest.mark.parametrize(
    ("words", "code", "reason"),
    [
        (["nowhere"], 3, "nowhere: no such folder"),
        (["experiments/runs/news/10-00"], 3, "no finished run here"),
        (["--sort", "colour"], 2, "invalid choice: 'colour'"),
        (["--colour"], 2, "runs: no option --colour; valid: --help, --json, --sort; see copydesk runs --help"),
        (["experiments/runs/news/08-00/run.json"], 3, "no such folder"),
    ],
)
def test_a_mistake_is_one_line(
    root: Path, words: list[str], code: int, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["runs", *words]) == code
    said = capsys.readouterr()
    assert reason in said.err
    assert said.err.count("\n") == 1
    assert said.out == ""
