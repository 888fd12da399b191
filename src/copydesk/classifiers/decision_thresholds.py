"""Thresholds of labels that maximise F1, or reach a precision or recall, on out-of-fold probabilities."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from copydesk.compiled.arrays import Floats

MODEL_WEIGHT = 2.0
"""Documents count by their label and, with this weight, by its probability: a threshold for a rare label then depends
less on where its few documents happen to lie. Found by cross-validation; between 1 and 3 little changes."""
NEVER = 2.0
"""A threshold that no probability reaches."""
_POINTS = 512  # candidates of a label: each rank at first, then fewer and fewer
_PASSES = 20


class Candidates(NamedTuple):
    """Candidate thresholds of all labels, and what each would give; shape (n_labels, n_points).

    Attributes
    ----------
    threshold : float64 array
        Falling; the first gives the label to no document.
    given : float64 array
        Documents whose probability reaches it.
    right : float64 array
        Of those, the ones that have the label, smoothed by their probabilities.
    support : float64 array of shape (n_labels,)
        Documents that have the label, smoothed alike.
    """

    threshold: Floats
    given: Floats
    right: Floats
    support: Floats

    def f1(self) -> Floats:
        """Return the F1 of each label at each of its candidates."""
        return np.asarray(2 * self.right / np.maximum(self.given + self.support[:, None], 1e-12))


def candidates(probabilities: Floats, indicator: Any, known: NDArray[np.bool_]) -> Candidates:
    """Return the candidate thresholds of out-of-fold probabilities.

    Parameters
    ----------
    probabilities : ndarray of shape (n, n_labels)
    indicator : csc_matrix of shape (n, n_labels)
    known : bool array of shape (n, n_labels)
        False where the model that scored a row did not know the label.
    """
    n, n_labels = probabilities.shape
    ranks = np.unique(np.geomspace(1, n, min(n, _POINTS)).astype(int))
    ranks = np.union1d(ranks, np.arange(1, min(n, _POINTS) + 1))
    shape = (n_labels, len(ranks) + 1)
    found = Candidates(np.full(shape, NEVER), np.zeros(shape), np.zeros(shape), np.zeros(n_labels))
    for label in range(n_labels):
        rows = np.flatnonzero(known[:, label])
        p = probabilities[rows, label]
        own = np.zeros(n)
        own[indicator.indices[indicator.indptr[label] : indicator.indptr[label + 1]]] = 1.0
        order = np.argsort(-p, kind="stable")
        p = p[order]
        right = np.append(0.0, np.cumsum((own[rows][order] + MODEL_WEIGHT * p) / (1 + MODEL_WEIGHT)))
        # a threshold lies below all documents of the same probability
        last = np.searchsorted(-p, -p[np.minimum(ranks, len(p)) - 1], side="right") if len(p) else ranks * 0
        below = np.append(p, 0.0)[last]
        found.threshold[label, 1:] = (p[last - 1] + below) / 2 if len(p) else NEVER
        found.given[label, 1:], found.right[label, 1:], found.support[label] = last, right[last], right[-1]
    return found


def macro_f1(found: Candidates, fbr: float) -> NDArray[np.intp]:
    """Return for each label the candidate of its highest F1: SCut with the fbr heuristic.

    A label whose F1 stays below ``fbr`` is given to its likeliest document alone, as any other threshold would be
    chance (Yang, "A Study on Thresholding Strategies for Text Categorization", SIGIR 2001; Fan & Lin, "A Study on
    Threshold Selection for Multi-label Classification", 2007).
    """
    f1 = found.f1()
    best: NDArray[np.intp] = f1.argmax(axis=1)
    best[f1.max(axis=1) < fbr] = 1
    return best


def micro_f1(found: Candidates) -> NDArray[np.intp]:
    """Return the candidates that together have the highest micro F1, by Dinkelbach's algorithm."""
    labels = np.arange(len(found.support))
    value = 0.0
    best = np.zeros(len(labels), dtype=np.intp)
    for _ in range(_PASSES):
        best = (2 * found.right - value * found.given).argmax(axis=1)
        reached = (
            2 * found.right[labels, best].sum() / max(found.given[labels, best].sum() + found.support.sum(), 1e-12)
        )
        if reached <= value:
            break
        value = reached
    return best


def micro_macro_f1(found: Candidates, fbr: float) -> NDArray[np.intp]:
    """Return candidates of a high sum of micro and macro F1, label by label, the most frequent first.

    Infrequent labels, whose F1 alone is mostly chance, then follow the micro F1 (Lin, Liu, Lin & Lin, "On the
    Thresholding Strategy for Infrequent Labels in Multi-label Classification", CIKM 2023). Passes are repeated until
    no label changes.
    """
    f1 = found.f1()
    best = macro_f1(found, fbr)
    labels = np.arange(len(best))
    right, size = found.right[labels, best], found.given[labels, best] + found.support
    for _ in range(_PASSES):
        before = best.copy()
        for label in np.argsort(-found.support, kind="stable"):
            others_right, others_size = right.sum() - right[label], size.sum() - size[label]
            sizes = found.given[label] + found.support[label]
            micro = 2 * (others_right + found.right[label]) / np.maximum(others_size + sizes, 1e-12)
            best[label] = (micro + f1[label] / len(best)).argmax()
            right[label], size[label] = found.right[label, best[label]], sizes[best[label]]
        if (best == before).all():
            break
    return best


def at_precision(found: Candidates, target: float) -> NDArray[np.intp]:
    """Return for each label the lowest candidate whose precision reaches a target; the first, never, if none does."""
    reached = found.right >= target * found.given
    return np.asarray(reached.shape[1] - 1 - reached[:, ::-1].argmax(axis=1))


def at_recall(found: Candidates, target: float) -> NDArray[np.intp]:
    """Return for each label the highest candidate whose recall reaches a target."""
    return np.asarray((found.right >= target * found.support[:, None] - 1e-9).argmax(axis=1))
