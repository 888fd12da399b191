"""Micro and macro F1 over one threshold of probability for all labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from copydesk.evaluation.score import ratio

if TYPE_CHECKING:
    from copydesk.evaluation.label_predictions import LabelPredictions

STEPS = 200


def f1_over_thresholds(judged: LabelPredictions, steps: int = STEPS) -> dict[str, np.ndarray]:
    """Return micro and macro F1 where each label is given from a probability on.

    Macro F1 is the mean over the labels with support.

    Returns
    -------
    dict of str to ndarray, shape (steps,)
        ``thresholds`` (1/steps to 1), ``micro_f1``, ``macro_f1``.
    """
    k = len(judged.classes)
    size = (steps + 1) * k
    called, hits = np.zeros(size), np.zeros(size)
    for part, values in judged.blocks():
        cell = np.floor(values.astype(np.float64) * steps + 1e-9).astype(np.int64).clip(0, steps) * k + np.arange(k)
        called += np.bincount(cell.ravel(), minlength=size)
        truth = judged.truth[part].tocoo()
        hits += np.bincount(cell[truth.row, truth.col], minlength=size)
    given, right = (np.cumsum(each.reshape(steps + 1, k)[::-1], axis=0)[::-1] for each in (called, hits))
    support = right[0]
    some = support > 0
    f1 = ratio(2 * right, given + support)
    return {
        "thresholds": np.arange(1, steps + 1) / steps,
        "micro_f1": ratio(2 * right.sum(axis=1), given.sum(axis=1) + support.sum())[1:],
        "macro_f1": f1[1:, some].mean(axis=1) if some.any() else np.full(steps, np.nan),
    }
