"""Scores of boilerplate removal: article lost and boilerplate removed, by paragraph and by character."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from copydesk.evaluation import intervals
from copydesk.evaluation.curves import average_precision, roc_auc, threshold_counts
from copydesk.evaluation.ranking import found_draws, ranking_draws
from copydesk.evaluation.score import ratio
from copydesk.text.paragraphs import BOILERPLATE, CONTENT

if TYPE_CHECKING:
    from copydesk.evaluation.predictions import Predictions

AT_LOSS = "boilerplate_removed_at_half_percent_lost"
PROMISED_LOSS = 0.005  # share of article characters, as in the published comparison


def boilerplate_draws(
    judged: Predictions, units: np.ndarray, n_units: int, resamples: int, seed: int
) -> tuple[dict[str, np.ndarray | float], dict[str, np.ndarray]]:
    """Return scores of content and boilerplate by paragraph and by character, with their bootstrap draws.

    Returns
    -------
    values, draws : dict
        ``boilerplate_f1``, ``content_f1`` (with precision and recall), the same ``…_characters``;
        ``article_lost`` and ``boilerplate_removed`` (share of the characters of each that was cut);
        ``average_precision`` and ``roc_auc`` of boilerplate, by paragraph;
        ``boilerplate_removed_at_half_percent_lost``, by character, over all thresholds.
        A paragraph on which the model abstained is kept.
    """
    from scipy.sparse import csr_matrix

    rows = judged.rows
    positive = (rows["label"] == BOILERPLATE).to_numpy()
    cut = (rows["predicted"] == BOILERPLATE).to_numpy()
    characters = rows["characters"].to_numpy(np.float64)
    cell = 2 * positive + cut
    index, n = np.arange(len(rows)), len(rows)
    cells = np.concatenate([cell, cell + 4])
    columns = csr_matrix((np.append(np.ones(n), characters), (np.tile(index, 2), cells)), shape=(n, 8))
    drawn = intervals.bootstrap_sums(columns, units, n_units, resamples, seed)
    total = np.asarray(columns.sum(axis=0)).reshape(1, 8)
    value: dict[str, np.ndarray | float] = {**_from_cells(total)}
    spread = _from_cells(drawn)
    ranking = judged.ranking(BOILERPLATE)
    if ranking is not None:
        value |= {
            "average_precision": average_precision(positive, ranking),
            "roc_auc": roc_auc(positive, ranking),
            AT_LOSS: removed_at_loss(positive, ranking, characters),
        }
        sets = (units, n_units, resamples, seed)
        spread |= ranking_draws([(positive, ranking)], *sets)
        spread[AT_LOSS] = found_draws(positive, ranking, characters, PROMISED_LOSS, *sets)
    return value, spread


def _from_cells(sums: np.ndarray) -> dict[str, np.ndarray]:
    """Return scores from sums (r, 8): paragraphs, then characters, of content kept, content cut, boilerplate
    kept, boilerplate cut.
    """
    scores = {}
    for suffix, start in (("", 0), ("_characters", 4)):
        kept, lost, left, gone = sums[:, start : start + 4].T
        for name, right, missed, alarm in ((BOILERPLATE, gone, left, lost), (CONTENT, kept, lost, left)):
            scores[f"{name}_f1{suffix}"] = ratio(2 * right, 2 * right + missed + alarm)
            scores[f"{name}_precision{suffix}"] = ratio(right, right + alarm)
            scores[f"{name}_recall{suffix}"] = ratio(right, right + missed)
    kept, lost, left, gone = sums[:, 4:].T
    return scores | {
        "article_lost": ratio(lost, kept + lost),
        "boilerplate_removed": ratio(gone, left + gone),
    }


def cut_everything(judged: Predictions) -> dict[str, float]:
    """Return the boilerplate F1 of cutting every paragraph."""
    share = float((judged.rows["label"] == BOILERPLATE).mean())
    return {"boilerplate_f1": 2 * share / (1 + share)}


def loss_curve(
    positive: np.ndarray, ranking: np.ndarray, characters: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return thresholds, strictest first, and the shares of article lost and boilerplate removed at each."""
    thresholds, gone, lost = threshold_counts(positive, ranking, characters)
    return thresholds, _share(lost), _share(gone)


def removed_at_loss(
    positive: np.ndarray, ranking: np.ndarray, characters: np.ndarray, loss: float = PROMISED_LOSS
) -> float:
    """Return the largest share of boilerplate that a threshold removes while it loses at most ``loss``."""
    _, lost, gone = loss_curve(positive, ranking, characters)
    if not len(gone) or not np.isfinite(gone[-1]):
        return float("nan")
    allowed = gone[~(lost > loss)]
    return float(allowed[-1]) if len(allowed) else 0.0


def _share(running: np.ndarray) -> np.ndarray:
    total = running[-1] if len(running) else 0.0
    return running / total if total > 0 else np.full_like(running, np.nan)
