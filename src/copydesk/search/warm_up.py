"""Compilation of the kernels that a search needs, before its clock starts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from copydesk.errors import ConfigError
from copydesk.search.objective import Metric
from copydesk.search.space import Space
from copydesk.search.trials import Outcome, Trials

if TYPE_CHECKING:
    import pandas as pd

    from copydesk.tasks import Task

WARM_UP_DOCUMENTS = 40
WARM_UP_DRAWS = 8


def warm_up(space: Space, frame: pd.DataFrame, task: Task, metric: Metric) -> None:
    """Evaluate some configs on a few documents to compile their kernels."""
    few = some_documents(frame)
    try:
        trials = Trials(few, task, metric, folds=2, seed=0, cache_bytes=1)
    except ConfigError:
        return
    rng = np.random.default_rng(0)
    for params in [space.default(), *(space.draw(rng) for _ in range(WARM_UP_DRAWS))]:
        cfg, path = space.at(params)
        key, Cs = (None, ()) if path is None else (path.key, path.path[:2])
        try:
            trials.evaluate(cfg, key, Cs, _continue)
        except (ValueError, TypeError, ConfigError):
            continue  # too few documents, or an invalid config, which a trial reports


def some_documents(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of a few documents with as many labels as possible."""
    labels = frame["label"].to_numpy(object)
    order = np.argsort(frame.groupby("label").cumcount().to_numpy(), kind="stable")
    chosen = list(dict.fromkeys(frame["document"].to_numpy(object)[order].tolist()))[:WARM_UP_DOCUMENTS]
    few = frame[frame["document"].isin(chosen)]
    return (
        few if len(set(few["label"])) == len(set(labels)) else few.groupby("label").filter(lambda rows: len(rows) > 1)
    )


def _continue(value: float, outcome: Outcome, done: int) -> None:
    """Never end a trial early."""
