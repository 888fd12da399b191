"""Metrics of a run: scores with intervals, by class, group and length, and those of the majority class.

Abstentions lower accuracy and recall, not precision. Scores of the answered texts alone are under ``coverage``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from copydesk.evaluation import intervals
from copydesk.evaluation.curves import average_precision, coverage_curve, roc_auc
from copydesk.evaluation.ranking import ranking_draws
from copydesk.evaluation.score import json_float, never_certain, ratio, score, with_intervals
from copydesk.tasks import TOPIC_TASK, Task

if TYPE_CHECKING:
    import pandas as pd

    from copydesk.evaluation.predictions import Predictions

LENGTH_BINS = (0, 50, 200, 500, 1_000, 2_000, 4_000, 8_000, 16_000)  # characters
CALIBRATION_BINS = 15


def evaluate(
    predictions: Predictions, task: Task = TOPIC_TASK, *, seed: int = 0, resamples: int = intervals.BOOTSTRAP_RESAMPLES
) -> dict[str, Any]:
    """Evaluate predictions; the result is JSON-able, undefined values are None.

    Parameters
    ----------
    predictions : Predictions
    task : Task
        Its own scores are added to those of every classification.
    seed : int, default=0
        Of the bootstrap.
    resamples : int, default=1000

    Returns
    -------
    dict
        ``headline`` (name and value of the task's main score), ``scores`` (value, low, high by name;
        95 % percentile bootstrap intervals), ``per_class``, ``confusion``, ``baseline`` (the majority class),
        ``coverage``, ``by_group``, ``by_length``, and counts.

    Raises
    ------
    ValueError
        No row is evaluated.
    """
    judged = predictions.judged()
    if not len(judged):
        raise ValueError("there is no labelled row to judge by")
    counts = Counts(judged)
    units, n_units, kind = intervals.resampling_units(judged.rows)
    total, drawn = counts.sums(units, n_units, resamples, seed)
    scores = with_intervals(counts.scores(total), counts.scores(drawn))
    per_class = _per_class(counts, judged, total, drawn)
    setting = (units, n_units, resamples, seed)
    if task.draws:
        scores |= with_intervals(*task.load("draws")(judged, *setting))
    else:
        scores |= _of_ranking(counts, judged, per_class, *setting)
    never_certain(scores["accuracy"], n_units)
    result: dict[str, Any] = {
        **about(judged.rows, task, n_units, kind, resamples, seed),
        "scores": scores,
        "per_class": per_class,
        "confusion": counts.confusion(),
        "baseline": counts.majority() | (task.load("baseline")(judged) if task.baseline else {}),
        "coverage": coverage(judged),
        "by_group": by_part(judged, judged.rows["group"].to_numpy(object)),
        "by_length": by_part(judged, length_parts(judged.rows["characters"].to_numpy())),
    }  # fmt: skip
    result["headline"] = {"name": task.headline, **scores[task.headline]}
    return result


def about(rows: pd.DataFrame, task: Task, n_units: int, kind: str, resamples: int, seed: int) -> dict[str, Any]:
    """Return what was evaluated, and how its intervals were computed."""
    return {
        "task": task.name,
        "n": len(rows),
        "documents": int(rows["document"].nunique()),
        "groups": len(set(rows["group"]) - {""}),
        "intervals": {"method": "percentile bootstrap", "level": intervals.LEVEL, "resampled": kind,
                      "units": n_units, "resamples": resamples, "seed": seed},
    }  # fmt: skip


class Counts:
    """Counts and losses per row, and the scores computed from their sums.

    Columns: support, predicted and hits of each label; then, with probabilities, log loss, Brier score, and
    confidence and hits of each calibration bin.
    """

    def __init__(self, predictions: Predictions) -> None:
        rows = predictions.rows
        self.true, self.predicted = rows["label"].to_numpy(object), rows["predicted"].to_numpy(object)
        seen = set(self.true) | set(self.predicted) | set(predictions.classes)
        self.labels: list[str] = sorted(label for label in seen if label is not None)
        at = {label: i for i, label in enumerate(self.labels)}
        self.true_at = np.asarray([at[label] for label in self.true], dtype=np.int64)
        self.predicted_at = np.asarray([at.get(label, -1) for label in self.predicted], dtype=np.int64)
        self.probabilities = predictions.probabilities
        self.class_at = np.asarray([at[label] for label in predictions.classes], dtype=np.int64)

    def columns(self) -> Any:
        """Return the CSR matrix (n, m) of the columns named above."""
        from scipy.sparse import csr_matrix, hstack

        n, k = len(self.true), len(self.labels)
        index, ones = np.arange(n), np.ones(n)
        answered, hit = self.predicted_at >= 0, self.predicted_at == self.true_at
        parts = [
            csr_matrix((ones, (index, self.true_at)), shape=(n, k)),
            csr_matrix((ones[answered], (index[answered], self.predicted_at[answered])), shape=(n, k)),
            csr_matrix((ones[hit], (index[hit], self.true_at[hit])), shape=(n, k)),
        ]
        if self.probabilities is not None:
            parts += self._losses(self.probabilities)
        return hstack(parts).tocsr()

    def sums(self, units: np.ndarray, n_units: int, resamples: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the sums of the columns, shape (1, m), and those of each resample, shape (resamples, m)."""
        columns = self.columns()
        total = np.asarray(columns.sum(axis=0), dtype=np.float64).reshape(1, -1)
        return total, intervals.bootstrap_sums(columns, units, n_units, resamples, seed)

    def _losses(self, probabilities: np.ndarray) -> list[Any]:
        from scipy.sparse import csr_matrix

        n, k = probabilities.shape
        column = np.full(len(self.labels), -1)
        column[self.class_at] = np.arange(k)
        true = column[self.true_at]  # -1: probability 0 for a label unknown to the model
        given = np.where(true >= 0, probabilities[np.arange(n), true], 0.0)
        loss = -np.log(np.clip(given, np.finfo(np.float64).eps, 1.0))
        brier = np.square(probabilities).sum(axis=1) - 2 * given + 1.0
        top = probabilities.argmax(axis=1)
        sure, right = probabilities[np.arange(n), top], top == true
        bins = np.minimum((sure * CALIBRATION_BINS).astype(np.int64), CALIBRATION_BINS - 1)
        shape = (n, CALIBRATION_BINS)
        binned = [csr_matrix((value.astype(np.float64), (np.arange(n), bins)), shape=shape) for value in (sure, right)]
        return [csr_matrix(np.column_stack([loss, brier / (2 if k == 2 else 1)])), *binned]

    def by_class(self, sums: np.ndarray) -> dict[str, np.ndarray]:
        """Return precision, recall and F1 of each label, shape (r, k); NaN where undefined."""
        k = len(self.labels)
        support, predicted, hits = sums[:, :k], sums[:, k : 2 * k], sums[:, 2 * k : 3 * k]
        return {
            "precision": ratio(hits, predicted),
            "recall": ratio(hits, support),
            "f1": ratio(2 * hits, support + predicted),
        }

    def scores(self, sums: np.ndarray) -> dict[str, np.ndarray]:
        """Return the scores of each row of sums (r, m), each of shape (r,)."""
        k = len(self.labels)
        support, predicted, hits = sums[:, :k], sums[:, k : 2 * k], sums[:, 2 * k : 3 * k]
        n = support.sum(axis=1)
        f1 = self.by_class(sums)["f1"]
        present = np.isfinite(f1)
        scores = {
            "accuracy": ratio(hits.sum(axis=1), n),
            "macro_f1": ratio(np.where(present, f1, 0.0).sum(axis=1), present.sum(axis=1)),
            "weighted_f1": ratio((np.where(present, f1, 0.0) * support).sum(axis=1), n),
            "coverage": ratio(predicted.sum(axis=1), n),
            "accuracy_answered": ratio(hits.sum(axis=1), predicted.sum(axis=1)),
        }
        if self.probabilities is not None:
            loss, brier = sums[:, 3 * k], sums[:, 3 * k + 1]
            sure, right = np.split(sums[:, 3 * k + 2 :], 2, axis=1)
            gap = np.abs(sure - right).sum(axis=1)
            scores |= {"log_loss": ratio(loss, n), "brier": ratio(brier, n), "ece": ratio(gap, n)}
        return scores

    def confusion(self) -> dict[str, Any]:
        """Return the confusion matrix, true labels by row; abstentions are an extra last column."""
        k = len(self.labels)
        columns = k + int((self.predicted_at < 0).any())
        column = np.where(self.predicted_at < 0, k, self.predicted_at)
        flat = np.bincount(self.true_at * columns + column, minlength=k * columns)
        return {"labels": self.labels, "abstained": columns > k, "counts": flat.reshape(k, columns).tolist()}

    def majority(self) -> dict[str, Any]:
        """Return the scores of always predicting the most frequent label of the evaluation set."""
        support = np.bincount(self.true_at, minlength=len(self.labels))
        top, n = int(support.argmax()), len(self.true_at)
        f1 = 2 * support[top] / (n + support[top])
        return {
            "label": self.labels[top],
            "accuracy": float(support[top] / n),
            "macro_f1": float(f1 / (support > 0).sum()),
            "weighted_f1": float(f1 * support[top] / n),
        }


def _per_class(counts: Counts, judged: Predictions, total: np.ndarray, drawn: np.ndarray) -> list[dict[str, Any]]:
    """Return a row for each label that occurs as true or predicted label."""
    k = len(counts.labels)
    values, spread = counts.by_class(total), counts.by_class(drawn)
    limits = {name: intervals.percentile_interval(array) for name, array in spread.items()}
    support, predicted = total[0, :k].astype(int), total[0, k : 2 * k].astype(int)
    result = []
    for at, label in enumerate(counts.labels):
        row: dict[str, Any] = {"label": label, "support": int(support[at]), "predicted": int(predicted[at])}
        for name, array in values.items():
            low, high = limits[name]
            row[name] = score(array[0, at], low[at], high[at])
        never_certain(row["recall"], int(support[at]))
        never_certain(row["precision"], int(predicted[at]))
        positive = counts.true_at == at
        ranking = None if positive.all() else judged.ranking(label)  # no negatives to rank against
        row["average_precision"] = None if ranking is None else json_float(average_precision(positive, ranking))
        row["roc_auc"] = None if ranking is None else json_float(roc_auc(positive, ranking))
        if support[at] or predicted[at]:
            result.append(row)
    return result


def _of_ranking(
    counts: Counts,
    judged: Predictions,
    per_class: list[dict[str, Any]],
    units: np.ndarray,
    n_units: int,
    resamples: int,
    seed: int,
) -> dict[str, Any]:
    """Return average precision and ROC AUC, averaged over the labels that occur."""
    ranked = [row for row in per_class if row["support"] and row["average_precision"] is not None]
    if not ranked:
        return {"average_precision": score(None), "roc_auc": score(None)}
    pairs = []
    for row in ranked:
        ranking = judged.ranking(row["label"])
        assert ranking is not None
        pairs.append((counts.true_at == counts.labels.index(row["label"]), ranking))
    drawn = ranking_draws(pairs, units, n_units, resamples, seed)
    return with_intervals({name: np.mean([row[name] for row in ranked]) for name in drawn}, drawn)


def coverage(judged: Predictions) -> dict[str, Any]:
    """Return the numbers of answered and abstained texts, and accuracy by coverage."""
    rows = judged.rows
    answered = rows["predicted"].notna().to_numpy()
    top = judged.probabilities if judged.probabilities is not None else judged.scores
    assert top is not None
    right = judged.classes[top.argmax(axis=1)] == rows["label"].to_numpy(object)
    return {
        "answered": int(answered.sum()),
        "abstained": int((~answered).sum()),
        "curve": coverage_curve(rows["confidence"].to_numpy(np.float64), right),
    }


def by_part(judged: Predictions, parts: np.ndarray) -> list[dict[str, Any]]:
    """Return the accuracy of each part with its Wilson interval; empty for a single part."""
    import pandas as pd

    right = (judged.rows["label"] == judged.rows["predicted"]).to_numpy()
    codes, names = pd.factorize(parts)
    if len(names) < 2:
        return []
    n, hits = np.bincount(codes), np.bincount(codes, weights=right)
    order = np.argsort(-n, kind="stable") if parts.dtype == object else np.argsort(np.asarray(names))
    rows = []
    for at in order:
        low, high = intervals.wilson_interval(hits[at], n[at])
        name = str(names[at]) if parts.dtype == object else length_name(int(names[at]))
        rows.append({"part": name, "n": int(n[at]), "accuracy": score(hits[at] / n[at], low, high)})
    return rows


def length_parts(characters: np.ndarray) -> np.ndarray:
    """Return the length bin of each text, int, shape (n,)."""
    return np.searchsorted(np.asarray(LENGTH_BINS), characters, side="right") - 1


def length_name(part: int) -> str:
    """Return the name of a length bin, in characters."""
    low = f"{LENGTH_BINS[part]:,}"
    return f"{low} and more" if part + 1 == len(LENGTH_BINS) else f"{low}–{LENGTH_BINS[part + 1] - 1:,}"
