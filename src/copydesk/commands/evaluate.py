"""``copydesk evaluate``: evaluates a saved model on new labelled data and reports scores and shift."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from copydesk.errors import DataError
from copydesk.streams.conflicts import check_folder

if TYPE_CHECKING:
    import pandas as pd

    from copydesk.datasets.examples import Examples
    from copydesk.models.topic import Model
    from copydesk.reports.report import Section
    from copydesk.runs.run import Run
    from copydesk.tasks import Task

FOLDER = "experiments/evaluations"
LABELS_SHOWN = 5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``copydesk evaluate``."""
    add = parser.add_argument
    add("data", nargs="+", metavar="DATA", help="labelled texts: CSV, TSV, JSONL, Parquet or a folder per label; "
        "for a cleaner JSONL with labelled paragraphs, as copydesk clean writes it")  # fmt: skip
    add(
        "--model",
        required=True,
        help="a model's or run's folder, an experiment's name, or boilerplate: the cleaner in the box",
    )
    add("--text-field", default="text", metavar="FIELD", help="field of the text (%(default)s)")
    add("--label-field", default="label", metavar="FIELD", help="field of the label (%(default)s)")
    add("--title-field", metavar="FIELD", help="field of the title, if it is not part of the text")
    add("--site-field", metavar="FIELD", help="field of the site; intervals are then by site")
    add(
        "--output",
        "-o",
        default=FOLDER,
        metavar="FOLDER",
        help="parent of the evaluation's folder (%(default)s)",
    )
    add("--seed", type=int, default=0, help="of the bootstrap (%(default)s)")


def run(args: argparse.Namespace) -> int:
    """Judge the model and write the report; return the exit code.

    Raises
    ------
    DataError, ModelError, ResourceError
        One line each.
    """
    from copydesk.datasets.audit import audit
    from copydesk.evaluation.metrics import evaluate
    from copydesk.evaluation.shift import profile
    from copydesk.models.loading import find_model, load
    from copydesk.runs import outputs
    from copydesk.runs.diagnostics import Diagnostics
    from copydesk.runs.fit import predict_held_out
    from copydesk.runs.run import Run, fingerprint
    from copydesk.tasks import find_task

    check_folder("--output", Path(args.output), [*args.data, find_model(args.model)])
    model = load(args.model)
    task = find_task(model.task)
    name = Path(str(model.manifest.get("name", ""))).name or model.task
    with Run(Path(args.output), name) as run:
        with run.stage("read"):
            examples = read(args, task)
        with run.stage("audit"):
            # all rows are test rows: duplicates stay, and a single label is allowed
            audited = audit(examples.frame.assign(split="test"), official=True, fewest_labels=1)
            frame = audited.frame
            found = {"name": examples.name, "fingerprint": fingerprint(frame), **examples.notes}
        run.info |= {"overrides": [], "seed": args.seed, "dataset": found}
        run.info["model"] = {"folder": str(args.model), "sha256": model.manifest.get("sha256", "")}
        outputs.show_audit(run, audited)
        diagnostics = Diagnostics()
        with run.stage("predict"):
            predictions = predict_held_out(model.estimator, frame, task, 0)
        with run.stage("evaluate"):
            metrics = evaluate(predictions, task, seed=args.seed)
            limits = limits_of(model, frame, found["fingerprint"])
        for line in limits:
            run.warn(line)
        with run.stage("report"):
            diagnostics.add(model.estimator, frame, predictions, task)
            now = profile(predictions, diagnostics.unknown_share)
            sections = sections_of(model, now, limits)
            run.write("metrics.json", metrics)
            run.write("shift.json", {"at_training": model.manifest.get("judged"), "now": now})
            predictions.save(run.folder / "predictions.parquet")
            outputs.write_reports(
                run,
                model.estimator,
                predictions,
                metrics,
                diagnostics.marks,
                sections=sections,
                config=config_of(model),
            )
    print_outcome(run, metrics, sections)
    return 0


def read(args: argparse.Namespace, task: Task) -> Examples:
    """Read the labelled data that a task needs.

    Raises
    ------
    DataError
        Named by this command's options, not by config keys.
    """
    from copydesk.datasets.labelled_paragraphs import Paragraphs
    from copydesk.datasets.tables import Table

    site = args.site_field
    title = args.title_field
    try:
        if not task.grouped:
            columns = {"text": args.text_field, "label": args.label_field, "title": title, "group": site}
            return Table(path=args.data, **columns).load()
        named = {name: value for name, value in (("site", site), ("title", title)) if value}
        return Paragraphs(path=args.data, **named).load()
    except DataError as error:
        text = str(error).replace(f"dataset.path={args.data}", ", ".join(args.data)).replace("dataset.path=", "")
        raise DataError(text.replace(", or raise dataset.max_bad", "")) from None


def limits_of(model: Model, frame: pd.DataFrame, fingerprint: str) -> list[str]:
    """Return what these data can't show about the model, a line each."""
    found = []
    known, present = {str(label) for label in model.classes_}, set(frame["label"])
    strange = sorted(present - known)
    if strange:
        more = f" and {len(strange) - LABELS_SHOWN} more" if len(strange) > LABELS_SHOWN else ""
        rows = int(frame["label"].isin(strange).sum())
        found.append(
            f"{rows:,} rows have labels that the model does not know, which are always wrong: "
            f"{', '.join(strange[:LABELS_SHOWN])}{more}"
        )
    if len(present) == 1:
        found.append(
            f"all rows have the label {next(iter(present))!r}: what is missed of it can be judged; precision, average "
            "precision and ROC AUC can't"
        )
    missing = sorted(known - present)
    if missing and len(present) > 1:
        more = f" and {len(missing) - LABELS_SHOWN} more" if len(missing) > LABELS_SHOWN else ""
        found.append(
            f"no row has the label {', '.join(missing[:LABELS_SHOWN])}{more}: nothing is said of how well it is found"
        )
    if fingerprint == model.manifest.get("dataset", {}).get("fingerprint"):
        found.append("these are the data that the model was trained on: it has seen what it is judged by")
    return found


def sections_of(model: Model, now: dict[str, Any], limits: list[str]) -> list[Section]:
    """Return the sections that only the report of an evaluation has."""
    from copydesk.reports.report import Section
    from copydesk.reports.shift_section import shift_sections

    cant = [Section("What can't be said", "; ".join(limits) + ".")] if limits else []
    return [*shift_sections(model.manifest.get("judged"), now), *cant]


def config_of(model: Model) -> str:
    """Return the settings that the model was trained with, as YAML."""
    import yaml

    return str(yaml.safe_dump(model.manifest.get("settings", {}), sort_keys=False, allow_unicode=True))


def print_outcome(run: Run, metrics: dict[str, Any], sections: list[Section]) -> None:
    """Print the scores, the shift, and the path of the report."""
    from copydesk.runs import outputs
    from copydesk.tasks import find_task

    unit = find_task(metrics["task"]).unit
    print(f"{run.name}: judged on {metrics['n']:,} {unit} of {run.info['audit']['documents']:,} documents")
    outputs.print_scores(metrics)
    print(f"  shift   {sections[0].text}")
    outputs.print_report(run)
