"""What a run leaves behind and says: predictions, metrics, the bundle, reports, and a few lines on the screen."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from omegaconf import DictConfig

    from copydesk.datasets.audit import Audit
    from copydesk.datasets.examples import Examples
    from copydesk.estimator import TextClassifier
    from copydesk.evaluation.predictions import Predictions
    from copydesk.records import Run


def print_audit(audited: Audit) -> None:
    """Show the audit's short table on standard error, where that is a terminal."""
    if not sys.stderr.isatty():
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(title="Audit", title_justify="left", show_header=False)
    for name, value in audited.rows:
        table.add_row(name, str(value))
    Console(stderr=True).print(table)


def save(
    run: Run,
    cfg: DictConfig,
    model: TextClassifier,
    examples: Examples,
    predictions: Predictions,
    metrics: dict[str, Any],
) -> None:
    """Write metrics, predictions and the bundle."""
    from copydesk import bundle
    from copydesk.config import without_secrets
    from copydesk.evaluation.card import model_card

    run.write("metrics.json", metrics)
    predictions.save(run.folder / "predictions.parquet")
    settings = without_secrets(cfg)
    manifest = {
        "task": examples.task,
        "name": run.name,
        "classes": [str(label) for label in model.classes_],
        "settings": {key: settings[key] for key in ("features", "classifier", "decision")},
        "headline": metrics["headline"],
        "scores": {name: score["value"] for name, score in metrics["scores"].items()},
        "dataset": run.info["dataset"],
        "seed": cfg.seed,
        "versions": run.info["versions"],
    }
    card = model_card(manifest, metrics)
    bundle.save(run.folder / "model", model, manifest, {"README.md": card})
