"""Searches as runs: what they leave, that they can be repeated, cut short and gone on with."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from omegaconf import DictConfig

from copydesk.config.build import build
from copydesk.errors import ConfigError
from copydesk.search.budget import Budget
from copydesk.train import train
from helpers.command import copydesk
from helpers.little_search import config, options

pytest.importorskip("optuna", reason="needs the extra 'search'")


def told(runs: Path) -> tuple[Path, dict[str, Any], dict[str, Any]]:
    """Return the newest run's folder, its record and its search's history."""
    folder = (runs / "custom" / "latest").resolve()
    record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    return folder, record, json.loads((folder / "search" / "history.json").read_text(encoding="utf-8"))


def searching(folder: Path, *overrides: str) -> DictConfig:
    return config(
        folder,
        "+search.folds=2",
        "+search.jobs=1",
        "+search.trials=4",
        "+search.space={features.ngram_range:[[1,1],[1,2]],classifier.C:{path:[0.1,1,10]}}",
        *overrides,
    )


def trials(history: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Return what must be the same when a search is made again."""
    return [(each["params"], each["value"], each.get("C"), each["state"]) for each in history["trials"]]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of one run with a search, made on the command line."""
    folder = tmp_path_factory.mktemp("search")
    config(folder)
    done = copydesk(
        "train", "--config-dir", str(options(folder / "mine")), "search=little", "dataset=table",
        "dataset.path=articles.jsonl", "split=stratified", "runs=runs", cwd=folder,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "search" in done.stdout
    return folder


def test_a_run_keeps_every_trial_and_says_what_was_found(run: Path) -> None:
    folder, record, history = told(run / "runs")
    found = history["train"]
    assert len(found["trials"]) == 4
    points = [json.dumps(each["params"], sort_keys=True) for each in found["trials"]]
    assert len(set(points)) == 4
    assert found["trials"][0]["params"]["classifier"] == "linear_svm"
    best = next(each for each in found["trials"] if each["number"] == found["best"])
    assert best["value"] == max(each["value"] for each in found["trials"] if each["state"] == "complete")
    assert found["front"][0] in [e["number"] for e in found["trials"] if e["value"] == best["value"]]
    assert record["search"]["value"] == best["value"]
    assert record["search"]["judged_on_unseen_rows"] is True
    assert (folder / "search" / "search.db").read_bytes().startswith(b"SQLite format 3")


def test_the_report_tells_of_the_search(run: Path) -> None:
    folder, _, history = told(run / "runs")
    text = (folder / "report.md").read_text(encoding="utf-8")
    assert "## Search" in text
    assert "4 trials in" in text
    assert text.count("features.ngram\\_range=") == len(history["train"]["front"])
    page = folder / "report.html"
    if page.exists():
        assert "Score, size and time" in page.read_text(encoding="utf-8")


def test_the_config_that_was_found_gives_the_same_model_without_a_search(run: Path) -> None:
    folder, _, _ = told(run / "runs")
    done = copydesk(
        "train", "--config-dir", str(folder / "search"), "experiment=custom", "runs=again", cwd=run,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    again = run / "again" / "custom" / "latest" / "model"
    assert sorted(path.name for path in again.iterdir()) == sorted(p.name for p in (folder / "model").iterdir())
    for path in again.iterdir():
        assert path.read_bytes() == (folder / "model" / path.name).read_bytes(), path.name
    assert not (run / "again" / "custom" / "latest" / "search").exists()


def test_the_same_search_finds_the_same_and_one_cut_short_goes_on_as_if_it_had_not_been(tmp_path: Path) -> None:
    train(searching(tmp_path, "split=kfold", "split.n_splits=2"))
    _, record, whole = told(tmp_path / "runs")
    assert record["search"]["judged_on_unseen_rows"] is False
    train(searching(tmp_path, "split=kfold", "split.n_splits=2", "search.trials=1"))
    folder, _, short = told(tmp_path / "runs")
    assert trials(short["all"]) == trials(whole["all"])[:1]
    train(searching(tmp_path, "split=kfold", "split.n_splits=2", f"+search.resume={folder}"))
    _, _, resumed = told(tmp_path / "runs")
    assert trials(resumed["all"]) == trials(whole["all"])
    # the space has two points: the search ends when both are tried, not at four trials
    assert len(resumed["all"]["trials"]) == 2


def test_nested_searches_see_their_folds_training_part_alone(tmp_path: Path) -> None:
    train(searching(tmp_path, "split=kfold", "split.n_splits=2", "+search.nested=true", "search.trials=2"))
    _, record, history = told(tmp_path / "runs")
    assert list(history) == ["all", "fold 0", "fold 1"]
    assert record["search"]["judged_on_unseen_rows"] is True
    assert record["search"]["searches"] == 3


def test_trials_run_side_by_side(tmp_path: Path) -> None:
    space = "+search.space={features.ngram_range:[[1,1],[1,2]],features.min_df:[1,2],classifier.C:{path:[0.1,1]}}"
    train(config(tmp_path, "+search.folds=2", "+search.jobs=2", "+search.trials=4", space))
    _, _, history = told(tmp_path / "runs")
    assert len({json.dumps(each["params"]) for each in history["train"]["trials"]}) == 4


def test_a_model_keeps_below_its_limit_all_files_together(tmp_path: Path) -> None:
    train(searching(tmp_path, "+search.max_model_size=20kB", "search.trials=2", "decision=calibrated"))
    folder, _, _ = told(tmp_path / "runs")
    assert sum(path.stat().st_size for path in (folder / "model").iterdir()) <= 20_000


@pytest.mark.parametrize(("fold_seconds", "folds"), [(0.1, 5), (3.0, 2), (30.0, 1)])
def test_trials_are_judged_on_fewer_folds_where_the_time_is_short(
    tmp_path: Path, fold_seconds: float, folds: int
) -> None:
    cfg = searching(tmp_path, "search.folds=5", "+search.duration=50s")
    search = build(cfg.search, "search").over(cfg).single
    assert search._folds_for(fold_seconds, Budget(50)) == folds
    with pytest.raises(ConfigError, match="too short; a single fold"):
        search._folds_for(51, Budget(50))


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (["+search.space={}"], "search.space: is empty"),
        (["+search.space={classifier.D:[1]}"], "search.space.classifier.D: no such key"),
        (["search=auto", "search.duration=0s"], "search.duration=0s"),
        (["search=auto", "search.metric=boilerplate_f1"], "the task 'topic' has no such metric"),
        (["search=auto", "search.metric=f1", "search.label=boat"], "did you mean boats"),
        (["search=auto", "search.resume=nowhere"], "search.resume=nowhere: no search there"),
        (["search=paragraphs"], "search.space.features.text.min_df: no such key"),
        (["+search.space={features:[word,paragraphs]}"], "ParagraphFeatures reads paragraphs of pages"),
        (["+search.folds=2", "+search.space={features.min_df:[50,60]}"], "search: all 2 trials failed; the first: "),
        (
            ["+search.folds=2", "+search.duration=0.001s", "+search.space={features.min_df:[1,2]}"],
            "search.duration: too short; ",
        ),
    ],
)
def test_a_mistake_ends_in_one_line_and_leaves_no_folder(tmp_path: Path, overrides: list[str], said: str) -> None:
    with pytest.raises(ConfigError) as error:
        train(config(tmp_path, *overrides))
    assert said in str(error.value)
    assert "\n" not in str(error.value)
    assert not list((tmp_path / "runs").glob("*/*"))


def test_without_optuna_it_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(ConfigError, match=r"needs optuna.*pip install 'copydesk\[search\]'"):
        train(searching(tmp_path))


def test_a_search_goes_on_only_over_the_same_data_metric_and_space(tmp_path: Path) -> None:
    train(searching(tmp_path, "search.trials=1"))
    folder, _, _ = told(tmp_path / "runs")
    for change, said in (
        ("+search.metric=macro_f1", "another metric: accuracy, now macro f1"),
        ("seed=1", "another data"),
    ):
        with pytest.raises(ConfigError, match=said):
            train(searching(tmp_path, f"+search.resume={folder / 'search'}", change))
    (tmp_path / "text.db").write_text("no database", encoding="utf-8")
    with pytest.raises(ConfigError, match="is no search"):
        train(searching(tmp_path, f"+search.resume={tmp_path / 'text.db'}"))


def trials_so_far(runs: Path) -> int:
    """Count the trials that a process has finished."""
    for file in runs.glob("custom/*/search/search.db"):
        try:
            with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as base:
                return int(base.execute("select count(*) from trials where state = 'COMPLETE'").fetchone()[0])
        except sqlite3.Error:
            return 0
    return 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_ctrl_c_fits_the_best_so_far_and_after_a_kill_the_search_goes_on(tmp_path: Path, number: int) -> None:
    config(tmp_path)
    mine = options(tmp_path / "mine", "duration: 1h\njobs: 1\nfolds: 2\nspace: {classifier.C: {low: 0.1, high: 10}}")
    words = ["train", "--config-dir", str(mine), "search=little", "dataset=table", "dataset.path=articles.jsonl",
             "split=stratified", "runs=runs"]  # fmt: skip
    child = subprocess.Popen(
        [sys.executable, "-m", "copydesk.cli", *words], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, env=dict(os.environ),
    )  # fmt: skip
    deadline = time.monotonic() + 240
    while trials_so_far(tmp_path / "runs") < 2:
        assert child.poll() is None, child.communicate()[1]
        assert time.monotonic() < deadline
        time.sleep(0.1)
    child.send_signal(number)
    _, err = child.communicate(timeout=240)
    if number == signal.SIGINT:
        assert child.returncode == 0, err
        assert "the search ends here" in err
        _, record, history = told(tmp_path / "runs")
        assert record["search"]["interrupted"] is True
        assert len(history["train"]["trials"]) >= 2
        return
    assert child.returncode == -signal.SIGKILL
    (killed,) = (tmp_path / "runs" / "custom").iterdir()
    done = copydesk(*words, f"+search.resume={killed}", "+search.trials=4", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    _, _, history = told(tmp_path / "runs")
    assert len(history["train"]["trials"]) >= 4
