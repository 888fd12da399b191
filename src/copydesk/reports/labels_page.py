"""Report on sets of labels as HTML: readable with a thousand labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from copydesk.evaluation.curves import ENOUGH_SUPPORT
from copydesk.evaluation.label_mistakes import LabelMistake, worst_label_mistakes, wrong_documents
from copydesk.evaluation.predictions import STORED_CHARACTERS
from copydesk.reports.html_report import contents, drawn, shared_values
from copydesk.reports.label_tables import confused_table, never_given_advice, support_bands, together_table
from copydesk.reports.labels_plots import label_plots, plots_of_other_labels
from copydesk.reports.marks import marked
from copydesk.reports.report import shown
from copydesk.reports.views import excerpt

if TYPE_CHECKING:
    from copydesk.reports.report import Highlight, Report

FEW_LABELS = 60  # up to which the table of labels is open
WEAKEST = 15
MOST_ROWS = 2_000  # of the table of labels
_TERMS = 6  # n-grams named for a mistake


def labels_page(report: Report) -> tuple[str, dict[str, Any]]:
    """Return the template of a report on sets of labels, and its values."""
    metrics = report.metrics
    rows = label_rows(report)
    values: dict[str, Any] = {
        **shared_values(report),
        "labels": rows[:MOST_ROWS],
        "n_left_out": max(0, len(rows) - MOST_ROWS),
        "few": len(rows) <= FEW_LABELS,
        "weakest": weakest(rows),
        "has_thresholds": bool(report.thresholds),
        "bands": support_bands(metrics["per_class"]),
        "never_given_advice": never_given_advice(metrics["per_class"]),
        "together": together_table(metrics),
        "confused": confused_table(metrics),
        "plots": [drawn(plot, at) for at, plot in enumerate(label_plots(report))],
        "other_plots": [drawn(plot, 50 + at) for at, plot in enumerate(plots_of_other_labels(report))],
        **label_mistakes(report),
    }
    listed = (
        ("scores", "Scores", True),
        ("classes", "By label", True),
        ("pairs", "Pairs", True),
        ("curves", "Curves", True),
        ("ngrams", "N-grams", values["strongest"]),
        ("mistakes", "Mistakes", values["mistakes"]),
    )
    return "labels.html.j2", values | {"contents": contents(values, listed)}


def label_rows(report: Report) -> list[dict[str, Any]]:
    """Return the scores of each label with its threshold, the label with the largest support first."""
    rows = [
        {
            **row,
            "threshold": report.thresholds.get(row["label"]),
            "threshold_text": threshold_text(report, row["label"]),
        }
        for row in report.metrics["per_class"]
    ]
    return sorted(rows, key=lambda row: (-row["support"], row["label"]))


def threshold_text(report: Report, label: str) -> str:
    """Return the threshold of a label as text; "never" for one above all probabilities."""
    threshold = report.thresholds.get(label)
    return "–" if threshold is None else "never" if threshold > 1 else f"{threshold:.3f}"


def weakest(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the labels with the lowest F1 among those with enough support, else among all."""
    enough = [row for row in rows if row["support"] >= ENOUGH_SUPPORT] or list(rows)
    return sorted(enough, key=lambda row: row["f1"]["value"] or 0.0)[:WEAKEST]


def label_mistakes(report: Report) -> dict[str, Any]:
    """Return the worst mistakes with their missed, wrong and right labels."""
    judged: Any = report.predictions.judged()
    found = worst_label_mistakes(judged)
    shown_rows = [mistake_view(each, judged.rows.iloc[each.row], report) for each in found]
    labels = {
        key: sorted({label for each in shown_rows for label, _ in each[key]}, key=str) for key in ("missed", "wrong")
    }
    intro = (
        f"{len(shown_rows):,} of {wrong_documents(judged):,} texts with a missed or a wrong label: those first in "
        "which the model was surest of what is wrong, and one of every label that is often mistaken. Beside each label "
        "its probability."
    )
    if report.highlights:
        intro += (
            " Marked are the n-grams that decided: orange and underlined those for the wrong label, blue and dotted "
            "those for the missed one."
        )
    return {"mistakes": shown_rows, "mistake_labels": labels, "mistakes_intro": intro}


def mistake_view(found: LabelMistake, row: Any, report: Report) -> dict[str, Any]:
    """Return one mistake."""
    text = str(row["text"])
    light: Highlight | None = report.highlights.get((row["document"], row["position"]))
    terms = []
    for labels, sign in ((found.wrong, 1), (found.missed, -1)):
        named = [(term, sign * value) for term, value in (light.terms if light else []) if sign * value > 0][:_TERMS]
        if labels and named:
            terms.append((labels[0][0], named))
    return {
        "missed": found.missed,
        "wrong": found.wrong,
        "right": found.right,
        "weight": round(found.weight, 6),
        "length": int(row["characters"]),
        "head": excerpt(row["title"] or text),
        "about": row["document"],
        "terms": terms,
        "pieces": marked(text, light.spans if light else []),
        "cut": row["characters"] > STORED_CHARACTERS,
    }


def mistake_line(found: LabelMistake, row: Any) -> list[str]:
    """Return one mistake as cells of text: missed labels, wrong labels, the beginning of the text, the document."""
    named = [
        ", ".join(f"{label} {shown('accuracy', p)}" for label, p in labels) for labels in (found.missed, found.wrong)
    ]
    return [*named, excerpt(row["title"] or str(row["text"])), str(row["document"])]
