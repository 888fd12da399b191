"""Cross-validation of configs, with features shared between trials and C along a path."""

from __future__ import annotations

import json
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from omegaconf import DictConfig, OmegaConf, open_dict
from sklearn.base import clone
from sklearn.utils.validation import has_fit_parameter

from copydesk.bundle import measure
from copydesk.classifiers.decision import Argmax
from copydesk.classifiers.regularization_path import fit_path
from copydesk.config.build import build, check_parts
from copydesk.datasets.audit import drop_straddlers
from copydesk.datasets.label_audit import label_counts
from copydesk.datasets.splits import KFold
from copydesk.errors import ConfigError
from copydesk.estimator import scores_of
from copydesk.labels.targets import Targets, training_targets
from copydesk.runs.fit import build_estimator, fit, groups_and_weights
from copydesk.search.cache import Cache
from copydesk.search.objective import Metric
from copydesk.search.size_limit import fixed_bytes, limit_terms
from copydesk.tasks import is_judged

if TYPE_CHECKING:
    import pandas as pd

    from copydesk.tasks import Task

NEIGHBOURS = 1  # values of C on either side of the best so far that later folds evaluate
WORSE = 2  # consecutive values of C below the best that end a path


@dataclass(frozen=True)
class TrialFold:
    """Training and held-out rows of a fold."""

    number: int
    seen: pd.DataFrame
    held_out: pd.DataFrame


@dataclass(frozen=True)
class Matrices:
    """Features of both parts of a fold, and the bytes that they add to a model."""

    seen: Any
    held_out: Any
    bytes: int

    @property
    def terms(self) -> int | None:
        """Number of columns; None if the classifier reads the inputs itself."""
        return int(self.seen.shape[1]) if hasattr(self.seen, "indptr") else None


@dataclass
class Outcome:
    """Result of a trial, as the study stores it.

    Attributes
    ----------
    values : dict of C (0.0 without a path) to list of float
        Score of each fold.
    C : float or None
        Best of the path.
    seconds : float
        Mean time per fold to fit features and classifier, or the whole path.
    bytes : int
        Estimated size of the bundle of a model fitted on all rows of the search.
    cap : dict of config key to value
        Limit on terms that keeps the model below ``max_model_size``.
    """

    values: dict[float, list[float]] = field(default_factory=dict)
    C: float | None = None
    seconds: float = 0.0
    bytes: int = 0
    terms: int | None = None
    cap: dict[str, int] = field(default_factory=dict)

    @property
    def best(self) -> float:
        """The C with the highest mean over the most folds; the smallest of equals."""
        most = max(map(len, self.values.values()))
        return max((C for C, found in self.values.items() if len(found) == most), key=lambda C: (self.mean(C), -C))

    def mean(self, C: float) -> float:
        """Return the mean over the folds in which the score is defined."""
        found = [value for value in self.values[C] if np.isfinite(value)]
        return float(np.mean(found)) if found else 0.0

    def facts(self) -> dict[str, Any]:
        """Return the facts to store, JSON-able."""
        return {
            "folds": self.values[self.best], "C": self.C, "seconds": round(self.seconds, 3), "bytes": self.bytes,
            "terms": self.terms, "cap": self.cap,
            "path": {f"{C:g}": self.mean(C) for C in self.values} if self.C is not None else {},
        }  # fmt: skip


class Trials:
    """Cross-validation of configs on the same folds of the same rows.

    Parameters
    ----------
    frame : DataFrame
        Rows of the search.
    task : Task
    metric : Metric
    folds : int
    seed : int
    cache_bytes : int
        Memory limit of the features cache.
    max_bytes : int or None
        Limit on the bundle.
    whole : bool
        Whether the decision is searched too; it is then fitted in every trial.

    Attributes
    ----------
    call : callable or None
        Calls a function on these trials, and further arguments, in another process; None: folds are evaluated here.

    Raises
    ------
    ConfigError
        Fewer groups or documents than folds.
    """

    def __init__(
        self,
        frame: pd.DataFrame,
        task: Task,
        metric: Metric,
        *,
        folds: int,
        seed: int,
        cache_bytes: int,
        max_bytes: int | None = None,
        whole: bool = False,
    ) -> None:
        self.task, self.metric, self.max_bytes, self.whole = task, metric, max_bytes, whole
        self.cache = Cache(cache_bytes)
        self.folds = []
        self.used = folds  # fewer if time is short: each trial uses the first so many
        self.patience = np.inf  # seconds on the first fold after which a path ends sooner
        self.call: Callable[..., Any] | None = None
        try:
            for number, (rest, held_out) in enumerate(KFold(folds).folds(frame, seed)):
                seen, _ = drop_straddlers(frame, rest, held_out)
                self.folds.append(TrialFold(number, frame.iloc[seen], frame.iloc[held_out]))
        except ValueError as error:
            raise ConfigError(str(error).replace("split.n_splits", "search.folds")) from error

    def evaluate(
        self, cfg: DictConfig, key: str | None, Cs: Sequence[float], go_on: Callable[[float, Outcome, int], None]
    ) -> Outcome:
        """Cross-validate a config, with all of ``Cs`` along a path if ``key`` names one.

        Parameters
        ----------
        go_on : callable (score so far, Outcome so far, number of folds done)
            Called after every fold, and with 0 folds after every C; raises to end the trial.

        Raises
        ------
        ValueError, TypeError, ConfigError
            The config can't be fitted.
        """
        check_parts(cfg)
        outcome = Outcome()
        left = sorted(Cs) if key is not None else [0.0]
        for fold in self.folds:
            if fold.number >= self.used:
                break
            start = time.perf_counter()
            for C, value in (self.scores if self.call is None else self._scores_elsewhere)(
                cfg, key, left, fold.number, outcome
            ):
                outcome.values.setdefault(C, []).append(value)
                go_on(value, outcome, 0)
            done = fold.number + 1
            outcome.seconds += (time.perf_counter() - start - outcome.seconds) / done
            if key is not None:
                outcome.C = outcome.best
                tried = sorted(outcome.values)
                at = tried.index(outcome.best)
                near = tried[max(0, at - NEIGHBOURS) : at + NEIGHBOURS + 1]
                left = [C for C in near if len(outcome.values[C]) == done]
            go_on(outcome.mean(outcome.best), outcome, done)
        return outcome

    def scores(
        self, cfg: DictConfig, key: str | None, Cs: Sequence[float], number: int, outcome: Outcome
    ) -> Iterator[tuple[float, float]]:
        """Yield each C and its score on a fold; on the first one a path ends where further values of C get worse."""
        start = time.perf_counter()
        found = []
        for C, value in self._on_fold(cfg, key, Cs, self.folds[number], outcome):
            yield C, value
            found.append(value)
            if key is not None and number == 0:
                late = (time.perf_counter() - start) / self.patience
                if late > 2 or _past_the_top(found, 1 if late > 1 else WORSE):
                    return

    def _scores_elsewhere(
        self, cfg: DictConfig, key: str | None, Cs: Sequence[float], number: int, outcome: Outcome
    ) -> Iterator[tuple[float, float]]:
        """Yield what ``scores`` yields, after another process has evaluated the fold."""
        assert self.call is not None
        found, there = self.call(scores_on_worker, cfg, key, Cs, number, outcome)
        outcome.bytes, outcome.terms, outcome.cap = there.bytes, there.terms, there.cap
        with open_dict(cfg):
            for limited, value in there.cap.items():
                OmegaConf.update(cfg, limited, value)
        yield from found

    def _on_fold(
        self, cfg: DictConfig, key: str | None, Cs: Sequence[float], fold: TrialFold, outcome: Outcome
    ) -> Iterator[tuple[float, float]]:
        """Yield each C and its score."""
        rows = fold.held_out[is_judged(fold.held_out)]
        y, labels = rows["label"].to_numpy(object), fold.seen["label"].to_numpy(object)
        if self.whole:
            model = fit(build_estimator(cfg), fold.seen, self.task)
            outcome.bytes = max(outcome.bytes, measure(model))
            predicted, ranking = model.predict(self.task.inputs(rows)), model.predict_proba(self.task.inputs(rows))
            yield 0.0, self.metric.score(y, predicted, ranking, model.classes_)
            return
        matrices = self._fitting(cfg, fold, outcome, len(label_counts(labels)))
        judged = is_judged(fold.held_out)
        targets = training_targets(labels)
        for C, classifier in self._classifiers(cfg, key, Cs, matrices.seen, targets.values, fold.seen):
            found = scores_of(None, classifier, matrices.held_out)[judged]
            scores = targets.align(found, classifier, targets.classes(classifier))
            decision = self._decision(cfg, targets, classifier, scores, y)
            yield C, self.metric.score(y, decision.predict(scores), decision.predict_proba(scores), decision.classes_)

    def _decision(self, cfg: DictConfig, targets: Targets, classifier: Any, scores: Any, y: Any) -> Any:
        """Return a decision: the highest score; of several labels the configured one, fitted on the same rows.

        That flatters every trial alike, and takes no more fits.
        """
        classes = targets.classes(classifier)
        if not self.task.several:
            return Argmax().fit(np.empty(0), np.empty(0), classes)
        return build(cfg.decision, "decision").fit(scores, training_targets(y, classes).values, classes)

    def _classifiers(
        self, cfg: DictConfig, key: str | None, Cs: Sequence[float], X: Any, y: Any, frame: pd.DataFrame
    ) -> Iterator[tuple[float, Any]]:
        """Yield each C with a fitted classifier."""
        classifier = build(cfg.classifier, "classifier")
        extras = groups_and_weights(frame, self.task)
        if key is not None and key.count(".") == 1:
            yield from zip(Cs, fit_path(classifier, X, y, Cs, sample_weight=extras["sample_weight"]), strict=True)
            return
        used = {k: v for k, v in extras.items() if v is not None and has_fit_parameter(classifier, k)}
        for C in Cs:  # a nested classifier is fitted anew for each C
            if key is not None:
                classifier = clone(classifier).set_params(**{key.split(".", 1)[1].replace(".", "__"): C})
            yield C, classifier.fit(X, y, **used)

    def _fitting(self, cfg: DictConfig, fold: TrialFold, outcome: Outcome, n_classes: int) -> Matrices:
        """Return the features of a fold; if the model would be too large, limit the terms in ``cfg``."""
        matrices = self._matrices(cfg, fold)
        size = self._model_bytes(matrices, n_classes, bool(outcome.cap))
        if self.max_bytes is not None and size > self.max_bytes and not outcome.cap:
            outcome.cap = limit_terms(cfg, self.max_bytes, matrices.terms, size, fixed_bytes(n_classes))
            matrices = self._matrices(cfg, fold)
            size = self._model_bytes(matrices, n_classes, True)
        if fold.number == 0:
            outcome.bytes, outcome.terms = size, matrices.terms
        return matrices

    def _model_bytes(self, matrices: Matrices, n_classes: int, capped: bool) -> int:
        """Estimate the bundle of a model fitted on all rows; a vocabulary grows at most linearly with rows."""
        outputs = 1 if n_classes == 2 else n_classes
        weights = (matrices.terms or 0) * outputs * (matrices.seen.dtype.itemsize if matrices.terms else 0)
        growth = 1.0 if capped else len(self.folds) / (len(self.folds) - 1)
        return round((matrices.bytes + weights) * growth) + fixed_bytes(n_classes)

    def _matrices(self, cfg: DictConfig, fold: TrialFold) -> Matrices:
        if "_target_" not in cfg.features:
            return Matrices(self.task.inputs(fold.seen), self.task.inputs(fold.held_out), 0)
        node = OmegaConf.to_container(cfg.features, resolve=True)

        def make() -> tuple[Matrices, int]:
            features = build(cfg.features, "features")
            targets = training_targets(fold.seen["label"].to_numpy(object))
            seen = features.fit_transform(self.task.inputs(fold.seen), targets.values)
            made = Matrices(seen, features.transform(self.task.inputs(fold.held_out)), measure(features))
            return made, sum(_bytes(each) for each in (made.seen, made.held_out))

        made: Matrices = self.cache.get((json.dumps(node, sort_keys=True), fold.number), make)
        return made


def scores_on_worker(
    trials: Trials, cfg: DictConfig, key: str | None, Cs: Sequence[float], number: int, outcome: Outcome
) -> tuple[list[tuple[float, float]], Outcome]:
    """Return the scores of a fold, and the outcome with the size of the model and its limit."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return list(trials.scores(cfg, key, Cs, number, outcome)), outcome


def _past_the_top(found: Sequence[float], worse: int) -> bool:
    """Return whether the scores of the last ``worse`` values of C are all below the best before them."""
    return len(found) > worse and int(np.argmax(found)) < len(found) - worse


def _bytes(matrix: Any) -> int:
    parts = (matrix.data, matrix.indices, matrix.indptr) if hasattr(matrix, "indptr") else (np.asarray(matrix),)
    return sum(int(part.nbytes) for part in parts)
