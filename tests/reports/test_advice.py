"""Advice: given where a figure calls for it, and nowhere else."""

from __future__ import annotations

from copydesk.evaluation.metrics import evaluate
from copydesk.reports.advice import (
    calibration_advice,
    label_errors_advice,
    leakage_advice,
    rare_classes_advice,
)
from copydesk.tasks import find_task
from helpers.judged import topics


def test_a_large_calibration_error_is_put_in_words_with_its_direction() -> None:
    metrics = {"task": "topic", "scores": {"ece": {"value": 0.798}}}
    line = calibration_advice(metrics, confidence=0.155, right=0.953)
    assert "off by 79.8 %" in line
    assert "mean confidence is 15.5 %, the share of right labels 95.3 %" in line
    assert "decision=calibrated" in line
    assert calibration_advice({"task": "topic", "scores": {"ece": {"value": 0.02}}}, 0.9, 0.92) == ""
    assert calibration_advice({"task": "topic", "scores": {}}, 0.9, 0.5) == ""


def test_classes_of_few_examples_are_counted() -> None:
    few = evaluate(topics(90, classes=20), find_task("topic"), resamples=10)
    assert rare_classes_advice(few).startswith("20 of 20 classes are judged on fewer than 10 examples")
    assert rare_classes_advice(evaluate(topics(90, classes=3), find_task("topic"), resamples=10)) == ""


def test_copies_across_parts_and_contradicting_ones_are_named() -> None:
    assert leakage_advice({"documents": 10, "straddling_documents_dropped_from_train": 0}) == ""
    both = leakage_advice({"straddling_documents_dropped_from_train": 1_052, "exact_duplicates_with_another_label": 3})
    assert both.startswith("1,052 training documents nearly equal a test document")
    assert "3 exact copies have another label" in both


def test_many_suspect_labels_call_for_reading_them() -> None:
    assert label_errors_advice(31, 1_000).startswith("3.1 % of the labels are suspect")
    assert label_errors_advice(3, 1_000) == ""
    assert label_errors_advice(0, 0) == ""
