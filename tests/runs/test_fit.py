"""A model and what it says of rows out of fold."""

from __future__ import annotations

import numpy as np
import pytest

from copydesk.classifiers.decision import Argmax
from copydesk.datasets.splits import Inner
from copydesk.errors import ConfigError
from copydesk.estimator import TextClassifier
from copydesk.runs.fit import fit, fit_and_judge
from copydesk.tasks import BOILERPLATE_TASK
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
