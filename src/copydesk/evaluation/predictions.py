"""Predictions of a model on an evaluation set, one row per text, with all that metrics and reports need."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from copydesk.errors import DataError
from copydesk.tasks import is_judged

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

STORED_CHARACTERS = 2_000
COLUMNS = (
    "document", "position", "group", "title", "text", "characters", "label", "predicted", "confidence",
    "fold", "judged",
)  # fmt: skip


@dataclass(frozen=True)
class Predictions:
    """Labels, predictions and scores of an evaluation set.

    Attributes
    ----------
    rows : pandas.DataFrame
        ``document`` (str), ``position`` (int), ``group`` (str), ``title`` (str), ``text`` (str, its first
        2,000 characters), ``characters`` (int, length of the whole text), ``label`` (str, the true one),
        ``predicted`` (str, or None where the model abstained), ``confidence`` (float64: probability of the
        likeliest class; without probabilities its lead over the second in decision values), ``fold`` (int),
        ``judged`` (bool; False for rows that are shown but not evaluated).
    classes : ndarray of str, shape (k,)
        The classes that the model knows, in the order of the columns below.
    scores : ndarray of float64, shape (n, k), or None
        Decision values.
    probabilities : ndarray of float64, shape (n, k), or None
        Rows sum to 1.
    """

    rows: pd.DataFrame
    classes: np.ndarray
    scores: np.ndarray | None = None
    probabilities: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.rows)

    @classmethod
    def of(
        cls,
        frame: pd.DataFrame,
        *,
        classes: Any,
        predicted: Any,
        scores: Any = None,
        probabilities: Any = None,
        fold: Any = 0,
    ) -> Predictions:
        """Make predictions from a frame and a model's output.

        Parameters
        ----------
        frame : pandas.DataFrame
            The evaluation rows of a dataset, in any order of documents.
        classes : sequence of str, shape (k,)
        predicted : sequence of (str or None), shape (n,)
        scores, probabilities : array-like of float, shape (n, k), optional
            At least one is needed; ``scores`` may also be the (n,) decision values of a binary classifier.
        fold : int or array-like of int, shape (n,), default=0
            The fold whose test part a row is in.

        Raises
        ------
        ValueError
            Lengths differ, or neither scores nor probabilities are given.
        """
        import pandas as pd

        labels = np.asarray([str(name) for name in classes], dtype=object)
        score = _matrix("scores", scores, len(frame), len(labels))
        proba = _matrix("probabilities", probabilities, len(frame), len(labels))
        if score is None and proba is None:
            raise ValueError("predictions need scores or probabilities to judge confidence by; both are None")
        labels_given = np.asarray([None if value is None else str(value) for value in predicted], dtype=object)
        if len(labels_given) != len(frame):
            raise ValueError(f"{len(labels_given)} predictions for {len(frame)} rows")
        predicted_column = pd.Series(labels_given, dtype=object)  # else pandas turns None into NaN
        label = frame["label"].to_numpy(object)
        rows = stored_rows(frame, label, predicted_column, _confidence(score, proba), fold)
        return cls(rows, labels, score, proba)

    @classmethod
    def concatenate(cls, parts: Sequence[Predictions]) -> Predictions:
        """Join the predictions of several folds, in order.

        A class missing from a fold's training part has probability 0 there, and a score below all others.
        """
        import pandas as pd

        classes = np.asarray(sorted({name for part in parts for name in part.classes}), dtype=object)
        tables: list[np.ndarray | None] = []
        for name, fill in (("scores", None), ("probabilities", 0.0)):
            blocks = [_aligned(getattr(part, name), part.classes, classes, fill) for part in parts]
            tables.append(None if any(block is None for block in blocks) else np.vstack(blocks))  # type: ignore[arg-type]
        return cls(pd.concat([part.rows for part in parts], ignore_index=True), classes, *tables)

    def take(self, which: Any) -> Predictions:
        """Return the rows that a boolean mask or integer positions select."""
        rows = self.rows.iloc[np.flatnonzero(which) if np.asarray(which).dtype == bool else which]
        index = rows.index.to_numpy()
        return Predictions(
            rows.reset_index(drop=True),
            self.classes,
            None if self.scores is None else self.scores[index],
            None if self.probabilities is None else self.probabilities[index],
        )

    def judged(self) -> Predictions:
        """Return the rows that are evaluated."""
        mask = self.rows["judged"].to_numpy(bool)
        return self if mask.all() else self.take(mask)

    def ranking(self, label: str) -> np.ndarray | None:
        """Return each row's probability of ``label``, or its decision value, shape (n,); None if never trained on."""
        values = self.scores if self.probabilities is None else self.probabilities
        at = np.flatnonzero(self.classes == label)
        return None if values is None or not len(at) else values[:, at[0]]

    def save(self, path: Path) -> None:
        """Write one Parquet file: the rows, then ``score_<class>`` and ``proba_<class>`` columns."""
        import pandas as pd

        columns = stored_columns(self.rows)
        for prefix, values in (("score_", self.scores), ("proba_", self.probabilities)):
            if values is not None:
                columns |= {f"{prefix}{name}": values[:, at] for at, name in enumerate(self.classes)}
        pd.DataFrame(columns).to_parquet(path, index=False, compression="zstd")

    @classmethod
    def load(cls, path: Path) -> Predictions:
        """Read what ``save`` wrote.

        Raises
        ------
        DataError
            The file is missing, is no Parquet file, or lacks a column.
        """
        import pandas as pd

        frame = read_stored(path, COLUMNS, "a copydesk run").to_pandas()
        values: dict[str, np.ndarray | None] = {}
        classes: list[str] = []
        for prefix in ("score_", "proba_"):
            names = [str(name) for name in frame.columns if str(name).startswith(prefix)]
            values[prefix] = frame[names].to_numpy(np.float64) if names else None
            classes = [name.removeprefix(prefix) for name in names] or classes
        rows = frame[list(COLUMNS)].copy()
        predicted = [value if isinstance(value, str) else None for value in rows["predicted"]]
        rows["predicted"] = pd.Series(predicted, dtype=object)
        return cls(rows, np.asarray(classes, dtype=object), values["score_"], values["proba_"])


def stored_columns(rows: pd.DataFrame) -> dict[str, Any]:
    """Return the columns of a run's rows as they are stored, without what can't be encoded."""
    columns: dict[str, Any] = {name: rows[name].to_numpy() for name in COLUMNS}
    for name in ("document", "group", "title", "text"):
        columns[name] = [encodable(value) for value in columns[name]]
    return columns


def read_stored(path: Path, columns: Sequence[str], kind: str) -> Any:
    """Return the Arrow table of a ``predictions.parquet``, which must have certain columns.

    Raises
    ------
    DataError
        It is missing, is no Parquet file, or lacks a column; names the ``kind`` of run that writes one.
    """
    import pyarrow as pa
    from pyarrow import parquet

    try:
        table = parquet.read_table(path)
    except (OSError, ValueError, pa.ArrowException) as error:
        raise DataError(f"{path}: can't be read as predictions of a run: {error}") from None
    missing = [name for name in columns if name not in table.column_names]
    if missing:
        raise DataError(f"{path}: no column {missing[0]!r}; expected the predictions.parquet of {kind}")
    return table


def stored_rows(frame: pd.DataFrame, label: Any, predicted: Any, confidence: np.ndarray, fold: Any) -> pd.DataFrame:
    """Return the rows of predictions from those of a dataset, with the beginning of each text."""
    text = frame["text"]
    rows = frame[["document", "position", "group", "title"]].reset_index(drop=True)
    return rows.assign(
        text=text.str.slice(0, STORED_CHARACTERS).to_numpy(object),
        characters=text.str.len().to_numpy(np.int64),
        label=label,
        predicted=predicted,
        confidence=confidence,
        fold=np.broadcast_to(np.asarray(fold, np.int64), len(frame)).copy(),
        judged=is_judged(frame),
    )


def _aligned(values: np.ndarray | None, have: np.ndarray, wanted: np.ndarray, fill: float | None) -> np.ndarray | None:
    if values is None:
        return None
    columns = [np.flatnonzero(have == name) for name in wanted]
    lowest = values.min(axis=1, initial=0.0) - 1.0
    missing = lowest if fill is None else np.full(len(values), fill)
    return np.column_stack([values[:, at[0]] if len(at) else missing for at in columns])


def encodable(value: str) -> str:
    """Return ``value`` with lone surrogates, which can't be encoded, replaced by ``?``."""
    return value.encode("utf-8", "replace").decode("utf-8")


def _matrix(name: str, values: Any, n: int, k: int) -> np.ndarray | None:
    if values is None:
        return None
    array = np.asarray(values, dtype=np.float64)
    if array.ndim == 1 and k == 2:
        array = np.column_stack([-array, array])
    if array.shape != (n, k):
        raise ValueError(f"{name} have shape {array.shape}, not {(n, k)}: one row per text, one column per class")
    return array


def _confidence(scores: np.ndarray | None, probabilities: np.ndarray | None) -> np.ndarray:
    values = probabilities if probabilities is not None else scores
    assert values is not None
    if values.shape[1] == 1 or not len(values):
        return np.ones(len(values))
    if probabilities is not None:
        return np.asarray(probabilities.max(axis=1))
    second, first = np.partition(values, -2, axis=1)[:, -2:].T
    return np.asarray(first - second)
