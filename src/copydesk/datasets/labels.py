"""Texts with several labels each, or none: the task, and the user's own tables of such texts."""

from __future__ import annotations

import json
from typing import Any

from copydesk.datasets.tables import Table, read_record
from copydesk.formats.rows import is_unicode
from copydesk.labels.hierarchy import with_ancestors
from copydesk.tasks import Task, register

LABELS = register(
    Task(
        name="labels",
        title="Labels",
        use="Gives a text the labels that fit it, several or none, each by a threshold of its own: title on the first "
        "line, then the body. Meant for tagging and filtering many articles, with a person behind decisions that "
        "matter to somebody.",
        limits="Gives only labels that its training data names; what that leaves unlabelled, it takes as not fitting. "
        "Rare labels are given less reliably than frequent ones; the report lists each. It reads words, not meaning: "
        "other times, places and languages use others.",
        several=True,
        headline="micro_f1",
        shown_scores=(
            "micro_f1", "macro_f1", "weighted_f1", "micro_precision", "micro_recall", "subset_accuracy", "hamming_loss",
            "average_precision", "precision_at_1", "precision_at_3", "precision_at_5", "recall_at_3", "recall_at_5",
            "ndcg_at_5", "coverage_error", "labels_given", "label_ece", "given_ece",
        ),
        verdict="copydesk.reports.verdict:labels_verdict",
        predictions="copydesk.evaluation.label_predictions:LabelPredictions",
        evaluation="copydesk.evaluation.label_metrics:evaluate_labels",
        comparison="copydesk.evaluation.label_comparison:compare_labels",
        html="copydesk.reports.labels_page:labels_page",
        markdown="copydesk.reports.labels_markdown:labels_sections",
        model="copydesk.models.labels_model:LabelsModel",
        explanation_json="copydesk.commands.explain:labels_json",
        explanation_text="copydesk.commands.explain:labels_text",
    )
)  # fmt: skip

_SHOWN = 50  # characters of a value in messages


class LabelTable(Table):
    """Documents and their sets of labels from files of the user's own.

    A row without labels is kept: none of them holds. A row whose labels can't be read is left out, counted and named.

    Parameters
    ----------
    label : str
        Column of the labels: a list of strings, in CSV also written as JSON, or a cell with a delimiter.
    labels : list of str or None
        Columns of 0 and 1, one for each label, in place of ``label``.
    label_delimiter : str or None
        Between the labels of a cell, such as ``;``.
    separator : str or None
        Between the steps of a label's path, such as ``/`` in ``sport/football``: a label brings its ancestors.
    path, text, id, group, title, split, format, encoding, delimiter, sha256, max_bad
        As for ``Table``.
    """

    task = LABELS
    _label_roles = ()

    def __init__(
        self,
        path: str | list[str] | None = None,
        text: str = "text",
        label: str = "labels",
        labels: list[str] | None = None,
        label_delimiter: str | None = None,
        separator: str | None = None,
        id: str | None = None,
        group: str | None = None,
        title: str | None = None,
        split: str | None = None,
        format: str | None = None,
        encoding: str = "utf-8",
        delimiter: str | None = None,
        sha256: str | None = None,
        max_bad: float = 0.1,
    ) -> None:
        super().__init__(
            path, text, label, id, group, title, split, format, encoding, delimiter, sha256, max_bad, stream=False
        )
        self.labels = labels
        self.label_delimiter = label_delimiter
        self.separator = separator

    def _check_parameters(self) -> None:
        super()._check_parameters()
        for name in ("label_delimiter", "separator"):
            value = getattr(self, name)
            if value is not None and not value.strip():
                raise ValueError(f"{name}={value!r}: must be visible characters, such as ; or /, or null")
        if self.separator is not None and self.separator == self.label_delimiter:
            raise ValueError(f"separator={self.separator!r}: is label_delimiter too; give each its own")
        if self.labels is not None and len(set(self.labels)) < max(1, len(self.labels)):
            raise ValueError(f"labels={self.labels!r}: must name columns, each once")
        if self.labels is not None and self.label_delimiter is not None:
            raise ValueError(
                f"label_delimiter={self.label_delimiter!r}: columns of 0 and 1 have none; give one of both"
            )

    def _label_columns(self) -> list[str]:
        return [self.label] if self.labels is None else self.labels

    def _label_notes(self) -> dict[str, Any]:
        names = ("label", "labels", "label_delimiter", "separator")
        return {"labels": {name: getattr(self, name) for name in names}}

    def _record(self, row: dict[str, Any], columns: dict[str, str]) -> dict[str, Any] | str:
        record = read_record(row, columns)
        if isinstance(record, str):
            return record
        found = self._list(row.get(self.label)) if self.labels is None else marked_columns(row, self.labels)
        fault = found if isinstance(found, str) else self._fault(found)
        if fault is not None:
            return fault
        return {**record, "label": with_ancestors(found, self.separator)}

    def _list(self, value: Any) -> list[Any] | str:
        """Return the labels of a value, unchecked, or why it has none."""
        if isinstance(value, str):
            if self.label_delimiter is not None:
                return [part.strip() for part in value.split(self.label_delimiter) if part.strip()]
            if not value.strip():
                return []
            if not value.lstrip().startswith("["):
                return (
                    f"{self.label}: {written(value)} is one string, expected a list; set dataset.label_delimiter, such "
                    "as dataset.label_delimiter=';', or use experiment=topics for one label"
                )
            try:
                value = json.loads(value)
            except (ValueError, RecursionError):
                return f"{self.label}: {written(value)} is not valid JSON"
        if value is None:
            return f"{self.label}: nothing, expected a list of strings; write [] for no label"
        if not isinstance(value, list | tuple):
            return f"{self.label}: {written(value)}, expected a list of strings"
        return list(value)

    def _fault(self, found: list[Any]) -> str | None:
        for label in found:
            if isinstance(label, list | tuple | dict):
                return f"{self.label}: nested ({written(label)}), expected a list of strings"
            if not isinstance(label, str):
                kind = "nothing" if label is None else written(label)
                return f"{self.label}: {kind} among the labels; write all labels as strings"
            if not label.strip():
                return f"{self.label}: an empty label"
            if not is_unicode(label):
                return f"{self.label}: bytes or characters that are not valid text"
            if self.label_delimiter is not None and self.label_delimiter in label:
                return f"{self.label}: {written(label)} contains the delimiter {self.label_delimiter!r}"
            if self.separator is not None and not all(step.strip() for step in label.split(self.separator)):
                return f"{self.label}: {written(label)} has an empty step between separators {self.separator!r}"
        return None


def marked_columns(row: dict[str, Any], columns: list[str]) -> list[Any] | str:
    """Return the columns of a row that hold 1, or why it can't be used."""
    marks: dict[Any, bool] = {"0": False, "1": True, 0: False, 1: True}
    found = []
    for column in columns:
        value = row.get(column)
        value = value.strip() if isinstance(value, str) else value
        if not isinstance(value, str | int | float) or value not in marks:
            return f"{column}: {'nothing' if value in (None, '') else written(value)}; valid: 0 and 1"
        found += [column] * marks[value]
    return found


def written(value: Any) -> str:
    """Return the beginning of a value as it is written in Python."""
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
