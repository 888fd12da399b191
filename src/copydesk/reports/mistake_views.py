"""Views of the worst mistakes and of probable label errors, for HTML reports."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from copydesk.evaluation import mistakes as finding
from copydesk.evaluation.predictions import STORED_CHARACTERS
from copydesk.reports.advice import label_errors_advice
from copydesk.reports.marks import marked
from copydesk.reports.report import ReportTable, shown
from copydesk.reports.views import excerpt
from copydesk.tasks import find_task

if TYPE_CHECKING:
    import numpy as np

    from copydesk.evaluation.predictions import Predictions
    from copydesk.reports.report import Highlight, Report
    from copydesk.tasks import Task

_TERMS = 6  # n-grams named for each label


def mistakes(report: Report) -> dict[str, Any]:
    """Return the worst mistakes, the n-grams behind them marked in their texts."""
    predictions = report.predictions
    chosen = finding.worst_mistakes(predictions)
    rows = predictions.rows.iloc[chosen]
    leads = finding.wrong_lead(predictions)[chosen] if len(chosen) else []
    sure = probabilities_of(predictions, chosen)
    shown_rows = [
        mistake(row, float(lead), about, report)
        for row, lead, about in zip(rows.to_dict("records"), leads, sure, strict=True)
    ]
    labels = {key: sorted({each[name] for each in shown_rows}) for key, name in (("true", "label"), ("said", "said"))}
    intro = (
        f"{len(shown_rows):,} of {int(finding.wrong(predictions).sum()):,} mistakes: the surest of the wrong label, "
        f"and up to {finding.WORST_OF_CLASS} of every class and one of every confusion. "
    )
    if report.highlights:
        intro += (
            "Marked are the n-grams that decided: orange and underlined those for the label that was given, blue and "
            "dotted those for the right one, the stronger the darker. Each was judged by a model that had not seen it."
        )
        intro += find_task(report.metrics["task"]).mistakes_note
    pairs = {(each["label"], each["said"]) for each in shown_rows}
    return {"mistakes": shown_rows, "mistake_labels": labels, "mistakes_intro": intro, "mistake_pairs": pairs}


def probabilities_of(predictions: Predictions, chosen: np.ndarray) -> list[str]:
    """Return the probabilities of predicted and true label of each chosen row as text; empty without probabilities."""
    values = predictions.probabilities
    if values is None:
        return [""] * len(chosen)
    own, place = finding.own_values(predictions, values)
    column = {label: at for at, label in enumerate(predictions.classes)}
    texts = []
    for row in chosen.tolist():
        said = values[row, column[predictions.rows["predicted"].iloc[row]]]
        true = shown("accuracy", float(own[row])) if place[row] >= 0 else "unknown to the model"
        texts.append(f"probability {shown('accuracy', float(said))}, of the true label {true} · ")
    return texts


def mistake(row: Mapping[Any, Any], lead: float, about: str, report: Report) -> dict[str, Any]:
    """Return one mistake."""
    text = str(row["text"])
    found: Highlight | None = report.highlights.get((row["document"], row["position"]))
    spans = found.spans if found else []
    terms = []
    if found:
        for name, sign in ((row["predicted"], 1), (row["label"], -1)):
            named = [(term, sign * value) for term, value in found.terms if sign * value > 0][:_TERMS]
            if named:
                terms.append((name, named))
    return {
        "label": row["label"],
        "said": row["predicted"],
        "lead": round(lead, 6),
        "length": int(row["characters"]),
        "head": excerpt(row["title"] or text),
        "about": f"{about}{row['document']}",
        "terms": terms,
        "pieces": marked(text, spans),
        "cut": row["characters"] > STORED_CHARACTERS,
    }


def label_error_table(predictions: Predictions, task: Task) -> dict[str, Any]:
    """Return the most probable label errors as a table."""
    positions, suggested = finding.label_errors(predictions)
    rows = predictions.rows.iloc[positions[: finding.LIKELIEST]]
    values = predictions.probabilities
    table = []
    for row, position, label in zip(rows.to_dict("records"), positions, suggested, strict=False):
        assert values is not None
        likely = dict(zip(predictions.classes, values[position], strict=True))
        table.append(
            [
                excerpt(row["title"] if row["title"] and not task.grouped else row["text"]),
                row["label"],
                (shown("accuracy", likely.get(row["label"])), likely.get(row["label"], 0.0)),
                label,
                (shown("accuracy", likely[label]), likely[label]),
                row["document"],
            ]
        )
    intro = (
        f"{len(positions):,} of {int(predictions.rows['judged'].sum()):,} labels are suspect by confident learning "
        "(Northcutt, Jiang and Chuang 2021) on out-of-fold probabilities: another label is more probable, and as "
        "probable as for the texts of that label. The largest difference comes first. To be read, not to be corrected "
        "unread: a model is surest where a text looks like another class."
    )
    heading = ["text", "label", "its probability", "more probable", "its probability", "document"]
    advice = label_errors_advice(len(positions), int(predictions.rows["judged"].sum()))
    return {
        "label_errors": ReportTable(heading, table),
        "label_errors_intro": intro,
        "label_errors_advice": advice,
    }
