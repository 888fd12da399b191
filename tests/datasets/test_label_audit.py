"""Audit of sets of labels."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from copydesk.datasets.audit import audit
from copydesk.datasets.label_audit import always_together, has_label_sets, label_counts
from copydesk.errors import DataError

LONG = "the council said on tuesday that the old bridge over the river would stay closed until the spring of next year "


def frame(rows: list[tuple[str, Any]], split: str = "") -> pd.DataFrame:
    found = pd.DataFrame([{"text": text, "label": label} for text, label in rows])
    documents = [f"d{at}" for at in range(len(rows))]
    return found.assign(group="", split=split, document=documents, position=0, title="")


def test_labels_are_counted_each() -> None:
    assert label_counts([("a", "b"), (), ("b",)]) == {"a": 1, "b": 2}
    assert label_counts(["b", "a", "b"]) == {"a": 1, "b": 2}


def test_facts_and_warnings_of_sets() -> None:
    rows = [(f"text {n}", ("a", "b", "often")) for n in range(3)] + [(f"other {n}", ("often",)) for n in range(3)]
    rows += [("nothing fits", ()), (LONG * 3, ("often",)), (LONG * 3 + "indeed", ("rare",))]
    found = audit(frame(rows), folds=3)
    assert found.facts["labels"] == 4
    assert found.facts["rows_by_label"] == {"a": 3, "b": 3, "often": 7, "rare": 1}
    assert found.facts["rows_without_labels"] == 1
    assert found.facts["labels_per_row"] == "1.56"
    assert found.facts["near_duplicates_with_other_labels"] == 1
    assert found.warnings == [
        "fewer than 3 examples, too few for the split: rare",
        "labels that always come together, and can't be told apart: a and b",
        "1 documents are nearly the same as one with other labels; check how both were labelled",
    ]


def test_labels_of_a_single_row_do_not_count_as_together() -> None:
    assert always_together([("a", "b"), ("c", "d"), ("c", "d")]) == [("c", "d")]


def test_a_label_of_one_part_alone_is_named() -> None:
    rows = frame([("one", ("a",)), ("two", ("a", "b")), ("three", ("a", "c"))])
    found = audit(rows.assign(split=["train", "train", "test"]), official=True)
    assert found.warnings == [
        "labels in the test part only, and can't be learnt: c",
        "labels in the training part only, and not judged: b",
    ]


def test_copies_with_other_labels_are_counted() -> None:
    found = audit(frame([("same", ("a",)), ("same", ("a", "b")), ("other", ())]))
    assert found.facts["exact_duplicates_with_another_label"] == 1
    assert len(found.frame) == 2


@pytest.mark.parametrize(
    ("labels", "error"),
    [
        ([(), ()], "no row of the dataset has a label"),
        ([("a",), "b"], "d1: label is 'b' of type str"),
        ([("a",), ("b", 3)], r"d1: label is \('b', 3\) of type tuple"),
    ],
)
def test_what_is_no_set_of_labels_is_refused(labels: list[Any], error: str) -> None:
    rows = frame([(f"text {n}", label) for n, label in enumerate(labels)])
    assert has_label_sets(rows)
    with pytest.raises(DataError, match=error):
        audit(rows)


def test_one_label_is_enough_where_none_is_possible() -> None:
    assert audit(frame([("one", ("a",)), ("two", ())])).facts["labels"] == 1
