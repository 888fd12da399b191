"""Worst mistakes of a model, and probable errors in the labels (confident learning)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from copydesk.evaluation.predictions import Predictions

WORST = 40  # mistakes shown, of any class
WORST_OF_CLASS = 2  # and at least, of every class
MOST_PAIRS = 200  # pairs of true and predicted label of which the worst mistake is shown too
LIKELIEST = 30  # label errors shown


def worst_mistakes(predictions: Predictions, worst: int = WORST, of_class: int = WORST_OF_CLASS) -> np.ndarray:
    """Return the positions of the worst mistakes, some of every class and confusion among them; int, worst first.

    Ranked by ``wrong_lead``. Abstentions are not mistakes.
    """
    label, predicted = (predictions.rows[name].to_numpy(object) for name in ("label", "predicted"))
    found = np.flatnonzero(wrong(predictions))
    ranked = found[np.argsort(-wrong_lead(predictions)[found], kind="stable")]
    seen: dict[str, int] = {}
    pairs: set[tuple[str, str]] = set()
    chosen = []
    for at, row in enumerate(ranked.tolist()):
        seen[label[row]] = seen.get(label[row], 0) + 1
        pair = (label[row], predicted[row])
        of_new_pair = pair not in pairs and len(pairs) < MOST_PAIRS
        pairs.add(pair)
        if at < worst or seen[label[row]] <= of_class or of_new_pair:
            chosen.append(row)
    return np.asarray(chosen, dtype=np.int64)


def wrong(predictions: Predictions) -> np.ndarray:
    """Return which evaluated rows got a wrong label; bool, shape (n,)."""
    rows = predictions.rows
    answered = rows["predicted"].notna() & rows["judged"].astype(bool)
    return np.asarray((answered & (rows["label"] != rows["predicted"])).to_numpy(bool))


def wrong_lead(predictions: Predictions) -> np.ndarray:
    """Return the lead of the best other label over the true one, in probability or else decision value, shape (n,)."""
    values = predictions.scores if predictions.probabilities is None else predictions.probabilities
    assert values is not None
    own, place = own_values(predictions, values)
    others = values.copy()
    known = np.flatnonzero(place >= 0)
    others[known, place[known]] = -np.inf
    return np.asarray(others.max(axis=1) - own)


def own_values(predictions: Predictions, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return each row's value of its true label (the lowest if unknown to the model), and its column or -1."""
    column = {label: at for at, label in enumerate(predictions.classes)}
    place = np.asarray([column.get(label, -1) for label in predictions.rows["label"]], dtype=np.int64)
    own = values[np.arange(len(place)), np.maximum(place, 0)]
    return np.where(place >= 0, own, values.min(axis=1, initial=0.0)), place


def label_errors(predictions: Predictions) -> tuple[np.ndarray, np.ndarray]:
    """Find probable label errors by confident learning on out-of-fold probabilities.

    A row of label i is suspect if its probability of another label j is at least the mean of the rows of label j, and
    j is the most probable such label (Northcutt, Jiang and Chuang 2021, "Confident Learning: Estimating Uncertainty in
    Dataset Labels", JAIR 70). Of these only rows with a higher probability of j than of i are returned, ranked by the
    difference.

    Returns
    -------
    positions : ndarray of int
        Most probable error first; empty without probabilities.
    suggested : ndarray of str
        The label suggested for each.
    """
    nothing = np.empty(0, np.int64), np.empty(0, object)
    values = predictions.probabilities
    if values is None or not len(predictions):
        return nothing
    own, place = own_values(predictions, values)
    counted = predictions.rows["judged"].to_numpy(bool) & (place >= 0)
    n = np.bincount(place[counted], minlength=values.shape[1])
    total = np.bincount(place[counted], weights=own[counted], minlength=values.shape[1])
    thresholds = np.divide(total, n, out=np.full(len(n), np.inf), where=n > 0)
    sure = np.where(values >= thresholds, values, -np.inf)
    top = sure.argmax(axis=1)
    lead_of_all = sure[np.arange(len(top)), top] - own  # -inf where no label passes its threshold
    suspect = np.flatnonzero(counted & (top != place) & (lead_of_all > 0))
    lead = lead_of_all[suspect]
    order = np.argsort(-lead, kind="stable")
    return suspect[order], predictions.classes[top[suspect[order]]]
