"""The run: dataset → audit → split → features → classifier → decision → evaluation → report and bundle."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from copydesk import config, outputs
from copydesk.datasets.audit import audit, drop_straddlers
from copydesk.datasets.splits import Official
from copydesk.errors import ConfigError
from copydesk.estimator import TextClassifier
from copydesk.evaluation.metrics import evaluate
from copydesk.evaluation.predictions import Predictions
from copydesk.highlights import highlights
from copydesk.learning import points
from copydesk.records import Run, fingerprint
from copydesk.tasks import TASKS, Task, check_fit

if TYPE_CHECKING:
    import pandas as pd
    from omegaconf import DictConfig

    from copydesk.evaluation.report import Highlight, Place


def train(cfg: DictConfig) -> float:
    """Train and judge one model as a config says; return its headline score, for sweepers.

    With one fold (a held-out part) the model that was judged is the one saved. With several, each row is
    judged by a model that did not see it, and the saved model is fitted on all rows.

    Raises
    ------
    ConfigError, DataError, ResourceError
        One line: what was found, what is valid, what to do.
    """
    config.check(cfg)
    with_curve = config.flag(cfg, "report.learning_curve")
    dataset, split = config.build(cfg.dataset, "dataset"), config.build(cfg.split, "split")
    estimator = build_estimator(cfg)
    experiment, overrides = config.chosen()

    with Run(Path(cfg.runs), cfg.name or experiment or "custom") as run:
        run.record(cfg, overrides)
        with run.stage("read"):
            examples = dataset.load()
            task = TASKS[examples.task]
            check_fit(task.name, estimator)
        with run.stage("audit"):
            audited = audit(examples.frame, official=isinstance(split, Official), folds=getattr(split, "n_splits", 2))
            frame = audited.frame
            run.info["dataset"] = {"name": examples.name, "fingerprint": fingerprint(frame), **examples.notes}
        outputs.tell_audit(run, audited)
        folds = list(parts(split, frame, cfg.seed))

        judged, dropped = [], 0
        marks: dict[Place, Highlight] = {}
        curve: list[dict[str, Any]] = []
        for number, (seen, held_out) in enumerate(folds):
            seen, straddlers = drop_straddlers(frame, seen, held_out)
            dropped += straddlers
            with run.stage("fit"):
                model = fit(estimator, frame.iloc[seen], task)
            with run.stage("predict"):
                judged.append(judge(model, frame.iloc[held_out], task, number))
            with run.stage("report"):
                marks |= highlights(model, frame.iloc[held_out], judged[-1], task)
            if with_curve and not number:
                with run.stage("learning curve"):
                    curve = learning_curve(estimator, frame.iloc[seen], frame.iloc[held_out], judged[0], task, cfg.seed)
        run.info["audit"]["straddling_documents_dropped_from_train"] = dropped
        if len(folds) > 1:
            with run.stage("fit on all rows"):
                model = fit(estimator, frame, task)

        with run.stage("evaluate"):
            predictions = Predictions.concatenate(judged)
            metrics = evaluate(predictions, task.name, seed=cfg.seed)
        with run.stage("save"):
            outputs.save(run, cfg, model, examples, predictions, metrics)
        with run.stage("report"):
            outputs.report(run, model, predictions, metrics, marks, curve)
    outputs.print_summary(run, metrics)
    return float(metrics["headline"]["value"])


def build_estimator(cfg: DictConfig) -> TextClassifier:
    """Build features, classifier and decision from their config groups, unfitted."""
    features = config.build(cfg.features, "features") if "_target_" in cfg.features else None
    classifier, decision = (config.build(cfg[key], key) for key in ("classifier", "decision"))
    return TextClassifier(features, classifier, decision, random_state=cfg.seed)


def parts(split: Any, frame: pd.DataFrame, seed: int) -> Iterator[tuple[Any, Any]]:
    """Yield the split's folds; what it refuses is a matter of the config."""
    try:
        yield from split.folds(frame, seed)
    except ValueError as error:
        raise ConfigError(str(error)) from error


def fit(estimator: TextClassifier, frame: pd.DataFrame, task: Task) -> TextClassifier:
    """Fit a fresh copy of the estimator on the rows of a frame."""
    from sklearn.base import clone

    groups = frame["group"].where(frame["group"] != "", frame["document"])
    fresh: TextClassifier = clone(estimator)
    return fresh.fit(
        task.inputs(frame),
        frame["label"].to_numpy(object),
        groups=groups.to_numpy(object) if task.grouped or (frame["group"] != "").any() else None,
        sample_weight=frame["weight"].to_numpy(np.float64) if "weight" in frame else None,
        decision_weight=task.weights(frame),
    )


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


def learning_curve(
    estimator: TextClassifier, seen: pd.DataFrame, held_out: pd.DataFrame, whole: Predictions, task: Task, seed: int
) -> list[dict[str, Any]]:
    """Return the score over growing parts of a fold's training rows; see ``learning.points``."""

    def learn(rows: pd.DataFrame) -> Predictions:
        return judge(fit(estimator, rows, task), held_out, task, 0)

    return points(seen, whole, learn, task.name, seed)
