"""Report on sets of labels as Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from copydesk.evaluation.label_mistakes import worst_label_mistakes
from copydesk.reports.advice import rare_classes_advice
from copydesk.reports.label_tables import confused_table, never_given_advice, support_bands, together_table
from copydesk.reports.labels_page import label_rows, mistake_line
from copydesk.reports.markdown_report import closing_sections, opening_sections, parts_section, plain, table
from copydesk.reports.report import shown, shown_interval

if TYPE_CHECKING:
    from copydesk.reports.report import Report, ReportTable

LABELS_LISTED = 100
_PAIRS = 15
_MISTAKES = 10


def labels_sections(report: Report) -> list[str]:
    """Return the sections of a report on sets of labels; empty ones are left out."""
    metrics = report.metrics
    return [
        *opening_sections(report),
        _by_label(report),
        _table("Labels that go together", together_table(metrics, _PAIRS)),
        _table("Labels that are confused", confused_table(metrics, _PAIRS)),
        _mistakes(report),
        *(
            parts_section(title, metrics[key], "micro_f1")
            for title, key in (("By group", "by_group"), ("By length", "by_length"))
        ),
        *closing_sections(report),
    ]


def _by_label(report: Report) -> str:
    rows = label_rows(report)
    cells = [
        [
            row["label"],
            f"{row['support']:,}",
            f"{row['predicted']:,}",
            row["threshold_text"],
            *(f"{shown(n, row[n]['value'])} ({shown_interval(n, row[n])})" for n in ("precision", "recall", "f1")),
            shown("", row["average_precision"]),
        ]
        for row in rows[:LABELS_LISTED]
    ]
    heading = ["label", "support", "given", "threshold", "precision", "recall", "F1", "average precision"]
    more = f"and {len(rows) - LABELS_LISTED:,} more, in metrics.json" if len(rows) > LABELS_LISTED else ""
    per_class = report.metrics["per_class"]
    advice = [plain(line) for line in (rare_classes_advice(report.metrics), never_given_advice(per_class)) if line]
    parts = ["## By label", *advice, _cells(support_bands(per_class)), table(heading, cells), more]
    return "\n\n".join(part for part in parts if part)


def _mistakes(report: Report) -> str:
    judged: Any = report.predictions.judged()
    found = worst_label_mistakes(judged, worst=_MISTAKES, most_labels=0)
    rows = [mistake_line(each, judged.rows.iloc[each.row]) for each in found]
    return "## Worst mistakes\n\n" + table(["missed", "wrong", "text", "document"], rows) if rows else ""


def _table(title: str, content: ReportTable) -> str:
    return f"## {title}\n\n{_cells(content)}" if content.rows else ""


def _cells(content: ReportTable) -> str:
    return table(
        content.heading, [[cell[0] if isinstance(cell, tuple) else cell for cell in row] for row in content.rows]
    )
