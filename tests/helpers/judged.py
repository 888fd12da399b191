"""Predictions for reports: topics with any number of classes, and pages of paragraphs."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pandas as pd

from copydesk.evaluation.metrics import evaluate
from copydesk.evaluation.predictions import Predictions
from copydesk.reports.report import Highlight, Report
from copydesk.reports.strong_terms import StrongTerm, TermPart
from copydesk.tasks import find_task

HOSTILE = (
    "</div></details><script>document.title = 'broken'</script><img src=x onerror=\"document.title='broken'\">"
    "'\"><style>body{display:none}</style> {{ 7*7 }} \u202eright to left\u202c \0 &lt;b&gt; </script>"
)


def frame_of(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Return rows as a dataset gives them."""
    empty = {"group": "", "split": "", "position": 0, "title": ""}
    return pd.DataFrame([{**empty, **row} for row in rows])


def topics(n: int = 120, classes: int = 3, seed: int = 0, right: float = 0.8, text: str = "") -> Predictions:
    """Return predictions on texts, a share ``right`` of them correct; those of a smaller share stay correct."""
    draw = np.random.default_rng(seed)
    names = np.asarray([f"class {number:02}" for number in range(classes)], dtype=object)
    label = np.arange(n) % classes
    hit = np.random.default_rng(1).random(n) < right
    said = np.where(hit, label, (label + 1) % classes)
    scores = draw.normal(size=(n, classes))
    scores[np.arange(n), said] = scores.max(axis=1) + draw.random(n) * 3 + 0.1
    probabilities = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    words = random.Random(seed)
    rows = [
        {"text": f"{text} {words.choice('abcdef')} word {number} on {names[k]}", "label": names[k],
         "document": f"d{number}", "group": f"site {number % 12}"}
        for number, k in enumerate(label)
    ]  # fmt: skip
    return Predictions.of(
        frame_of(rows), classes=names, predicted=names[said], scores=scores, probabilities=probabilities
    )


def pages(n: int = 12, seed: int = 0) -> Predictions:
    """Return predictions on paragraphs of pages: the first loses some article, half keep some boilerplate."""
    rows, said = [], []
    for number in range(n):
        for at in range(14):
            label = "content" if 2 <= at < 11 else "boilerplate"
            wrong = (at == 5 and number == 0) or (at == 12 and number < n // 2)
            other = {"content": "boilerplate", "boilerplate": "content"}[label]
            said.append(other if wrong else label)
            rows.append(
                {"text": f"paragraph {at} of page {number} " * (1 + 4 * (label == "content")), "label": label,
                 "document": f"p{number}", "position": at, "group": f"site {number % 11}", "title": ""}
            )  # fmt: skip
    draw = np.random.default_rng(seed)
    sure = 0.6 + 0.39 * draw.random(len(rows))
    content = np.where(np.asarray(said) == "content", sure, 1 - sure)
    return Predictions.of(
        frame_of(rows),
        classes=["boilerplate", "content"],
        predicted=said,
        scores=np.column_stack([-content, content]),
        probabilities=np.column_stack([1 - content, content]),
    )


def report(predictions: Predictions, task: str = "topic", **more: Any) -> Report:
    """Return a report on predictions; parts that ``more`` does not give have defaults."""
    first = predictions.rows.iloc[0]
    marks = {
        (row.document, row.position): Highlight([(0, 5, 0.4), (3, 9, -0.2), (1990, 2400, 0.1)], [("word", 0.4)])
        for row in predictions.rows.itertuples()
    }
    given: dict[str, Any] = {
        "run": {"experiment": "tried", "started": "2026-01-01", "seconds": {"fit": 1.5, "total": 2.0},
                "dataset": {"name": "made up", "fingerprint": "0" * 64}, "versions": {"python": "3"}},
        "config": "seed: 0\nname: tried\n",
        "overrides": ["classifier.C=2"],
        "audit": {"rows": len(predictions), "rows_by_label": {first["label"]: 3}},
        "decision": {"decision": "likeliest label"},
        "strongest": {first["label"]: [StrongTerm(term, [TermPart("word", term, weight)])
                                       for term, weight in (("ferry", 1.5), ("harbour", 0.5))]},
        "highlights": marks,
    }  # fmt: skip
    return Report(
        metrics=evaluate(predictions, find_task(task), resamples=100), predictions=predictions, **{**given, **more}
    )
