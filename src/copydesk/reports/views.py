"""Views of an evaluation in the form that the HTML templates print."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from copydesk.reports.report import Previous

MANY_CLASSES = 16  # from here on a confusion matrix is drawn small, its labels ordered by similarity
SHADES = (0.0, 0.02, 0.1, 0.3, 0.6)  # shares of a row above which the next shade is used
EXCERPT = 110  # characters of a text shown in a list


def lower_end(rows: Sequence[Mapping[str, Any]], names: Sequence[str]) -> float:
    """Return a round number below all intervals, at which the bars of scores start."""
    values = [
        value for row in rows for name in names for value in (row[name]["low"], row[name]["value"]) if value is not None
    ]
    return max(0.0, float(np.floor(10 * min(values, default=0.0) - 1e-9)) / 10)


def previous(given: Previous) -> dict[str, Any]:
    """Return the previous run, with None for scores that it lacks."""
    names = set(given.scores) | set(given.differences)
    nothing: dict[str, Any] = {"value": None, "low": None, "high": None}
    scores = defaultdict(lambda: nothing, {name: given.scores.get(name, nothing) for name in names})
    differences = defaultdict(lambda: nothing, given.differences) if given.differences else {}
    return {"name": given.name, "scores": scores, "differences": differences, "reason": given.reason}


def confusion(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the matrix with a shade for each cell; many labels are ordered by similarity."""
    counts = np.asarray(given["counts"], dtype=np.int64)
    labels = list(given["labels"])
    many = len(labels) >= MANY_CLASSES
    order = similarity_order(counts[:, : len(labels)]) if many else list(range(len(labels)))
    columns = order + ([len(labels)] if given["abstained"] else [])
    predicted = [*labels, "(no label)"]
    rows = []
    for i in order:
        total = max(int(counts[i].sum()), 1)
        cells = [
            {"n": int(counts[i, j]), "kind": f"{'d' if i == j else 'e'} {shade(counts[i, j] / total)}"} for j in columns
        ]
        rows.append({"label": labels[i], "cells": cells})
    return {"said": [predicted[j] for j in columns], "rows": rows, "many": many}


def shade(share: float) -> str:
    """Return the CSS class of a shade."""
    return f"h{sum(share > limit for limit in SHADES)}"


def similarity_order(counts: np.ndarray) -> list[int]:
    """Return an order of labels in which confused ones are neighbours."""
    from scipy.cluster.hierarchy import leaves_list, linkage, optimal_leaf_ordering

    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    alike = shares + shares.T
    distance = 1.0 / (0.01 + alike)[np.triu_indices(len(counts), 1)]
    tree = linkage(distance, "average")
    return [int(at) for at in leaves_list(optimal_leaf_ordering(tree, distance))]


def by_support(strongest: Mapping[str, Any], per_class: Sequence[Mapping[str, Any]]) -> list[tuple[str, Any]]:
    """Return the strongest terms of each class, the class with the most examples first."""
    support = {row["label"]: row["support"] for row in per_class}
    return sorted(strongest.items(), key=lambda each: -support.get(each[0], 0))


def seconds(given: Mapping[str, float]) -> list[tuple[str, float, str]]:
    """Return the stages with their seconds and the length of their bars in rem."""
    longest = max((value for name, value in given.items() if name != "total"), default=1.0) or 1.0
    return [(name, value, f"{min(value / longest, 1) * 10:.1f}") for name, value in given.items()]


def excerpt(text: str, at_most: int = EXCERPT) -> str:
    """Return the beginning of a text on one line."""
    line = " ".join(text[: 4 * at_most].split())
    return line if len(line) <= at_most else f"{line[: at_most - 1]}…"
