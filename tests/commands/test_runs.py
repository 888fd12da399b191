"""``copydesk runs``: what was made and what failed, in the order asked for, for people and for programs."""

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
    return [line.split()[1] for line in text.splitlines()[1:] if not line.startswith(" ")]


def unfinished(folder: Path, status: str, **info: str) -> None:
    folder.mkdir(parents=True)
    known = {"experiment": folder.parent.name, "started": f"2026-01-01T{folder.name}", "status": status, "stage": "fit"}
    (folder / "run.json").write_text(json.dumps({**known, **info}), encoding="utf-8")


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
    lines = capsys.readouterr().out.splitlines()
    at = next(at for at, line in enumerate(lines) if "08-00" in line)
    assert lines[at].startswith("news ")
    assert "Accuracy" in lines[at]
    assert lines[at + 1] == "    90.0 s, 5.24 MB; classifier.C=2"


def test_failed_and_interrupted_runs_are_listed_last_with_the_reason(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    unfinished(root / "news" / "07-00", "failed", error="the texts are all the same; give others")
    unfinished(root / "news" / "07-30", "interrupted")
    assert main(["runs"]) == 0
    text = capsys.readouterr().out
    assert names(text)[-2:] == ["07-00", "07-30"]
    assert "failed\n    in stage fit: the texts are all the same; give others\n" in text
    assert text.endswith("interrupted\n    in stage fit\n")
    assert main(["runs", "--json"]) == 0
    failed = json.loads(capsys.readouterr().out)[-2]
    assert (failed["status"], failed["stage"]) == ("failed", "fit")
    assert failed["error"] == "the texts are all the same; give others"


def test_a_failed_run_can_not_be_compared(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    unfinished(root / "news" / "07-00", "failed", error="no")
    assert main(["compare", "experiments/runs/news/07-00", "news"]) == 3
    assert "07-00: this run failed; copydesk runs lists those that ended well" in capsys.readouterr().err


def test_lines_fit_80_columns(root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    long = root / ("a_long_name_of_an_experiment" * 2) / "2026-11-28_17-57-09_12"
    record(long, pages(), "boilerplate", overrides=[f"dataset.path={'folder/' * 30}"], model_bytes=5_240_000)
    unfinished(root / "news" / "2026-11-28_17-57-09", "interrupted", stage="fit on all rows", error="why " * 60)
    main(["runs"])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1 + 2 * 5
    assert max(map(len, lines)) <= 80


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
        (["experiments/runs/news/10-00"], 3, "no run here"),
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
