"""``copydesk compress``: below the size that was asked for, with the loss measured on the run's evaluation set."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import copydesk as package
from copydesk.bundle import save_bundle
from copydesk.classifiers.decision import Calibrated
from copydesk.classifiers.linear import LinearSVM
from copydesk.cli import main
from copydesk.estimator import TextClassifier
from copydesk.evaluation.predictions import Predictions
from copydesk.features.tfidf import TfidfFeatures
from helpers.little_desk import desk


def articles(n: int) -> tuple[list[str], np.ndarray]:
    rng = np.random.default_rng(n)
    words = np.asarray([f"word{number}" for number in range(3000)])
    y = np.asarray(["a", "b", "c"], dtype=object)[np.arange(n) % 3]
    starts = {"a": 0, "b": 1000, "c": 2000}
    texts = [
        " ".join(
            [*words[starts[label] + (rng.random(30) ** 2 * 1000).astype(int)], *words[rng.integers(3000, size=30)]]
        )
        for label in y
    ]
    return texts, y


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder like that of a run: a model, and predictions for texts that it has not seen."""
    folder = tmp_path_factory.mktemp("run")
    texts, y = articles(300)
    features = TfidfFeatures(ngram_range=(1, 2), sublinear_tf=True, dtype=np.float32)
    model = TextClassifier(features, LinearSVM(), Calibrated(), folds=3).fit(texts, y)
    manifest = {"task": "topic", "classes": ["a", "b", "c"], "name": "letters"}
    save_bundle(folder / "model", model, manifest, {"README.md": "# letters\n"})
    unseen, true = articles(90)
    frame = pd.DataFrame({"text": unseen, "label": true, "document": [f"d{n}" for n in range(90)]})
    frame = frame.assign(position=0, group="", title="")
    predicted, scores = model.predict(unseen), model.scores(unseen)
    Predictions.of(frame, classes=model.classes_, predicted=predicted, scores=scores).save(
        folder / "predictions.parquet"
    )
    return folder


def size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir())


@pytest.mark.parametrize("bits", ["8", "16"])
def test_a_model_is_made_smaller_and_its_loss_is_told(
    run: Path, tmp_path: Path, bits: str, capsys: pytest.CaptureFixture[str]
) -> None:
    small = tmp_path / "small"
    assert main(["compress", str(run / "model"), "--to", "100kB", "-o", str(small), "--bits", bits]) == 0
    said = capsys.readouterr().out
    assert 90_000 < size(small) <= 100_000 < size(run / "model")
    facts = json.loads((small / "manifest.json").read_text(encoding="utf-8"))["compressed"]
    texts = Predictions.load(run / "predictions.parquet").rows["text"].tolist()
    before, after = (package.load(folder).predict(texts) for folder in (run / "model", small))
    assert facts["changed"] == (before != after).sum()
    assert f"another label than before  {facts['changed']} " in said
    assert "not seen in training" in said
    assert facts["right_after"] >= facts["right_before"] - 5
    assert facts["right_before"] - facts["lost"] + facts["gained"] == facts["right_after"]
    assert (small / "README.md").read_text(encoding="utf-8") == "# letters\n"
    assert np.allclose(package.load(small).predict_proba(texts).sum(axis=1), 1)


def test_without_an_evaluation_set_it_says_so_and_stands_beside_the_model(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(run / "model", tmp_path / "model")
    assert main(["compress", str(tmp_path / "model"), "--to", "60kB"]) == 0
    assert "loss: not measured" in capsys.readouterr().out
    assert size(tmp_path / "model-60kB") <= 60_000
    assert main(["compress", str(tmp_path / "model"), "--to", "60kB"]) == 5
    assert "already exists; give --force" in capsys.readouterr().err
    assert (
        main(["compress", str(tmp_path / "model"), "--to", "50kB", "-o", str(tmp_path / "model-60kB"), "--force"]) == 0
    )
    assert size(tmp_path / "model-60kB") <= 50_000


def test_rows_of_several_folds_are_said_to_have_been_seen(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(run / "model", tmp_path / "model")
    frame = pd.read_parquet(run / "predictions.parquet").assign(fold=np.arange(90) % 2)
    frame.to_parquet(tmp_path / "predictions.parquet")
    assert main(["compress", str(tmp_path / "model"), "--to", "60kB"]) == 0
    assert "that both have seen in training, which flatters them" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("to", "said", "code"),
    [
        ("1GB", "which is no more; nothing to do", 2),
        ("1kB", "can't have less than", 2),
        ("small", "--to=small: must be a size", 2),
        ("0MB", "--to=0MB: must be a size", 2),
    ],
)
def test_a_size_that_makes_no_sense_is_one_line(
    run: Path, to: str, said: str, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compress", str(run / "model"), "--to", to]) == code
    err = capsys.readouterr().err
    assert said in err
    assert err.count("\n") == 1


def test_a_run_stands_for_its_model_and_force_replaces_models_alone(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "only-copy.txt").touch()
    for output, said in (
        (run / "model", "is the input folder"),
        (run / "model" / "in", "is in the input folder"),
        (tmp_path / "thesis", "is no saved model"),
    ):
        assert main(["compress", str(run), "--to", "60kB", "-o", str(output), "--force"]) == 2
        assert said in capsys.readouterr().err
    assert (tmp_path / "thesis" / "only-copy.txt").is_file()
    assert main(["compress", str(run), "--to", "60kB", "-o", str(tmp_path / "smaller")]) == 0


def test_what_is_no_topic_model_is_refused(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save_bundle(tmp_path / "cleaner", desk().estimator, desk().manifest)
    for path, said in (
        (tmp_path / "cleaner", "'boilerplate'"),
        (tmp_path, "holds no manifest.json"),
        (tmp_path / "x", "does not exist"),
    ):
        assert main(["compress", str(path), "--to", "10kB"]) == 4
        err = capsys.readouterr().err
        assert said in err
        assert err.count("\n") == 1
