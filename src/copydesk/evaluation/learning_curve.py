"""Learning curve: the headline score over growing parts of the training data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from copydesk.evaluation.predictions import Predictions
    from copydesk.tasks import Task

_SHARES = (0.05, 0.1, 0.2, 0.4, 0.7)
_RESAMPLES = 300


def points(
    seen: pd.DataFrame, whole: Predictions, learn: Callable[[pd.DataFrame], Predictions], task: Task, seed: int
) -> list[dict[str, Any]]:
    """Return the headline score of models trained on growing parts of the rows, evaluated on the same rows.

    Parameters
    ----------
    seen : pandas.DataFrame
        All training rows of a fold.
    whole : Predictions
        Predictions of the model trained on all of them.
    learn : callable (rows) -> Predictions
        Trains on rows and predicts the fold's test part.
    task : Task
    seed : int
        Of the order of documents; each part contains the smaller ones.

    Returns
    -------
    list of dict
        ``n`` (training rows), ``value``, ``low``, ``high``; a part too small to train on is left out.
    """
    documents = seen["document"].unique()
    order = np.random.default_rng(seed).permutation(len(documents))
    found = []
    for share in _SHARES:
        chosen = seen[seen["document"].isin(documents[order[: round(share * len(documents))]])]
        try:
            found.append(_point(len(chosen), learn(chosen), task, seed))
        except ValueError:  # a class is missing, or too rare for the decision's own folds
            continue
    return [*found, _point(len(seen), whole, task, seed)]


def _point(n: int, predictions: Predictions, task: Task, seed: int) -> dict[str, Any]:
    headline = task.load("evaluation")(predictions, task, seed=seed, resamples=_RESAMPLES)["headline"]
    return {"n": n, **{name: headline[name] for name in ("value", "low", "high")}}
