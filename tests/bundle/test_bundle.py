"""A bundle gives back what was saved, or is refused before anything of it is used."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.svm import LinearSVC

from copydesk.bundle import folders, load_bundle, save_bundle
from copydesk.bundle.classes import class_of
from copydesk.classifiers.decision import Calibrated
from copydesk.classifiers.linear import LinearSVM
from copydesk.classifiers.nb import NBWeighted
from copydesk.errors import ModelError, ResourceError
from copydesk.estimator import TextClassifier
from copydesk.features.tfidf import TfidfFeatures

TEXTS = [f"{'sea ship' if n % 2 else 'land horse'} n{n % 5}" for n in range(40)]
LABELS = ["sea" if n % 2 else "land" for n in range(40)]
MANIFEST = {"task": "topic", "classes": ["land", "sea"]}


def fitted(features: Any = None, classifier: Any = None) -> TextClassifier:
    model = TextClassifier(features or TfidfFeatures(), classifier or LinearSVM(), Calibrated())
    return model.fit(TEXTS, LABELS)


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("bundles") / "model"
    save_bundle(path, fitted(), MANIFEST, {"README.md": "# card\n"})
    return path


@pytest.mark.parametrize(
    ("features", "classifier"),
    [
        (TfidfFeatures(ngram_range=(1, 2), dtype=np.float32), LinearSVM()),
        (TfidfFeatures(), NBWeighted(LinearSVM(C=0.5))),
        (TfidfVectorizer(), LinearSVC(random_state=0)),
        (TfidfFeatures(families=[{}, {"analyzer": "char_wb", "ngram_range": [2, 3]}]), LinearSVC(random_state=0)),
    ],
)
def test_what_is_loaded_predicts_the_same(tmp_path: Path, features: Any, classifier: Any) -> None:
    model = fitted(features, classifier)
    save_bundle(tmp_path / "m", model, MANIFEST)
    loaded, manifest = load_bundle(tmp_path / "m", task="topic")
    np.testing.assert_array_equal(loaded.predict_proba(TEXTS), model.predict_proba(TEXTS))
    assert loaded.predict(TEXTS).tolist() == model.predict(TEXTS).tolist()
    assert manifest["classes"] == ["land", "sea"]


def test_the_same_model_is_saved_as_the_same_bytes(tmp_path: Path, saved: Path) -> None:
    save_bundle(tmp_path / "again", fitted(), MANIFEST, {"README.md": "# card\n"})
    for file in saved.iterdir():
        assert file.read_bytes() == (tmp_path / "again" / file.name).read_bytes()


def resealed(folder: Path, **changes: Any) -> None:
    """Change a manifest and give it a digest that fits, as a forger would."""
    from copydesk.bundle.bundle import _digest, _json

    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    content = {**{k: v for k, v in manifest.items() if k != "sha256"}, **changes}
    (folder / "manifest.json").write_bytes(_json({**content, "sha256": _digest(_json(content))}, indent=2))


@pytest.mark.parametrize(
    ("changes", "said"),
    [({"format_version": 99}, "update copydesk"), ({"format": "other"}, "not a copydesk model")],
)
def test_newer_and_foreign_bundles_are_refused(saved: Path, tmp_path: Path, changes: Any, said: str) -> None:
    shutil.copytree(saved, tmp_path / "m")
    resealed(tmp_path / "m", **changes)
    with pytest.raises(ModelError, match=said):
        load_bundle(tmp_path / "m")


def test_wrong_task_missing_folder_missing_and_strange_files_are_refused(saved: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="'topic', not 'boilerplate'"):
        load_bundle(saved, task="boilerplate")
    with pytest.raises(ModelError, match="does not exist"):
        load_bundle(tmp_path / "nowhere")
    shutil.copytree(saved, tmp_path / "m")
    (tmp_path / "m" / "extra.pkl").write_bytes(b"x")
    with pytest.raises(ModelError, match=r"extra\.pkl: does not belong"):
        load_bundle(tmp_path / "m")
    (tmp_path / "m" / "extra.pkl").unlink()
    (tmp_path / "m" / "arrays.npz").unlink()
    with pytest.raises(ModelError, match=r"arrays\.npz: is missing"):
        load_bundle(tmp_path / "m")


@pytest.mark.parametrize(
    "name",
    [
        "os.system", "subprocess.Popen", "builtins.eval", "copydesk.runs.run.subprocess", "copydesk.cli.main",
        "copydesk.runs.run.Run", "copydesk.bundle.bundle.load_bundle", "copydesk.config.compose.Path",
        "sklearn.svm.LinearSVC", "copydesk.estimator.BaseEstimator", "copydesk", "", ".",
        "copydesk.estimator.TextClassifier.fit",
    ],
)  # fmt: skip
def test_only_copydesks_own_estimators_are_named_in_a_tree(name: str) -> None:
    with pytest.raises(ModelError, match="refused"):
        class_of(name)


@pytest.mark.fuzz
def test_law_a_save_killed_at_any_step_leaves_the_old_or_the_new_bundle(tmp_path: Path) -> None:
    old, new = fitted(), fitted(classifier=LinearSVM(C=0.01))
    expected = {model.predict_proba(TEXTS).tobytes() for model in (old, new)}
    survived = set()
    for step in range(40):
        path = tmp_path / str(step) / "model"
        save_bundle(path, old, MANIFEST)
        child = os.fork()
        if child == 0:  # dies as it is about to open, sync or rename for the n-th time
            countdown = [step]

            def dying(act: Any, countdown: list[int] = countdown) -> Any:
                def call(*args: Any, **kwargs: Any) -> Any:
                    if countdown[0] == 0:
                        os._exit(9)
                    countdown[0] -= 1
                    return act(*args, **kwargs)

                return call

            folders.sync, folders.exchange = dying(folders.sync), dying(folders.exchange)
            Path.open, Path.rename = dying(Path.open), dying(Path.rename)  # type: ignore[method-assign]
            folders.shutil.rmtree = dying(shutil.rmtree)  # type: ignore[assignment]
            save_bundle(path, new, MANIFEST)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        loaded, _ = load_bundle(path)
        survived.add(loaded.predict_proba(TEXTS).tobytes())
        assert survived <= expected
        save_bundle(path, new, MANIFEST)
        assert [p.name for p in path.parent.iterdir()] == ["model"]  # what the dead left aside is swept
        if os.waitstatus_to_exitcode(status) == 0:
            break
    assert survived == expected
    assert step >= 10


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    with pytest.raises(ResourceError, match="file"):
        save_bundle(tmp_path / "file" / "model", fitted(), MANIFEST)
