"""The table of public names is complete, and bundles of format 1 load and predict as they did."""

from __future__ import annotations

import importlib
import inspect
import json
import pkgutil
from pathlib import Path

import pytest

import copydesk
from copydesk.bundle import load_bundle, read_manifest, save_bundle
from copydesk.bundle.classes import FORMAT_1_PATHS, MODULES, class_of, public_name
from copydesk.errors import ModelError

FIXTURES = Path(__file__).parents[1] / "fixtures" / "bundles"
EXPECTED = json.loads((FIXTURES / "expected.json").read_text(encoding="utf-8"))
# Base classes, of which no instance is ever fitted.
BASES = {
    "Estimator", "Classifier", "Transformer", "LinearClassifier", "DualLinearClassifier", "Family",
    "NumberGroup", "TokenFamily",
}  # fmt: skip


def estimators() -> dict[str, type]:
    """Return every estimator class that a module of copydesk defines, by name."""
    found = {}
    for module in pkgutil.walk_packages(copydesk.__path__, "copydesk."):
        for name, value in vars(importlib.import_module(module.name)).items():
            if inspect.isclass(value) and value.__module__ == module.name and hasattr(value, "get_params"):
                assert name not in found, f"two estimators are called {name}"
                found[name] = value
    return found


def test_every_estimator_has_a_public_name() -> None:
    found = estimators()
    assert set(found) - BASES == set(MODULES)
    for name, cls in found.items():
        assert public_name(cls) == (None if name in BASES else name)
    for name in MODULES:
        assert class_of(name) is found[name]
    for base in BASES:
        assert [cls for cls in found.values() if found[base] in cls.__mro__[1:]]


def test_every_path_of_format_1_leads_to_a_class_of_its_name() -> None:
    assert {path.rpartition(".")[2] for path in FORMAT_1_PATHS} == set(FORMAT_1_PATHS.values()) <= set(MODULES)
    for path, name in FORMAT_1_PATHS.items():
        assert class_of(path).__name__ == name


def test_a_user_class_that_takes_a_public_name_is_not_taken_for_ours() -> None:
    assert public_name(type("LinearSVM", (), {"__module__": "mine"})) is None


def said(model: copydesk.TopicModel | copydesk.Cleaner, task: str) -> list[list[str]]:
    """Return what ``expected.json`` holds of a model."""
    texts = EXPECTED[task]["texts"]
    if isinstance(model, copydesk.Cleaner):
        return [[repr(float(p.probability)) for p in model.clean(text).paragraphs] for text in texts]
    return [[repr(float(p)) for p in row] for row in model.predict_proba(texts)]


@pytest.mark.parametrize("task", sorted(EXPECTED))
def test_a_bundle_of_format_1_predicts_as_when_it_was_saved_and_so_does_its_copy(task: str, tmp_path: Path) -> None:
    assert read_manifest(FIXTURES / task)["format_version"] == 1
    old = copydesk.load(FIXTURES / task)
    assert said(old, task) == EXPECTED[task]["proba"]
    estimator, manifest = load_bundle(FIXTURES / task)
    kept = {key: manifest[key] for key in ("task", "classes")}
    save_bundle(tmp_path / "new", estimator, kept)
    assert read_manifest(tmp_path / "new")["format_version"] == 2
    assert "copydesk." not in (tmp_path / "new" / "model.json").read_text(encoding="utf-8")
    assert said(copydesk.load(tmp_path / "new"), task) == EXPECTED[task]["proba"]


def test_nothing_outside_the_table_is_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(importlib, "import_module", asked.append)
    for name in ("os.system", "copydesk.cli.main", "copydesk.features.paragraph_features.ParagraphFeatures", "", 5, []):
        with pytest.raises(ModelError, match="which is not an estimator of this version of copydesk; refused"):
            class_of(name)
    assert asked == []
