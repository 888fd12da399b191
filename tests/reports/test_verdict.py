"""The verdict names the weakest class among those judged on enough examples; tables of facts have no empty rows."""

from __future__ import annotations

from typing import Any

import pytest

from copydesk.reports.markdown_report import flat
from copydesk.reports.verdict import verdict


def metrics(per_class: list[tuple[str, int, float | None]]) -> dict[str, Any]:
    interval = {"value": 0.9, "low": 0.8, "high": 1.0}
    return {
        "task": "topic",
        "n": 100,
        "scores": {"accuracy": interval},
        "baseline": {"label": "sport", "accuracy": 0.4},
        "coverage": {"abstained": 0},
        "per_class": [{"label": label, "support": n, "f1": {"value": f1}} for label, n, f1 in per_class],
    }


@pytest.mark.parametrize(
    ("per_class", "expected"),
    [
        ([("a", 50, 0.9), ("b", 50, 0.7), ("c", 50, 0.8)], "The weakest class is “b”, with an F1 of 0.700."),
        ([("a", 50, 0.9), ("b", 1, 0.0), ("c", 50, 0.8)], "examples or more is “c”, with an F1 of 0.800."),
        ([("a", 2, 0.9), ("b", 1, 0.0), ("c", 0, None)], "would reach 40.0 %."),
        ([("a", 50, 1.0), ("b", 50, 1.0), ("c", 50, 1.0)], "would reach 40.0 %."),
        ([("a", 50, 0.9), ("b", 50, 0.7)], "would reach 40.0 %."),
    ],
)
def test_the_weakest_class_has_enough_examples(per_class: list[tuple[str, int, float | None]], expected: str) -> None:
    assert verdict(metrics(per_class)).endswith(expected)


def test_facts_without_a_value_have_no_row() -> None:
    facts = {"kind": "calibrated", "labels_not_validated": [], "none": None, "nested": {"rows": 3, "names": []}}
    assert list(flat(facts)) == [("kind", "calibrated"), ("nested.rows", "3")]
