"""Decisions of a cross-validation: each is fitted on rows that neither its model nor its evaluation sees."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from copydesk.classifiers.decision import Abstain, Argmax, Calibrated, Keep, Precise
from copydesk.classifiers.linear import LinearSVM
from copydesk.cli import main
from copydesk.datasets.audit import audit
from copydesk.datasets.splits import KFold
from copydesk.estimator import TextClassifier
from copydesk.features.tfidf import TfidfFeatures
from copydesk.runs.cross_fitting import CrossFitting
from copydesk.runs.fit import fit
from copydesk.tasks import TOPIC_TASK
from helpers import little_desk

WORDS = "sea ship wave oven bread crust pawn queen rook drum song band".split()
rng = np.random.default_rng(0)


def texts(n: int = 150) -> pd.DataFrame:
    """Return texts of four labels, whose words often mislead, and of two with one and two texts."""
    rows = []
    for row in range(n):
        label = row % 4
        topics = [label if rng.random() < 0.6 else int(rng.integers(4)) for _ in "abc"]
        words = [WORDS[3 * topic + int(rng.integers(3))] for topic in topics]
        rows.append((" ".join(words) + f" n{row}", f"label{label}"))
    rows += [("one of a kind", "single"), ("two of a pair", "pair"), ("a second of two", "pair")]
    frame = pd.DataFrame(rows, columns=["text", "label"])
    names = [f"d{row}" for row in range(len(rows))]
    return audit(frame.assign(group="", split="", position=0, title="", document=names), folds=5).frame


FRAME = texts()
ESTIMATOR = TextClassifier(TfidfFeatures(), LinearSVM(), Calibrated())


def crossed(estimator: TextClassifier) -> tuple[CrossFitting, list[TextClassifier]]:
    shared, models = CrossFitting(estimator, FRAME, TOPIC_TASK), []
    for seen, held_out in KFold(5).folds(FRAME):
        models.append(shared.fit(seen))
        shared.predict(models[-1], held_out)
    return shared, models


def test_a_folds_decision_is_fitted_on_the_held_out_rows_of_the_other_folds() -> None:
    shared, models = crossed(ESTIMATOR)
    folds = list(KFold(5).folds(FRAME))
    own, y = FRAME["text"].to_numpy(object), FRAME["label"].to_numpy(object)
    common = [number for number, model in enumerate(models) if len(model.classes_) == 6]
    assert len(common) < 5, "the single text is held out once"
    for number, predictions in enumerate(shared.predictions()):
        classes = models[number].classes_
        scores, labels = [], []
        for other, (_, held_out) in enumerate(folds):
            if other != number:
                found = np.full((len(held_out), len(classes)), -np.inf)
                known = np.isin(classes, models[other].classes_)
                known_there = np.isin(models[other].classes_, classes)
                found[:, known] = models[other].scores(own[held_out].tolist())[:, known_there]
                at = np.searchsorted(classes, y[held_out]).clip(max=len(classes) - 1)
                judged = (classes[at] == y[held_out]) & np.isfinite(found[np.arange(len(found)), at])
                scores.append(found[judged])
                labels.append(y[held_out][judged])
        expected = Calibrated().fit(np.vstack(scores), np.concatenate(labels), classes)
        assert predictions.scores is not None
        np.testing.assert_allclose(predictions.probabilities, expected.predict_proba(predictions.scores), rtol=1e-9)


def test_the_saved_model_has_the_scorer_of_all_rows_and_a_decision_that_saw_none_of_its_scores() -> None:
    shared, _ = crossed(ESTIMATOR)
    whole = shared.decide_whole(shared.fit(np.arange(len(FRAME))))
    plain = fit(ESTIMATOR.set_params(decision=Argmax()), FRAME, TOPIC_TASK)
    ESTIMATOR.set_params(decision=Calibrated())
    inputs = FRAME["text"].tolist()
    np.testing.assert_array_equal(whole.scores(inputs), plain.scores(inputs))
    assert whole.predict(inputs).tolist() == plain.predict(inputs).tolist()
    assert whole.decision_.summary_["labels_not_validated"] == ["single"]
    assert whole.decision_.summary_["validation_rows"] == len(FRAME) - 1


@pytest.mark.parametrize("decision", [Abstain(), Precise(0.5), Calibrated("sigmoid"), Calibrated("isotonic")])
def test_other_decisions_are_fitted_so_too(decision: Any) -> None:
    shared, _ = crossed(TextClassifier(TfidfFeatures(), LinearSVM(), decision))
    for predictions in shared.predictions():
        np.testing.assert_allclose(predictions.probabilities.sum(axis=1), 1)  # type: ignore[union-attr]
    whole = shared.decide_whole(shared.fit(np.arange(len(shared.frame))))
    assert whole.predict(["sea ship wave"]).tolist() == ["label0"]


def test_a_threshold_and_a_search_for_each_fold_need_folds_of_their_own() -> None:
    one, other = {"C": 1}, {"C": 2}
    assert CrossFitting.applies(ESTIMATOR, [one, one, one])
    assert not CrossFitting.applies(ESTIMATOR, [one, one])  # one held-out part
    assert not CrossFitting.applies(ESTIMATOR, [one, other, one])
    assert not CrossFitting.applies(TextClassifier(decision=Keep()), [one, one, one])
    assert not CrossFitting.applies(TextClassifier(decision=Argmax()), [one, one, one])


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "news.jsonl"
    rows = FRAME[["text", "label"]].to_dict("records")
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.mark.parametrize("split", ["kfold", "stratified"])
def test_topics_are_calibrated_as_they_come_with_labels_of_one_text(
    table: Path, capsys: pytest.CaptureFixture[str], split: str
) -> None:
    assert main(["train", "experiment=topics", f"dataset.path={table}", f"split={split}"]) == 0
    out = capsys.readouterr().out
    assert re.search(r"labels too rare to be held out for calibration: (pair, )?single\n", out)
    metrics = json.loads(Path("experiments/runs/topics/latest/metrics.json").read_text(encoding="utf-8"))
    assert split != "kfold" or metrics["scores"]["ece"]["value"] < 0.2  # of 31 texts it is mostly chance
    assert main(["train", "experiment=topics", f"dataset.path={table}", f"split={split}", "decision=argmax"]) == 0
    assert "  probabilities are not calibrated: decision=calibrated calibrates them\n" in capsys.readouterr().out
    plain = json.loads(Path("experiments/runs/topics/latest/metrics.json").read_text(encoding="utf-8"))
    assert plain["scores"]["accuracy"]["value"] == metrics["scores"]["accuracy"]["value"]
    assert split != "kfold" or plain["scores"]["ece"]["value"] > metrics["scores"]["ece"]["value"]


def test_a_training_part_of_one_site_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    pages = [
        {"id": str(name), "site": f"site{number == 0}", "paragraphs": page[["text", "label"]].to_dict("records")}
        for number, (name, page) in enumerate(little_desk.frame().groupby("document", sort=False))
    ]
    Path("pages.jsonl").write_text("".join(json.dumps(page) + "\n" for page in pages), encoding="utf-8")
    words = ["train", "dataset=paragraphs", "dataset.path=pages.jsonl", "features=paragraphs", "name=mine"]
    assert main([*words, "split=grouped", "decision=threshold"]) == 0
    assert "are of one site, 'site" in capsys.readouterr().err
