"""The facts of an audit in words."""

from __future__ import annotations

from copydesk.datasets.audit import audit
from copydesk.reports.audit_view import audit_facts, audit_tables
from helpers.judged import frame_of

FRAME = frame_of([{"text": f"text {n // 2} of many", "label": "ab"[n % 3 > 0], "document": f"d{n}"} for n in range(30)])


def test_no_key_of_an_audit_is_shown_raw() -> None:
    facts = {**audit(FRAME).facts, "straddling_documents_dropped_from_train": 1_200}
    shown = dict(audit_facts(facts))
    assert not any("_" in name for name in shown)
    assert shown["exact copies, left out"] == "15"
    assert shown["training documents nearly equal to a test document, left out"] == "1,200"
    assert len(shown) == len(facts) - 1


def test_counts_by_label_are_a_table_the_largest_first() -> None:
    ((title, table),) = audit_tables(audit(FRAME).facts)
    assert title == "Rows by label"
    counts = [row[1][1] for row in table.rows]
    assert counts == sorted(counts, reverse=True)
    assert {row[0] for row in table.rows} == {"a", "b"}


def test_lists_and_unknown_facts_are_shown_as_they_are() -> None:
    assert audit_facts({"new_fact": ["a", "b"], "share": 0.5}) == [("new fact", "a, b"), ("share", "0.5")]
    assert audit_facts({}) == []
    assert audit_tables({"empty": {}}) == []
