"""Small topic model for tests: thirty texts of three labels, trained in a moment."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from copydesk.bundle import save_bundle
from copydesk.classifiers.decision import Calibrated
from copydesk.classifiers.linear import LinearSVM
from copydesk.estimator import TextClassifier
from copydesk.features.tfidf import TfidfFeatures

TEXTS = [f"{word} n{n}" for n in range(10) for word in ("sea ship wave", "oven bread", "pawn queen")]
LABELS = ["boats", "bread", "chess"] * 10


def fitted(C: float = 1.0, **features: Any) -> TextClassifier:
    """Return the model, with options of its features."""
    return TextClassifier(TfidfFeatures(**features), LinearSVM(C=C), Calibrated()).fit(TEXTS, LABELS)


def save(path: Path, **features: Any) -> str:
    """Save the model; return its folder."""
    save_bundle(path, fitted(**features), {"task": "topic", "classes": sorted(set(LABELS))})
    return str(path)
