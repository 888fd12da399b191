"""Cross-fitted decisions: in a cross-validation, each is fitted on the rows that the other folds hold out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from copydesk.estimator import TextClassifier
from copydesk.labels.targets import aligned
from copydesk.runs.fit import examples_of, predictions_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from copydesk.evaluation.predictions import Predictions
    from copydesk.tasks import Task


class CrossFitting:
    """Models of a cross-validation whose decisions share the scores of held-out rows, in place of folds of their own.

    Every row is scored by the one model that did not see it. The decision of a fold's model is fitted on the rows of
    the other folds, and so judged on rows that it did not see; that of the model of all rows is fitted on all.

    Parameters
    ----------
    estimator : TextClassifier
        The same for all folds.
    frame : DataFrame
        All rows.
    task : Task
    """

    def __init__(self, estimator: TextClassifier, frame: pd.DataFrame, task: Task) -> None:
        self.estimator, self.frame, self.task = estimator, frame, task
        self.folds: list[
            tuple[NDArray[np.int64], NDArray[Any], NDArray[np.object_]]
        ] = []  # rows, their scores, the classes

    @staticmethod
    def applies(estimator: TextClassifier, configs: Sequence[Any]) -> bool:
        """Say whether the decision can be fitted so, given the config of each fold and of the saved model.

        There are several folds, all of one config (a nested search finds one for each), and the decision takes
        validation rows from any folds.
        """
        several = len(configs) > 2 and all(each is configs[-1] for each in configs)
        decision = estimator.decision
        return several and decision.needs_validation and getattr(decision, "shares_folds", False)

    def fit(self, seen: NDArray[np.int64]) -> TextClassifier:
        """Fit a fold's model but for its decision."""
        from sklearn.base import clone

        examples = examples_of(self.frame.iloc[seen], self.task)
        del examples["decision_weight"]
        model: TextClassifier = clone(self.estimator)
        return model.fit_scorer(**examples)

    def predict(self, model: TextClassifier, held_out: NDArray[np.int64]) -> Predictions:
        """Score a fold's held-out rows; return provisional predictions.

        The model gets a provisional decision, fitted on the same rows, by which its mistakes can be looked at while
        the model is at hand. ``predictions`` returns those to be judged.
        """
        rows = self.frame.iloc[held_out]
        scores = model.scores(self.task.inputs(rows))
        self.folds.append((held_out, scores, np.asarray(model.classes_, dtype=object)))
        number = len(self.folds) - 1
        return predictions_of(self._decide(model, [number]), rows, scores, self.task, number)

    def decide_whole(self, model: TextClassifier) -> TextClassifier:
        """Fit the decision of the model of all rows on the scores of all folds."""
        return self._decide(model, range(len(self.folds)))

    def predictions(self) -> list[Predictions]:
        """Return the predictions of each fold, by a decision that was fitted on the others."""
        from sklearn.base import clone

        found = []
        for number, (rows, scores, classes) in enumerate(self.folds):
            model = clone(self.estimator)
            model.classes_ = classes
            self._decide(model, [other for other in range(len(self.folds)) if other != number])
            found.append(predictions_of(model, self.frame.iloc[rows], scores, self.task, number))
        return found

    def _decide(self, model: TextClassifier, folds: Sequence[int]) -> TextClassifier:
        """Fit a model's decision on the rows that some folds hold out."""
        chosen = [self.folds[number] for number in folds]
        examples = examples_of(self.frame.iloc[np.concatenate([rows for rows, *_ in chosen])], self.task)
        return model.fit_decision(
            np.vstack([aligned(scores, classes, model.classes_) for _, scores, classes in chosen]),
            examples["y"],
            weight=examples["decision_weight"],
            groups=examples["groups"],
        )
