"""``copydesk evaluate``: a saved model on new labelled data; what can be judged is, and what can't is said."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import pytest

from copydesk.bundle import save_bundle
from copydesk.classifiers.decision import Argmax
from copydesk.classifiers.linear import LinearSVM
from copydesk.cli import main
from copydesk.estimator import TextClassifier
from copydesk.evaluation.predictions import Predictions
from copydesk.evaluation.shift import profile
from copydesk.features.tfidf import TfidfFeatures
from copydesk.runs.diagnostics import Diagnostics
from copydesk.tasks import TOPIC_TASK
from helpers import little_desk
from helpers.judged import frame_of

WORDS = {"boats": "ferry harbour tide crew sail anchor".split(), "bread": "oven flour yeast dough crust loaf".split()}


def articles(n: int, labels: Iterable[str] = ("boats", "bread"), new: str = "") -> list[dict[str, str]]:
    names = list(labels)
    return [
        {"text": " ".join([*(WORDS[names[at % len(names)]][(at + k) % 6] for k in range(4)), f"no{at}", new]),
         "label": names[at % len(names)], "site": f"site {at % 11}"}
        for at in range(n)
    ]  # fmt: skip


def written(path: Path, rows: Iterable[object]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    model = TextClassifier(TfidfFeatures(families=[{"ngram_range": (1, 1), "min_df": 2}]), LinearSVM(), Argmax())
    rows = articles(60)
    model.fit([row["text"] for row in rows], [row["label"] for row in rows])
    held_out = frame_of([{**row, "document": f"d{at}"} for at, row in enumerate(articles(66))])
    scores = model.scores(held_out["text"].tolist())
    said = Predictions.of(held_out, classes=model.classes_, predicted=model.predict(held_out["text"].tolist()),
                          scores=scores, probabilities=model.decision_.predict_proba(scores))  # fmt: skip
    observed = Diagnostics()
    observed.add(model, held_out, said, TOPIC_TASK)
    known = {"task": "topic", "classes": ["boats", "bread"], "name": "../news"}
    save_bundle(folder / "topics", model, {**known, "judged": profile(said, observed.unknown_share)})
    save_bundle(folder / "old", model, known)
    desk = little_desk.desk()
    save_bundle(folder / "desk", desk.estimator, {"task": "boilerplate", "classes": ["boilerplate", "content"]})
    return folder


@pytest.fixture
def here(models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "models").symlink_to(models)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def latest(name: str = "news") -> Path:
    return Path("experiments", "evaluations", name, "latest")


def test_the_same_kind_of_data_has_not_shifted(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written(here / "new.jsonl", articles(80))
    assert main(["evaluate", "--model", "models/topics", "--site-field", "site", "new.jsonl"]) == 0
    said = capsys.readouterr()
    assert "news: judged on 80 texts of 80 documents" in said.out
    assert "Nothing has shifted by more than chance would." in said.out
    assert said.err == ""
    metrics = json.loads((latest() / "metrics.json").read_text(encoding="utf-8"))
    assert metrics["scores"]["accuracy"]["value"] == 1.0
    assert metrics["groups"] == 11
    assert {"report.md", "report.html", "predictions.parquet", "run.json", "shift.json"} <= {
        path.name for path in latest().iterdir()
    }
    assert not (here / "experiments" / "news").exists()


def test_what_has_shifted_is_said(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = articles(90, ["boats", "boats", "boats", "bread"], new="many words that nobody has seen before in any text")
    written(here / "new.jsonl", rows)
    assert main(["evaluate", "--model", "models/topics", "new.jsonl"]) == 0
    out = capsys.readouterr().out
    assert "rue labels have shifted" in out
    assert "more n-grams are new" in out
    shift = json.loads((latest() / "shift.json").read_text(encoding="utf-8"))
    assert shift["now"]["unknown_ngrams"] > shift["at_training"]["unknown_ngrams"] + 0.3
    page = (latest() / "report.html").read_text(encoding="utf-8")
    assert "What has shifted since training</h2>" in page
    assert "Confidence then and now" in page


def test_one_label_alone_is_judged_and_what_that_can_not_tell_is_said(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written(here / "new.jsonl", articles(20, ["boats"]))
    assert main(["evaluate", "--model", "models/topics", "new.jsonl"]) == 0
    said = capsys.readouterr()
    assert "all rows have the label 'boats'" in said.err
    scores = json.loads((latest() / "metrics.json").read_text(encoding="utf-8"))["scores"]
    assert scores["accuracy"]["value"] == 1.0
    assert scores["average_precision"]["value"] is None
    assert "What this evaluation can't show" in (latest() / "report.html").read_text(encoding="utf-8").replace(
        "&#39;", "'"
    )


def test_labels_that_the_model_does_not_know_are_wrong_and_named(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written(here / "new.jsonl", [*articles(20), {"text": "pawn queen", "label": "chess"}])
    assert main(["evaluate", "--model", "models/topics", "new.jsonl"]) == 0
    assert "1 rows have labels that the model does not know, which are always wrong: chess" in capsys.readouterr().err


def test_a_model_of_an_older_version_is_judged_too(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written(here / "new.jsonl", articles(12))
    assert main(["evaluate", "--model", "models/old", "new.jsonl"]) == 0
    assert "saved by an older version" in capsys.readouterr().out


def test_two_models_on_the_same_new_data_can_be_compared(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written(here / "new.jsonl", articles(24))
    for model, output in (("topics", "a"), ("old", "b")):
        assert main(["evaluate", "--model", f"models/{model}", "-o", output, "new.jsonl"]) == 0
    assert main(["compare", "a/news", "b/news"]) == 0
    assert "2 runs, judged on the same 24 texts" in capsys.readouterr().out


@pytest.mark.parametrize("only", [None, "content", "boilerplate"])
def test_a_cleaner_is_judged_on_labelled_paragraphs(
    here: Path, only: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    frame = little_desk.frame(6, seed=5)
    pages = [
        {"id": name, "site": "s", "paragraphs": [
            {"text": text, "label": only or label} for text, label in zip(rows["text"], rows["label"], strict=True)]}
        for name, rows in frame.groupby("document")
    ]  # fmt: skip
    written(here / "pages.jsonl", pages)
    assert main(["evaluate", "--model", "models/desk", "pages.jsonl"]) == 0
    said = capsys.readouterr()
    assert f"judged on {len(frame):,} paragraphs of 6 documents" in said.out
    assert ("all rows have the label" in said.err) is (only is not None)
    assert 'id="pages"' in (latest("boilerplate") / "report.html").read_text(encoding="utf-8") or only == "boilerplate"


@pytest.mark.parametrize(
    ("words", "code", "reason"),
    [
        (["--model", "models/topics", "nowhere.jsonl"], 3, "nowhere.jsonl"),
        (["--model", "models/topics", "--label-field", "section", "new.jsonl"], 3, "new.jsonl: no row has a field"),
        (["--model", "models/topics", "empty.jsonl"], 3, "empty.jsonl: no rows"),
        (["--model", "models/topics", "bad.jsonl"], 3, "bad.jsonl: 1 of 1 rows are unusable (bad.jsonl:1: text: empty"),
        (["--model", "models/desk", "new.jsonl"], 3, "new.jsonl: 4 of 4"),
        (["--model", "models/nowhere", "new.jsonl"], 4, "models/nowhere: does not exist"),
        (["--model", "models/topics", "-o", "new.jsonl", "new.jsonl"], 2, "--output new.jsonl: is the input new"),
        (["--model", "models/topics", "-o", "bad.jsonl", "new.jsonl"], 5, "can't make a run folder here"),
        (["new.jsonl"], 2, "the following arguments are required: --model"),
    ],
)
def test_a_mistake_is_one_line_and_leaves_nothing(
    here: Path, words: list[str], code: int, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    written(here / "new.jsonl", articles(4))
    written(here / "empty.jsonl", [])
    written(here / "bad.jsonl", [{"text": " ", "label": "boats"}])
    assert main(["evaluate", *words]) == code
    said = capsys.readouterr()
    assert reason in said.err
    assert said.err.count("\n") == 1
    assert said.out == ""
    assert list(here.rglob("run.json")) == []
