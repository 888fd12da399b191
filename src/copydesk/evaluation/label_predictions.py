"""Predictions of sets of labels on an evaluation set: true labels, given labels and probabilities, one row per text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from copydesk.errors import DataError
from copydesk.evaluation.predictions import COLUMNS, encodable, read_stored, stored_columns, stored_rows
from copydesk.labels.indicator import as_indicator, indicator_of, sets_of

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd
    from scipy.sparse import csr_matrix

DENSE_CELLS = 4_000_000  # of a block of probabilities; bounds memory
_CLASSES = b"copydesk_labels"  # key of the schema's metadata
_WRITTEN_BY = "a copydesk run with several labels"
_ENTRIES = ("scored", "probability")  # list columns: numbers of labels, and their probabilities


@dataclass(frozen=True)
class LabelPredictions:
    """Sets of labels, predicted and true, and probabilities of an evaluation set.

    Attributes
    ----------
    rows : pandas.DataFrame
        As in `Predictions`, but ``label`` and ``predicted`` are tuples of str, and ``confidence`` is the highest
        probability of a label.
    classes : ndarray of str, shape (k,)
        The labels of the columns below: those that the model knows, and true labels that it does not.
    truth, decisions : csr_matrix of uint8, shape (n, k)
        Indicators of the true and of the given labels.
    probabilities : ndarray of float32 or csr_matrix, shape (n, k)
        Independent probabilities; 0 for a label unknown to the model. What a sparse matrix does not store is 0.
    """

    rows: pd.DataFrame
    classes: np.ndarray
    truth: csr_matrix
    decisions: csr_matrix
    probabilities: Any

    def __len__(self) -> int:
        return len(self.rows)

    @classmethod
    def of(
        cls,
        frame: pd.DataFrame,
        *,
        classes: Any,
        predicted: Any,
        probabilities: Any,
        scores: Any = None,
        fold: Any = 0,
    ) -> LabelPredictions:
        """Make predictions from a frame and a model's output.

        Parameters
        ----------
        frame : pandas.DataFrame
            The evaluation rows of a dataset; ``label`` holds an iterable of str for each row.
        classes : sequence of str, shape (k,)
        predicted : indicator matrix, shape (n, k)
        probabilities : array-like of float or sparse matrix, shape (n, k)
        scores : ignored
        fold : int or array-like of int, shape (n,), default=0

        Raises
        ------
        ValueError
            Shapes differ.
        """
        known = [str(name) for name in classes]
        shape = (len(frame), len(known))
        for name, values in (("predicted", predicted), ("probabilities", probabilities)):
            if values.shape != shape:
                raise ValueError(
                    f"{name} have shape {values.shape}, not {shape}: one row per text, one column per label"
                )
        true = [tuple(map(str, labels)) for labels in frame["label"]]
        unknown = sorted({label for labels in true for label in labels} - set(known))
        names = np.asarray([*known, *unknown], dtype=object)
        decisions = _widened(as_indicator(predicted), len(names))
        proba = _widened(_single(probabilities), len(names))
        rows = stored_rows(frame, _objects(true), _objects(sets_of(decisions, names)), _highest(proba), fold)
        return cls(rows, names, indicator_of(true, list(names))[0], decisions, proba)

    @classmethod
    def concatenate(cls, parts: Sequence[LabelPredictions]) -> LabelPredictions:
        """Join the predictions of several folds, in order; a label missing from a fold has probability 0 there."""
        import pandas as pd
        from scipy.sparse import vstack

        names = np.asarray(sorted({name for part in parts for name in part.classes}), dtype=object)
        aligned = [part.with_classes(names) for part in parts]
        truth, decisions = (
            as_indicator(vstack([getattr(part, name) for part in aligned])) for name in ("truth", "decisions")
        )
        blocks = [part.probabilities for part in aligned]
        sparse = any(map(_is_sparse, blocks))
        proba = vstack(blocks).tocsr() if sparse else np.vstack(blocks)
        return cls(pd.concat([part.rows for part in parts], ignore_index=True), names, truth, decisions, proba)

    def with_classes(self, names: np.ndarray) -> LabelPredictions:
        """Return the same with columns for ``names``, all of the present ones among them."""
        if np.array_equal(names, self.classes):
            return self
        column = {name: at for at, name in enumerate(names)}
        place = np.asarray([column[name] for name in self.classes], dtype=np.int32)
        parts = [_spread(values, place, len(names)) for values in (self.truth, self.decisions, self.probabilities)]
        return LabelPredictions(self.rows, names, as_indicator(parts[0]), as_indicator(parts[1]), parts[2])

    def take(self, which: Any) -> LabelPredictions:
        """Return the rows that a boolean mask or integer positions select."""
        index = np.flatnonzero(which) if np.asarray(which).dtype == bool else np.asarray(which)
        return LabelPredictions(
            self.rows.iloc[index].reset_index(drop=True),
            self.classes,
            self.truth[index],
            self.decisions[index],
            self.probabilities[index],
        )

    def judged(self) -> LabelPredictions:
        """Return the rows that are evaluated."""
        mask = self.rows["judged"].to_numpy(bool)
        return self if mask.all() else self.take(mask)

    def ranking(self, label: str) -> np.ndarray | None:
        """Return each row's probability of ``label``, shape (n,); None if it is no label of these."""
        at = np.flatnonzero(self.classes == label)
        return next(self.columns(at))[:, 0] if len(at) else None

    def columns(self, which: np.ndarray) -> Iterator[np.ndarray]:
        """Yield the probabilities of some labels as dense blocks of columns, in order, shape (n, w) each."""
        values = self.probabilities.tocsc() if _is_sparse(self.probabilities) else self.probabilities
        width = max(1, DENSE_CELLS // max(len(self), 1))
        for first in range(0, len(which), width):
            yield _dense(values[:, which[first : first + width]])

    def blocks(self) -> Iterator[tuple[slice, np.ndarray]]:
        """Yield blocks of rows with their probabilities, dense, shape (m, k)."""
        height = max(1, DENSE_CELLS // max(len(self.classes), 1))
        for first in range(0, len(self), height):
            part = slice(first, min(first + height, len(self)))
            yield part, _dense(self.probabilities[part])

    def save(self, path: Path) -> None:
        """Write one Parquet file: the rows, and for each the numbers and probabilities of its labels as lists.

        The names of the labels are in the metadata of its schema; probabilities of 0 are not stored.
        """
        import json

        import pyarrow as pa
        from pyarrow import parquet
        from scipy.sparse import csr_matrix

        columns = stored_columns(self.rows)
        for name in ("label", "predicted"):
            columns[name] = pa.array([list(map(encodable, value)) for value in columns[name]], pa.list_(pa.string()))
        stored = csr_matrix(self.probabilities)
        borders = pa.array(stored.indptr.astype(np.int32))
        for name, values in zip(_ENTRIES, (stored.indices.astype(np.int32), stored.data), strict=True):
            columns[name] = pa.ListArray.from_arrays(borders, pa.array(values))
        table = pa.table(columns)
        classes = json.dumps([encodable(name) for name in self.classes])
        table = table.replace_schema_metadata({_CLASSES: classes.encode()})
        parquet.write_table(table, path, compression="zstd")

    @classmethod
    def load(cls, path: Path) -> LabelPredictions:
        """Read what ``save`` wrote.

        Raises
        ------
        DataError
            The file is missing, is no Parquet file, or lacks a column.
        """
        import json

        from scipy.sparse import csr_matrix

        table = read_stored(path, (*COLUMNS, *_ENTRIES), _WRITTEN_BY)
        metadata = table.schema.metadata or {}
        if _CLASSES not in metadata:
            raise DataError(f"{path}: no names of labels; expected the predictions.parquet of {_WRITTEN_BY}")
        names = np.asarray(json.loads(metadata[_CLASSES]), dtype=object)
        rows = table.select(list(COLUMNS)).to_pandas()
        for name in ("label", "predicted"):
            rows[name] = _objects([tuple(labels) for labels in table[name].to_pylist()])
        scored, probability = (table[name].combine_chunks() for name in _ENTRIES)
        indptr = np.cumsum([0, *scored.value_lengths().to_numpy(zero_copy_only=False)])
        entries = (probability.flatten().to_numpy(), scored.flatten().to_numpy(), indptr)
        proba = csr_matrix(entries, shape=(len(rows), len(names)))
        truth, decisions = (indicator_of(rows[name], list(names))[0] for name in ("label", "predicted"))
        dense = 2 * proba.nnz > np.prod(proba.shape, dtype=np.float64)
        return cls(rows, names, truth, decisions, proba.toarray() if dense else proba)


def cells(values: Any, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Return elements of a sparse or dense matrix, float64, shape (m,)."""
    if not len(rows):  # SciPy's answer is a matrix then
        return np.zeros(0)
    return np.asarray(values[rows, columns], dtype=np.float64).ravel()


def _is_sparse(values: Any) -> bool:
    return hasattr(values, "toarray")


def _objects(values: Sequence[Any]) -> np.ndarray:
    """Return values, which may be tuples, as a one-dimensional array."""
    found = np.empty(len(values), dtype=object)
    found[:] = values
    return found


def _single(values: Any) -> Any:
    """Return probabilities in single precision: CSR if sparse, else an array."""
    return values.tocsr().astype(np.float32) if _is_sparse(values) else np.asarray(values, dtype=np.float32)


def _dense(values: Any) -> np.ndarray:
    return np.asarray(values.toarray() if _is_sparse(values) else values)


def _widened(values: Any, width: int) -> Any:
    return values if values.shape[1] == width else _spread(values, np.arange(values.shape[1]), width)


def _spread(values: Any, place: np.ndarray, width: int) -> Any:
    """Return a matrix with ``width`` columns that has column i of ``values`` at ``place[i]``."""
    from scipy.sparse import csr_matrix

    if _is_sparse(values):
        entries = (values.data, place[values.indices], values.indptr)
        return csr_matrix(entries, shape=(values.shape[0], width))
    found = np.zeros((len(values), width), dtype=values.dtype)
    found[:, place] = values
    return found


def _highest(values: Any) -> np.ndarray:
    if not values.shape[1]:
        return np.zeros(values.shape[0])
    highest = values.max(axis=1)
    return np.asarray(_dense(highest), dtype=np.float64).ravel()
