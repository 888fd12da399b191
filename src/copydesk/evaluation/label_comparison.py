"""Comparison of runs that give sets of labels, on the same rows: paired differences, by label, changed documents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from copydesk.evaluation import intervals
from copydesk.evaluation.comparison import Comparison, mcnemar, paired
from copydesk.evaluation.label_counts import LabelCounts, label_scores
from copydesk.evaluation.label_metrics import Setting, centred, draw_labels
from copydesk.evaluation.score import score, with_intervals
from copydesk.tasks import Task

if TYPE_CHECKING:
    from copydesk.evaluation.label_predictions import LabelPredictions


def compare_labels(
    earlier: LabelPredictions,
    later: LabelPredictions,
    task: Task,
    *,
    seed: int = 0,
    resamples: int = intervals.BOOTSTRAP_RESAMPLES,
) -> Comparison:
    """Compare two runs evaluated on the same rows.

    ``mended`` and ``broken`` count documents whose set of labels is right in one run only.

    Parameters
    ----------
    earlier, later : LabelPredictions
        Of the same rows; see ``difference_of_data``.
    task : Task
    seed, resamples : int
        Of the paired bootstrap, as in `compare`.

    Raises
    ------
    ValueError
        They were evaluated on different rows.
    """
    pair = paired(earlier, later)
    names = np.asarray(sorted({*pair[0].classes, *pair[1].classes}), dtype=object)
    before, after = (LabelCounts(each.with_classes(names)) for each in pair)
    units, n_units, _ = intervals.resampling_units(pair[0].rows)
    setting = (units, n_units, resamples, seed)
    first, second = (draw_labels(counts, setting)[:2] for counts in (before, after))
    drawn = [centred(*each) for each in (first, second)]
    differences = with_intervals(
        {name: second[0][name] - first[0][name] for name in first[1]},
        {name: drawn[1][name] - drawn[0][name] for name in first[1]},
    )
    exact = [_wrong_labels(counts) == 0 for counts in (before, after)]
    mended, broken = int((~exact[0] & exact[1]).sum()), int((exact[0] & ~exact[1]).sum())
    by_label = _by_label(before, after, setting)
    return Comparison(differences, mended, broken, mcnemar(mended, broken), by_label, _changed(before, after))


def _wrong_labels(counts: LabelCounts) -> np.ndarray:
    """Return the number of missed and wrong labels of each document, shape (n,)."""
    support, predicted, hits = (
        np.asarray(part.sum(axis=1)).ravel() for part in (counts.truth, counts.decisions, counts.hits)
    )
    return np.asarray(support + predicted - 2 * hits)


def _by_label(before: LabelCounts, after: LabelCounts, setting: Setting) -> list[dict[str, Any]]:
    sums = before.by_label()
    values = [label_scores(counts.by_label())["f1"] for counts in (before, after)]
    low, high = np.full((2, before.k), np.nan)
    drawn = zip(before.drawn_by_label(*setting), after.drawn_by_label(*setting), strict=True)
    for (part, first), (_, second) in drawn:
        spread = label_scores(second)["f1"] - label_scores(first)["f1"]
        low[part], high[part] = intervals.percentile_interval(spread)
    return [
        {
            "label": str(before.judged.classes[at]),
            "support": int(sums[0, at]),
            "before": score(values[0][at])["value"],
            "after": score(values[1][at])["value"],
            "difference": score(values[1][at] - values[0][at], low[at], high[at]),
        }
        for at in np.flatnonzero(sums[0])
    ]


def _changed(before: LabelCounts, after: LabelCounts) -> np.ndarray:
    """Return the documents with other labels than before, the most changed first."""
    apart = abs(before.decisions - after.decisions)
    n = np.asarray(apart.sum(axis=1)).ravel()
    found = np.flatnonzero(n)
    return np.asarray(found[np.argsort(-n[found], kind="stable")])
