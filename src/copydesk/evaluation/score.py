"""Scores as in ``metrics.json``: a value and the ends of its 95 % interval, None where undefined."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from copydesk.evaluation.intervals import percentile_interval, wilson_interval

if TYPE_CHECKING:
    from collections.abc import Mapping

Score = dict[str, float | None]


def json_float(value: Any) -> float | None:
    """Return a finite float, or None where a value is undefined."""
    return float(value) if value is not None and np.isfinite(value) else None


def score(value: Any, low: Any = None, high: Any = None) -> Score:
    """Return a score with its interval."""
    return {"value": json_float(value), "low": json_float(low), "high": json_float(high)}


def with_intervals(values: Mapping[str, Any], drawn: Mapping[str, np.ndarray]) -> dict[str, Score]:
    """Return scores by name, from their values and their bootstrap draws, each of shape (r,)."""
    scores = {}
    for name, value in values.items():
        low, high = percentile_interval(drawn[name][:, None])
        scores[name] = score(np.ravel(value)[0], low[0], high[0])
    return scores


def never_certain(share: Score, n: int) -> None:
    """Give a share of exactly 0 or 1 Wilson's interval; the bootstrap's has no width there."""
    if share["value"] in (0.0, 1.0) and n:
        share["low"], share["high"] = wilson_interval(share["value"] * n, n)


def ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    """Divide; NaN where ``below`` is not positive."""
    return np.asarray(np.divide(above, below, out=np.full(np.shape(above), np.nan), where=below > 0))
