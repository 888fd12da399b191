"""The result of a run in a sentence or two, for the head of reports and for model cards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from copydesk.evaluation.curves import ENOUGH_SUPPORT
from copydesk.reports.report import shown, shown_interval
from copydesk.tasks import find_task


def verdict(metrics: Mapping[str, Any]) -> str:
    """Return the result of a run, in the words of its task."""
    text: str = find_task(metrics["task"]).load("verdict")(metrics)
    return text


def accuracy_verdict(metrics: Mapping[str, Any]) -> str:
    """Return accuracy beside the majority class, abstentions, and the weakest class."""
    scores, baseline = metrics["scores"], metrics["baseline"]
    accuracy = scores["accuracy"]
    text = (
        f"Of {metrics['n']:,} texts, {shown('accuracy', accuracy['value'])} get the right label "
        f"(95 % interval {shown_interval('accuracy', accuracy)}); always answering “{baseline['label']}” "
        f"would reach {shown('accuracy', baseline['accuracy'])}."
    )
    abstained = metrics["coverage"]["abstained"]
    if abstained:
        answered = shown("accuracy_answered", scores["accuracy_answered"]["value"])
        text += f" The model abstains on {abstained:,} texts; of the labels it gives, {answered} are right."
    return text + _weakest_class(metrics["per_class"])


def _weakest_class(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return the class with the lowest F1 of those with enough examples to tell; nothing of two classes."""
    judged = [row for row in rows if row["support"] >= ENOUGH_SUPPORT and row["f1"]["value"] is not None]
    worst = min(judged, key=lambda row: row["f1"]["value"], default=None)
    if len(rows) <= 2 or worst is None or worst["f1"]["value"] == 1:
        return ""
    among = f" of those with {ENOUGH_SUPPORT} examples or more" if len(judged) < len(rows) else ""
    return f" The weakest class{among} is “{worst['label']}”, with an F1 of {shown('f1', worst['f1']['value'])}."


def labels_verdict(metrics: Mapping[str, Any]) -> str:
    """Return micro and macro F1, the texts that get exactly their labels, and the baseline."""
    scores, baseline, labels = metrics["scores"], metrics["baseline"], metrics["labels"]
    micro, macro = scores["micro_f1"], scores["macro_f1"]
    return (
        f"On {metrics['n']:,} texts with {labels['per_document']:.1f} of {labels['n']:,} labels each, micro F1 is "
        f"{shown('micro_f1', micro['value'])} (95 % interval {shown_interval('micro_f1', micro)}) and macro F1, with "
        f"every label counted once, {shown('macro_f1', macro['value'])}; always answering “{baseline['label']}” would "
        f"reach {shown('micro_f1', baseline['micro_f1'])} and {shown('macro_f1', baseline['macro_f1'])}. "
        f"{shown('subset_accuracy', scores['subset_accuracy']['value'])} of the texts get exactly their labels."
    )


def boilerplate_verdict(metrics: Mapping[str, Any]) -> str:
    """Return the shares of boilerplate removed and of article lost, and F1 by paragraph."""
    scores = metrics["scores"]
    f1, lost, gone = (scores[name] for name in ("boilerplate_f1", "article_lost", "boilerplate_removed"))
    where = f" of {metrics['groups']:,} sites" if metrics["groups"] > 1 else ""
    text = f"On {metrics['documents']:,} pages{where} ({metrics['n']:,} paragraphs), "
    if gone["value"] is None:
        return text + f"none of them with boilerplate, {shown('article_lost', lost['value'])} of the article is lost."
    text += f"{shown('boilerplate_removed', gone['value'])} of the boilerplate is removed"
    if lost["value"] is not None:
        text += (
            f" and {shown('article_lost', lost['value'])} of the article is lost "
            f"(95 % interval {shown_interval('article_lost', lost)}), counted in characters"
        )
    return text + f". By paragraph, boilerplate F1 is {shown('boilerplate_f1', f1['value'])}."
