"""CSV and TSV: records of cells under a header."""

from __future__ import annotations

import csv
import io
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from copydesk.errors import ConfigError
from copydesk.formats.files import MAX_ROW
from copydesk.formats.jsonl import value_text
from copydesk.formats.rows import (
    SHOWN_BYTES,
    Encoded,
    Members,
    NotARowError,
    Parsed,
    Reader,
    Record,
    Row,
    Source,
    UnreadableError,
    Values,
    Wanted,
    different_columns,
    is_unicode,
    name_fault,
    to_json,
)

# Joins the items of a list in a cell.
JOINT = ";"
# Spreadsheets run cells that begin so as formulas, unless they are numbers.
FORMULA = re.compile(r"[=+\-@\t\r]")
# First line of an output that grows as JSON lines of cells until all columns are known.
CELLS_MARK = b"\0cells\n"
NUMBER = re.compile(r"[+-]?[0-9]+([.,][0-9]+)*([eE][+-]?[0-9]+)?%?")


@dataclass(slots=True)
class Cells:
    """A CSV record: its cells, the header above them, and the lines it was read from."""

    header: tuple[str, ...]
    cells: list[str]
    lines: str

    @property
    def seal(self) -> bytes:
        """The record's lines as bytes."""
        return self.lines.encode("utf-8", "surrogateescape")


class CsvReader(Reader):
    """Reads the records under a header, every cell as text.

    Parameters
    ----------
    suffixes : tuple of str
    delimiters : str
        Candidates; the first whose header has the wanted columns is used.
    """

    def __init__(self, suffixes: tuple[str, ...], delimiters: str) -> None:
        self.suffixes = suffixes
        self.delimiters = delimiters

    def read(self, source: Source, stream: IO[bytes], wanted: Wanted) -> Iterator[Record]:
        """Yield the records under the header."""
        before = csv.field_size_limit(MAX_ROW)
        lines = _Lines(stream)
        try:
            delimiter = source.delimiter or detect_delimiter(lines.peek(), self.delimiters, wanted)
            yield from _records(source, lines, delimiter, wanted)
        finally:
            csv.field_size_limit(before)
            lines.text.detach()  # the caller closes the stream

    def values(self, record: Record) -> Values:
        """Return the cells by column."""
        return dict(zip(record.raw.header, record.raw.cells, strict=True))

    def parse(self, record: Record, text_field: str) -> Parsed:
        """Return the cells by column, and as JSON; all must be valid text."""
        if not is_unicode(record.raw.lines):
            raise NotARowError("not UTF-8")
        return super().parse(record, text_field)


class _Lines:
    """Lines of text for ``csv``; keeps those of the record that is being read."""

    def __init__(self, stream: IO[bytes]) -> None:
        # bytes that are not UTF-8 become lone surrogates: rejected later, and given back as they were
        self.text = io.TextIOWrapper(stream, "utf-8-sig", "surrogateescape", newline="")
        self.ahead = ""
        self.taken: list[str] = []
        self.size = 0
        self.number = 0

    def peek(self) -> str:
        """Return the next line without taking it."""
        self.ahead = self.ahead or self.text.readline(MAX_ROW)
        return self.ahead

    def __iter__(self) -> Iterator[str]:
        while line := self.ahead or self.text.readline(MAX_ROW):
            self.ahead = ""
            self.number += 1
            self.taken.append(line)
            self.size += len(line)
            if self.size >= MAX_ROW:
                raise csv.Error(f"more than {MAX_ROW:,} characters")
            yield line

    def forget(self) -> None:
        """Begin a new record."""
        self.taken.clear()
        self.size = 0

    def skip_line(self) -> None:
        """Read past the rest of a line."""
        while not self.taken[-1].endswith(("\n", "\r")) and (line := self.text.readline(1 << 20)):
            self.taken[-1] = line[-1]


def check_delimiter(text: str, option: str) -> str:
    r"""Return a delimiter from an option, where ``\t`` and ``tab`` stand for a tab.

    Raises
    ------
    ConfigError
    """
    delimiter = "\t" if text in ("\\t", "tab") else text
    if len(delimiter) != 1 or delimiter in '"\r\n' or not is_unicode(delimiter):
        raise ConfigError(f"{option}{text}: one character, such as ; or tab")
    return delimiter


def detect_delimiter(header: str, candidates: str, wanted: Wanted) -> str:
    """Return the first delimiter that divides a header into columns with all that are wanted; else the first."""
    for delimiter in candidates:
        try:
            columns = next(csv.reader([header], delimiter=delimiter, strict=True), [])
        except csv.Error:
            continue
        if set(wanted.columns) <= set(columns):
            return delimiter
    return candidates[0]


def _records(source: Source, lines: _Lines, delimiter: str, wanted: Wanted) -> Iterator[Record]:
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    header: tuple[str, ...] = ()
    while True:
        lines.forget()
        line = lines.number + 1
        fault = None
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            cells, fault = [], f"not a CSV record: {error}"
            if lines.size >= MAX_ROW:
                lines.taken = [lines.taken[0][:SHOWN_BYTES], lines.taken[-1][-1:]]
                lines.skip_line()
                reader = csv.reader(lines, delimiter=delimiter, strict=True)
        if not cells and not fault:
            continue  # a blank line
        if not header:
            if fault:
                raise UnreadableError(fault)
            wanted.check(cells)
            header = tuple(cells)
            continue
        if cells and len(cells) != len(header):
            fault = f"{len(cells)} fields under a header of {len(header)}"
        yield Record(source, line, Cells(header, cells, "".join(lines.taken)), lines.size, fault)


class Csv:
    """Encodes rows as CSV: the cells of a CSV row as they were, then the added fields.

    The items of a ``JoinedList`` are joined; what else is neither text nor a number becomes JSON. Rows of other
    formats, whose columns are known when all are, are encoded as JSON lines of cells; ``to_csv`` makes them into a
    table.

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

    def fault(self, row: Row, answer: Mapping[str, Any]) -> str | None:
        """Return why CSV can't hold a row: the name of a field is not valid Unicode."""
        return name_fault(row, answer, "CSV")

    def encode(self, rows: Sequence[Row], answers: Sequence[Mapping[str, Any]]) -> Encoded:
        """Return the rows as records with their header, or as lines with ``CELLS_MARK``.

        Raises
        ------
        DataError
            A row has other columns than the row before.
        """
        lines = []
        header: list[str] | None = None
        is_csv = True
        for row, answer in zip(rows, answers, strict=True):
            found = row.record.raw
            is_csv = isinstance(found, Cells)
            fields = dict(zip(found.header, found.cells, strict=True)) if is_csv else cells_of(row.members)
            fields |= dict(answer)
            columns = list(fields) if is_csv else []
            if header is not None and columns != header:
                raise different_columns(row)
            header = columns
            lines.append(self._record(fields.values()) if is_csv else self._line(fields))
        data = "".join(lines).encode("utf-8", "replace")
        return Encoded(data, self._record(header).encode() if header else b"" if is_csv else CELLS_MARK)

    def _record(self, values: Iterable[Any]) -> str:
        return csv_record(map(self._cell, values), self.delimiter)

    def _line(self, fields: Mapping[str, Any]) -> str:
        return to_json({self._cell(name): self._cell(value) for name, value in fields.items()}) + "\n"

    def _cell(self, value: Any) -> str:
        if isinstance(value, JoinedList):
            value = JOINT.join(map(str, value))
        text = "" if value is None else value if isinstance(value, str) else to_json(value)
        if self.escape_formulas and FORMULA.match(text) and not NUMBER.fullmatch(text):
            return f"'{text}"
        return text


class JoinedList(list[Any]):
    """List of an answer whose items, joined by ``JOINT``, are one cell of CSV; other formats hold a list."""


def cells_of(members: Members) -> dict[str, Any]:
    """Return the cells of a row by field: text as it is, null as nothing, all else as it is written in JSON."""
    written = {name: value_text(member) for name, member in members.items()}
    return {name: json.loads(value) if value[0] in '"n' else value for name, value in written.items()}


def csv_record(cells: Iterable[str], delimiter: str) -> str:
    """Return cells as a line of CSV."""
    text = io.StringIO(newline="")
    # with this line end csv quotes both characters of it wherever they stand in a cell
    csv.writer(text, delimiter=delimiter, lineterminator="\r\n").writerow(cells)
    return text.getvalue()[:-2] + "\n"


def to_csv(part: Path, whole: Path, delimiter: str) -> None:
    """Write JSON lines of cells as CSV, synced to the disk; the columns are those of all rows, as they first occur.

    Raises
    ------
    OSError
        It can't be written.
    """
    columns: dict[str, None] = {}
    for cells in _grown(part):
        columns |= dict.fromkeys(cells)
    with whole.open("w", encoding="utf-8", errors="replace", newline="") as file:
        file.write(csv_record(columns, delimiter))
        for cells in _grown(part):
            file.write(csv_record([cells.get(name, "") for name in columns], delimiter))
        file.flush()
        os.fsync(file.fileno())


def _grown(part: Path) -> Iterator[dict[str, str]]:
    with part.open("rb") as lines:
        next(lines)  # the mark
        yield from map(json.loads, lines)
