"""Rows with their answers as bytes: JSON lines, CSV, text alone, or what becomes Parquet.

Encoding runs in the threads that answer. What an encoder gives for some rows doesn't depend on which other rows
are encoded with them, so that chunks and threads leave no trace in a file.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from copydesk.errors import ConfigError, DataError, nearest
from copydesk.formats.readers import Cells, ParquetRow
from copydesk.formats.rows import Row, member, to_json

FORMATS = {".jsonl": "jsonl", ".ndjson": "jsonl", ".csv": "csv", ".tsv": "tsv", ".parquet": "parquet"}
# A spreadsheet takes cells that begin so for formulas, unless they are numbers.
FORMULA = re.compile(r"[=+\-@\t\r]")
NUMBER = re.compile(r"[+-]?[0-9]+([.,][0-9]+)*([eE][+-]?[0-9]+)?%?")
ADDED = "copydesk"


@dataclass(frozen=True, slots=True)
class Encoded:
    """Rows as bytes, and what must stand once at the start of a file that holds them."""

    data: bytes
    header: bytes = b""


class Encoder(Protocol):
    """Turns rows and their answers into bytes."""

    def encode(self, rows: Sequence[Row], answers: Sequence[Mapping[str, Any]]) -> Encoded:
        """Return the bytes of some rows."""


def format_of(path: Path) -> str:
    """Return the format of an output by its name.

    Raises
    ------
    ConfigError
        The name says none.
    """
    try:
        return FORMATS[path.suffix.lower()]
    except KeyError:
        raise ConfigError(
            f"--output {path}: the name must end in {', '.join(FORMATS)}; {nearest(path.suffix, FORMATS)}"
        ) from None


def encoder_for(file_format: str, escape_formulas: bool = False) -> Encoder:
    """Return the encoder of an output format."""
    if file_format == "parquet":
        return ForParquet()
    return JsonLines() if file_format == "jsonl" else Csv("\t" if file_format == "tsv" else ",", escape_formulas)


class JsonLines:
    """An object for each row: its fields as they were written, then the added ones."""

    def encode(self, rows: Sequence[Row], answers: Sequence[Mapping[str, Any]]) -> Encoded:
        """Return the rows as lines."""
        lines = [
            "{" + ", ".join({**row.members, **{k: member(k, v) for k, v in answer.items()}}.values()) + "}\n"
            for row, answer in zip(rows, answers, strict=True)
        ]
        return Encoded("".join(lines).encode())


class TextAlone:
    """One field of the answers, a text, each followed by a line end."""

    def __init__(self, field: str) -> None:
        self.field = field

    def encode(self, rows: Sequence[Row], answers: Sequence[Mapping[str, Any]]) -> Encoded:
        """Return the texts."""
        # a lone surrogate has no form in UTF-8: the replacement character stands for it
        return Encoded("".join(f"{answer[self.field]}\n" for answer in answers).encode("utf-8", "replace"))


class Csv:
    """The cells of a CSV row as they were, then the added fields; what is no text or number, as JSON.

    Parameters
    ----------
    delimiter : str
    escape_formulas : bool, default=False
        Put ``'`` before cells that a spreadsheet would run: those that begin with = + - @, tab or carriage
        return, and are no numbers.
    """

    def __init__(self, delimiter: str = ",", escape_formulas: bool = False) -> None:
        self.delimiter = delimiter
        self.escape_formulas = escape_formulas

    def encode(self, rows: Sequence[Row], answers: Sequence[Mapping[str, Any]]) -> Encoded:
        """Return the rows as records.

        Raises
        ------
        DataError
            A row is not of a CSV file, or of one with other columns than the row before.
        """
        lines = []
        header: list[str] = []
        for row, answer in zip(rows, answers, strict=True):
            found = row.record.raw
            if not isinstance(found, Cells):
                raise DataError(f"{row.record.source.name}: only CSV and TSV can be written as CSV; write .jsonl")
            fields = {**dict(zip(found.header, found.cells, strict=True)), **answer}
            if header and list(fields) != header:
                raise different_columns(row)
            header = list(fields)
            lines.append(self._record(fields.values()))
        return Encoded("".join(lines).encode("utf-8", "replace"), self._record(header).encode() if header else b"")

    def _record(self, values: Iterable[Any]) -> str:
        text = io.StringIO(newline="")
        # with this line end csv quotes both characters of it wherever they stand in a cell
        csv.writer(text, delimiter=self.delimiter, lineterminator="\r\n").writerow(map(self._cell, values))
        return text.getvalue()[:-2] + "\n"

    def _cell(self, value: Any) -> str:
        text = "" if value is None else value if isinstance(value, str) else to_json(value)
        if self.escape_formulas and FORMULA.match(text) and not NUMBER.fullmatch(text):
            return f"'{text}"
        return text


class ForParquet:
    """Rows for a Parquet file: of Parquet as Arrow, with every column's type; all others as JSON lines.

    Types that JSON has to show first are settled at the end, when all rows are known; see ``to_parquet``.
    """

    def encode(self, rows: Sequence[Row], answers: Sequence[Mapping[str, Any]]) -> Encoded:
        """Return the rows as messages of an Arrow stream, with the schema as header, or as lines.

        Raises
        ------
        DataError
            Rows of Parquet meet others, or rows of other columns.
        """
        of_parquet = {isinstance(row.record.raw, ParquetRow) for row in rows}
        if len(of_parquet) > 1:
            raise different_columns(rows[0])
        if of_parquet != {True}:
            return JsonLines().encode(rows, answers)
        header, parts, first = b"", [], 0
        for at in range(1, len(rows) + 1):
            if at == len(rows) or rows[at].record.raw.batch is not rows[first].record.raw.batch:
                batch = _with_answers(rows[first:at], answers[first:at])
                schema = bytes(batch.schema.serialize())
                if header and schema != header:
                    raise different_columns(rows[first])
                header = schema
                parts.append(bytes(batch.serialize()))
                first = at
        return Encoded(b"".join(parts), header)


def _with_answers(rows: Sequence[Row], answers: Sequence[Mapping[str, Any]]) -> Any:
    """Return the rows of one batch as Arrow, without columns that are replaced, and the answers as JSON."""
    import pyarrow as pa

    table = rows[0].record.raw.batch.batch.take(pa.array([row.record.raw.at for row in rows]))
    kept = [name for name in table.schema.names if name not in answers[0]]
    columns = [_plain_column(table.column(name)) for name in kept]
    said = pa.array([json.dumps(answer) for answer in answers], pa.string())
    return pa.record_batch([*columns, said], names=[*kept, ADDED])


def _plain_column(column: Any) -> Any:
    """Return a column without dictionary encoding, whose messages would depend on those before."""
    return column.dictionary_decode() if hasattr(column, "dictionary_decode") else column


def different_columns(row: Row) -> DataError:
    """Say that a file can't hold both these rows and those before."""
    return DataError(
        f"{row.record.source.name}: has other columns than the files before; write .jsonl, whose rows may differ"
    )
