"""From a config and a dataset's rows to a fitted model, and to what it says of rows that it has not seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from copydesk import config
from copydesk.estimator import TextClassifier
from copydesk.evaluation.predictions import Predictions

if TYPE_CHECKING:
    import pandas as pd
    from omegaconf import DictConfig

    from copydesk.tasks import Task


def build_estimator(cfg: DictConfig) -> TextClassifier:
    """Build features, classifier and decision from their config groups, unfitted."""
    features = config.build(cfg.features, "features") if "_target_" in cfg.features else None
    classifier, decision = (config.build(cfg[key], key) for key in ("classifier", "decision"))
    return TextClassifier(features, classifier, decision, random_state=cfg.seed)


def fit(estimator: TextClassifier, frame: pd.DataFrame, task: Task) -> TextClassifier:
    """Fit a fresh copy of the estimator on the rows of a frame."""
    from sklearn.base import clone

    fresh: TextClassifier = clone(estimator)
    y = frame["label"].to_numpy(object)
    return fresh.fit(task.inputs(frame), y, **groups_and_weights(frame, task), decision_weight=task.weights(frame))


def groups_and_weights(frame: pd.DataFrame, task: Task) -> dict[str, Any]:
    """Return what a classifier may want to know of the rows beside their labels; None where there is nothing."""
    groups = frame["group"].where(frame["group"] != "", frame["document"])
    return {
        "groups": groups.to_numpy(object) if task.grouped or (frame["group"] != "").any() else None,
        "sample_weight": frame["weight"].to_numpy(np.float64) if "weight" in frame else None,
    }


def judge(model: TextClassifier, frame: pd.DataFrame, task: Task, fold: int) -> Predictions:
    """Let a model speak on rows that it has not seen.

    Raises
    ------
    ValueError
        A score or probability is not a number: such a model is never saved.
    """
    scores = model.scores(task.inputs(frame))
    probabilities = model.decision_.predict_proba(scores)
    if not (np.isfinite(scores).all() and np.isfinite(probabilities).all()):
        raise ValueError("the fitted model gives scores that are not numbers; lower classifier.C or check the texts")
    return Predictions.of(
        frame,
        classes=model.classes_,
        predicted=model.decision_.predict(scores),
        scores=scores,
        probabilities=probabilities,
        fold=fold,
    )
