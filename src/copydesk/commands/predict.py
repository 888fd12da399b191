"""``copydesk predict``: labels texts with a saved model of topics or of several labels."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from copydesk import predict
from copydesk.errors import ConfigError
from copydesk.formats.rows import Answer, Encoder, Row
from copydesk.tasks import TOPIC_TASK, find_task

if TYPE_CHECKING:
    from copydesk.models.topic import TopicModel


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``copydesk predict``."""
    add = parser.add_argument
    add("--model", required=True, help="a model's or run's folder, or an experiment's name: its latest run")
    predict.add_arguments(parser)
    add("--proba", action="store_true", help="add the probability of every label")
    add(
        "--top-k",
        type=int,
        metavar="K",
        help="add the K likeliest labels with probabilities; of several labels: give these",
    )
    add("--min-confidence", type=float, metavar="P", help="label null below this probability")
    add("--labels-threshold", type=float, metavar="P", help="of several labels: those from this probability on")


def run(args: argparse.Namespace) -> int:
    """Label the rows of the files; return the exit code."""
    return predict.run(args, TopicFilter(args))


class TopicFilter(predict.Filter):
    """Adds ``label`` and ``confidence``, or the ``labels`` of a model of several, and what else is asked for."""

    def __init__(self, args: argparse.Namespace) -> None:
        super().__init__(args)
        self.unsure: list[tuple[int, int]] = []  # labels left null by --min-confidence, and rows, of each chunk
        self.calibrated = True
        self.several: Sequence[str] = ()  # labels of a model that gives several
        self.names = ["label", "confidence", *["probabilities"] * args.proba, *["top"] * bool(args.top_k)]

    def open(self) -> tuple[dict[str, Any], Answer]:
        """Load the topic model.

        Raises
        ------
        ConfigError
            ``--top-k``, ``--min-confidence`` or ``--labels-threshold`` is out of range, or not of this model.
        ModelError
            The model can't be loaded.
        """
        from copydesk.models.loading import load

        model = load(self.args.model, task=TOPIC_TASK.name)
        several = find_task(model.task).several
        check_ranges(self.args, model.manifest["classes"], several)
        model.decision_function([""])  # prepares what threads then share
        if several:
            from copydesk.commands.label_answers import answer_with_sets, names_of_sets

            self.names, self.several = names_of_sets(self.args), model.manifest["classes"]
            return model.manifest, answer_with_sets(model, self.args)
        self.calibrated = bool(getattr(model.estimator.decision_, "summary_", {}).get("calibrated", True))
        return model.manifest, label_with(model, self.args, self.unsure)

    def encoder(self, output: Path | None) -> Encoder:
        """Return the encoder of the output; with several labels, one that can hold lists of them."""
        encoder = super().encoder(output)
        if self.several:
            from copydesk.commands.label_answers import check_joint

            check_joint(self.several, encoder, self.args.output)
        return encoder

    def remarks(self) -> list[str]:
        """Say so where ``--min-confidence`` leaves most labels null."""
        nulls, rows = (sum(counts) for counts in zip(*self.unsure, strict=True)) if self.unsure else (0, 0)
        if 2 * nulls <= rows:
            return []
        why = "a lower value keeps more"
        if not self.calibrated:
            why = "this model's probabilities are not calibrated: train it with decision=calibrated"
        return [f"--min-confidence {self.args.min_confidence:g} left {nulls:,} of {rows:,} labels null; {why}"]

    def added(self) -> frozenset[str]:
        """Return the names of the label, its confidence and the probabilities asked for."""
        return frozenset(self.args.prefix + name for name in self.names)


def check_ranges(args: argparse.Namespace, classes: Sequence[str], several: bool = False) -> None:
    """Check the numbers among the options, and that a model of one label or of several has them.

    Raises
    ------
    ConfigError
    """
    if args.top_k is not None and not 1 <= args.top_k <= len(classes):
        raise ConfigError(f"--top-k {args.top_k}: the model has {len(classes)} labels; give 1 to {len(classes)}")
    if args.min_confidence is not None and not 0 <= args.min_confidence <= 1:
        raise ConfigError(f"--min-confidence {args.min_confidence}: a probability is from 0 to 1")
    if several and args.min_confidence is not None:
        raise ConfigError("--min-confidence: the model gives several labels; use --labels-threshold")
    if args.labels_threshold is None:
        return
    if not several:
        raise ConfigError("--labels-threshold: the model gives one label to each text; use --min-confidence")
    if args.top_k is not None:
        raise ConfigError("--labels-threshold and --top-k: give one of both")
    if not 0 <= args.labels_threshold <= 1:
        raise ConfigError(f"--labels-threshold {args.labels_threshold}: a probability is from 0 to 1")


def label_with(model: TopicModel, args: argparse.Namespace, counts: list[tuple[int, int]]) -> Answer:
    """Return a function from rows to the fields added to each.

    It adds to ``counts``, for each call, the number of labels below ``--min-confidence`` and that of rows.
    """
    from copydesk.models.topic import join_title

    classes = [str(label) for label in model.classes_]

    def answer(rows: Sequence[Row]) -> list[dict[str, Any]]:
        labels, probabilities = model.label([join_title(row.text, row.title) for row in rows])
        answers: list[dict[str, Any]] = []
        nulls = 0
        for label, likely in zip(labels, probabilities.tolist(), strict=True):
            confidence = max(likely)
            unsure = args.min_confidence is not None and confidence < args.min_confidence
            nulls += unsure and label is not None
            added = {"label": None if unsure or label is None else str(label), "confidence": round(confidence, 6)}
            if args.proba:
                added["probabilities"] = {name: round(p, 6) for name, p in zip(classes, likely, strict=True)}
            if args.top_k:
                ranked = sorted(zip(classes, likely, strict=True), key=lambda each: -each[1])[: args.top_k]
                added["top"] = [{"label": name, "probability": round(p, 6)} for name, p in ranked]
            answers.append({args.prefix + name: value for name, value in added.items()})
        counts.append((nulls, len(answers)))  # by several threads
        return answers

    return answer
