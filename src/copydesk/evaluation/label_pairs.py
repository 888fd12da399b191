"""Pairs of labels: those that go together, and those that are confused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from copydesk.evaluation.label_predictions import LabelPredictions

PAIRS_LISTED = 200


def together(judged: LabelPredictions, most: int = PAIRS_LISTED) -> list[dict[str, Any]]:
    """Return the pairs of labels that most documents have both of.

    Returns
    -------
    list of dict
        ``first`` and ``second`` (the more frequent first), ``true`` and ``predicted`` (documents with both),
        ``share_of_first`` and ``share_of_second`` (of the documents with the one, those with the other), ``lift``
        (times as often as by chance).
    """
    truth, given = (part.astype(np.int64).tocsc() for part in (judged.truth, judged.decisions))
    support = np.asarray(truth.sum(axis=0)).ravel()
    both = (truth.T @ truth).tocoo()
    above = both.row < both.col
    found = _largest(both.row[above], both.col[above], both.data[above], most)
    rows = []
    for a, b, n in found:
        first, second = (a, b) if support[a] >= support[b] else (b, a)
        rows.append(
            {
                "first": str(judged.classes[first]),
                "second": str(judged.classes[second]),
                "true": n,
                "predicted": int(given[:, [a]].multiply(given[:, [b]]).sum()),
                "share_of_first": float(n / support[first]),
                "share_of_second": float(n / support[second]),
                "lift": float(n * len(judged) / (support[a] * support[b])),
            }
        )
    return rows


def confused(judged: LabelPredictions, most: int = PAIRS_LISTED) -> list[dict[str, Any]]:
    """Return the pairs of a missed and a wrongly given label of the same document, most frequent first.

    Returns
    -------
    list of dict
        ``missed``, ``given``, ``n`` (documents), ``share`` (of the documents with the missed label).
    """
    truth, given = (part.astype(np.int64) for part in (judged.truth, judged.decisions))
    hits = truth.multiply(given)
    pairs = ((truth - hits).T @ (given - hits)).tocoo()
    kept = pairs.data > 0  # a difference of sparse matrices stores its zeros
    support = np.asarray(truth.sum(axis=0)).ravel()
    return [
        {"missed": str(judged.classes[a]), "given": str(judged.classes[b]), "n": n, "share": float(n / support[a])}
        for a, b, n in _largest(pairs.row[kept], pairs.col[kept], pairs.data[kept], most)
    ]


def _largest(first: np.ndarray, second: np.ndarray, n: np.ndarray, most: int) -> list[tuple[int, int, int]]:
    order = np.lexsort((second, first, -n))[:most]
    return list(zip(first[order].tolist(), second[order].tolist(), n[order].tolist(), strict=True))
