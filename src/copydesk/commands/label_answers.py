"""Answers of ``copydesk predict`` with a model of several labels."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from copydesk.errors import ConfigError, escaped
from copydesk.formats.csv import JOINT, Csv, JoinedList
from copydesk.formats.rows import Answer, Encoder, Row

if TYPE_CHECKING:
    from copydesk.models.labels_model import LabelsModel

_LABELS, _PROBABILITIES, _ALL = "labels", "probabilities", "all_probabilities"


def names_of_sets(args: argparse.Namespace) -> list[str]:
    """Return the names of the added fields, without prefix."""
    return [_LABELS, _PROBABILITIES, *[_ALL] * args.proba]


def check_joint(classes: Sequence[str], encoder: Encoder, output: str) -> None:
    """Check that an output can hold lists of labels.

    Raises
    ------
    ConfigError
        A label contains what joins labels in CSV.
    """
    torn = [name for name in classes if JOINT in name]
    if torn and isinstance(encoder, Csv):
        raise ConfigError(
            f"--output {escaped(output)}: the label {torn[0]!r} contains {JOINT!r}, which joins labels in CSV; "
            "write .jsonl or .parquet"
        )


def answer_with_sets(model: LabelsModel, args: argparse.Namespace) -> Answer:
    """Return a function from rows to the fields added to each: lists by falling probability."""
    from copydesk.models.topic import join_title

    classes = [str(label) for label in model.classes_]

    def answer(rows: Sequence[Row]) -> list[dict[str, Any]]:
        texts = [join_title(row.text, row.title) for row in rows]
        found = model.label_sets(texts, threshold=args.labels_threshold, top_k=args.top_k)
        answers: list[dict[str, Any]] = []
        for labels, likely, all_likely in zip(*found, strict=True):
            rounded = JoinedList(round(p, 6) for p in likely)
            added: dict[str, Any] = {_LABELS: JoinedList(labels), _PROBABILITIES: rounded}
            if args.proba:
                added[_ALL] = {name: round(p, 6) for name, p in zip(classes, all_likely.tolist(), strict=True)}
            answers.append({args.prefix + name: value for name, value in added.items()})
        return answers

    return answer
