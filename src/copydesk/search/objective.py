"""Metrics that a search maximises."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from copydesk.errors import ConfigError, nearest
from copydesk.evaluation.curves import average_precision, precision_recall
from copydesk.labels.indicator import indicator_of, is_indicator
from copydesk.tasks import TASKS, Task

Scores = NDArray[np.floating[Any]]

METRICS = ("accuracy", "macro_f1", "f1", "average_precision", "precision_at_recall", "recall_at_precision")
OF_ONE_LABEL = METRICS[2:]
AT = METRICS[4:]
OF_SETS = ("micro_f1", "macro_f1")  # where rows have several labels


class Metric:
    """Score of predictions; higher is better.

    Parameters
    ----------
    name : str
        One of ``METRICS``, or of the task's own ``search_metrics``.
    label : str or None
        For metrics of one label; None: the mean over all labels.
    at : float or None
        Recall of ``precision_at_recall``, precision of ``recall_at_precision``.
    """

    def __init__(self, name: str, label: str | None = None, at: float | None = None) -> None:
        own = {key: metric for task in TASKS.values() for key, metric in task.search_metrics.items()}
        self.name, self.label = own.get(name, (name, label))
        self.at = at

    @classmethod
    def checked(cls, metric: str, label: Any = None, at: Any = None) -> Metric:
        """Build a metric; checks name, label and level as far as possible without the data.

        Raises
        ------
        ConfigError
            Names the key and what is valid.
        """
        known = [*METRICS, *OF_SETS, *(each for task in TASKS.values() for each in task.search_metrics)]
        if metric not in known:
            raise ConfigError(f"search.metric={metric}: no such metric; {nearest(metric, known)}")
        if label is not None and metric not in OF_ONE_LABEL:
            raise ConfigError(f"search.label={label}: {metric} is not of one label; set search.label=null")
        share = isinstance(at, int | float) and not isinstance(at, bool) and 0 < at <= 1
        if metric in AT and not share:
            raise ConfigError(f"search.at={at}: {metric} needs a share above 0 and at most 1, such as 0.9")
        if metric not in AT and at is not None:
            raise ConfigError(f"search.at={at}: search.metric={metric} is at no level; set search.at=null")
        return cls(metric, None if label is None else str(label), at)

    def check(self, asked: str, task: Task, labels: Any) -> None:
        """Check that the task has this metric, and the data its label.

        Raises
        ------
        ConfigError
            Names the valid ones.
        """
        known = OF_SETS if task.several else (*METRICS, *task.search_metrics)
        if asked not in known:
            valid = ", ".join(known)
            raise ConfigError(f"search.metric={asked}: the task {task.name!r} has no such metric; valid: {valid}")
        if self.label is not None and self.label not in labels:
            raise ConfigError(f"search.label={self.label}: the data has no such label; {nearest(self.label, labels)}")

    def __str__(self) -> str:
        name = self.name.replace("_", " ")
        if self.at is not None:
            name = name.replace(" at ", f" at {self.at:g} ")
        return name if self.label is None else f"{name} of {self.label}"

    def score(self, y: NDArray[Any], predicted: NDArray[Any], ranking: Scores, classes: NDArray[Any]) -> float:
        """Return the score, from 0 to 1; NaN if ``y`` lacks the metric's label.

        Parameters
        ----------
        y : ndarray of str, shape (n,), or of tuple of str
        predicted : ndarray of (str or None), shape (n,), or indicator matrix of shape (n, k)
        ranking : ndarray of float, shape (n, k)
        classes : ndarray of str, shape (k,)
        """
        if is_indicator(predicted):
            return self._of_sets(y, predicted, classes)
        if self.name == "accuracy":
            return float(np.mean(y == predicted))
        if self.label is not None and not (y == self.label).any():
            return float("nan")
        labels = np.unique(y.astype(str)) if self.label is None else np.asarray([self.label])
        if self.name in ("f1", "macro_f1"):
            return float(np.mean([_f1(y == label, predicted == label) for label in labels]))
        by_label: Callable[..., float] = {
            "average_precision": average_precision,
            "precision_at_recall": self._precision_at,
            "recall_at_precision": self._recall_at,
        }[self.name]
        column = {str(label): at for at, label in enumerate(classes)}
        # a label that training lacks scores 0
        found = [by_label(y == label, ranking[:, column[label]]) if label in column else 0.0 for label in labels]
        return float(np.mean(found)) if len(found) else 0.0

    def _of_sets(self, y: NDArray[Any], predicted: Any, classes: NDArray[Any]) -> float:
        """Return micro or macro F1 over the labels that occur in ``y``."""
        truth, labels = indicator_of(y)
        column = {str(label): at for at, label in enumerate(classes)}
        known = [column.get(label, -1) for label in labels]
        given = np.asarray(predicted.sum(axis=0)).ravel()
        right = np.asarray(
            indicator_of(y, [str(label) for label in classes])[0].multiply(predicted).sum(axis=0)
        ).ravel()
        if self.name == "micro_f1":
            total = truth.nnz + given.sum()
            return float(2 * right.sum() / total) if total else 0.0
        right, given = (np.where(np.array(known) >= 0, values[known], 0) for values in (right, given))
        support = np.asarray(truth.sum(axis=0)).ravel()
        return float(np.mean(2 * right / (given + support))) if len(support) else 0.0

    def _precision_at(self, positive: NDArray[np.bool_], ranking: Scores) -> float:
        precision, recall, _ = precision_recall(positive, ranking)
        return float(precision[recall >= self.at].max(initial=0.0))

    def _recall_at(self, positive: NDArray[np.bool_], ranking: Scores) -> float:
        precision, recall, _ = precision_recall(positive, ranking)
        return float(recall[precision >= self.at].max(initial=0.0))


def _f1(positive: NDArray[np.bool_], predicted: NDArray[np.bool_]) -> float:
    hits, total = np.count_nonzero(positive & predicted), np.count_nonzero(positive) + np.count_nonzero(predicted)
    return 2 * hits / total if total else 0.0
