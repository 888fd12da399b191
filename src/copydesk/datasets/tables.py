"""The user's own data: CSV, TSV, JSONL or Parquet, or a folder of text files per label."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from copydesk.datasets.examples import Examples, LeftOut
from copydesk.datasets.fetch import resolve
from copydesk.datasets.read_rows import (
    TABLE_FORMATS,
    LocatedRow,
    first_fields,
    read_folder,
    read_table,
    table_format,
)
from copydesk.errors import ConfigError, DataError, escaped, nearest
from copydesk.formats.csv import check_delimiter
from copydesk.formats.files import is_encoding
from copydesk.formats.rows import Source, is_unicode
from copydesk.tasks import TOPIC_TASK

if TYPE_CHECKING:
    from pathlib import Path

# Rows left out that messages and records list one by one.
SHOWN_ROWS = 5
# Usual names of a field of titles.
TITLES = ("title", "headline")
SPLITS = ("train", "test", "")
# Different field names that are remembered, to say which is nearest to one that is missing.
MANY_FIELDS = 1000


@dataclass
class RowsMet:
    """What a pass over the rows of a table has met.

    Attributes
    ----------
    most : int or None
        Rows left out that are listed; None for all.
    bad : list of LeftOut
    n_bad : int
    fields : dict
        Names of fields, in order.
    label_kinds : dict of str to str
        Where a label was first met as a number and as a string.
    """

    most: int | None = None
    bad: list[LeftOut] = field(default_factory=list)
    n_bad: int = 0
    fields: dict[str, None] = field(default_factory=dict)
    label_kinds: dict[str, str] = field(default_factory=dict)

    def leave_out(self, where: str, reason: str) -> None:
        """Count a row that can't be used."""
        self.n_bad += 1
        if self.most is None or len(self.bad) < self.most:
            self.bad.append(LeftOut(where, reason))


class Table:
    """Documents and their labels from files of the user's own.

    A field is read as the text it is: the labels ``NA``, ``None`` and ``00123`` stay so. A row without a usable
    text or label is left out, counted and named; nothing is guessed. Labels may be whole numbers, if all are.

    Parameters
    ----------
    path : str or list of str
        Files, a pattern (``news/*.jsonl.gz``), a folder with one folder of ``.txt`` files per label, or one URL.
    text, label : str
        Columns. In a folder per label the label is the folder's name.
    id : str or None
        Column of a name for each row, in predictions and comparisons of runs; a row without one is named by file and
        line.
    group : str or None
        Column of the site or source, which no split may straddle.
    title : str or None
        Column of the title; it becomes the text's first line, unless it is that already.
    split : str or None
        Column that says ``train`` or ``test`` (or nothing), for ``split=official``.
    format : str or None
        "csv", "tsv", "jsonl", "json", "parquet" or "folder"; None: by the name.
    encoding : str, default="utf-8"
        Of text files.
    delimiter : str or None
        Between the cells of CSV; None: the one of ``,`` ``;`` tab and ``|`` that divides the header into columns.
    sha256 : str or None
        Checksum of the file behind a URL.
    max_bad : float, default=0.1
        Share of rows left out above which the data is refused.
    stream : bool or None, default=None
        Whether to train on chunks of rows, never all at once; None: where the files exceed a share of the memory.
    chunk_rows : int, default=16384
        Rows of a chunk.
    """

    task = TOPIC_TASK
    _label_roles: tuple[str, ...] = ("label",)  # parameters that name a column of one label

    def __init__(
        self,
        path: str | list[str] | None = None,
        text: str = "text",
        label: str = "label",
        id: str | None = None,
        group: str | None = None,
        title: str | None = None,
        split: str | None = None,
        format: str | None = None,
        encoding: str = "utf-8",
        delimiter: str | None = None,
        sha256: str | None = None,
        max_bad: float = 0.1,
        stream: bool | None = None,
        chunk_rows: int = 16384,
    ) -> None:
        self.path = path
        self.text = text
        self.label = label
        self.id = id
        self.group = group
        self.title = title
        self.split = split
        self.format = format
        self.encoding = encoding
        self.delimiter = delimiter
        self.sha256 = sha256
        self.max_bad = max_bad
        self.stream = stream
        self.chunk_rows = chunk_rows

    def _check_parameters(self) -> None:
        check_max_bad(self.max_bad)
        if self.chunk_rows < 1:
            raise ValueError(f"chunk_rows={self.chunk_rows}: a whole number from 1")

    def load(self) -> Examples:
        """Read all rows.

        Raises
        ------
        ConfigError
            No path is given, or the format is unknown.
        DataError
            A file or column is missing, labels are numbers here and strings there, or too many rows are
            unusable; names file, row and field.
        """
        files, met = self.files(), RowsMet()
        records = list(self.records(files, met, {}))
        self.check_met(files, met, len(records))
        return self.examples(records, met, len(files))

    def records(self, files: list[Path], met: RowsMet, names: dict[str, str] | None = None) -> Iterator[dict[str, Any]]:
        """Yield the usable rows of files, and note what is met on the way.

        Parameters
        ----------
        files : list of Path
        met : RowsMet
        names : dict of str to str, optional
            Rows by name; where it is given, a row with the name of an earlier one is left out.
        """
        columns = self._columns()
        for where, row in self._rows(files, [*columns.values(), *self._label_columns()]):
            if isinstance(row, dict) and len(met.fields) < MANY_FIELDS:
                met.fields |= dict.fromkeys(row)
            record = row if isinstance(row, str) else self._record(row, columns)
            name = record.pop("id", "") if isinstance(record, dict) else ""
            if name and names is not None and names.setdefault(name, where) != where:
                record = f"{self.id}: {name!r} again, first at {names[name]}"
            if isinstance(record, str):
                met.leave_out(where, record)
                continue
            assert isinstance(row, dict)
            if "label" in columns:
                met.label_kinds.setdefault(_kind(row[self.label]), where)
            yield {**record, "document": name or where}

    def check_met(self, files: list[Path], met: RowsMet, n_records: int) -> None:
        """Refuse data without a field, with too many unusable rows, labels of two kinds, or no rows."""
        columns = self._columns()
        assert self.path is not None
        self._check_fields(met.fields, [*columns.values(), *self._label_columns()])
        check_bad(self.path, met.bad, n_records, self.max_bad, met.n_bad)
        self._warn_of_title(files, columns)
        self._check_labels(met.label_kinds)
        if not n_records:
            raise DataError(f"dataset.path={self.path}: no rows")

    def examples(self, records: list[dict[str, Any]], met: RowsMet, n_files: int) -> Examples:
        """Return records as examples, with notes on what was met."""
        import pandas as pd

        frame = pd.DataFrame(records).assign(position=0)
        for column in ("group", "split", "title"):
            if column not in frame:
                frame[column] = ""
        notes: dict[str, Any] = {"files": n_files, "rows_left_out": met.n_bad, **self._label_notes()}
        notes |= {"left_out": list(map(str, met.bad[:SHOWN_ROWS]))} if met.bad else {}
        roles = {"text": self.text, "title": self.title, "site": self.group}
        remembered = {role: column for role, column in roles.items() if column is not None}
        return Examples(frame, self.task, "table", notes, remembered, met.bad)

    def _columns(self) -> dict[str, str]:
        """Return the columns to read, by role."""
        roles = ("text", *self._label_roles, "id", "group", "title", "split")
        return {name: column for name in roles if (column := getattr(self, name)) is not None}

    def _label_columns(self) -> list[str]:
        """Return the columns of labels beside those of ``_label_roles``."""
        return []

    def _label_notes(self) -> dict[str, Any]:
        """Return facts for a saved model on where labels are."""
        return {}

    def _record(self, row: dict[str, Any], columns: dict[str, str]) -> dict[str, Any] | str:
        """Return the fields of a row, or why it can't be used."""
        return read_record(row, columns)

    def files(self) -> list[Path]:
        """Check the parameters; return the files."""
        if not self.path:
            raise ConfigError("dataset.path: not given; name a file, a pattern or a folder: dataset.path=news.jsonl")
        if self.format not in (None, *TABLE_FORMATS):
            raise ConfigError(f"dataset.format={self.format}: unknown; valid: {', '.join(TABLE_FORMATS)}")
        check_encoding(self.encoding)
        if self.delimiter is not None:
            self.delimiter = check_delimiter(self.delimiter, "dataset.delimiter=")
        return resolve(self.path, self.sha256)

    def fields(self) -> list[str]:
        """Return the names of the fields in the first rows of the files; of text files those that each row gets.

        Raises
        ------
        ConfigError, DataError
            As ``load``.
        """
        return self._first_fields(self.files())

    def _first_fields(self, files: Sequence[Path]) -> list[str]:
        found: dict[str, None] = {}
        for file in files:
            file_format = self.format or table_format(file)
            if file_format != "folder":
                source = Source(file.name, file, file_format, self.encoding, self.delimiter)
                wanted = (self.text, *(self._label_columns() or [self.label]))
                found |= dict.fromkeys(first_fields(source, wanted))
        return list(found)

    def _warn_of_title(self, files: Sequence[Path], columns: dict[str, str]) -> None:
        """Warn that the table has a field of titles that no key names."""
        if self.title is not None:
            return
        fields = self._first_fields(files)
        titles = [name for name in TITLES if name in fields and name not in columns.values()]
        if titles:
            warnings.warn(
                f"the data has a field {titles[0]!r}, which is not read; dataset.title={titles[0]} puts it before each "
                "text as its first line",
                stacklevel=2,
            )

    def _rows(self, files: list[Path], columns: list[str]) -> Iterator[LocatedRow]:
        for file, name in zip(files, names_apart(files), strict=True):
            file_format = self.format or table_format(file)
            if file_format == "folder":
                yield from read_folder(file, self.encoding, f"{name}/" if len(files) > 1 else "")
            else:
                yield from read_table(Source(name, file, file_format, self.encoding, self.delimiter), columns)

    def _check_fields(self, fields: dict[str, None], columns: Sequence[str]) -> None:
        for column in columns:
            if fields and column not in fields:
                raise DataError(f"dataset.path={self.path}: no row has a field {column!r}; {nearest(column, fields)}")

    def _check_labels(self, kinds: dict[str, str]) -> None:
        if "number" in kinds and "string" in kinds:
            raise DataError(
                f"dataset.path={self.path}: {self.label} is a number at {escaped(kinds['number'])} and a string at "
                f"{escaped(kinds['string'])}; write all labels as strings"
            )


def check_encoding(encoding: str) -> None:
    """Check the name of an encoding.

    Raises
    ------
    DataError
        Python knows no such encoding.
    """
    if not is_encoding(encoding):
        raise DataError(f"dataset.encoding={encoding}: Python knows no such encoding; usual: utf-8, latin-1")


def check_max_bad(max_bad: float) -> None:
    """Check the share of rows that may be left out.

    Raises
    ------
    ValueError
        It is not from 0 to 1.
    """
    if not 0 <= max_bad <= 1:
        raise ValueError(f"max_bad={max_bad}: a share from 0 to 1, such as 0.1")


def check_bad(
    path: str | list[str], bad: Sequence[LeftOut], good: int, max_bad: float, n_bad: int | None = None
) -> None:
    """Refuse data of which too much can't be used, and name some of it; ``bad`` may list only some of ``n_bad``.

    Raises
    ------
    DataError
        More than ``max_bad`` of the rows are bad.
    """
    n_bad = len(bad) if n_bad is None else n_bad
    if n_bad > max_bad * (n_bad + good):
        named = "; ".join(map(str, bad[:SHOWN_ROWS]))
        raise DataError(
            f"dataset.path={path}: {n_bad:,} of {n_bad + good:,} rows are unusable ({named}); "
            "mend them, or raise dataset.max_bad"
        )


def read_record(row: dict[str, Any], columns: dict[str, str]) -> dict[str, Any] | str:
    """Return the fields of a row as strings, or why it can't be used."""
    record: dict[str, Any] = {}
    for name, column in columns.items():
        value = row.get(column)
        if name == "label" and isinstance(value, list):
            if len(value) != 1:
                return f"{column}: {len(value)} labels; one label per document is supported, several by dataset=labels"
            value = value[0]
        if name in ("id", "group", "title", "split") and value is None:
            value = ""
        if name in ("label", "id", "group") and isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if not isinstance(value, str):
            return f"{column}: {'nothing' if value is None else type(value).__name__}, expected a string"
        if name in ("text", "label") and not value.strip():
            return f"{column}: empty"
        if not is_unicode(value):
            return f"{column}: bytes or characters that are not valid text"
        if name == "split" and value not in SPLITS:
            return f"{column}: {value[:50]!r}; valid: train, test or nothing"
        record[name] = value
    if record.get("title"):
        record["text"] = with_title(record["title"], record["text"])
    return record


def with_title(title: str, text: str) -> str:
    """Put a title before a text as its first line, unless it stands there already."""
    first_line = text.lstrip().partition("\n")[0]
    return text if first_line.strip() == title.strip() else f"{title}\n\n{text}"


def names_apart(files: Sequence[Path]) -> list[str]:
    """Return the files' names, and of their folders as much as tells them apart."""
    if len({file.name for file in files}) == len(files):
        return [file.name for file in files]
    shared = os.path.commonpath([file.absolute().parent for file in files])
    return [file.absolute().relative_to(shared).as_posix() for file in files]


def _kind(label: Any) -> str:
    return "string" if isinstance(label[0] if isinstance(label, list) else label, str) else "number"
