"""``copydesk evaluate``: evaluates a saved model on new labelled data and reports scores and shift."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from copydesk import predict
from copydesk.commands.scored_parts import scores_by_shard
from copydesk.errors import ConfigError, DataError
from copydesk.streams.conflicts import check_folder

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from copydesk.datasets.examples import Examples
    from copydesk.models.topic import Model
    from copydesk.reports.report import Section
    from copydesk.runs.run import Run

FOLDER = "experiments/evaluations"
SCORES_FOLDER = ".scores"  # of an evaluation on a cluster, until it is done
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
    add("--text-field", metavar="FIELD", help="field of the text (that of the training data, else text)")
    add("--label-field", metavar="FIELD", help="field of the label (label), or of several (that of the training data)")
    add("--label-delimiter", metavar="TEXT", help="between several labels of a field (that of the training data)")
    add("--title-field", metavar="FIELD", help="field of the title (that of the training data); '' for none")
    add("--site-field", metavar="FIELD", help="field of the site, by which intervals are then taken (that of the "
        "training data); '' for none")  # fmt: skip
    add("--id-field", metavar="FIELD", help="field of a name for each row, in predictions and comparisons")
    add("--include-seen", action="store_true", help="judge also rows that the model was trained on")
    add(
        "--output",
        "-o",
        default=FOLDER,
        metavar="FOLDER",
        help="parent of the evaluation's folder (%(default)s)",
    )
    add("--seed", type=int, default=0, help="of the bootstrap (%(default)s)")
    predict.add_cluster_arguments(parser, "where rows are scored; here by default")
    add("--resume", action="store_true", help="with --on dask: continue an interrupted evaluation")


def run(args: argparse.Namespace) -> int:
    """Evaluate the model and write the report; return the exit code.

    Raises
    ------
    DataError, ModelError, ResourceError
        One line each.
    """
    from copydesk.datasets.audit import audit
    from copydesk.evaluation.shift import profile
    from copydesk.formats.input_fields import choose_fields
    from copydesk.models.loading import find_model, load
    from copydesk.runs import outputs
    from copydesk.runs.diagnostics import Diagnostics
    from copydesk.runs.fit import predictions_of
    from copydesk.runs.run import Run, fingerprint
    from copydesk.tasks import find_task

    check_folder("--output", Path(args.output), [*args.data, find_model(args.model)])
    predict.check_cluster_options(args)
    if args.resume and not args.on:
        raise ConfigError("--resume: of an evaluation on a cluster; add --on dask")
    model = load(args.model)
    task = find_task(model.task)
    name = Path(str(model.manifest.get("name", ""))).name or model.task
    with Run(Path(args.output), name) as run:
        with run.stage("read"):
            examples = read(args, model, choose_fields(args, model.manifest))
            outputs.save_left_out(run, examples)
        with run.stage("audit"):
            # all rows are test rows: duplicates stay, and a single label is allowed
            audited = audit(examples.frame.assign(split="test"), official=True, fewest_labels=1)
            seen = seen_in_training(args, audited.frame)
            frame = audited.frame if seen is None or args.include_seen else audited.frame[~seen].reset_index(drop=True)
            if not len(frame):
                raise DataError(
                    f"{', '.join(args.data)}: the model was trained on all {len(audited.frame):,} {task.unit}, so "
                    "nothing is left to judge it by; give others, or --include-seen"
                )
            found = {"name": examples.name, "fingerprint": fingerprint(frame), **examples.notes}
        run.info |= {"overrides": [], "seed": args.seed, "dataset": found}
        run.info["judged_documents"] = frame["document"].nunique()
        run.info["seen_in_training"] = None if seen is None else int(seen.sum())
        run.info["model"] = {"folder": str(args.model), "sha256": model.manifest.get("sha256", "")}
        outputs.show_audit(run, audited.facts, audited.warnings)
        diagnostics = Diagnostics()
        with run.stage("predict"):
            with predict.cluster(args) as client:
                scores = (
                    model.estimator.scores(task.inputs(frame))
                    if client is None
                    else scores_by_shard(client, args, model, frame, run.folder.parent / SCORES_FOLDER)
                )
            predictions = predictions_of(model.estimator, frame, scores, task, 0)
        with run.stage("evaluate"):
            metrics = task.load("evaluation")(predictions, task, seed=args.seed)
            limits = limits_of(model, frame)
            if args.include_seen and seen is not None and seen.any():
                limits.append(f"the model was trained on {int(seen.sum()):,} of these {len(seen):,} {task.unit}")
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
    print_outcome(run, metrics, sections, novelty(audited.frame, seen, args.include_seen, task.unit))
    return 0


def read(args: argparse.Namespace, model: Model, named: dict[str, str]) -> Examples:
    """Read the labelled data that the task of a model needs.

    Parameters
    ----------
    args : Namespace
    model : Model
    named : dict of str to str
        Fields that the command line names, by role; others are read where the data has them.

    Raises
    ------
    DataError
        Names this command's options, not config keys.
    """
    from copydesk.datasets.labelled_paragraphs import Paragraphs
    from copydesk.formats.input_fields import warn_of_title
    from copydesk.tasks import find_task

    given = {"title": args.title_field, "site": args.site_field, "id": args.id_field}
    try:
        if find_task(model.task).grouped:
            return Paragraphs(path=args.data, **{name: field for name, field in given.items() if field}).load()
        table, labelled = table_of(args, model)
        present = table(path=args.data, text=args.text_field, **labelled).fields()
        for role in ("title", "site"):
            if role not in named and given[role] not in present:
                if given[role] and role == "title" and present:
                    warn_of_title(given[role])
                given[role] = ""
        found: Examples = table(
            path=args.data,
            text=args.text_field,
            **labelled,
            id=given["id"] or None,
            title=given["title"] or None,
            group=given["site"] or None,
        ).load()
        return found
    except DataError as error:
        text = str(error).replace(f"dataset.path={args.data}", ", ".join(args.data)).replace("dataset.path=", "")
        raise DataError(text.replace(", or raise dataset.max_bad", "")) from None


def table_of(args: argparse.Namespace, model: Model) -> tuple[Any, dict[str, Any]]:
    """Return the class that reads a model's labelled data, and its arguments that say where labels are.

    Raises
    ------
    ConfigError
        ``--label-delimiter`` is given for a model of one label.
    """
    from copydesk.datasets.labels import LabelTable
    from copydesk.datasets.tables import Table
    from copydesk.tasks import find_task

    if not find_task(model.task).several:
        if args.label_delimiter is not None:
            raise ConfigError("--label-delimiter: the model gives one label to each text")
        return Table, {"label": args.label_field or "label"}
    labelled: dict[str, Any] = dict(model.manifest.get("dataset", {}).get("labels") or {})
    if args.label_field is not None:
        labelled |= {"label": args.label_field, "labels": None}
    if args.label_delimiter is not None:
        labelled["label_delimiter"] = args.label_delimiter
    return LabelTable, labelled


def seen_in_training(args: argparse.Namespace, frame: pd.DataFrame) -> NDArray[np.bool_] | None:
    """Return which rows the model was trained on, shape (n_rows,); None if it has no fingerprints to tell."""
    from copydesk.datasets.seen_rows import read_seen, seen_rows
    from copydesk.models.loading import find_model

    known = read_seen(find_model(args.model))
    return None if known is None else seen_rows(frame, known)


def novelty(frame: pd.DataFrame, seen: NDArray[np.bool_] | None, included: bool, unit: str) -> str:
    """Return which of the rows are new to the model, for the end of the line on what it was judged on."""
    if seen is None:
        return "; unknown whether it was trained on them"
    if not seen.any():
        return ", none seen in training"
    if included:
        return f", {int(seen.sum()):,} of them seen in training"
    documents = frame["document"][seen].nunique()
    left_out = f"{int(seen.sum()):,} {unit} of {documents:,} documents were seen and are left out"
    return f", none seen in training; {left_out} (--include-seen judges them too)"


def limits_of(model: Model, frame: pd.DataFrame) -> list[str]:
    """Return the limits of an evaluation on these data, a line each."""
    from copydesk.datasets.label_audit import label_counts

    found = []
    known, present = {str(label) for label in model.classes_}, set(label_counts(frame["label"]))
    strange = sorted(present - known)
    if strange:
        rows = sum(not known.issuperset(label_counts([label])) for label in frame["label"])
        found.append(
            f"{rows:,} rows have labels that the model does not know, which are always wrong: {listed(strange)}"
        )
    if len(present) == 1:
        found.append(
            f"all rows have the label {next(iter(present))!r}: what is missed of it can be judged; precision, average "
            "precision and ROC AUC can't"
        )
    missing = sorted(known - present)
    if missing and len(present) > 1:
        found.append(f"no row has the label {listed(missing)}: how well it is found is not measured")
    return found


def listed(labels: list[str]) -> str:
    """Return the first labels, and how many more there are."""
    more = f" and {len(labels) - LABELS_SHOWN} more" if len(labels) > LABELS_SHOWN else ""
    return f"{', '.join(labels[:LABELS_SHOWN])}{more}"


def sections_of(model: Model, now: dict[str, Any], limits: list[str]) -> list[Section]:
    """Return the sections that only the report of an evaluation has."""
    from copydesk.reports.report import Section
    from copydesk.reports.shift_section import shift_sections

    limited = [Section("What this evaluation can't show", "; ".join(limits) + ".")] if limits else []
    return [*shift_sections(model.manifest.get("judged"), now), *limited]


def config_of(model: Model) -> str:
    """Return the settings that the model was trained with, as YAML."""
    import yaml

    return str(yaml.safe_dump(model.manifest.get("settings", {}), sort_keys=False, allow_unicode=True))


def print_outcome(run: Run, metrics: dict[str, Any], sections: list[Section], novelty: str) -> None:
    """Print what was judged, the scores, the shift, and the path of the report."""
    from copydesk.runs import outputs
    from copydesk.tasks import find_task

    unit = find_task(metrics["task"]).unit
    print(f"{run.name}: judged on {metrics['n']:,} {unit} of {run.info['judged_documents']:,} documents{novelty}")
    for line in outputs.left_out_lines(run):
        print(line)
    outputs.print_scores(metrics)
    print(f"  shift   {sections[0].text}")
    outputs.print_report(run)
