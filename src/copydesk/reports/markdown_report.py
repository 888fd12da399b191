"""``report.md``: a run in plain Markdown, for terminals, diffs and pull requests."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from copydesk.reports.advice import leakage_advice, rare_classes_advice
from copydesk.reports.audit_view import audit_facts, audit_tables
from copydesk.reports.report import SCORES, Report, Section, shown, shown_interval, shown_scores
from copydesk.reports.verdict import verdict
from copydesk.tasks import find_task

if TYPE_CHECKING:
    from pathlib import Path

MOST_CONFUSIONS = 15
_MOST_PARTS = 20


def write_markdown(report: Report, path: Path) -> None:
    """Write the report as Markdown."""
    found = find_task(report.metrics["task"]).load("markdown")(report)
    text = "\n\n".join(section for section in found if section) + "\n"
    path.write_text(text, encoding="utf-8", errors="replace")


def topic_sections(report: Report) -> list[str]:
    """Return the sections of a report on texts with one label each; empty ones are left out."""
    metrics = report.metrics
    return [
        *opening_sections(report),
        _classes(metrics),
        _confusions(metrics),
        *(parts_section(title, metrics[key]) for title, key in (("By group", "by_group"), ("By length", "by_length"))),
        *closing_sections(report),
    ]


def opening_sections(report: Report) -> list[str]:
    """Return title, verdict and scores."""
    title = f"# {plain(report.run.get('experiment', 'Evaluation'))}"
    return [title, plain(verdict(report.metrics)), _scores(report.metrics)]


def closing_sections(report: Report) -> list[str]:
    """Return decision, audit, run, added sections and config."""
    return [
        _mapping("Decision", report.decision),
        _audit(report.audit),
        _mapping("Run", {name: value for name, value in report.run.items() if name != "experiment"}),
        *(_section(each) for each in report.sections),
        f"## Config\n\n```yaml\n{report.config.strip()}\n```" if report.config else "",
    ]


def _scores(metrics: Mapping[str, Any]) -> str:
    setting, baseline = metrics["intervals"], metrics["baseline"]
    rows = [
        [
            SCORES[name].title,
            shown(name, metrics["scores"][name]["value"]),
            shown_interval(name, metrics["scores"][name]),
            shown(name, baseline[name]) if name in baseline else "",
            SCORES[name].meaning,
        ]
        for name in shown_scores(metrics)
    ]
    note = (
        f"Intervals: 95 % percentile bootstrap over {setting['units']:,} {setting['resampled']}s, "
        f"{setting['resamples']:,} resamples."
    )
    return table(["score", "value", "95 % interval", "majority class", "what it is"], rows) + f"\n\n{note}"


def _classes(metrics: Mapping[str, Any]) -> str:
    rows = [
        [
            row["label"],
            f"{row['support']:,}",
            *(f"{shown(n, row[n]['value'])} ({shown_interval(n, row[n])})" for n in ("precision", "recall", "f1")),
            shown("", row["average_precision"]),
        ]
        for row in metrics["per_class"]
    ]
    heading = ["class", "support", "precision", "recall", "F1", "average precision"]
    return "\n\n".join(part for part in ("## By class", rare_classes_advice(metrics), table(heading, rows)) if part)


def _confusions(metrics: Mapping[str, Any]) -> str:
    rows = [[f"{n:,}", true, predicted] for n, true, predicted in confusions(metrics["confusion"])[:MOST_CONFUSIONS]]
    return "## Most frequent confusions\n\n" + table(["texts", "true", "predicted"], rows) if rows else ""


def confusions(confusion: Mapping[str, Any]) -> list[tuple[int, str, str]]:
    """Return (count, true label, predicted label) of every confusion, most frequent first."""
    labels = confusion["labels"]
    predicted = [*labels, "(abstained)"]
    found = [
        (count, labels[i], predicted[j])
        for i, row in enumerate(confusion["counts"])
        for j, count in enumerate(row)
        if count and i != j
    ]
    return sorted(found, key=lambda each: (-each[0], each[1], each[2]))


def parts_section(title: str, parts: Sequence[Mapping[str, Any]], name: str = "accuracy") -> str:
    """Return a score by part of the data."""
    if not parts:
        return ""
    rows = [
        [part["part"] or "(unknown)", f"{part['n']:,}",
         f"{shown(name, part[name]['value'])} ({shown_interval(name, part[name])})".replace(" ()", "")]
        for part in parts[:_MOST_PARTS]
    ]  # fmt: skip
    more = f"\n\nand {len(parts) - _MOST_PARTS:,} more, in metrics.json" if len(parts) > _MOST_PARTS else ""
    heading = "accuracy (95 % interval)" if name == "accuracy" else SCORES[name].title
    return f"## {title}\n\n" + table(["part", "rows", heading], rows) + more


def _section(section: Section) -> str:
    parts = [f"## {plain(section.title)}", plain(section.text)]
    if section.table is not None:
        rows = [[cell[0] if isinstance(cell, tuple) else cell for cell in row] for row in section.table.rows]
        parts.append(table(section.table.heading, rows))
    return "\n\n".join(part for part in parts if part)


def _mapping(title: str, values: Mapping[str, Any]) -> str:
    rows = [[name, value] for name, value in flat(values)]
    return f"## {title}\n\n" + table(["", ""], rows) if rows else ""


def _audit(audit: Mapping[str, Any]) -> str:
    if not audit:
        return ""
    parts = ["## Data audit", leakage_advice(audit), table(["", ""], audit_facts(audit))]
    for title, counts in audit_tables(audit):
        parts.append(f"### {plain(title)}\n\n" + table(counts.heading, [[name, n[0]] for name, n in counts.rows]))
    return "\n\n".join(part for part in parts if part)


def flat(values: Mapping[str, Any], prefix: str = "") -> Iterable[tuple[str, str]]:
    """Yield the leaves of nested mappings and lists as (dotted name, text), without empty ones."""
    for name, value in values.items():
        full = f"{prefix}{name}"
        if isinstance(value, Mapping):
            yield from flat(value, f"{full}.")
        elif isinstance(value, list | tuple) and value and isinstance(value[0], Mapping):
            for at, each in enumerate(value):
                yield from flat(each, f"{full}.{at}.")
        elif isinstance(value, list | tuple):
            if value:
                yield full, ", ".join(map(str, value))
        elif value is not None:
            yield full, f"{value:,.4g}" if isinstance(value, float) else str(value)


def table(heading: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Return a Markdown table; cells are escaped."""
    lines = [heading, ["---"] * len(heading), *([plain(cell) for cell in row] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def plain(value: Any) -> str:
    """Return text on one line, escaped so that Markdown shows it as it is."""
    one_line = " ".join(str(value).split())
    return re.sub(r"([\\`*_\[\]<>|#&])", r"\\\1", one_line)
