"""Advice: one line where a figure of a report calls for action, empty where none does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from copydesk.evaluation.curves import ENOUGH_SUPPORT
from copydesk.reports.report import shown

_LARGE_ECE = 0.05
_MANY_SUSPECT = 0.01  # share of labels


def calibration_advice(metrics: Mapping[str, Any], confidence: float, right: float) -> str:
    """Return what a large calibration error means, given mean confidence and the share of right labels."""
    error = metrics["scores"].get("ece", {}).get("value")
    if error is None or error < _LARGE_ECE:
        return ""
    calibrated = "; train with decision=calibrated" if metrics["task"] == "topic" else ""
    return (
        f"The confidences are off by {shown('ece', error)} on average: the mean confidence is "
        f"{shown('ece', confidence)}, the share of right labels {shown('ece', right)}. Don’t read them as "
        f"probabilities, and don’t set a threshold by them{calibrated}."
    )


def rare_classes_advice(metrics: Mapping[str, Any]) -> str:
    """Return how many classes are judged on too few examples."""
    rows = metrics["per_class"]
    rare = [row["label"] for row in rows if row["support"] < ENOUGH_SUPPORT]
    if not rare:
        return ""
    return (
        f"{len(rare):,} of {len(rows):,} classes are judged on fewer than {ENOUGH_SUPPORT} examples: read their "
        "scores with their intervals, and collect more examples, or merge these classes."
    )


def leakage_advice(audit: Mapping[str, Any]) -> str:
    """Return what copies within the data mean for scores and labels."""
    left_out = audit.get("straddling_documents_dropped_from_train", 0)
    contradicting = audit.get("exact_duplicates_with_another_label", 0)
    lines = []
    if left_out:
        lines.append(
            f"{left_out:,} training documents nearly equal a test document and were left out of that training: the "
            "data repeats itself, so new texts may score lower; split by site or date if you can."
        )
    if contradicting:
        lines.append(
            f"{contradicting:,} exact copies have another label than the first of them: at least one of each pair is "
            "wrong."
        )
    return " ".join(lines)


def label_errors_advice(suspect: int, judged: int) -> str:
    """Return what to do about many suspect labels."""
    if not judged or suspect < _MANY_SUSPECT * judged:
        return ""
    return (
        f"{shown('accuracy', suspect / judged)} of the labels are suspect: read and correct the first of them before "
        "tuning the model, which can’t be better than its labels."
    )
