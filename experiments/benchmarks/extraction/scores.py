"""Scores of labelled paragraphs, with intervals over sites, as cells of a table."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from copydesk.evaluation.boilerplate import boilerplate_draws
from copydesk.evaluation.predictions import Predictions
from copydesk.evaluation.score import with_intervals

NAMES = {
    "boilerplate_f1": "boilerplate F1",
    "content_f1": "content F1",
    "boilerplate_f1_characters": "by character",
    "content_f1_characters": "by character ",
    "average_precision": "average precision",
    "article_lost": "article lost",
    "boilerplate_removed": "boilerplate removed",
    "boilerplate_removed_at_half_percent_lost": "removed at 0.5 % lost",
}


def scores(frame: pd.DataFrame, score: np.ndarray, keep: np.ndarray, resamples: int = 200) -> dict[str, Any]:
    """Return the scores of ``NAMES``; ``score`` is that of content, ``keep`` the decision."""
    said = np.where(keep, "content", "boilerplate")
    judged = Predictions.of(frame, classes=["boilerplate", "content"], predicted=said, scores=score).judged()
    sites = judged.rows["group"].where(judged.rows["group"] != "", judged.rows["document"])
    units = pd.factorize(sites)[0]
    return with_intervals(*boilerplate_draws(judged, units, int(units.max()) + 1, resamples, seed=0))


def cell(score: dict[str, Any], interval: bool = False, percent: bool = False) -> str:
    """Write a score, with its interval if asked for."""
    if score.get("value") is None:
        return "–"
    scale, digits = (100, 1) if percent else (1, 3)
    value = f"{scale * score['value']:.{digits}f}"
    if not interval or score.get("low") is None:
        return value
    return f"{value} ({scale * score['low']:.{digits}f}–{scale * score['high']:.{digits}f})"


def row(name: str, found: dict[str, Any], interval: bool = False) -> str:
    """Write a table's row."""
    shares = ("article_lost", "boilerplate_removed", "boilerplate_removed_at_half_percent_lost")
    cells = [cell(found[key], interval, percent=key in shares) for key in NAMES]
    return f"| {name} | {' | '.join(cells)} |"


def head(first: str) -> list[str]:
    """Write a table's head."""
    return [f"| {first} | {' | '.join(name.strip() for name in NAMES.values())} |", f"|{'---|' * (len(NAMES) + 1)}"]
