"""Small model of several labels for tests: texts of four subjects, two of which lie in a hierarchy."""

from __future__ import annotations

import random
from functools import cache
from pathlib import Path
from typing import Any

from copydesk.bundle import save_bundle
from copydesk.classifiers.label_decision import LabelDecision
from copydesk.classifiers.linear import LinearSVM
from copydesk.estimator import TextClassifier
from copydesk.features.tfidf import TfidfFeatures

WORDS = {
    "economy": "bank market shares euro inflation",
    "politics": "vote minister party election parliament",
    "sport": "match goal team player league",
    "sport/football": "penalty keeper striker corner pitch",
}
REST = "the a of and in to with story news day people said".split()
CLASSES = sorted(WORDS)


def rows(n: int = 200, seed: int = 0) -> list[dict[str, Any]]:
    """Return texts with their labels, some of them none; ``sport`` is left to the hierarchy."""
    draw = random.Random(seed)
    found = []
    for number in range(n):
        labels = draw.sample(CLASSES, draw.choice([0, 1, 1, 2, 3]))
        words = [word for label in labels for word in draw.choices(WORDS[label].split(), k=8)]
        found.append({"text": " ".join([*words, *draw.choices(REST, k=15), str(number)]), "labels": labels})
    return found


@cache
def fitted() -> TextClassifier:
    """Return the model, fitted to texts whose labels hold with their ancestors."""
    from copydesk.labels.hierarchy import with_ancestors

    examples = rows()
    model = TextClassifier(TfidfFeatures(dtype="float32"), LinearSVM(), LabelDecision(separator="/"), folds=3)
    return model.fit([row["text"] for row in examples], [with_ancestors(row["labels"], "/") for row in examples])


def save(path: Path) -> str:
    """Save the model; return its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    save_bundle(path, fitted(), {"task": "labels", "classes": CLASSES, "dataset": {}})
    return str(path)
