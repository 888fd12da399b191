"""Outputs of a run: metrics, predictions, the bundle, reports, and the lines printed at its end."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from copydesk.tasks import find_task

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from omegaconf import DictConfig

    from copydesk.datasets.examples import Examples
    from copydesk.estimator import TextClassifier
    from copydesk.evaluation.predictions import Predictions
    from copydesk.reports.report import Highlight, Place, Section
    from copydesk.runs.diagnostics import Diagnostics
    from copydesk.runs.run import Run

LABELS_WITH_NGRAMS = 60  # of sets of labels, of which there may be thousands


def show_audit(run: Run, facts: dict[str, Any], warnings: list[str]) -> None:
    """Record the facts of an audit, print its warnings and, on a terminal, a table of the facts."""
    run.info["audit"] = facts
    for warning in warnings:
        run.warn(warning)
    if not sys.stderr.isatty():
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(title=f"{run.name}: audit", title_justify="left", show_header=False)
    table.add_column()
    table.add_column(justify="right")
    for name, value in facts.items():
        if not isinstance(value, dict):
            table.add_row(name.replace("_", " "), f"{value:,}" if isinstance(value, int) else str(value))
    Console(stderr=True).print(table)


def save_outputs(
    run: Run,
    cfg: DictConfig,
    model: TextClassifier,
    examples: Examples,
    seen: bytes,
    predictions: Predictions,
    metrics: dict[str, Any],
    diagnostics: Diagnostics,
    max_bytes: int | None = None,
) -> None:
    """Write metrics, predictions and the bundle, with fingerprints of the training rows if ``max_bytes`` allows."""
    from copydesk.bundle import measure, save_bundle
    from copydesk.bundle.bundle import FILE_LIST
    from copydesk.config.compose import without_secrets
    from copydesk.datasets.seen_rows import SEEN_FILE, leaves_room
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
        "fields": examples.fields,
        "judged": profile(predictions, diagnostics.unknown_share),
        "seed": cfg.seed,
        "versions": run.info["versions"],
    }
    card = model_card(manifest, metrics, run.info["audit"])
    extras: dict[str, str | bytes] = {"README.md": card}
    texts = card + json.dumps(manifest, indent=2)
    used = 0 if max_bytes is None else measure(model) + len(texts.encode()) + FILE_LIST
    if leaves_room(len(seen), max_bytes, used):
        extras[SEEN_FILE] = seen
    save_bundle(run.folder / "model", model, manifest, extras)


def save_left_out(run: Run, examples: Examples, n_left_out: int | None = None, n_used: int | None = None) -> None:
    """Write what the dataset could not use into ``left_out.jsonl``, and keep a line on it for the summary.

    The numbers of rows left out and used are given where the examples hold some of them only.
    """
    left_out = examples.left_out
    if not left_out:
        return
    path = run.folder / "left_out.jsonl"
    path.write_text("".join(f"{json.dumps(each._asdict())}\n" for each in left_out), encoding="utf-8")
    unit = "documents" if examples.task.grouped else "rows"
    n_left_out = len(left_out) if n_left_out is None else n_left_out
    read = n_left_out + (examples.frame["document"].nunique() if n_used is None else n_used)
    share = n_left_out / read
    listed = "all" if n_left_out == len(left_out) else f"the first {len(left_out):,}"
    run.info["left_out"] = f"{n_left_out:,} of {read:,} {unit} ({share:.1%}), such as {left_out[0]}; {listed}: {path}"


def left_out_lines(run: Run) -> list[str]:
    """Return lines on what was left out of the data."""
    facts = run.info["audit"]
    lines = [f"  left out {run.info['left_out']}"] if "left_out" in run.info else []
    if facts["empty_texts_dropped"]:
        lines.append(f"  left out {facts['empty_texts_dropped']:,} empty texts")
    straddling = facts.get("straddling_documents_dropped_from_train", 0)
    if straddling:
        lines.append(f"  left out of training parts {straddling:,} documents nearly the same as a judged one")
    return lines


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
    from copydesk.reports.html_report import missing_library, write_html
    from copydesk.reports.markdown_report import write_markdown
    from copydesk.reports.report import Report
    from copydesk.reports.strong_terms import strongest_ngrams
    from copydesk.runs.finished import last_run

    content = Report(
        run={**run.info, "seconds": run.seconds},
        metrics=metrics,
        predictions=predictions,
        config=config,
        overrides=run.info["overrides"],
        audit=run.info["audit"],
        decision=model.decision_.summary_,
        thresholds=thresholds_of(model),
        strongest=strongest_ngrams(model, labels=labels_with_ngrams(metrics)),
        highlights=highlights,
        previous=last_run(run.folder, predictions, metrics["task"]),
        learning_curve=learning_curve,
        sections=sections,
    )
    write_markdown(content, run.folder / "report.md")
    if missing_library() is None:
        write_html(content, run.folder / "report.html")


def labels_with_ngrams(metrics: Mapping[str, Any]) -> set[str] | None:
    """Return the labels whose n-grams are listed: of sets of labels those with the largest support; None for all."""
    if not find_task(metrics["task"]).several:
        return None
    rows = sorted(metrics["per_class"], key=lambda row: -row["support"])
    return {row["label"] for row in rows[:LABELS_WITH_NGRAMS]}


def thresholds_of(model: TextClassifier) -> dict[str, float]:
    """Return the threshold of each of several labels; empty where a decision has none."""
    thresholds = getattr(model.decision_, "thresholds_", ())
    return {str(label): float(value) for label, value in zip(model.classes_, thresholds, strict=False)}


def print_summary(run: Run, metrics: dict[str, Any], n_folds: int, lines: Sequence[str] = ()) -> None:
    """Print how the model was judged, the scores, further lines, and the paths of model and report."""
    facts = run.info["audit"]
    unit = find_task(metrics["task"]).unit
    print(
        f"{run.name}: {facts['documents']:,} documents, without {facts['exact_duplicates_dropped']:,} exact copies; "
        f"judged on {metrics['n']:,} {unit} {judged_how(n_folds)}"
    )
    for line in left_out_lines(run):
        print(line)
    print_scores(metrics)
    for line in lines:
        print(line)
    print(f"  model   {run.folder / 'model'}")
    print_report(run)


def judged_how(n_folds: int) -> str:
    """Return in what way the judged rows are new to the model."""
    if not n_folds:
        return "by scores out of fold, to which the decision was fitted"
    return "not seen in training" + (f", in {n_folds} folds; the saved model is fitted on all" if n_folds > 1 else "")


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
