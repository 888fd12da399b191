"""Audit of sets of labels: rows without any, labels that always come together, near duplicates with other labels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from copydesk.labels.indicator import indicator_of

if TYPE_CHECKING:
    import pandas as pd

_SHOWN = 5  # groups of labels that a warning names
_TOGETHER = 2  # rows from which on labels that always come together are reported


def has_label_sets(frame: pd.DataFrame) -> bool:
    """Return whether the rows of a frame have sets of labels, as tuples, instead of one label each."""
    return len(frame) > 0 and isinstance(frame["label"].iloc[0], tuple)


def is_label_set(value: Any) -> bool:
    """Return whether a value is a tuple of str."""
    return isinstance(value, tuple) and all(isinstance(label, str) for label in value)


def label_counts(labels: Iterable[Any]) -> dict[str, int]:
    """Return the number of rows of each label, sorted by label; a row with several counts for each of them."""
    counts: Counter[str] = Counter()
    for value in labels:
        counts.update(value if isinstance(value, tuple) else (value,))
    return {label: counts[label] for label in sorted(counts)}


def audit_label_sets(frame: pd.DataFrame) -> tuple[dict[str, Any], list[str]]:
    """Return facts about the sets of labels of an audited frame, and warnings of one line each."""
    rows = frame["label"].tolist()
    sizes = np.array([len(labels) for labels in rows])
    differing = differing_clusters(frame)
    facts = {
        "rows_without_labels": int((sizes == 0).sum()),
        "labels_per_row": f"{sizes.mean():.2f}",
        "most_labels_of_a_row": int(sizes.max()),
        "sets_of_labels": len(set(rows)),
        "near_duplicates_with_other_labels": differing,
    }
    warnings = []
    groups = always_together(rows)
    if groups:
        named = "; ".join(" and ".join(group) for group in groups[:_SHOWN])
        more = f"; and {len(groups) - _SHOWN:,} more" if len(groups) > _SHOWN else ""
        warnings.append(f"labels that always come together, and can't be told apart: {named}{more}")
    if differing:
        warnings.append(
            f"{differing:,} documents are nearly the same as one with other labels; check how both were labelled"
        )
    return facts, warnings


def always_together(rows: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Return groups of labels that the same rows have, at least two rows, sorted."""
    indicator, classes = indicator_of(rows)
    columns = indicator.tocsc()
    groups: dict[bytes, list[str]] = {}
    for at, label in enumerate(classes):
        members = columns.indices[columns.indptr[at] : columns.indptr[at + 1]]
        if len(members) >= _TOGETHER:
            groups.setdefault(members.tobytes(), []).append(label)
    return sorted(tuple(group) for group in groups.values() if len(group) > 1)


def differing_clusters(frame: pd.DataFrame) -> int:
    """Return how many rows have other labels than the first of their cluster of near duplicates."""
    first: dict[int, tuple[str, ...]] = {}
    pairs = zip(frame["cluster"].tolist(), frame["label"].tolist(), strict=True)
    return sum(first.setdefault(cluster, labels) != labels for cluster, labels in pairs)
