"""Reports on sets of labels for tests."""

from __future__ import annotations

from typing import Any

from copydesk.evaluation.label_metrics import evaluate_labels
from copydesk.evaluation.label_predictions import LabelPredictions
from copydesk.reports.report import Highlight, Report
from copydesk.tasks import find_task


def label_report(predictions: LabelPredictions, **more: Any) -> Report:
    """Return a report on sets of labels; parts that ``more`` does not give have defaults."""
    names = [str(name) for name in predictions.classes]
    given: dict[str, Any] = {
        "run": {"experiment": "tried", "started": "2026-01-01", "seconds": {"fit": 1.5, "total": 2.0},
                "dataset": {"name": "made up", "fingerprint": "0" * 64}},
        "config": "seed: 0\nname: tried\n",
        "audit": {"rows": len(predictions), "rows_by_label": {names[0]: 3}},
        "decision": {"decision": "labels above thresholds of their own"},
        "thresholds": {name: (at + 1) / len(names) if at else 1.1 for at, name in enumerate(names)},
        "highlights": {
            (row.document, row.position): Highlight([(0, 4, 0.4), (5, 9, -0.2)], [("text", 0.4), ("number", -0.2)])
            for row in predictions.rows.itertuples()
        },
    }  # fmt: skip
    metrics = evaluate_labels(predictions, find_task("labels"), resamples=100)
    return Report(metrics=metrics, predictions=predictions, **{**given, **more})  # type: ignore[arg-type]
