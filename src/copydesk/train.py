"""The run: dataset → audit → split → features → classifier → decision → evaluation → report and bundle."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from copydesk.config.build import build, check
from copydesk.config.compose import command_line_choices, flag, without_secrets
from copydesk.datasets.audit import audit, drop_straddlers
from copydesk.datasets.label_audit import label_counts
from copydesk.datasets.seen_rows import encode_seen, fingerprints_of
from copydesk.datasets.splits import Official
from copydesk.engines.here import Here
from copydesk.errors import ConfigError, DataError
from copydesk.evaluation.learning_curve import points
from copydesk.runs import outputs
from copydesk.runs.cross_fitting import CrossFitting
from copydesk.runs.diagnostics import Diagnostics
from copydesk.runs.fit import build_estimator, check_fit, fit, fit_and_judge, predict_held_out
from copydesk.runs.run import Run, as_yaml, fingerprint
from copydesk.runs.trained import Trained
from copydesk.streamed.streaming import fit_streamed, is_streamed
from copydesk.tasks import is_judged

if TYPE_CHECKING:
    import pandas as pd
    from omegaconf import DictConfig

    from copydesk.estimator import TextClassifier
    from copydesk.evaluation.predictions import Predictions
    from copydesk.search.search import RunSearch
    from copydesk.tasks import Task


def train(cfg: DictConfig) -> float:
    """Train and evaluate a model from a config; return its headline score, for sweepers.

    With one fold (a held-out part) the evaluated model is saved. With several, each row is evaluated by a model that
    was not trained on it, and the saved model is fitted on all rows. With ``split=inner`` only that model is fitted,
    and the out-of-fold scores of its decision are evaluated.

    Raises
    ------
    ConfigError, DataError, ResourceError
        One line: what was found, what is valid, what to do.
    """
    check(cfg)
    dataset, split = build(cfg.dataset, "dataset"), build(cfg.split, "split")
    estimator, search = build_estimator(cfg), searching(cfg)
    engine = build(cfg.engine, "engine") if cfg.get("engine") else Here()
    engine.check(estimator, searches=search is not None)
    streamed = is_streamed(cfg, dataset, split, estimator, local=isinstance(engine, Here))
    experiment, overrides = command_line_choices()

    with Run(Path(cfg.runs), cfg.name or experiment or "custom") as run, ExitStack() as lent:
        run.record(cfg, overrides)
        if streamed:
            trained = fit_streamed(run, cfg, dataset, split, estimator, lent)
        else:
            lent.enter_context(engine.started(run.folder / "engine"))
            trained = fit_in_memory(run, cfg, dataset, split, engine, search)
        task, model, diagnostics = trained.examples.task, trained.model, trained.diagnostics
        with run.stage("evaluate"):
            predictions = task.load("predictions").concatenate(trained.judged)
            metrics = task.load("evaluation")(predictions, task, seed=cfg.seed)
        with run.stage("save"):
            max_bytes = search.max_bytes if search is not None else None
            saved = (trained.cfg, model, trained.examples, trained.seen, predictions, metrics, diagnostics)
            outputs.save_outputs(run, *saved, max_bytes)
        with run.stage("report"):
            config_text = as_yaml(without_secrets(trained.cfg))
            sections = [search.section(run)] if search is not None else []
            outputs.write_reports(
                run, model, predictions, metrics, diagnostics.marks, trained.curve, config=config_text,
                sections=sections,
            )  # fmt: skip
    lines = search.summary_lines(run) if search is not None else []
    outputs.print_summary(run, metrics, trained.n_folds, [*outputs.decision_lines(model), *lines])
    return float(metrics["headline"]["value"])


def fit_in_memory(
    run: Run, cfg: DictConfig, dataset: Any, split: Any, engine: Any, search: RunSearch | None
) -> Trained:
    """Read, audit, split, search and fit with all rows in memory, and predict the rows that are held out."""
    with run.stage("read"):
        examples = dataset.load()
        outputs.save_left_out(run, examples)
        task = examples.task
        check_fit(task, build_estimator(cfg))
    with run.stage("audit"):
        audited = audit(examples.frame, official=isinstance(split, Official), folds=getattr(split, "n_splits", 2))
        frame = audited.frame
        run.info["dataset"] = {"name": examples.name, "fingerprint": fingerprint(frame), **examples.notes}
    outputs.show_audit(run, audited.facts, audited.warnings)
    with run.stage("split"):
        folds = list(parts(split, frame, cfg.seed, run))
    configs = [cfg] * (len(folds) + 1)  # for each fold, and for the saved model
    if search is not None:
        with run.stage("search"):
            configs = search.find(run, frame, folds, task, engine)
    estimators = [build_estimator(each) for each in configs]

    judged = []
    diagnostics = Diagnostics()
    curve: list[dict[str, Any]] = []
    shared = None
    if CrossFitting.applies(estimators[-1], configs):
        shared = CrossFitting(estimators[-1], frame, task)
    models = engine.run(fits(estimators, frame, folds, task, shared))
    for number, (seen, held_out) in enumerate(folds):
        fold = f"fold {number + 1} of {len(folds)}" if len(folds) > 1 else ""
        with run.stage("fit", fold):
            model = next(models)
        with run.stage("predict", fold):
            judged.append(
                predict_held_out(model, frame.iloc[held_out], task, number)
                if shared is None
                else shared.predict(model, held_out)
            )
        with run.stage("report", fold):
            diagnostics.add(model, frame.iloc[held_out], judged[-1], task)
        if flag(cfg, "report.learning_curve") and not number:
            with run.stage("learning curve"):
                learnt = (estimators[0], frame.iloc[seen], frame.iloc[held_out])
                curve = learning_curve(*learnt, judged[0], task, cfg.seed)
    if shared is not None:
        with run.stage("calibrate"):
            judged = shared.predictions()
    if len(folds) > 1:
        with run.stage("fit on all rows"):
            model = next(models)
            model = model if shared is None else shared.decide_whole(model)
    elif not folds:
        with run.stage("fit"):
            model, predicted = next(models)
            judged.append(predicted)
    trained_on = frame if len(folds) != 1 else frame.iloc[folds[0][0]]
    return Trained(
        configs[-1], model, examples, encode_seen(fingerprints_of(trained_on)), judged, diagnostics, len(folds), curve
    )


def fits(
    estimators: Sequence[TextClassifier],
    frame: pd.DataFrame,
    folds: Sequence[tuple[Any, Any]],
    task: Task,
    shared: CrossFitting | None,
) -> Iterator[Callable[[], Any]]:
    """Yield the call that fits each fold's model, and that which fits the saved one if it is none of them."""
    for estimator, (seen, _) in zip(estimators, folds, strict=False):
        yield partial(fit, estimator, frame.iloc[seen], task) if shared is None else partial(shared.fit, seen)
    if len(folds) > 1:
        whole = np.arange(len(frame))
        yield partial(fit, estimators[-1], frame, task) if shared is None else partial(shared.fit, whole)
    elif not folds:
        yield partial(fit_and_judge, estimators[-1], frame, task)


def searching(cfg: DictConfig) -> RunSearch | None:
    """Build the search of a config; None without ``search=…``."""
    if not cfg.get("search"):
        return None
    search: RunSearch = build(cfg.search, "search").over(cfg)
    return search


def parts(split: Any, frame: pd.DataFrame, seed: int, run: Run) -> Iterator[tuple[Any, Any]]:
    """Yield the split's folds, without training rows that are near duplicates of test rows.

    Raises
    ------
    ConfigError
        The split refuses the data.
    DataError
        No row is evaluated, or all training rows have the same label.
    """
    if not is_judged(frame).any():
        raise DataError(
            "no row of the data is to be judged: main texts of an extractor and snippets are trained on alone; "
            "name a source with main texts that are not in dataset.silver"
        )
    dropped = 0
    try:
        for rest, held_out in split.folds(frame, seed):
            seen, straddlers = drop_straddlers(frame, rest, held_out)
            dropped += straddlers
            check_teaches(frame["label"].iloc[seen])
            yield seen, held_out
    except ValueError as error:
        raise ConfigError(str(error)) from error
    run.info["audit"]["straddling_documents_dropped_from_train"] = dropped


def check_teaches(labels: pd.Series) -> None:
    """Refuse a training part with nothing to learn.

    Raises
    ------
    DataError
        All its rows have the same label; where rows have several labels, none has any.
    """
    found = label_counts(labels)
    if not found:
        raise DataError("no row in the training part of the split has a label; give more")
    if len(found) < 2 and not isinstance(labels.iloc[0], tuple):
        raise DataError(f"the training part of the split has one label only, {labels.iloc[0]!r}; give more")


def learning_curve(
    estimator: TextClassifier, seen: pd.DataFrame, held_out: pd.DataFrame, whole: Predictions, task: Task, seed: int
) -> list[dict[str, Any]]:
    """Return the score over growing parts of a fold's training rows; see ``points``."""

    def learn(rows: pd.DataFrame) -> Predictions:
        return predict_held_out(fit(estimator, rows, task), held_out, task, 0)

    return points(seen, whole, learn, task, seed)
