"""Readers of records: what a row is in each format, as it stands there, before anything is made of it.

Reading is bounded: no line, record or document is held beyond ``MAX_ROW`` bytes, whatever it expands to.
"""

from __future__ import annotations

import csv
import io
import shutil
import tempfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import IO, Any

from copydesk.errors import nearest
from copydesk.formats.files import MAX_ROW
from copydesk.formats.sources import Source, open_source

# Of a row over the cap, this much goes to the rejects.
SHOWN_BYTES = 1_000
PARQUET_BATCH = 256
BOM = b"\xef\xbb\xbf"


@dataclass(slots=True)
class Record:
    """A row as it stands in its source.

    Attributes
    ----------
    source : Source
    line : int
        The line it begins on, or the row in Parquet; from 1.
    raw : bytes or Cells or ParquetRow
        A line of JSONL, a document, the cells of a CSV record, or a row of a Parquet batch.
    size : int
        Bytes that it takes in its source, decompressed.
    fault : str or None
        Why it can't be read.
    """

    source: Source
    line: int
    raw: Any
    size: int
    fault: str | None = None

    @property
    def seal(self) -> bytes:
        """Bytes that change when the record does, for a digest of what was read."""
        return self.raw if isinstance(self.raw, bytes) else self.raw.seal if self.raw is not None else b""


@dataclass(slots=True)
class Cells:
    """A CSV record: its cells, the header they stand under, and the lines it was read from."""

    header: tuple[str, ...]
    cells: list[str]
    lines: str

    @property
    def seal(self) -> bytes:
        """The record's lines as bytes."""
        return self.lines.encode("utf-8", "surrogateescape")


def read_records(source: Source, text_field: str, tell: Callable[[int], None] | None = None) -> Iterator[Record]:
    """Yield the records of a source, in order; where it can't be read further, a last one says why.

    Parameters
    ----------
    source : Source
    text_field : str
        A table whose header lacks it can't be read.
    tell : callable, optional
        Is told, now and then, how many bytes of the file are read.
    """
    line = 0
    try:
        with open_source(source) as (stream, raw):
            for number, record in enumerate(READERS[source.format](source, stream, text_field)):
                line = record.line
                if tell is not None and raw is not None and number % 1000 == 0:
                    tell(raw.tell())
                yield record
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or f"damaged or cut off: {error}"
        yield Record(source, line + 1, None, 0, f"can't be read from here on: {reason}")


def read_jsonl(source: Source, stream: IO[bytes], text_field: str) -> Iterator[Record]:
    """Yield a record for each line that is not blank."""
    number = 0
    while line := stream.readline(MAX_ROW + 1):
        number += 1
        if number == 1 and line.startswith(BOM):
            line = line[len(BOM) :]
        if len(line) > MAX_ROW and not line.endswith(b"\n"):
            size = len(line)
            line = line[:SHOWN_BYTES]
            while rest := stream.readline(1 << 20):
                size += len(rest)
                if rest.endswith(b"\n"):
                    break
            yield Record(source, number, line, size, f"line of {size:,} bytes, more than {MAX_ROW:,}")
        elif not line.isspace():
            yield Record(source, number, line, len(line))


def read_document(source: Source, stream: IO[bytes], text_field: str) -> Iterator[Record]:
    """Yield the whole file as one record."""
    data = stream.read(MAX_ROW + 1)
    if len(data) > MAX_ROW:
        yield Record(source, 1, data[:SHOWN_BYTES], len(data), f"file of more than {MAX_ROW:,} bytes")
    else:
        yield Record(source, 1, data.removeprefix(BOM), len(data))


class Lines:
    """Lines of text for ``csv``, which remembers those that the record under way was read from."""

    def __init__(self, stream: IO[bytes]) -> None:
        # bytes that are not UTF-8 become lone surrogates: rejected later, and given back as they were
        self.text = io.TextIOWrapper(stream, "utf-8-sig", "surrogateescape", newline="")
        self.taken: list[str] = []
        self.size = 0
        self.number = 0

    def __iter__(self) -> Iterator[str]:
        while line := self.text.readline(MAX_ROW):
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


def read_csv(source: Source, stream: IO[bytes], text_field: str) -> Iterator[Record]:
    """Yield the records under the header, every cell as the text it is."""
    csv.field_size_limit(MAX_ROW)
    lines = Lines(stream)
    try:
        yield from _csv_records(source, lines, text_field)
    finally:
        lines.text.detach()  # the stream is not ours to close


def _csv_records(source: Source, lines: Lines, text_field: str) -> Iterator[Record]:
    delimiter = "\t" if source.format == "tsv" else ","
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    header: tuple[str, ...] = ()
    while True:
        lines.forget()
        line = lines.number + 1
        try:
            cells = next(reader)
            fault = _csv_fault(header, cells, text_field)
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
                yield Record(source, line, None, 0, f"{fault} (no row of this file can be read)")
                return
            header = tuple(cells)
            continue
        yield Record(source, line, Cells(header, cells, "".join(lines.taken)), lines.size, fault)


def _csv_fault(header: tuple[str, ...], cells: list[str], text_field: str) -> str | None:
    if header or not cells:
        return f"{len(cells)} fields under a header of {len(header)}" if cells and len(cells) != len(header) else None
    return _columns_fault(cells, text_field)


def _columns_fault(columns: list[str], text_field: str) -> str | None:
    twice = sorted({name for name in columns if columns.count(name) > 1})
    if twice:
        return f"the column {twice[0]!r} is there twice; give each its own name"
    if text_field not in columns:
        return f"no column {text_field!r}; see --text-field; {nearest(text_field, columns)}"
    return None


class ParquetBatch:
    """Rows of Parquet that were read together; their values are made when they are first asked for."""

    def __init__(self, batch: Any) -> None:
        self.batch = batch

    @cached_property
    def rows(self) -> list[dict[str, Any] | None]:
        """The rows' values; None for one whose strings are not UTF-8, which Parquet doesn't check."""
        try:
            return list(self.batch.to_pylist())
        except UnicodeDecodeError:
            return [self._row(at) for at in range(len(self.batch))]

    def _row(self, at: int) -> dict[str, Any] | None:
        try:
            return dict(self.batch.slice(at, 1).to_pylist()[0])
        except UnicodeDecodeError:
            return None


@dataclass(slots=True)
class ParquetRow:
    """A row of a batch."""

    batch: ParquetBatch
    at: int

    @property
    def seal(self) -> bytes:
        """The batch's bytes with its first row; nothing more with the others."""
        return bytes(self.batch.batch.serialize()) if self.at == 0 else b""


def read_parquet(source: Source, stream: IO[bytes], text_field: str) -> Iterator[Record]:
    """Yield the rows, batch by batch."""
    import pyarrow as pa
    from pyarrow import parquet

    number = 0
    with tempfile.TemporaryFile() as spool:
        if not stream.seekable() or source.path is None or not source.path.name.lower().endswith(".parquet"):
            shutil.copyfileobj(stream, spool)  # Parquet is read from its end
            spool.seek(0)
            stream = spool
        try:
            with parquet.ParquetFile(stream, read_dictionary=[]) as file:
                fault = _columns_fault(file.schema_arrow.names, text_field)
                if fault:
                    yield Record(source, 1, None, 0, f"{fault} (no row of this file can be read)")
                    return
                for batch in file.iter_batches(PARQUET_BATCH):
                    rows, size = ParquetBatch(batch), batch.nbytes // max(1, len(batch))
                    for at in range(len(batch)):
                        number += 1
                        yield Record(source, number, ParquetRow(rows, at), size)
        except pa.ArrowException as error:
            reason = str(error).splitlines()[0]
            yield Record(source, number + 1, None, 0, f"not readable as Parquet from here on: {reason}")


READERS: dict[str, Callable[[Source, IO[bytes], str], Iterator[Record]]] = {
    "text": read_document,
    "html": read_document,
    "jsonl": read_jsonl,
    "csv": read_csv,
    "tsv": read_csv,
    "parquet": read_parquet,
}
