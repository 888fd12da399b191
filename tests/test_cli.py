"""The command line, tested as a process: what it prints, and the exit code it leaves."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from helpers.command import copydesk
from helpers.little_articles import articles


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("table") / "articles.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in articles(60)), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def trained(table: Path) -> Path:
    """Folder in which one run was made."""
    folder = table.parent
    done = copydesk(
        "train", "dataset=table", f"dataset.path={table}", "split=stratified", "name=small", cwd=folder,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return folder


def latest(folder: Path) -> Path:
    return folder / "experiments" / "runs" / "small" / "latest"


def test_a_run_leaves_everything_that_is_needed_to_judge_and_to_repeat_it(trained: Path) -> None:
    run = latest(trained)
    assert {
        "config.yaml", "overrides.yaml", "run.json", "metrics.json", "predictions.parquet", "report.md", "report.html",
        "model",
    } <= {path.name for path in run.iterdir()}  # fmt: skip
    record = json.loads((run / "run.json").read_text(encoding="utf-8"))
    assert record["seed"] == 0
    assert record["versions"]["scikit-learn"]
    assert len(record["dataset"]["fingerprint"]) == 64
    assert {"read", "audit", "fit", "predict", "evaluate", "save", "total"} <= set(record["seconds"])
    metrics = json.loads((run / "metrics.json").read_text(encoding="utf-8"))
    assert metrics["headline"]["name"] == "accuracy"
    assert metrics["headline"]["value"] > 0.9


def test_a_second_run_stands_beside_the_first_and_has_a_learning_curve_if_asked(table: Path, tmp_path: Path) -> None:
    words = ["train", "dataset=table", f"dataset.path={table}", "split=stratified", "name=small"]
    first = copydesk(*words, cwd=tmp_path)
    second = copydesk(*words, "classifier.C=0.01", "report.learning_curve=true", cwd=tmp_path)
    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    runs = sorted(path for path in latest(tmp_path).parent.iterdir() if not path.is_symlink())
    pages = [(run / "report.html").read_text(encoding="utf-8") for run in runs]
    assert "Last run" not in pages[0]
    assert f"Last run, {runs[0].name}" in pages[1]
    assert "changes are paired" in pages[1]
    assert ["Learning curve" in page for page in pages] == [False, True]


def test_nothing_of_hydras_own_is_left_in_the_folder(trained: Path) -> None:
    assert {path.name for path in trained.iterdir()} <= {"articles.jsonl", "experiments"}


def test_a_run_prints_its_scores_and_where_it_is_and_keeps_stderr_quiet(trained: Path, table: Path) -> None:
    done = copydesk(
        "train", "dataset=table", f"dataset.path={table}", "split=stratified", "name=quiet", cwd=trained,
    )  # fmt: skip
    assert "experiments/runs/quiet/" in done.stdout
    assert "accuracy" in done.stdout.lower()
    assert done.stderr == ""


def test_the_same_config_and_seed_give_the_same_predictions_whatever_the_hash_seed(trained: Path, table: Path) -> None:
    import pandas as pd

    found = []
    for hash_seed in ("1", "2"):
        name = f"hash{hash_seed}"
        done = copydesk(
            "train", "dataset=table", f"dataset.path={table}", "split=kfold", "split.n_splits=3", f"name={name}",
            cwd=trained, PYTHONHASHSEED=hash_seed,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        run = trained / "experiments" / "runs" / name / "latest"
        model = {p.name: p.read_bytes() for p in (run / "model").iterdir() if p.name == "arrays.npz"}
        found.append((pd.read_parquet(run / "predictions.parquet"), (run / "metrics.json").read_bytes(), model))
    pd.testing.assert_frame_equal(found[0][0], found[1][0], check_exact=True)
    assert found[0][1:] == found[1][1:]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["experiment=bbc_topic"], "experiment=bbc_topic: no such option; did you mean bbc_topics"),
        (["classifier=logistik"], "classifier=logistik: no such option; did you mean logistic"),
        (["classifier.D=2"], "classifier.D: no such key"),
        (["+classifier.max_itre=2"], "did you mean max_iter"),
        (["sed=7"], "sed: no such key; did you mean seed"),
        (["classifier.C=much"], "classifier.C='much'"),
        (["classifier._target_=os.system"], "classifier: _target_ 'os.system' refused"),
        (["features=paragraphs", "dataset=table", "dataset.path=TABLE"], "features=word"),
        (["split=official", "dataset=table", "dataset.path=TABLE"], "split=official"),
        (["dataset=table"], "dataset.path"),
        (["seed=[1"], "seed=[1"),
        (["report.learning_curve=maybe"], "report.learning_curve='maybe': expected true or false"),
    ],
)
def test_a_mistake_in_the_config_ends_in_one_line_and_exit_code_2(
    words: list[str], said: str, table: Path, tmp_path: Path
) -> None:
    done = copydesk("train", *[word.replace("TABLE", str(table)) for word in words], cwd=tmp_path)
    assert said in done.stderr
    assert done.stderr.count("\n") == 1, done.stderr
    assert done.returncode == 2
    assert list(tmp_path.rglob("*.json")) == []


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    done = copydesk("train", "dataset=table", "dataset.path=nowhere.jsonl", cwd=tmp_path)
    assert "nowhere.jsonl" in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.returncode == 3


def test_an_unknown_command_is_answered_with_the_nearest(tmp_path: Path) -> None:
    done = copydesk("trian", cwd=tmp_path)
    assert "did you mean train" in done.stderr
    assert done.returncode == 2


def test_help_lists_every_group_and_option(tmp_path: Path) -> None:
    done = copydesk("train", "--help", cwd=tmp_path)
    for word in (
        "experiment=",
        "dataset=",
        "split=",
        "features=",
        "classifier=",
        "decision=",
        "bbc_topics",
        "kfold",
    ):
        assert word in done.stdout
    assert done.returncode == 0


def test_cfg_shows_the_config_and_runs_nothing(tmp_path: Path) -> None:
    done = copydesk("train", "experiment=bbc_topics", "seed=7", "--cfg", "job", "--resolve", cwd=tmp_path)
    assert "seed: 7" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_options_of_the_users_own_are_found(tmp_path: Path, table: Path) -> None:
    (tmp_path / "mine" / "experiment").mkdir(parents=True)
    (tmp_path / "mine" / "experiment" / "local.yaml").write_text(
        f"# @package _global_\n# ours\ndefaults:\n  - override /dataset: table\ndataset:\n  path: {table}\n",
        encoding="utf-8",
    )
    shown = copydesk("train", "--config-dir", "mine", "experiment=local", "--cfg", "job", cwd=tmp_path)
    assert str(table) in shown.stdout, shown.stderr
    listed = copydesk("train", "--config-dir", "mine", "--help", cwd=tmp_path)
    assert "local" in listed.stdout


@pytest.mark.parametrize("launcher", ["basic", "parallel", "dask"])
def test_multirun_makes_a_run_for_each(tmp_path: Path, table: Path, launcher: str) -> None:
    if launcher == "dask":
        pytest.importorskip("distributed", reason="needs the extra dask")
    done = copydesk(
        "train", "-m", "dataset=table", f"dataset.path={table}", "split=stratified", "name=sweep", "classifier.C=0.5,1",
        f"hydra/launcher={launcher}", cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    runs = [p for p in (tmp_path / "experiments" / "runs" / "sweep").iterdir() if not p.is_symlink()]
    assert len(runs) == 2


def test_tab_completion_knows_verbs_groups_and_options(tmp_path: Path) -> None:
    verbs = copydesk("-sc", "query=bash", cwd=tmp_path, COMP_LINE="copydesk tr")
    assert verbs.stdout.split() == ["train"]
    options = copydesk("-sc", "query=bash", cwd=tmp_path, COMP_LINE="copydesk train experiment=bb")
    assert "experiment=bbc_topics" in options.stdout


def test_predict_labels_texts_from_standard_input(trained: Path) -> None:
    model = str(latest(trained) / "model")
    rows = '{"id": 7, "text": "the ferry left the pier at high tide"}\n{"id": 8, "text": "flour and yeast, a loaf"}\n'
    done = copydesk("predict", "--model", model, "--format", "jsonl", "-", cwd=trained, stdin=rows)
    assert done.returncode == 0, done.stderr
    said = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(row["id"], row["label"]) for row in said] == [(7, "boats"), (8, "bread")]


def test_a_damaged_model_is_refused_with_exit_code_4(trained: Path, tmp_path: Path) -> None:
    import shutil

    shutil.copytree(latest(trained) / "model", tmp_path / "model")
    damaged = next((tmp_path / "model").glob("*.npz"))
    data = bytearray(damaged.read_bytes())
    data[len(data) // 2] ^= 1
    damaged.write_bytes(data)
    done = copydesk("predict", "--model", str(tmp_path / "model"), "-", cwd=tmp_path, stdin="text")
    assert damaged.name in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.returncode == 4


@pytest.mark.parametrize(("number", "code"), [("SIGINT", 130), ("SIGTERM", 143)])
def test_an_interruption_that_falls_into_a_callback_is_not_lost(number: str, code: int) -> None:
    """Python drops what is raised while an object is finalised; the command must end nevertheless, and quietly."""
    program = f"""
import os, signal, sys, time, types
from copydesk import cli

class Finalised:
    def __del__(self):
        os.kill(os.getpid(), signal.{number})
        time.sleep(0.2)

def run(args):
    Finalised()
    time.sleep(20)
    return 0

verb = sys.modules["copydesk.commands.wait"] = types.ModuleType("wait")
verb.add_arguments, verb.run = (lambda parser: None), run
cli.COMMANDS["wait"] = ""
sys.argv = ["copydesk", "wait"]
sys.exit(cli.main())
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=15)
    assert done.returncode == code
    assert "Traceback" not in done.stderr
