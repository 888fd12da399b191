"""``engine=dask``: the models of one machine, fitted on the workers of a real cluster."""

from __future__ import annotations

import json
import os
import random
import signal
import threading
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from copydesk.classifiers.decision import Argmax
from copydesk.classifiers.linear import LinearSVM, LogisticRegression
from copydesk.classifiers.nb import NBWeighted
from copydesk.cli import main
from copydesk.engines.cluster_sums import call_on
from copydesk.engines.spread import Dask
from copydesk.errors import ConfigError
from copydesk.estimator import TextClassifier
from copydesk.evaluation.predictions import Predictions
from copydesk.features.tfidf import TfidfFeatures
from copydesk.shards import cluster
from copydesk.train import train as run_training
from helpers.little_search import config

EXACT = {"tol": 1e-6, "max_iter": 10_000}


def articles(n: int = 240) -> tuple[list[str], list[str]]:
    draw = random.Random(0)
    topics = {"boats": "ferry tide crew sail anchor", "bread": "oven flour yeast loaf", "chess": "pawn queen rook mate"}
    labels = [draw.choice(list(topics)) for _ in range(n)]
    every = " ".join(topics.values()).split()
    texts = [
        f"Title {at % 7}\nw{at % 50} " + " ".join(draw.choices(topics[label].split(), k=2) + draw.choices(every, k=8))
        for at, label in enumerate(labels)
    ]  # fmt: skip
    return texts, labels


TEXTS, LABELS = articles()


@pytest.fixture
def engine(client: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Fit on the workers, with the rows spread."""
    monkeypatch.setattr(cluster, "connected", lambda *given: nullcontext(client))
    with Dask().started(tmp_path / "engine"):
        yield
    assert not (tmp_path / "engine").exists()


FAMILIES = [
    {"ngram_range": (1, 2), "concentration": 0.5, "max_features": 150},
    {"analyzer": "char_wb", "ngram_range": (2, 4), "min_df": 3, "concentration": 1.0},
    {"part": "title", "weight": 0.7},
]
MODELS = {
    "svm": (TfidfFeatures(min_df=2), LinearSVM(C=2.0, **EXACT)),
    "families": (TfidfFeatures(families=FAMILIES, sublinear_tf=True), LinearSVM(class_weight="balanced", **EXACT)),
    "softmax": (TfidfFeatures(dtype=np.float32), LogisticRegression(C=10.0, **EXACT)),
    "hashing": (TfidfFeatures(n_features=2**12), LogisticRegression(multi_class="ovr", **EXACT)),
    "memory": (TfidfFeatures(max_memory="1MB", sort=True), LinearSVM(**EXACT)),
}


@pytest.mark.parametrize("name", MODELS)
def test_features_and_weights_are_those_of_one_machine(name: str, client: Any, request: pytest.FixtureRequest) -> None:
    estimator = TextClassifier(*MODELS[name], Argmax())
    here = estimator.fit(TEXTS, LABELS)
    families, scores = here.features_.families_, here.scores(TEXTS)
    request.getfixturevalue("engine")
    there = estimator.fit(TEXTS, LABELS)
    for mine, other in zip(there.features_.families_, families, strict=True):
        np.testing.assert_allclose(mine.idf_, other.idf_, rtol=1e-6)
        assert mine.strings() == other.strings()
    assert there.classifier_.weights_.dtype == here.classifier_.weights_.dtype
    np.testing.assert_allclose(there.scores(TEXTS), scores, atol=0.02)


def test_several_labels_are_fitted_so_too(client: Any, request: pytest.FixtureRequest) -> None:
    sets = [{label} | ({"odd"} if at % 3 else set()) for at, label in enumerate(LABELS)]
    from copydesk.classifiers.label_decision import LabelDecision

    estimator = TextClassifier(TfidfFeatures(concentration=0.5), LinearSVM(**EXACT), LabelDecision())
    scores = estimator.fit(TEXTS, sets).scores(TEXTS)
    request.getfixturevalue("engine")
    np.testing.assert_allclose(estimator.fit(TEXTS, sets).scores(TEXTS), scores, atol=0.02)


def test_workers_that_are_killed_change_nothing(client: Any, engine: None) -> None:
    estimator = TextClassifier(TfidfFeatures(), LogisticRegression(C=100.0), Argmax())
    scores = estimator.fit(TEXTS, LABELS).scores(TEXTS)
    pids = list(client.run(os.getpid).values())
    timer = threading.Timer(0.3, os.kill, (pids[0], signal.SIGKILL))
    timer.start()
    np.testing.assert_allclose(estimator.fit(TEXTS, LABELS).scores(TEXTS), scores, atol=1e-9)
    timer.join()
    assert pids[0] not in client.run(os.getpid).values()


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("data") / "news.jsonl"
    rows = [json.dumps({"text": text, "label": label}) + "\n" for text, label in zip(TEXTS, LABELS, strict=True)]
    path.write_text("".join(rows), encoding="utf-8")
    return str(path)


def train(data: str, folder: Path, *words: str) -> Path:
    options = ["dataset=table", f"dataset.path={data}", "name=n", f"runs={folder}", "split.n_splits=3", *words]
    assert main(["train", "features.min_df=1", *options]) == 0
    return folder / "n" / "latest"


def test_folds_on_workers_give_the_same_run(
    client: Any, data: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "connected", lambda *given: nullcontext(client))
    here = train(data, tmp_path / "here")
    there = train(data, tmp_path / "there", "engine=dask", "engine.spread=fits")
    spread = train(data, tmp_path / "spread", "engine=dask")
    assert (here / "metrics.json").read_bytes() == (there / "metrics.json").read_bytes()
    before, same, close = (Predictions.load(run / "predictions.parquet") for run in (here, there, spread))
    np.testing.assert_array_equal(same.scores, before.scores)  # type: ignore[arg-type]
    np.testing.assert_allclose(close.scores, before.scores, atol=0.1)  # type: ignore[arg-type]  # their tol is 0.1
    assert (close.rows["predicted"] == before.rows["predicted"]).mean() >= 0.99
    for run in (there, spread):
        assert (
            main(
                [
                    "predict",
                    "-q",
                    "--prefix",
                    "new_",
                    "--model",
                    str(run),
                    data,
                    "-o",
                    str(tmp_path / f"{run.parent.parent.name}.jsonl"),
                ]
            )
            == 0
        )
        assert not (run / "engine").exists()


def search(folder: Path, *words: str) -> dict[str, Any]:
    """Search one trial after the other; return its history."""
    folder.mkdir()
    options = [
        "split=kfold",
        "split.n_splits=2",
        "+search.folds=2",
        "+search.jobs=1",
        "+search.trials=4",
        "+search.duration=10h",
    ]
    space = "+search.space={features.ngram_range:[[1,1],[1,2]],features.min_df:[1,2],classifier.C:{path:[0.1,1,10]}}"
    run_training(config(folder, *options, space, "+search.max_model_size=40kB", *words))
    history: dict[str, Any] = json.loads((folder / "runs/custom/latest/search/history.json").read_text())["all"]
    return history


def test_trials_on_workers_find_what_those_of_one_machine_find(
    client: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("optuna", reason="needs the extra search")
    here = search(tmp_path / "here")
    monkeypatch.setattr(cluster, "connected", lambda *given: nullcontext(client))
    dask = ("engine=dask", "engine.spread=fits")
    there = search(tmp_path / "there", *dask)
    killed = iter(list(client.run(os.getpid).values())[:1])
    submit = client.submit

    def kill_one(function: Any, *given: Any, **options: Any) -> Any:
        placed = submit(function, *given, **options)
        if function is call_on:
            for pid in killed:
                os.kill(pid, signal.SIGKILL)
        return placed

    monkeypatch.setattr(client, "submit", kill_one)
    with_kill = search(tmp_path / "killed", *dask)
    assert next(killed, None) is None
    wanted = [(each["params"], each["value"], each["C"], each["bytes"], each["state"]) for each in here["trials"]]
    for each in (there, with_kill):
        found = [(one["params"], one["value"], one["C"], one["bytes"], one["state"]) for one in each["trials"]]
        assert found == wanted
    models = [tmp_path / name / "runs/custom/latest/model/arrays.npz" for name in ("here", "there", "killed")]
    assert len({model.read_bytes() for model in models}) == 1


@pytest.mark.parametrize(
    ("estimator", "reason"),
    [
        (TextClassifier(TfidfFeatures(), NBWeighted(LinearSVM())), "classifier: NBWeighted can't be fitted on rows"),
        (TextClassifier(None, LinearSVM()), "features: none can't be fitted on rows"),
        (TextClassifier(TfidfFeatures(), LinearSVM(loss="hinge")), "classifier.loss='hinge' has no second derivatives"),
    ],
)
def test_what_rows_can_not_be_spread_for_is_refused(estimator: TextClassifier, reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        Dask().check(estimator, searches=False)
    Dask(spread="fits").check(estimator, searches=False)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["engine.scheduler=tcp://127.0.0.1:9"], "engine.scheduler=tcp://127.0.0.1:9: no Dask scheduler answers there"),
        (["engine.spread=columns"], "engine.spread='columns': valid are rows and fits"),
        (["engine.workers=0"], "engine.workers=0: give at least 1"),
        (["search=auto"], "engine=dask: the trials of a search are whole fits; set engine.spread=fits"),
    ],
)
def test_a_mistake_is_one_line_and_leaves_nothing(
    words: list[str], reason: str, data: str, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 0.5)
    options = ["dataset=table", f"dataset.path={data}", f"runs={tmp_path}/runs", "engine=dask"]
    assert main(["train", *options, *words]) == 2
    said = capsys.readouterr().err
    assert reason in said
    assert said.count("\n") == 1
    assert list(tmp_path.rglob("run.json")) == []


def test_other_versions_on_a_worker_are_refused(client: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "connected", lambda *given: nullcontext(client))
    monkeypatch.setattr(cluster, "answer_versions", lambda: {**cluster_versions(), "numpy": "0.1"})
    with pytest.raises(ConfigError, match=r"a worker: numpy .*, where the driver has 0\.1"), Dask().started(tmp_path):
        pass


def cluster_versions() -> dict[str, str]:
    from copydesk.shards.make_part import answer_versions

    return answer_versions()
