"""Shift since training: the profile of an evaluation set, distances between profiles, and what chance explains."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

    from copydesk.evaluation.predictions import Predictions

CONFIDENCE_BINS = 20
_DRAWS = 1_000  # for the distance that chance alone explains
_FEWEST_ROWS = 30  # with fewer, chance is not estimated
Profile = Mapping[str, Any]


def profile(predictions: Predictions, unknown_share: float | None) -> dict[str, Any]:
    """Return the profile of an evaluation set, with which later data is compared; JSON-able.

    Returns
    -------
    dict
        ``n``, ``labels`` and ``predicted`` (share of each label, true and given), ``confidence`` (share of the rows
        in each of 20 bins from 0 to 1), ``unknown_ngrams`` (mean share in a text, or None).
    """
    rows = predictions.judged().rows
    confidence, _ = np.histogram(np.clip(rows["confidence"], 0, 1), bins=CONFIDENCE_BINS, range=(0, 1))
    return {
        "n": len(rows),
        "labels": label_shares(rows["label"]),
        "predicted": label_shares(rows["predicted"].fillna("")),
        "confidence": (confidence / max(len(rows), 1)).tolist(),
        "unknown_ngrams": unknown_share,
    }


def label_shares(values: pd.Series) -> dict[str, float]:
    """Return the share of each value, by name; "" is a row without a label. Labels of sets are counted one by one."""
    if len(values) and isinstance(values.iloc[0], tuple):
        values = values.explode().fillna("")
    return {str(name): float(share) for name, share in values.value_counts(normalize=True).sort_index().items()}


def distance(before: Mapping[str, float], now: Mapping[str, float]) -> float:
    """Return the total variation distance of two mixes: the share that would have to move."""
    return sum(abs(before.get(name, 0.0) - now.get(name, 0.0)) for name in {*before, *now}) / 2


def by_chance(before: Mapping[str, float], n_before: int, n: int) -> float | None:
    """Return the distance that samples of one mix exceed in one of 20 cases; None for too few rows."""
    if min(n, n_before) < _FEWEST_ROWS:
        return None
    rng, mix = np.random.default_rng(0), np.array(list(before.values()))
    mix = mix / mix.sum()
    drawn = [rng.multinomial(size, mix, size=_DRAWS) / size for size in (n_before, n)]
    return float(np.quantile(np.abs(drawn[0] - drawn[1]).sum(axis=1) / 2, 0.95))
