"""Audit of a dataset before anything is fitted: duplicates, leaks, labels, empty texts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from copydesk.datasets.label_audit import audit_label_sets, has_label_sets, is_label_set, label_counts
from copydesk.datasets.near_duplicates import near_duplicate_clusters
from copydesk.errors import DataError

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

REQUIRED = ("text", "label", "group", "split", "document", "position", "title")


@dataclass(frozen=True)
class Audit:
    """An audited dataset.

    Attributes
    ----------
    frame : pandas.DataFrame
        The rows that are kept, with the column ``cluster`` (int): near duplicates share it.
    facts : dict
        Counts by name, JSON-able, for the run's records.
    warnings : list of str
        What the user should know before trusting the scores; one line each.
    """

    frame: pd.DataFrame
    facts: dict[str, Any] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


def audit(frame: pd.DataFrame, *, official: bool = False, folds: int = 2, fewest_labels: int = 2) -> Audit:
    """Check a dataset; drop and count rows that would falsify its scores.

    Empty texts are dropped. Of exact copies the first is kept; with an official split the test part stays as
    it was published. The unit is the document: for boilerplate, its paragraphs together.

    Parameters
    ----------
    frame : pandas.DataFrame
        Rows of a dataset; see ``Examples``.
    official : bool, default=False
        Whether it will be split as it was published.
    folds : int, default=2
        How many parts each label must reach into.
    fewest_labels : int, default=2
        How many labels there must be: two to learn from, one to judge by.

    Raises
    ------
    DataError
        Training would be meaningless: missing columns, mixed types, no text, or one label only.
    """
    _check_types(frame, fewest_labels)
    rows_read = len(frame)
    frame = frame[frame["text"].str.strip() != ""].reset_index(drop=True)
    if not len(frame):
        raise DataError("the dataset has no text: every one is empty; check dataset.text")
    documents = join_documents(frame)
    exact = _first_copies(documents["text"])
    labels = documents["label"].to_numpy(object)
    copy = exact != np.arange(len(documents))
    contradicting = int((copy & (labels != labels[exact])).sum())
    dropped = copy & (documents["split"].to_numpy() != "test") if official else copy
    kept = documents[~dropped].reset_index(drop=True)
    clusters = dict(zip(kept["document"], near_duplicate_clusters(kept["text"].tolist()).tolist(), strict=True))
    frame = frame[frame["document"].isin(clusters)].reset_index(drop=True)
    frame = frame.assign(cluster=frame["document"].map(clusters).astype(np.int64))

    counts = label_counts(frame["label"])
    facts = {
        "rows": len(frame),
        "documents": len(kept),
        "labels": len(counts),
        "groups": int(frame.loc[frame["group"] != "", "group"].nunique()),
        "empty_texts_dropped": rows_read - len(frame) - _rows_of(documents, dropped),
        "exact_duplicates": int(copy.sum()),
        "exact_duplicates_dropped": int(dropped.sum()),
        "exact_duplicates_with_another_label": contradicting,
        "near_duplicates": len(kept) - len(set(clusters.values())),
        "rows_by_label": counts,
    }
    found = _warnings(frame, counts, official, folds)
    if has_label_sets(frame):
        more, warned = audit_label_sets(frame)
        facts, found = facts | more, found + warned
    return Audit(frame, facts, found)


def drop_straddlers(
    frame: pd.DataFrame, train: NDArray[np.int64], test: NDArray[np.int64]
) -> tuple[NDArray[np.int64], int]:
    """Drop training rows whose document is a near duplicate of one of the test part.

    Returns
    -------
    train : ndarray of int64
        Positions of the training rows that stay.
    dropped : int
        How many documents do not.
    """
    clusters = frame["cluster"].to_numpy()
    leaks = np.isin(clusters[train], clusters[test])
    return train[~leaks], int(frame["document"].iloc[train[leaks]].nunique())


def _check_types(frame: pd.DataFrame, fewest_labels: int) -> None:
    missing = [name for name in REQUIRED if name not in frame]
    if missing:
        raise DataError(f"the dataset has no column {missing[0]!r}; a dataset has {', '.join(REQUIRED)}")
    if not len(frame):
        raise DataError("the dataset has no rows")
    several = has_label_sets(frame)
    for name in ("text", "label"):
        for row, value in enumerate(frame[name].tolist()):
            valid = is_label_set(value) if several and name == "label" else isinstance(value, str)
            if not valid:
                where = frame["document"].iloc[row]
                raise DataError(
                    f"{where}: {name} is {value!r} of type {type(value).__name__}; every {name} must be a "
                    + ("tuple of strings, as the first is" if several and name == "label" else "string")
                )
    labels = list(label_counts(frame["label"]))
    if several and not labels:
        raise DataError("no row of the dataset has a label; check dataset.label")
    if len(labels) < fewest_labels and not several:
        raise DataError(f"the dataset has one label only, {labels[0]!r}; a classifier needs two; check dataset.label")


def join_documents(frame: pd.DataFrame) -> pd.DataFrame:
    """Return one row for each document: ``document``, ``text``, ``label``, ``split`` and ``n``, its number of rows."""
    if frame["document"].is_unique:
        return frame[["document", "text", "label", "split"]].assign(n=1)
    grouped = frame.groupby("document", sort=False)
    joined = grouped.agg(text=("text", "\n".join), label=("label", "\n".join), split=("split", "first"))
    return joined.assign(n=grouped.size()).reset_index()


def normalise(text: str) -> str:
    """Collapse white space to single spaces; texts that are equal afterwards are exact copies."""
    return " ".join(text.split())


def _first_copies(texts: pd.Series) -> NDArray[np.int64]:
    """Return for each text the position of the first one that differs at most in white space."""
    seen: dict[str, int] = {}
    return np.array([seen.setdefault(normalise(text), at) for at, text in enumerate(texts)], dtype=np.int64)


def _rows_of(documents: pd.DataFrame, chosen: NDArray[np.bool_]) -> int:
    return int(documents["n"].to_numpy()[chosen].sum())


def _warnings(frame: pd.DataFrame, counts: dict[str, int], official: bool, folds: int) -> list[str]:
    found = []
    few = [label for label, n in counts.items() if n < folds]
    if few and not official:
        found.append(f"fewer than {folds} examples, too few for the split: {shorten(few)}")
    if official:
        parts = {name: set(label_counts(frame.loc[frame["split"] == name, "label"])) for name in ("train", "test")}
        for label_set, said in (
            (parts["test"] - parts["train"], "in the test part only, and can't be learnt"),
            (parts["train"] - parts["test"], "in the training part only, and not judged"),
        ):
            if label_set and all(parts.values()):
                found.append(f"labels {said}: {shorten(sorted(label_set))}")
    return found


def shorten(names: list[str], at_most: int = 5) -> str:
    """List a few names and say how many more there are."""
    more = f" and {len(names) - at_most:,} more" if len(names) > at_most else ""
    return ", ".join(names[:at_most]) + more
