"""Answers of ``copydesk predict`` with a model of several labels."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from copydesk.errors import ConfigError, escaped
from copydesk.formats.rows import Answer, Row

if TYPE_CHECKING:
    from copydesk.models.labels_model import LabelsModel

_JOINED_IN = (".csv", ".tsv")  # outputs in which lists are joined
_JOINT = ";"
_LABELS, _PROBABILITIES, _ALL = "labels", "probabilities", "all_probabilities"


def names_of_sets(args: argparse.Namespace) -> list[str]:
    """Return the names of the added fields, without prefix."""
    return [_LABELS, _PROBABILITIES, *[_ALL] * args.proba]


def answer_with_sets(model: LabelsModel, args: argparse.Namespace) -> Answer:
    """Return a function from rows to the fields added to each: lists by falling probability, joined in CSV.

    Raises
    ------
    ConfigError
        A label contains what would join it to others.
    """
    from copydesk.models.topic import join_title

    classes = [str(label) for label in model.classes_]
    joined = args.output is not None and Path(args.output).suffix.lower() in _JOINED_IN
    torn = [name for name in classes if _JOINT in name] if joined else []
    if torn:
        raise ConfigError(
            f"--output {escaped(args.output)}: the label {torn[0]!r} contains {_JOINT!r}, which joins labels in CSV; "
            "write .jsonl or .parquet"
        )

    def answer(rows: Sequence[Row]) -> list[dict[str, Any]]:
        texts = [join_title(row.text, row.title) for row in rows]
        found = model.label_sets(texts, threshold=args.labels_threshold, top_k=args.top_k)
        answers: list[dict[str, Any]] = []
        for labels, likely, all_likely in zip(*found, strict=True):
            likely = [round(p, 6) for p in likely]
            added: dict[str, Any] = {_LABELS: labels, _PROBABILITIES: likely}
            if joined:
                added = {_LABELS: _JOINT.join(labels), _PROBABILITIES: _JOINT.join(map(str, likely))}
            if args.proba:
                added[_ALL] = {name: round(p, 6) for name, p in zip(classes, all_likely.tolist(), strict=True)}
            answers.append({args.prefix + name: value for name, value in added.items()})
        return answers

    return answer
