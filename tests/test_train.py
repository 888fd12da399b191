"""Every classifier and decision in ``conf/`` is built, fitted, saved and loaded as it stands there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hydra import compose, initialize_config_dir

from copydesk.bundle import load_bundle, save_bundle
from copydesk.config.build import check
from copydesk.errors import ConfigError, DataError
from copydesk.estimator import TextClassifier
from copydesk.train import build_estimator

CONF = Path(__file__).parents[1] / "conf"
# For texts of one label each: those for the paragraphs of pages, or for several labels, have tests of their own.
OTHERS = {"sequence", "sequence_html", "label_tree", "labels", "modes"}
CLASSIFIERS = sorted(file.stem for file in (CONF / "classifier").glob("*.yaml") if file.stem not in OTHERS)
DECISIONS = sorted(file.stem for file in (CONF / "decision").glob("*.yaml") if file.stem not in OTHERS)
WORDS = {"boats": "sea sail harbour", "bread": "oven flour crust", "chess": "pawn queen rook"}
rng = np.random.default_rng(0)
LABELS = [label for label in WORDS for _ in range(20)]
TEXTS = [" ".join(rng.choice(WORDS[label].split(), 5)) + f" n{i}" for i, label in enumerate(LABELS)]


def built(*overrides: str) -> TextClassifier:
    with initialize_config_dir(str(CONF), version_base="1.3"):
        cfg = compose("train", overrides=list(overrides))
    check(cfg)
    return build_estimator(cfg)


@pytest.mark.parametrize("classifier", CLASSIFIERS)
def test_every_classifier_trains_and_predicts_the_same_once_loaded(classifier: str, tmp_path: Path) -> None:
    model = built(f"classifier={classifier}").fit(TEXTS, LABELS)
    assert model.predict(TEXTS).tolist() == LABELS
    np.testing.assert_allclose(model.predict_proba(TEXTS).sum(axis=1), 1, rtol=1e-6)
    save_bundle(tmp_path / "model", model, {"task": "topic", "classes": [str(label) for label in model.classes_]})
    loaded, _ = load_bundle(tmp_path / "model")
    np.testing.assert_array_equal(loaded.scores(TEXTS), model.scores(TEXTS))
    assert loaded.predict(["a queen and a pawn"]).tolist() == ["chess"]


@pytest.mark.parametrize(
    ("option", "wanted"),
    [
        ("decision=modes", "decision=modes"),
        ("decision=labels", "decision=labels"),
        ("classifier=label_tree", "for one label for each text use classifier=linear_svm"),
    ],
)
def test_parts_for_other_data_refuse_texts_of_one_label(option: str, wanted: str) -> None:
    with pytest.raises((DataError, ConfigError, ValueError), match=wanted):
        built(option).fit(TEXTS, LABELS)


@pytest.mark.parametrize("classifier", ["linear_svm", "logistic", "sklearn_complement_nb"])
@pytest.mark.parametrize("decision", DECISIONS)
def test_every_decision_goes_with_classifiers_of_every_kind(decision: str, classifier: str) -> None:
    labels = ["content" if label == "bread" else "boilerplate" for label in LABELS]
    sites = np.repeat(np.arange(30), 2)
    model = built(f"classifier={classifier}", f"decision={decision}").fit(TEXTS, labels, groups=sites)
    said = model.predict(TEXTS)
    answered = said != None  # noqa: E711 (elementwise)
    assert (said[answered] == np.array(labels, dtype=object)[answered]).all()
    assert answered.all() or decision == "precise"  # which 60 texts can't show
    np.testing.assert_allclose(model.predict_proba(TEXTS).sum(axis=1), 1, rtol=1e-6)
