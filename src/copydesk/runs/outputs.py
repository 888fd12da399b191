"""Outputs of a run: metrics, predictions, the bundle, reports, and the lines printed at its end."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from copydesk.tasks import find_task

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from omegaconf import DictConfig

    from copydesk.datasets.audit import Audit
    from copydesk.datasets.examples import Examples
    from copydesk.estimator import TextClassifier
    from copydesk.evaluation.predictions import Predictions
    from copydesk.reports.report import Highlight, Place, Section
    from copydesk.runs.diagnostics import Diagnostics
    from copydesk.runs.run import Run


def show_audit(run: Run, audited: Audit) -> None:
    """Record the audit, print its warnings and, on a terminal, its table."""
    run.info["audit"] = audited.facts
    for warning in audited.warnings:
        run.warn(warning)
    if not sys.stderr.isatty():
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(title=f"{run.name}: audit", title_justify="left", show_header=False)
    table.add_column()
    table.add_column(justify="right")
    for name, value in audited.rows:
        table.add_row(name, value)
    Console(stderr=True).print(table)


def save_outputs(
    run: Run,
    cfg: DictConfig,
    model: TextClassifier,
    examples: Examples,
    predictions: Predictions,
    metrics: dict[str, Any],
    diagnostics: Diagnostics,
) -> None:
    """Write metrics, predictions and the bundle."""
    from copydesk.bundle import save_bundle
    from copydesk.config.compose import without_secrets
    from copydesk.evaluation.shift import profile
    from copydesk.reports.card import model_card

    run.write("metrics.json", metrics)
    predictions.save(run.folder / "predictions.parquet")
    settings = without_secrets(cfg)
    manifest = {
        "task": examples.task.name,
        "name": run.name,
        "classes": [str(label) for label in model.classes_],
        "settings": {key: settings[key] for key in ("features", "classifier", "decision")},
        "headline": metrics["headline"],
        "scores": {name: score["value"] for name, score in metrics["scores"].items()},
        "dataset": run.info["dataset"],
        "judged": profile(predictions, diagnostics.unknown_share),
        "seed": cfg.seed,
        "versions": run.info["versions"],
    }
    save_bundle(run.folder / "model", model, manifest, {"README.md": model_card(manifest, metrics, run.info["audit"])})


def write_reports(
    run: Run,
    model: TextClassifier,
    predictions: Predictions,
    metrics: dict[str, Any],
    highlights: Mapping[Place, Highlight],
    learning_curve: Sequence[Mapping[str, Any]] = (),
    *,
    config: str,
    sections: Sequence[Section] = (),
) -> None:
    """Write ``report.md`` and, if the libraries for it are installed, ``report.html``."""
    from copydesk.reports.highlights import strongest_ngrams
    from copydesk.reports.html_report import missing_library, write_html
    from copydesk.reports.markdown_report import write_markdown
    from copydesk.reports.report import Report
    from copydesk.runs.finished import last_run

    content = Report(
        run={**run.info, "seconds": run.seconds},
        metrics=metrics,
        predictions=predictions,
        config=config,
        overrides=run.info["overrides"],
        audit=run.info["audit"],
        decision=model.decision_.summary_,
        strongest=strongest_ngrams(model),
        highlights=highlights,
        previous=last_run(run.folder, predictions, metrics["task"]),
        learning_curve=learning_curve,
        sections=sections,
    )
    write_markdown(content, run.folder / "report.md")
    if missing_library() is None:
        write_html(content, run.folder / "report.html")


def print_summary(run: Run, metrics: dict[str, Any], lines: Sequence[str] = ()) -> None:
    """Print the scores, further lines, and the paths of model and report."""
    facts = run.info["audit"]
    unit = find_task(metrics["task"]).unit
    print(
        f"{run.name}: {facts['documents']:,} documents, without {facts['exact_duplicates_dropped']:,} exact copies; "
        f"judged on {metrics['n']:,} {unit} not seen in training"
    )
    print_scores(metrics)
    for line in lines:
        print(line)
    print(f"  model   {run.folder / 'model'}")
    print_report(run)


def decision_lines(model: TextClassifier) -> list[str]:
    """Return what limits the probabilities of a model, as lines of the summary."""
    from copydesk.datasets.audit import shorten

    facts = model.decision_.summary_
    if not facts.get("calibrated", True):
        why = "no text could be held out" if model.decision.needs_validation else "decision=calibrated calibrates them"
        return [f"  probabilities are not calibrated: {why}"]
    unchecked = facts.get("labels_not_validated")
    return [f"  labels too rare to be held out for calibration: {shorten(unchecked)}"] if unchecked else []


def print_scores(metrics: dict[str, Any]) -> None:
    """Print the task's scores with their intervals."""
    from copydesk.reports.report import SCORES, shown, shown_interval, shown_scores

    for name in shown_scores(metrics):
        score = metrics["scores"][name]
        print(f"  {SCORES[name].title:<34}{shown(name, score['value']):>9}  {shown_interval(name, score)}")


def print_report(run: Run) -> None:
    """Print the report's path and the running time."""
    from copydesk.reports.html_report import missing_library

    missing = missing_library()
    print(f"  report  {run.folder / ('report.md' if missing else 'report.html')}")
    if missing:
        print(f"          as a page with plots: install copydesk[report] ({missing} is not there)")
    print(f"  {run.info['seconds']['total']:.1f} s; results link: {run.folder.parent / 'latest'}")
