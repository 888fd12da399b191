"""A model and what it says of rows out of fold."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import clone

from copydesk.classifiers.decision import Argmax, Keep
from copydesk.classifiers.label_tree import LabelTree
from copydesk.classifiers.linear import LinearSVM
from copydesk.datasets.splits import Inner
from copydesk.errors import ConfigError, DataError
from copydesk.estimator import TextClassifier
from copydesk.features.paragraph_features import ParagraphFeatures
from copydesk.features.tfidf import TfidfFeatures
from copydesk.runs.fit import check_fit, fit, fit_and_judge
from copydesk.tasks import BOILERPLATE_TASK, TOPIC_TASK
from helpers import little_desk


def test_without_a_split_a_model_is_judged_by_what_its_decision_was_fitted_on() -> None:
    estimator = little_desk.desk().estimator
    frame = little_desk.frame()
    assert list(Inner().folds(frame)) == []
    model, predictions = fit_and_judge(estimator, frame, BOILERPLATE_TASK)
    alone = fit(estimator, frame, BOILERPLATE_TASK)
    inputs = BOILERPLATE_TASK.inputs(frame)
    np.testing.assert_array_equal(model.scores(inputs), alone.scores(inputs))
    assert predictions.scores is not None
    assert not np.array_equal(predictions.scores, model.scores(inputs))  # these were not held out
    kept = (predictions.rows["predicted"] == "content").to_numpy()
    content = (frame["label"] == "content").to_numpy()
    characters = frame["text"].str.len().to_numpy()
    assert characters[kept & content].sum() >= model.decision_.keep * characters[content].sum()


def test_a_decision_that_holds_nothing_out_can_not_be_judged_so() -> None:
    estimator = TextClassifier(None, little_desk.desk().estimator.classifier, Argmax())
    with pytest.raises(ConfigError, match=r"split=inner: decision Argmax holds nothing out"):
        fit_and_judge(estimator, little_desk.frame(), BOILERPLATE_TASK)


def test_paragraphs_of_a_single_site_hold_out_documents_with_a_warning() -> None:
    frame = little_desk.frame().assign(group="one.example")
    estimator = little_desk.desk().estimator
    with pytest.warns(UserWarning, match=r"of one site, 'one\.example': documents are held out instead of sites"):
        summary = fit(estimator, frame, BOILERPLATE_TASK).decision_.summary_
    assert summary["validation_kept"] >= estimator.decision.keep


def test_two_sites_are_enough_for_five_folds() -> None:
    estimator = little_desk.desk().estimator
    sites = little_desk.frame()["group"].replace({"site2": "site0", "site3": "site1"})
    frame = little_desk.frame().assign(group=sites)
    whole = TextClassifier(None, clone(estimator.classifier).set_params(folds=5), Keep(), folds=5)
    paragraphs = TextClassifier(ParagraphFeatures(), LinearSVM(), Keep(), folds=5)
    for each in (whole, paragraphs):
        summary = fit(each, frame, BOILERPLATE_TASK).decision_.summary_
        assert summary["validation_kept"] >= each.decision.keep


def test_a_threshold_needs_held_out_rows_of_both_labels() -> None:
    frame = little_desk.frame()
    site = np.where(frame["label"] == "content", "site0", frame["group"])
    with pytest.raises(DataError, match="only one label has rows that can be held out; give each label rows of at"):
        fit(TextClassifier(ParagraphFeatures(), LinearSVM(), Keep()), frame.assign(group=site), BOILERPLATE_TASK)


def test_a_classifier_of_several_labels_does_not_fit_data_with_one() -> None:
    estimator = TextClassifier(TfidfFeatures(), LabelTree(LinearSVM()), Argmax())
    with pytest.raises(ConfigError, match="LabelTree is made for several labels in a row, but the data has one; use"):
        check_fit(TOPIC_TASK, estimator)
