"""Metrics of sets of labels: scores with intervals, by label, group and length, and pairs of labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from copydesk.evaluation import intervals
from copydesk.evaluation.label_counts import LabelCounts, average_scores, averages, label_scores
from copydesk.evaluation.label_pairs import confused, together
from copydesk.evaluation.label_ranking import average_precisions, rankings
from copydesk.evaluation.label_reliability import calibration_draws, calibration_errors
from copydesk.evaluation.metrics import about, length_name, length_parts
from copydesk.evaluation.ranking import ranking_draws
from copydesk.evaluation.score import json_float, never_certain, ratio, score, with_intervals
from copydesk.tasks import Task

if TYPE_CHECKING:
    from copydesk.evaluation.label_predictions import LabelPredictions

DRAWN_CELLS = 2_000_000  # documents times labels up to which rankings and calibration get intervals
MEANS = {f"{kind}_{name}" for kind in ("macro", "weighted") for name in ("f1", "precision", "recall")} | {
    "average_precision", "label_ece",
}  # fmt: skip
Setting = tuple[np.ndarray, int, int, int]  # units, their number, resamples, seed


def evaluate_labels(
    predictions: LabelPredictions, task: Task, *, seed: int = 0, resamples: int = intervals.BOOTSTRAP_RESAMPLES
) -> dict[str, Any]:
    """Evaluate predicted sets of labels; the result is JSON-able, undefined values are None.

    Parameters
    ----------
    predictions : LabelPredictions
    task : Task
    seed : int, default=0
        Of the bootstrap.
    resamples : int, default=1000

    Returns
    -------
    dict
        As `evaluate`, but ``pairs`` (labels that go ``together`` and that are ``confused``) instead of
        ``confusion``; micro F1 by group and length; ``labels`` (their number, and those per document).

    Raises
    ------
    ValueError
        No row is evaluated.
    """
    judged = predictions.judged()
    if not len(judged):
        raise ValueError("there is no labelled row to judge by")
    counts = LabelCounts(judged)
    units, n_units, kind = intervals.resampling_units(judged.rows)
    values, drawn, limits = draw_labels(counts, (units, n_units, resamples, seed))
    scores = {name: score(value) for name, value in values.items()}
    scores |= with_intervals({name: values[name] for name in drawn}, centred(values, drawn))
    never_certain(scores["subset_accuracy"], n_units)
    given = np.diff(judged.decisions.indptr)
    result: dict[str, Any] = {
        **about(judged.rows, task, n_units, kind, resamples, seed),
        "labels": {
            "n": counts.k,
            "per_document": float(judged.truth.nnz / len(judged)),
            "without_labels": int((np.diff(judged.truth.indptr) == 0).sum()),
        },
        "scores": scores,
        "per_class": per_label(counts, limits),
        "pairs": {"together": together(judged), "confused": confused(judged)},
        "baseline": most_frequent(counts),
        "coverage": {"answered": int((given > 0).sum()), "abstained": int((given == 0).sum())},
        "by_group": f1_by_part(counts, judged.rows["group"].to_numpy(object)),
        "by_length": f1_by_part(counts, length_parts(judged.rows["characters"].to_numpy())),
    }  # fmt: skip
    result["headline"] = {"name": task.headline, **scores[task.headline]}
    return result


def draw_labels(
    counts: LabelCounts, setting: Setting
) -> tuple[dict[str, Any], dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Return scores, their bootstrap draws, and the ends of each label's intervals.

    Average precision and calibration error by label are drawn for small data only.

    Returns
    -------
    values : dict of str to float
    drawn : dict of str to ndarray, shape (resamples,)
    limits : dict of str to ndarray, shape (2, k)
    """
    from scipy.sparse import csr_matrix

    columns = counts.by_document()
    values: dict[str, Any] = {
        name: value[0] for name, value in counts.document_scores(columns.sum(axis=0, keepdims=True)).items()
    }
    drawn = counts.document_scores(intervals.bootstrap_sums(csr_matrix(columns), *setting))
    values |= average_scores(averages(counts.by_label()))
    sums: dict[str, Any] = {}
    limits = {name: np.full((2, counts.k), np.nan) for name in ("precision", "recall", "f1")}
    for part, block in counts.drawn_by_label(*setting):
        for name, sum_of_block in averages(block).items():
            sums[name] = sums.get(name, 0) + sum_of_block
        for name, array in label_scores(block).items():
            limits[name][:, part] = intervals.percentile_interval(array)
    more, more_drawn = draw_rankings(counts.judged, setting)
    return values | more, drawn | average_scores(sums) | more_drawn, limits


def centred(values: dict[str, Any], drawn: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return draws of which those of means over labels are moved to have the value as their median.

    A resample lacks some of the rare labels, whose scores are the lowest or the most uncertain: its means are biased,
    and with many rare labels their intervals would not contain the value.
    """
    return {
        name: draws + (values[name] - np.nanmedian(draws)) if name in MEANS and np.isfinite(draws).any() else draws
        for name, draws in drawn.items()
    }


def draw_rankings(judged: LabelPredictions, setting: Setting) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Return average precision and calibration error, means over labels, and their draws unless data is large."""
    precisions, errors = average_precisions(judged), calibration_errors(judged)
    defined = np.isfinite(precisions)
    values = {
        "average_precision": ratio(np.nansum(precisions), defined.sum()),
        "label_ece": ratio(errors.sum(), np.asarray(len(errors))),
    }
    if len(judged) * len(judged.classes) > DRAWN_CELLS or not defined.any():
        return values, {}
    ranked = [(positive, ranking) for _, positive, ranking in rankings(judged)]
    drawn = ranking_draws(ranked, *setting)["average_precision"]
    return values, {"average_precision": drawn, "label_ece": calibration_draws(judged, *setting)}


def per_label(counts: LabelCounts, limits: dict[str, np.ndarray]) -> list[dict[str, Any]]:
    """Return a row for each label that some document has or was given."""
    sums = counts.by_label()
    values = label_scores(sums)
    precisions, errors = average_precisions(counts.judged), calibration_errors(counts.judged)
    rows = []
    for at in np.flatnonzero(sums[0] + sums[1]):
        support, predicted = int(sums[0, at]), int(sums[1, at])
        row: dict[str, Any] = {"label": str(counts.judged.classes[at]), "support": support, "predicted": predicted}
        row |= {name: score(array[at], *limits[name][:, at]) for name, array in values.items()}
        never_certain(row["recall"], support)
        never_certain(row["precision"], predicted)
        row |= {"average_precision": json_float(precisions[at]), "ece": json_float(errors[at])}
        rows.append(row)
    return rows


def most_frequent(counts: LabelCounts) -> dict[str, Any]:
    """Return the scores of giving every document the most frequent label alone."""
    support = counts.by_label()[0]
    top, n = int(support.argmax()), len(counts.judged)
    f1 = ratio(2 * support[top], support[top] + n)
    exact = np.asarray((counts.truth[:, [top]].toarray().ravel() > 0) & (np.diff(counts.judged.truth.indptr) == 1))
    return {
        "label": str(counts.judged.classes[top]),
        "micro_f1": json_float(ratio(2 * support[top], support.sum() + n)),
        "micro_precision": float(support[top] / n),
        "micro_recall": json_float(ratio(support[top], support.sum())),
        "macro_f1": json_float(ratio(f1, np.maximum((support > 0).sum(), 1))),
        "subset_accuracy": float(exact.mean()),
        "precision_at_1": float(support[top] / n),
    }


def f1_by_part(counts: LabelCounts, parts: np.ndarray) -> list[dict[str, Any]]:
    """Return the micro F1 of each part, without intervals; empty for a single part."""
    import pandas as pd

    codes, names = pd.factorize(parts)
    if len(names) < 2:
        return []
    sizes = [np.asarray(each.sum(axis=1)).ravel() for each in (counts.truth, counts.decisions, counts.hits)]
    n = np.bincount(codes)
    support, predicted, hits = (np.bincount(codes, weights=size) for size in sizes)
    f1 = ratio(2 * hits, support + predicted)
    named = parts.dtype == object
    order = np.argsort(-n, kind="stable") if named else np.argsort(np.asarray(names))
    return [
        {"part": str(names[at]) if named else length_name(int(names[at])), "n": int(n[at]), "micro_f1": score(f1[at])}
        for at in order
    ]
