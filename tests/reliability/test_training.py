"""Training: what can't be learnt is said before it is tried, and an interrupted run leaves no half model."""

from __future__ import annotations

import json
import random
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from copydesk.bundle import load_bundle, read_manifest, save_bundle
from copydesk.classifiers.decision import Calibrated
from copydesk.classifiers.linear import LinearSVM, LogisticRegression
from copydesk.datasets.audit import audit, drop_straddlers
from copydesk.datasets.splits import Stratified
from copydesk.estimator import TextClassifier
from copydesk.features.tfidf import TfidfFeatures
from helpers import processes
from helpers.trials import LONG, times, tried

pytestmark = pytest.mark.fuzz

RUNS = Path("experiments/runs/x")


def examples(counts: dict[str, int], **fields: Any) -> list[dict[str, Any]]:
    """Return rows with so many of each label."""
    return [
        {"text": f"word{label}a word{label}b no{n} week{n % 7}", "label": label, "split": "train" if n % 2 else "test",
         "site": f"s{n % 3}", **fields}
        for label, count in counts.items()
        for n in range(count)
    ]  # fmt: skip


def write(path: Path, rows: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def train(folder: Path, *words: str) -> tuple[int, str]:
    code, said, _ = processes.run(
        "train", "dataset=table", "dataset.path=rows.jsonl", "name=x", *words, cwd=folder, said=folder
    )
    return code, said


# --- what can't be learnt --------------------------------------------------------------------------------------------

MANY = {"a": 30, "b": 30}
STRANGER = {"text": "quite another thing", "label": "c", "site": "s"}
SPLITS = {"stratified": [], "kfold": [], "grouped": ["dataset.group=site"], "official": ["dataset.split=split"]}


def few() -> Iterator[tuple[list[dict[str, Any]], str, int, str]]:
    """Yield rows, a split, the exit code and what is said."""
    for split in SPLITS:
        yield examples({"a": 30}), split, 3, "one label only, 'a'"
        yield [], split, 3, "no rows"
        yield examples(MANY, text=" "), split, 3, "60 of 60 rows are unusable (rows.jsonl:1: text: empty"
        yield examples(MANY, label=None), split, 3, "60 of 60 rows are unusable (rows.jsonl:1: label: nothing"
        yield examples(MANY, label={"a": 1}), split, 3, "rows are unusable (rows.jsonl:1: label: "
    for split, said in (
        ("stratified", "too few for the split: c"),
        ("kfold", "fewer than 5 examples, too few for the split: c"),
        ("grouped", "too few for the split: c"),
        ("official", "labels in the test part only, and can't be learnt: c"),
    ):
        yield [*examples(MANY), {**STRANGER, "split": "test"}], split, 0, said
    yield (
        [*examples(MANY), {**STRANGER, "split": "train"}],
        "official",
        0,
        "in the training part only, and not judged: c",
    )
    for split, said in (
        ("stratified", "has one label only"),
        ("kfold", "split.n_splits=5: the dataset has only 2 documents"),
        ("grouped", "at least 2 groups; the dataset has 1"),
        ("official", "0 train and 2 test rows"),
    ):
        yield examples({"a": 1, "b": 1}), split, 2 + (split == "stratified"), said
    yield examples(MANY, text="the same"), "stratified", 2, "at least 2 documents; the dataset has 1"
    yield examples(MANY, site="one"), "grouped", 2, "at least 2 groups; the dataset has 1"
    yield examples(MANY, split="train"), "official", 2, "60 train and 0 test rows"


def test_few_classes_are_told_before_anything_is_fitted(tmp_path: Path) -> None:
    cases = list(few())
    for rows, split, code, said in cases if LONG else cases[3::11]:
        write(tmp_path / "rows.jsonl", rows)
        found = train(tmp_path, f"split={split}", *SPLITS[split])
        assert found[0] == code, (split, found)
        assert said in found[1], (split, found)
        assert "Traceback" not in found[1]
        assert "error.txt" not in found[1]
    assert len(cases) >= 30
    if LONG:
        tried(10, "datasets of one label, of labels with one example, of labels in one part only", len(cases))


# --- what must not be saved ------------------------------------------------------------------------------------------

UNFINISHED = [
    "classifier=linear_svm classifier.max_iter=1", "classifier=logistic classifier.max_iter=1",
    "classifier=nb_svm classifier.classifier.max_iter=1", "classifier=sklearn_logistic classifier.max_iter=1",
    "classifier=sklearn_linear_svc classifier.max_iter=1", "classifier=sklearn_sgd classifier.max_iter=1",
    "classifier=linear_svm classifier.max_iter=1 split=kfold", "classifier=logistic classifier.max_iter=1 split=kfold",
    "classifier=logistic classifier.max_iter=2 classifier.C=1000",
    "classifier=linear_svm classifier.max_iter=2 classifier.C=1000",
]  # fmt: skip


def test_a_fit_that_has_not_converged_is_told_and_recorded(tmp_path: Path) -> None:
    draw = random.Random(4)
    rows = [{**row, "text": " ".join(draw.choices("abcdefghijkl", k=9)) + row["text"][-9:]} for row in examples(MANY)]
    write(tmp_path / "rows.jsonl", rows)
    chosen = UNFINISHED if LONG else UNFINISHED[:1]
    for words in chosen:
        code, said = train(tmp_path, "split=stratified", *words.split())
        assert code == 0, (words, said)
        assert "max_iter" in said or "converge" in said, (words, said)
        record = json.loads((tmp_path / RUNS / "latest" / "run.json").read_text(encoding="utf-8"))
        assert [line for line in said.splitlines() if line.removeprefix("copydesk: ") in record["warnings"]], words
    tried(17, "fits that have not converged: told, and recorded with the run", len(chosen))


def broken(value: float) -> Iterator[tuple[str, TextClassifier]]:
    """Yield models one of whose fitted arrays holds a value that is no number."""
    texts = [row["text"] for row in examples(MANY)]
    labels = [row["label"] for row in examples(MANY)]
    for classifier in (LinearSVM(), LogisticRegression()):
        for part, name in (("classifier_", "coef_"), ("classifier_", "intercept_"), ("features_", "idf_")):
            model = TextClassifier(TfidfFeatures(), classifier, Calibrated()).fit(texts, labels)
            fitted = model.features_.families_[0] if part == "features_" else model.classifier_
            getattr(fitted, name).ravel()[0] = value
            yield f"{type(classifier).__name__}.{name}", model


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_weights_that_are_no_numbers_are_never_saved(value: float, tmp_path: Path) -> None:
    models = list(broken(value))
    assert len(models) == 6
    for name, model in models:
        with pytest.raises(ValueError, match="not a number"):
            save_bundle(tmp_path / name, model, {"task": "topic", "classes": ["a", "b"]})
    assert list(tmp_path.iterdir()) == []
    tried(17, f"models with weights that are {value}: saved", len(models), "0")


# --- copies ----------------------------------------------------------------------------------------------------------


def test_planted_copies_do_not_straddle_the_split() -> None:
    draw = random.Random(11)
    words = [f"word{n}" for n in range(4_000)]
    count = times(300, 5_000)
    rows: list[dict[str, Any]] = []
    planted: list[tuple[int, int, bool]] = []
    for n in range(count):
        text = draw.choices(words, k=draw.randrange(60, 120))
        rows.append({"text": " ".join(text), "label": "ab"[n % 2]})
        if n % 2:
            changed = list(text)
            changed[draw.randrange(len(text))] = "other"
        planted.append((len(rows) - 1, len(rows), bool(n % 2)))
        rows.append({"text": " ".join(changed) if n % 2 else " \n".join(text), "label": "ab"[n % 2]})
    frame = pd.DataFrame(rows).assign(group="", split="", title="", position=0)
    frame["document"] = [f"d{n}" for n in range(len(frame))]
    audited = audit(frame)
    train_part, test_part = next(iter(Stratified(test_size=0.3).folds(audited.frame, 0)))
    train_part, _ = drop_straddlers(audited.frame, train_part, test_part)
    where = {audited.frame["document"].iloc[row]: "train" for row in train_part}
    where |= {audited.frame["document"].iloc[row]: "test" for row in test_part}
    apart = [near for one, two, near in planted if {where.get(f"d{one}"), where.get(f"d{two}")} == {"train", "test"}]
    assert apart.count(False) == 0
    assert apart.count(True) <= 0.01 * count / 2
    found = f"{apart.count(False)} exact, {apart.count(True)} near"
    tried(
        11, "planted copies, half exact but for white space, half with a word changed: across the split", count, found
    )


# --- interrupted, side by side ---------------------------------------------------------------------------------------


def check_runs(folder: Path) -> int:
    """Assert that every model is whole, and that ``latest`` is a finished run; return the number of models."""
    models = [run / "model" for run in (folder / RUNS).iterdir() if not run.is_symlink() and (run / "model").exists()]
    for model in models:
        load_bundle(model, task="topic")
    latest = folder / RUNS / "latest"
    if latest.is_symlink():
        json.loads((latest / "run.json").read_text(encoding="utf-8"))
        load_bundle(latest / "model")
    return len(models)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_law_a_run_ended_at_any_moment_leaves_no_half_model(number: signal.Signals, tmp_path: Path) -> None:
    write(tmp_path / "rows.jsonl", examples({"a": 60, "b": 60, "c": 60}))
    words = ("train", "dataset=table", "dataset.path=rows.jsonl", "split=stratified", "name=x")
    seconds = min(processes.run(*words, cwd=tmp_path, said=tmp_path)[2] for _ in range(2))
    draw = random.Random(number)
    ended = 0
    while ended < times(2, 60):
        child = processes.start(*words, cwd=tmp_path, said=tmp_path)
        code = child.after(draw.uniform(0.001, seconds * 0.9), number).end()
        assert code in (0, -signal.SIGKILL if number == signal.SIGKILL else 128 + number), child.said
        assert "Traceback" not in child.said
        ended += code != 0
        seconds *= 1 if code else 0.9  # as fast as it is without others beside it
        check_runs(tmp_path)
    tried(14, f"{number.name} at random moments of `train`: no half model under a name", ended)


def test_runs_that_race_for_one_folder_never_meet(tmp_path: Path) -> None:
    write(tmp_path / "rows.jsonl", examples({"a": 20, "b": 20}))
    words = ("train", "dataset=table", "dataset.path=rows.jsonl", "split=stratified", "name=x")
    count = times(4, 50)
    racers = [processes.start(*words, f"seed={n}", cwd=tmp_path, said=tmp_path) for n in range(count)]
    assert [(racer.end(), racer.said) for racer in racers] == [(0, "")] * count
    runs = [run for run in (tmp_path / RUNS).iterdir() if not run.is_symlink()]
    seeds = set()
    for run in runs:
        seed = json.loads((run / "run.json").read_text(encoding="utf-8"))["seed"]
        assert f"seed={seed}" in yaml.safe_load((run / "overrides.yaml").read_text(encoding="utf-8"))
        assert read_manifest(run / "model")["seed"] == seed
        seeds.add(seed)
    assert seeds == set(range(count))
    assert check_runs(tmp_path) == count
    tried(13, "training runs started at once with one name: each in a folder of its own, whole", count)
