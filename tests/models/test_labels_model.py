"""Loaded model of several labels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import copydesk
from copydesk.labels.indicator import indicator_of, sets_of
from copydesk.models.labels_model import LabelsModel
from helpers import little_labels

TEXTS = ["penalty keeper striker", "vote minister and bank market shares", "the a of and"]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> LabelsModel:
    loaded = copydesk.load(little_labels.save(tmp_path_factory.mktemp("model") / "model"))
    assert isinstance(loaded, LabelsModel)
    return loaded


def test_labels_come_by_falling_probability(model: LabelsModel) -> None:
    found = model.predict(TEXTS)
    assert [set(labels) for labels in found] == [{"sport", "sport/football"}, {"economy", "politics"}, set()]
    labels, likely, p = model.label_sets(TEXTS)
    assert labels == found
    column = {label: at for at, label in enumerate(model.classes_)}
    for row, (names, values) in enumerate(zip(labels, likely, strict=True)):
        assert values == [p[row, column[name]] for name in names]
        assert values == sorted(values, reverse=True)


def test_a_loaded_model_answers_as_the_fitted_one(model: LabelsModel) -> None:
    fitted = little_labels.fitted()
    np.testing.assert_allclose(model.predict_proba(TEXTS), fitted.predict_proba(TEXTS), rtol=1e-12)
    given = sets_of(fitted.predict(TEXTS), fitted.classes_)
    assert [tuple(sorted(labels)) for labels in model.predict(TEXTS)] == given


def test_probabilities_are_independent_of_each_other(model: LabelsModel) -> None:
    p = model.predict_proba(TEXTS)
    assert p.shape == (3, len(model.classes_))
    assert p[1].sum() > 1
    assert p[2].sum() < 1


def test_a_threshold_or_a_number_of_labels(model: LabelsModel) -> None:
    assert [len(labels) for labels in model.label_sets(TEXTS, threshold=1e-9)[0]] == [4, 4, 4]
    assert model.label_sets(TEXTS, threshold=1.0)[0] == [[], [], []]
    assert [len(labels) for labels in model.label_sets(TEXTS, top_k=1)[0]][1:] == [1, 1]


def test_frames_get_lists(model: LabelsModel) -> None:
    frame = pd.DataFrame({"text": TEXTS}, index=[7, 8, 9])
    found = model.predict_frame(frame, prefix="x_")
    assert found["x_labels"].tolist() == model.predict(TEXTS)
    assert [len(values) for values in found["x_probabilities"]] == [len(labels) for labels in found["x_labels"]]
    assert found.index.tolist() == [7, 8, 9]
    with pytest.raises(ValueError, match="the column 'labels' already exists"):
        model.predict_frame(frame.assign(labels=1))


def test_streams_get_lists(model: LabelsModel) -> None:
    found = list(model.predict_stream([TEXTS[0], {"text": TEXTS[2], "id": 3}]))
    assert found == [model.predict(TEXTS[:1])[0], {"text": TEXTS[2], "id": 3, "labels": [], "probabilities": []}]
    with pytest.raises(TypeError, match="the field 'labels' already exists"):
        list(model.predict_stream([{"text": "a", "labels": []}]))


def test_arrow_tables_get_list_columns(model: LabelsModel) -> None:
    table = pa.table({"text": [*TEXTS, None]})
    made = copydesk.arrow_predictor(model)(table)
    assert made["labels"].to_pylist() == [*model.predict(TEXTS), None]
    assert made["probabilities"].to_pylist() == [*model.label_sets(TEXTS)[1], None]
    assert copydesk.arrow_predictor(model).column(table["text"]).to_pylist() == made["labels"].to_pylist()


def test_a_label_is_explained(model: LabelsModel) -> None:
    found = model.explain(TEXTS[0], "sport/football")
    assert found.label == "sport/football"
    assert found.score == pytest.approx(found.intercept + sum(each.value for each in found.contributions))
    assert found.score == pytest.approx(model.decision_function(TEXTS)[0, 3])


def test_a_model_of_a_single_label(tmp_path: Path) -> None:
    from copydesk.bundle import save_bundle
    from copydesk.classifiers.label_decision import LabelDecision
    from copydesk.classifiers.linear import LinearSVM
    from copydesk.estimator import TextClassifier
    from copydesk.features.tfidf import TfidfFeatures

    texts = [f"sea wave {n}" for n in range(20)] + [f"field hill {n}" for n in range(20)]
    fitted = TextClassifier(TfidfFeatures(), LinearSVM(), LabelDecision()).fit(texts, [["sea"]] * 20 + [[]] * 20)
    save_bundle(tmp_path / "model", fitted, {"task": "labels", "classes": ["sea"]})
    model = copydesk.load(tmp_path / "model")
    assert model.predict_proba(["sea wave"]).shape == (1, 1)
    assert model.predict(["sea wave", "field hill"]) == [["sea"], []]


def test_an_indicator_matrix_is_fitted_as_lists_are() -> None:
    examples = little_labels.rows(60)
    texts, labels = [row["text"] for row in examples], [row["labels"] for row in examples]
    indicator, classes = indicator_of(labels)
    from sklearn.base import clone

    by_lists = clone(little_labels.fitted()).fit(texts, labels)
    for Y in (indicator, indicator.toarray()):
        by_matrix = clone(little_labels.fitted()).set_params(decision__separator=None).fit(texts, Y)
        assert by_matrix.classes_.tolist() == list(range(len(classes)))
        np.testing.assert_array_equal(by_matrix.scores(texts), by_lists.scores(texts))
        assert by_matrix.predict(texts).shape == indicator.shape
