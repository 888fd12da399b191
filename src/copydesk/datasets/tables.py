"""The user's own data: CSV, TSV, JSONL or Parquet, or a folder of text files per label."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from copydesk.datasets.examples import Examples
from copydesk.datasets.formats import FORMATS, format_of, read_rows
from copydesk.datasets.sources import resolve
from copydesk.errors import ConfigError, DataError

if TYPE_CHECKING:
    from pathlib import Path

# How many rows left out are named one by one.
NAMED = 5


class Table:
    """Documents and their labels from files of the user's own.

    A field is read as the text it is: the labels ``NA``, ``None`` and ``00123`` stay so. A row without a usable
    text or label is left out, counted and named; nothing is guessed.

    Parameters
    ----------
    path : str or list of str
        Files, a pattern (``news/*.jsonl.gz``), a folder with one folder of ``.txt`` files per label, or one URL.
    text, label : str
        Columns. In a folder per label the label is the folder's name.
    group : str or None
        Column of the site or source, which no split may straddle.
    title : str or None
        Column of the title; it becomes the text's first line.
    split : str or None
        Column that says ``train`` or ``test``, for ``split=official``.
    format : str or None
        "csv", "tsv", "jsonl", "parquet" or "folder"; None: by the name.
    encoding : str, default="utf-8"
        Of text files.
    sha256 : str or None
        Checksum of the file behind a URL.
    max_bad : float, default=0.1
        Share of rows left out above which the data is refused.
    """

    def __init__(
        self,
        path: str | list[str] | None = None,
        text: str = "text",
        label: str = "label",
        group: str | None = None,
        title: str | None = None,
        split: str | None = None,
        format: str | None = None,
        encoding: str = "utf-8",
        sha256: str | None = None,
        max_bad: float = 0.1,
    ) -> None:
        self.path = path
        self.text = text
        self.label = label
        self.group = group
        self.title = title
        self.split = split
        self.format = format
        self.encoding = encoding
        self.sha256 = sha256
        self.max_bad = max_bad

    def load(self) -> Examples:
        """Read all rows.

        Raises
        ------
        ConfigError
            No path is given, or the format is unknown.
        DataError
            A file or column is missing, or too many rows are unusable; names file, row and field.
        """
        import pandas as pd

        if not self.path:
            raise ConfigError("dataset.path: not given; name a file, a pattern or a folder: dataset.path=news.jsonl")
        if self.format not in (None, *FORMATS):
            raise ConfigError(f"dataset.format={self.format}: unknown; valid: {', '.join(FORMATS)}")
        files = resolve(self.path, self.sha256)
        columns = {
            name: column
            for name in ("text", "label", "group", "title", "split")
            if (column := getattr(self, name)) is not None
        }
        records, bad = [], []
        for where, row in self._rows(files, list(columns.values())):
            record = row if isinstance(row, str) else read_record(row, columns)
            if isinstance(record, str):
                bad.append(f"{where}: {record}")
            else:
                records.append({**record, "document": where})
        self._check_bad(bad, len(records))
        if not records:
            raise DataError(f"dataset.path={self.path}: no rows")
        frame = pd.DataFrame(records).assign(position=0)
        for column in ("group", "split", "title"):
            if column not in frame:
                frame[column] = ""
        notes: dict[str, Any] = {"files": len(files), "rows_left_out": len(bad)}
        return Examples(frame, "topic", "table", notes | ({"left_out": bad[:NAMED]} if bad else {}))

    def _rows(self, files: list[Path], columns: list[str]) -> Iterable[tuple[str, dict[str, Any] | str]]:
        for file in files:
            file_format = self.format or format_of(file)
            # A folder per label brings text and label, and nothing else.
            yield from read_rows(file, file_format, [] if file_format == "folder" else columns, self.encoding)

    def _check_bad(self, bad: list[str], good: int) -> None:
        if len(bad) > self.max_bad * (len(bad) + good):
            named = "; ".join(bad[:NAMED])
            raise DataError(
                f"dataset.path={self.path}: {len(bad):,} of {len(bad) + good:,} rows are unusable ({named}); "
                "mend them, or raise dataset.max_bad"
            )


def read_record(row: dict[str, Any], columns: dict[str, str]) -> dict[str, str] | str:
    """Return the fields of a row as strings, or why it can't be used."""
    record = {}
    for name, column in columns.items():
        value = row.get(column)
        if name == "label" and isinstance(value, list):
            if len(value) != 1:
                return f"{column}: {len(value)} labels; one label per document is supported"
            value = value[0]
        if name in ("group", "title", "split") and value is None:
            value = ""
        if name in ("label", "group") and isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if not isinstance(value, str):
            return f"{column}: {'nothing' if value is None else type(value).__name__}, expected a string"
        if name in ("text", "label") and not value.strip():
            return f"{column}: empty"
        if any("\ud800" <= c <= "\udfff" for c in value):
            return f"{column}: bytes or characters that are not valid text"
        record[name] = value
    if record.get("title"):
        record["text"] = f"{record['title']}\n\n{record['text']}"
    return record
