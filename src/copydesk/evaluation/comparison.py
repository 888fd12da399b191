"""Comparison of runs on the same rows: paired differences, McNemar's test, changes by class, flipped rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from copydesk.evaluation import intervals
from copydesk.evaluation.metrics import Counts
from copydesk.evaluation.score import Score, score, with_intervals
from copydesk.tasks import TOPIC_TASK, Task

if TYPE_CHECKING:
    import pandas as pd

    from copydesk.evaluation.label_predictions import LabelPredictions
    from copydesk.evaluation.predictions import Predictions

AnyPredictions = TypeVar("AnyPredictions", "Predictions", "LabelPredictions")
KEY = ["document", "position"]


@dataclass(frozen=True)
class Comparison:
    """A run compared with an earlier one on the same rows.

    Attributes
    ----------
    differences : dict of str to Score
        The later score minus the earlier, with the 95 % interval of the paired bootstrap.
    mended, broken : int
        Rows that only the later run, and only the earlier run, labels correctly.
    p_value : float
        Of McNemar's exact test, which assumes independent rows; for grouped rows rely on the intervals.
    per_class : list of dict
        ``label``, ``support``, ``before`` and ``after`` (F1 or None), ``difference`` (Score).
    flipped : ndarray of int
        Positions of the rows that got different labels, most confident first.
    """

    differences: dict[str, Score]
    mended: int
    broken: int
    p_value: float
    per_class: list[dict[str, Any]]
    flipped: np.ndarray


def difference_of_data(earlier: AnyPredictions, later: AnyPredictions) -> str | None:
    """Return why two runs were not evaluated on the same rows; None if they were."""
    first, second = (each.judged().rows for each in (earlier, later))
    if len(first) != len(second):
        return f"judged on {len(first):,} and on {len(second):,} rows"
    wanted, have = _keys(first, second)
    apart = wanted.symmetric_difference(have)
    if len(apart):
        document, position = apart[0]
        return f"{len(apart) // 2:,} rows are in one only, such as {document!r}, paragraph {position}"
    second = second.iloc[have.get_indexer(wanted)]
    for column in ("label", "text"):
        other = (first[column].to_numpy(object) != second[column].to_numpy(object)).nonzero()[0]
        if len(other):
            name = first["document"].iloc[other[0]]
            return f"the {column} of {len(other):,} rows differs, such as that of {name!r}"
    return None


def _keys(first: pd.DataFrame, second: pd.DataFrame) -> tuple[pd.MultiIndex, pd.MultiIndex]:
    """Return keys by which the rows of two runs are paired.

    Rows are known by document and position. Where that pairs different texts, as after the renaming of a file whose
    rows have no ids, they are known by the text of their document.
    """
    import pandas as pd

    keys = pd.MultiIndex.from_frame(first[KEY]), pd.MultiIndex.from_frame(second[KEY])
    if not len(keys[0].symmetric_difference(keys[1])):
        paired = second["text"].to_numpy(object)[keys[1].get_indexer(keys[0])]
        if (first["text"].to_numpy(object) == paired).all():
            return keys
    by_text = _keys_by_text(first), _keys_by_text(second)
    return keys if len(by_text[0].symmetric_difference(by_text[1])) else by_text


def _keys_by_text(rows: pd.DataFrame) -> pd.MultiIndex:
    """Return a key for each row: the text of its document, which of those with this text it is, and its position."""
    import pandas as pd

    columns = ["title", "characters", "text"]
    ordered = rows.sort_values("position", kind="stable")
    lines = pd.Series(list(map(str, ordered[columns].itertuples(index=False, name=None))), index=ordered.index)
    whole = lines.groupby(ordered["document"], sort=True).agg("\n".join)
    number = whole.groupby(whole).cumcount()
    documents = rows["document"]
    return pd.MultiIndex.from_arrays([documents.map(whole), documents.map(number), rows["position"]])


def in_same_order(earlier: AnyPredictions, later: AnyPredictions) -> tuple[AnyPredictions, AnyPredictions]:
    """Return the evaluated rows of both, in the order of the earlier."""
    earlier, later = earlier.judged(), later.judged()
    wanted, have = _keys(earlier.rows, later.rows)
    return earlier, later.take(have.get_indexer(wanted))


def paired(earlier: AnyPredictions, later: AnyPredictions) -> tuple[AnyPredictions, AnyPredictions]:
    """Return the evaluated rows of both, in the order of the earlier.

    Raises
    ------
    ValueError
        They were evaluated on different rows.
    """
    reason = difference_of_data(earlier, later)
    if reason:
        raise ValueError(reason)
    return in_same_order(earlier, later)


def compare(
    earlier: Predictions,
    later: Predictions,
    task: Task = TOPIC_TASK,
    *,
    seed: int = 0,
    resamples: int = intervals.BOOTSTRAP_RESAMPLES,
) -> Comparison:
    """Compare two runs evaluated on the same rows.

    Parameters
    ----------
    earlier, later : Predictions
        Of the same rows; see ``difference_of_data``.
    task : Task
    seed, resamples : int
        Of the paired bootstrap: both runs use the same resamples (Efron and Tibshirani 1993, "An Introduction to
        the Bootstrap"). Whole groups are drawn where they are known.

    Raises
    ------
    ValueError
        They were evaluated on different rows.
    """
    pair = paired(earlier, later)
    units, n_units, _ = intervals.resampling_units(pair[0].rows)
    setting = (units, n_units, resamples, seed)
    before, after = (_draws(each, task, setting) for each in pair)
    shared = [name for name in before[0] if name in after[0]]
    differences = with_intervals(
        {name: np.ravel(after[0][name])[0] - np.ravel(before[0][name])[0] for name in shared},
        {name: np.asarray(after[1][name]) - np.asarray(before[1][name]) for name in shared},
    )
    right = [(each.rows["label"] == each.rows["predicted"]).to_numpy() for each in pair]
    mended, broken = int((~right[0] & right[1]).sum()), int((right[0] & ~right[1]).sum())
    return Comparison(differences, mended, broken, mcnemar(mended, broken), _by_class(pair, setting), _flipped(*pair))


def mcnemar(mended: int, broken: int) -> float:
    """Return the two-sided p-value of McNemar's exact test (McNemar 1947, Psychometrika 12)."""
    from scipy.stats import binomtest

    return float(binomtest(mended, mended + broken).pvalue) if mended + broken else 1.0


def _draws(judged: Predictions, task: Task, setting: tuple[np.ndarray, int, int, int]) -> tuple[Any, Any]:
    counts = Counts(judged)
    total, drawn = counts.sums(*setting)
    values: dict[str, Any] = dict(counts.scores(total))
    spread: dict[str, Any] = dict(counts.scores(drawn))
    if task.draws:
        more = task.load("draws")(judged, *setting)
        values, spread = values | more[0], spread | more[1]
    return values, spread


def _by_class(pair: tuple[Predictions, Predictions], setting: tuple[np.ndarray, int, int, int]) -> list[dict[str, Any]]:
    found: list[dict[str, tuple[Any, Any]]] = []
    support: dict[str, int] = {}
    for judged in pair:
        counts = Counts(judged)
        total, drawn = counts.sums(*setting)
        values, spread = counts.by_class(total)["f1"], counts.by_class(drawn)["f1"]
        found.append({label: (values[0, at], spread[:, at]) for at, label in enumerate(counts.labels)})
        support |= {label: int(total[0, at]) for at, label in enumerate(counts.labels)}
    rows = []
    for label in sorted(found[0].keys() & found[1].keys()):
        (before, first), (after, second) = found[0][label], found[1][label]
        if not support[label]:
            continue
        low, high = intervals.percentile_interval((second - first)[:, None])
        rows.append(
            {
                "label": label,
                "support": support[label],
                "before": score(before)["value"],
                "after": score(after)["value"],
                "difference": score(after - before, low[0], high[0]),
            }
        )
    return rows


def _flipped(earlier: Predictions, later: Predictions) -> np.ndarray:
    before, after = (each.rows["predicted"].to_numpy(object) for each in (earlier, later))
    differ = np.flatnonzero(before != after)
    confidence = sum(each.rows["confidence"].to_numpy(np.float64)[differ] for each in (earlier, later))
    return np.asarray(differ[np.argsort(-np.asarray(confidence), kind="stable")])
