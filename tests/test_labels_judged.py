"""A run with several labels is judged, reported and compared; also with a tree of labels as the classifier."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

import copydesk
from copydesk.cli import main
from copydesk.evaluation.label_predictions import LabelPredictions
from helpers.little_articles import TOPICS

NAMES = sorted(TOPICS)


def article(draw: random.Random) -> dict[str, object]:
    """Return an article with words of each of its topics, or of none."""
    labels = draw.sample(NAMES, k=draw.choice([0, 1, 1, 2, 2]))
    words = [word for label in labels for word in draw.choices(TOPICS[label], k=4)]
    text = " ".join([*words, *draw.choices("today said city new first week year".split(), k=12)])
    return {"text": f"{text} {draw.random()}", "labels": labels}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made, draw = tmp_path_factory.mktemp("labels"), random.Random(1)
    rows = [article(draw) for _ in range(120)]
    (made / "news.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return made


def test_runs_are_judged_reported_and_compared(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder)
    given = ["experiment=labels", "dataset.path=news.jsonl", "split.n_splits=3"]
    tree = ["name=tree", "classifier=label_tree", "classifier.labels_per_leaf=1", "classifier.branching=2"]
    assert main(["train", *given]) == 0
    assert main(["train", *given, *tree]) == 0
    out = capsys.readouterr().out
    assert "Micro F1" in out
    runs = {name: folder / "experiments" / "runs" / name / "latest" for name in ("labels", "tree")}
    for run in runs.values():
        metrics = json.loads((run / "metrics.json").read_text(encoding="utf-8"))
        assert metrics["headline"]["name"] == "micro_f1"
        assert metrics["headline"]["value"] > 0.7
        predictions = LabelPredictions.load(run / "predictions.parquet")
        assert predictions.classes.tolist() == NAMES
        assert len(predictions) == 120
        assert "## By label" in (run / "report.md").read_text(encoding="utf-8")
        page = (run / "report.html").read_text(encoding="utf-8")
        assert "Pairs of labels" in page
        assert ">threshold</button>" in page
    model = copydesk.load(runs["tree"] / "model")
    assert model.predict_proba([" ".join(TOPICS[NAMES[0]])]).shape == (1, len(NAMES))
    assert main(["compare", "labels", "tree", "--json", "--html", "both.html"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert "micro_f1" in found["beside_the_first"][0]["differences"]
    assert {row["label"] for row in found["beside_the_first"][0]["per_class"]} == set(NAMES)
    both = (folder / "both.html").read_text(encoding="utf-8")
    assert "F1 by class" in both
    assert "(&#39;" not in both
    assert main(["compare", "labels", "tree"]) == 0
    out = capsys.readouterr().out
    assert "Micro F1" in out
    assert "('" not in out  # sets of labels are written as text
