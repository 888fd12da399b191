"""Build, check and fit a model, and predict held-out rows with it."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from copydesk.config.build import build
from copydesk.errors import ConfigError
from copydesk.estimator import TextClassifier
from copydesk.tasks import TASKS

if TYPE_CHECKING:
    import pandas as pd
    from omegaconf import DictConfig

    from copydesk.evaluation.predictions import Predictions
    from copydesk.tasks import Task


def build_estimator(cfg: DictConfig) -> TextClassifier:
    """Build features, classifier and decision from their config groups, unfitted."""
    features = build(cfg.features, "features") if "_target_" in cfg.features else None
    classifier, decision = (build(cfg[key], key) for key in ("classifier", "decision"))
    return TextClassifier(features, classifier, decision, random_state=cfg.seed)


def check_fit(task: Task, estimator: TextClassifier) -> None:
    """Refuse features, a classifier or a decision made for other data, before any data is read.

    Raises
    ------
    ConfigError
        Texts meet a part made for paragraphs, or several labels one made for a single label, or the other way round.
    """
    check_several(task, estimator)
    key = "features" if estimator.features is not None else "classifier"
    reader = getattr(estimator, key)
    takes_paragraphs = bool(getattr(reader, "takes_paragraphs", False))
    if takes_paragraphs != task.grouped:
        given = "paragraphs of pages" if task.grouped else "whole texts"
        other = next(each.name for each in TASKS.values() if each.grouped == takes_paragraphs)
        raise ConfigError(
            f"{key}: {type(reader).__name__} reads {'paragraphs of pages' if takes_paragraphs else 'texts'}, but the "
            f"dataset gives {given}; use features={task.features}, or a {other} dataset"
        )


def check_several(task: Task, estimator: TextClassifier) -> None:
    """Refuse a classifier or a decision that can't give several labels to data with several, or the other way round.

    Raises
    ------
    ConfigError
    """
    from sklearn.utils import get_tags

    decision, classifier = type(estimator.decision), type(estimator.classifier)
    if task.several != bool(getattr(estimator.decision, "takes_several", False)):
        found, option = ("several labels", "labels") if task.several else ("one label", "calibrated")
        raise ConfigError(f"decision: {decision.__name__} does not fit rows with {found}; use decision={option}")
    if not task.several and getattr(estimator.classifier, "needs_several", False):
        raise ConfigError(
            f"classifier: {classifier.__name__} is made for several labels in a row, but the data has one; use "
            "classifier=linear_svm"
        )
    if task.several and not get_tags(estimator.classifier).classifier_tags.multi_label:
        raise ConfigError(
            f"classifier: {classifier.__name__} gives one label to a row, but the data has several; use "
            "classifier=linear_svm, logistic, nb_svm or label_tree"
        )


def fit(estimator: TextClassifier, frame: pd.DataFrame, task: Task) -> TextClassifier:
    """Fit a fresh copy of the estimator on the rows of a frame."""
    from sklearn.base import clone

    fresh: TextClassifier = clone(estimator)
    return fresh.fit(**examples_of(frame, task))


def examples_of(frame: pd.DataFrame, task: Task) -> dict[str, Any]:
    """Return a frame's rows as ``TextClassifier.fit`` takes them."""
    own = {"X": task.inputs(frame), "y": frame["label"].to_numpy(object), "decision_weight": task.weights(frame)}
    return own | groups_and_weights(frame, task)


def groups_and_weights(frame: pd.DataFrame, task: Task) -> dict[str, Any]:
    """Return groups and sample weights of a frame's rows; None where it has none. A single site is cut by document."""
    groups = frame["group"].where(frame["group"] != "", frame["document"])
    if task.grouped and groups.nunique() == 1 and frame["document"].nunique() > 1:
        warnings.warn(
            f"all {task.unit} to learn from are of one site, {groups.iloc[0]!r}: documents are held out instead of "
            "sites, and what the decision promises holds for this site only",
            stacklevel=2,
        )
        groups = frame["document"]
    return {
        "groups": groups.to_numpy(object) if task.grouped or (frame["group"] != "").any() else None,
        "sample_weight": frame["weight"].to_numpy(np.float64) if "weight" in frame else None,
    }


def predict_held_out(model: TextClassifier, frame: pd.DataFrame, task: Task, fold: int) -> Predictions:
    """Predict held-out rows.

    Raises
    ------
    ValueError
        A score or probability is not finite.
    """
    return predictions_of(model, frame, model.scores(task.inputs(frame)), task, fold)


def fit_and_judge(estimator: TextClassifier, frame: pd.DataFrame, task: Task) -> tuple[TextClassifier, Predictions]:
    """Fit on all rows, and evaluate on the out-of-fold scores that the decision was fitted on.

    Raises
    ------
    ConfigError
        The decision uses no out-of-fold scores.
    ValueError
        As ``predict_held_out``.
    """
    from sklearn.base import clone

    if not estimator.decision.needs_validation:
        raise ConfigError(
            f"split=inner: decision {type(estimator.decision).__name__} holds nothing out that could be judged; "
            "use split=kfold, or decision=calibrated or threshold"
        )
    model: TextClassifier = clone(estimator)
    scores = model.fit_and_validate(**examples_of(frame, task))
    return model, predictions_of(model, frame, scores, task, fold=0)


def predictions_of(model: TextClassifier, frame: pd.DataFrame, scores: Any, task: Task, fold: int) -> Predictions:
    """Return a frame's rows with decision values, and the labels and probabilities that follow from them."""
    decision = model.decision_for(frame, scores)
    probabilities = decision.predict_proba(scores)
    if not (np.isfinite(scores).all() and np.isfinite(probabilities).all()):
        raise ValueError("the fitted model gives scores that are not numbers; lower classifier.C or check the texts")
    found: Predictions = task.load("predictions").of(
        frame,
        classes=model.classes_,
        predicted=decision.predict(scores),
        scores=scores,
        probabilities=probabilities,
        fold=fold,
    )
    return found
