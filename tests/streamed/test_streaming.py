"""Streamed runs give what runs in memory give, and go on after a kill with the same bytes."""

from __future__ import annotations

import hashlib
import json
import random
import signal
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from copydesk.datasets.tables import Table
from copydesk.models.loading import load
from copydesk.models.topic import TopicModel
from copydesk.streamed import streaming
from copydesk.streamed.descent import RELATIVE_GAP
from helpers import little_stream
from helpers.processes import run, start


@dataclass
class Streamed:
    """Table, run and what it left."""

    table: Path
    folder: Path

    @property
    def info(self) -> dict:  # type: ignore[type-arg]
        return json.loads((self.folder / "run.json").read_text(encoding="utf-8"))  # type: ignore[no-any-return]


def bytes_of(model: Path) -> dict[str, str]:
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in sorted(model.iterdir())}


def train(table: Path, folder: Path, *more: str) -> Streamed:
    code, said, _ = run(*little_stream.words_for(table, folder / "runs", *more), cwd=folder, said=folder)
    assert code == 0, said
    return Streamed(table, folder / "runs" / "little" / "latest")


@pytest.fixture(scope="module")
def streamed(tmp_path_factory: pytest.TempPathFactory) -> Streamed:
    folder = tmp_path_factory.mktemp("streamed")
    return train(little_stream.write(folder), folder)


@pytest.fixture(scope="module")
def pair(streamed: Streamed, tmp_path_factory: pytest.TempPathFactory) -> tuple[Streamed, Streamed]:
    """The same run in chunks and in memory; no row is held out for the decision."""
    found = [
        train(streamed.table, tmp_path_factory.mktemp("pair"), "decision=argmax", "classifier.tol=0.001", *more)
        for more in ([], ["dataset.stream=false"])
    ]
    return found[0], found[1]


def test_the_optimum_is_reached(streamed: Streamed) -> None:
    assert streamed.info["fit"]["relative_duality_gaps"][-1] <= RELATIVE_GAP
    assert len(streamed.info["fit"]["relative_duality_gaps"]) == streamed.info["fit"]["passes"]


def test_the_run_has_all_outputs_and_leaves_no_cache(streamed: Streamed) -> None:
    names = {path.name for path in streamed.folder.iterdir()}
    assert {"run.json", "metrics.json", "predictions.parquet", "report.md", "left_out.jsonl", "model"} <= names
    assert not list(streamed.folder.parent.resolve().glob(".stream*"))
    model = load(streamed.folder / "model")
    assert isinstance(model, TopicModel)
    assert model.predict(["sea sail harbour wave", "pawn queen rook"]).tolist() == ["boats", "chess"]
    metrics = json.loads((streamed.folder / "metrics.json").read_text(encoding="utf-8"))
    assert metrics["scores"]["accuracy"]["value"] > 0.9


def test_the_audit_finds_copies(streamed: Streamed) -> None:
    facts = streamed.info["audit"]
    rows = little_stream.rows()
    assert facts["exact_duplicates_dropped"] == little_stream.EXACT + little_stream.CLASHING
    assert facts["exact_duplicates_with_another_label"] == little_stream.CLASHING
    assert facts["near_duplicates"] == facts["straddling_documents_dropped_from_train"] == little_stream.NEAR
    assert facts["rows"] == len(rows) - facts["exact_duplicates_dropped"]
    assert facts["groups"] == 12
    assert streamed.info["left_out"].startswith(f"1 of {len(rows) + 1:,} rows")
    judged = pd.read_parquet(streamed.folder / "predictions.parquet")
    assert set(judged["document"]) == {row["id"] for row in rows if row["part"] == "test"}


def test_features_and_audit_are_those_of_a_run_in_memory(pair: tuple[Streamed, Streamed]) -> None:
    chunks, memory = (load(each.folder / "model").estimator for each in pair)
    for one, other in zip(chunks.features_.families_, memory.features_.families_, strict=True):
        assert one.strings() == other.strings()
        assert np.array_equal(one.idf_, other.idf_)
    facts = [each.info["audit"] for each in pair]
    assert {name: facts[0][name] for name in facts[1]} == facts[1]


def test_predictions_are_those_of_a_run_in_memory(pair: tuple[Streamed, Streamed]) -> None:
    texts = [row["text"] for row in little_stream.rows()]
    own, theirs = (load(each.folder / "model").estimator.scores(texts) for each in pair)
    assert np.abs(own - theirs).max() < 0.05
    best, second = np.sort(theirs, axis=1)[:, :-3:-1].T
    clear = best - second > 0.1
    assert clear.mean() > 0.8
    assert (own.argmax(axis=1) == theirs.argmax(axis=1))[clear].all()


@pytest.mark.parametrize("split", ["stratified", "grouped"])
@pytest.mark.parametrize("more", [["features=hashing", "features.n_features=4096"], ["classifier=logistic"]])
def test_other_splits_features_and_classifiers(split: str, more: list[str], streamed: Streamed, tmp_path: Path) -> None:
    found = train(streamed.table, tmp_path, f"split={split}", *more)
    judged = pd.read_parquet(found.folder / "predictions.parquet")
    facts = found.info["audit"]
    assert 0.15 * facts["rows"] < len(judged) < 0.3 * facts["rows"]
    if split == "grouped":
        assert 1 <= judged["group"].nunique() < 5
    else:
        assert judged["label"].value_counts().max() <= judged["label"].value_counts().min() + 3
    assert facts["rows_trained_on"] + facts["rows_for_the_decision"] + len(judged) <= facts["rows"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["split=kfold"], "split=KFold needs all rows at once; use split=official, stratified or grouped"),
        (["features=topics"], "concentration need all rows at once; use features=word, word_char or hashing"),
        (["classifier=nb_svm"], "classifier=NBWeighted needs all rows at once; use classifier=linear_svm or logistic"),
        (["search=auto"], "a search needs all rows at once"),
        (["engine=dask"], "the engine takes all rows at once; use engine=local"),
        (["report.learning_curve=true"], "report.learning_curve=true needs all rows at once"),
        (["split=grouped", "dataset.group=null"], "split=grouped: the dataset knows no groups"),
        (["dataset.split=null"], "split=official: the dataset has 0 train and 0 test rows"),
        (["dataset.chunk_rows=0"], "dataset.chunk_rows=0: a whole number from 1"),
    ],
)
def test_what_needs_all_rows_is_refused(words: list[str], message: str, streamed: Streamed, tmp_path: Path) -> None:
    command = little_stream.words_for(streamed.table, tmp_path / "runs", *words)
    code, said, _ = run(*command, cwd=tmp_path, said=tmp_path)
    assert code == 2, said
    assert message in said
    assert said.count("\n") == 1
    assert not list(tmp_path.glob("runs/*/*"))


def test_files_that_take_more_than_their_share_of_the_memory_are_read_in_chunks(
    streamed: Streamed, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = Table(path=str(streamed.table), text="text", label="label")
    assert not streaming.exceeds_memory(table)
    monkeypatch.setattr(streaming, "MEMORY_SHARE", 1 << 30)
    assert streaming.exceeds_memory(table)
    assert not streaming.exceeds_memory(Table(path="https://example.org/news.jsonl", text="text", label="label"))


def test_a_run_that_is_killed_again_and_again_ends_with_the_same_bytes(streamed: Streamed, tmp_path: Path) -> None:
    command = little_stream.words_for(streamed.table, tmp_path / "runs")
    draw = random.Random(1)
    lines = [draw.randrange(20, 900) for _ in range(12)]
    killed = 0
    for line in lines:
        code = start(*command, cwd=tmp_path, said=tmp_path, at_line=(signal.SIGKILL, line)).end()
        killed += code == -signal.SIGKILL
        if code == 0:
            break
    code, said, _ = run(*command, cwd=tmp_path, said=tmp_path)
    assert code == 0, said
    assert killed >= 3
    assert bytes_of(tmp_path / "runs" / "little" / "latest" / "model") == bytes_of(streamed.folder / "model")
    assert not list((tmp_path / "runs" / "little").glob(".stream*"))
