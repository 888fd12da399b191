"""Facts of a data audit in words, for HTML and Markdown reports."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from copydesk.reports.report import ReportTable

_NAMES = {
    "groups": "sites or sources",
    "empty_texts_dropped": "empty texts, left out",
    "exact_duplicates": "exact copies",
    "exact_duplicates_dropped": "exact copies, left out",
    "exact_duplicates_with_another_label": "exact copies with another label",
    "straddling_documents_dropped_from_train": "training documents nearly equal to a test document, left out",
    "rows_without_labels": "rows without any label",
    "near_duplicates_with_other_labels": "near duplicates with other labels",
    "rows_by_label": "Rows by label",
}


def audit_facts(audit: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the facts that are single values as (name, text)."""
    return [(name, fact_text(value)) for name, value in named(audit) if not isinstance(value, Mapping)]


def audit_tables(audit: Mapping[str, Any]) -> list[tuple[str, ReportTable]]:
    """Return the facts that are counts by name as (title, table), the largest count first."""
    return [
        (title, ReportTable(["name", "rows"], [[str(name), (fact_text(n), n)] for name, n in largest_first(counts)]))
        for title, counts in named(audit)
        if isinstance(counts, Mapping) and counts
    ]


def named(audit: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the facts under their names in words."""
    for key, value in audit.items():
        yield _NAMES.get(key, key.replace("_", " ")), value


def fact_text(value: Any) -> str:
    """Return a value as text, whole numbers with separators."""
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def largest_first(counts: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Return items with the largest number first; values that are no numbers stay last."""
    return sorted(counts.items(), key=lambda each: -each[1] if isinstance(each[1], int | float) else 1)
