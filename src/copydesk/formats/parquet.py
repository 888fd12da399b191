"""Parquet: rows of Arrow batches.

An output grows as JSON lines, or as an Arrow stream where the input is Parquet; ``to_parquet`` writes it once all rows
are known, in two passes that hold a few thousand rows each.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO, Any

from copydesk.formats.jsonl import JsonLines, members_of, value_text
from copydesk.formats.parquet_types import AS_JSON, NULL, TYPED, arrow_type, plain_type, settled, type_of, unify
from copydesk.formats.rows import (
    Encoded,
    NotARowError,
    Reader,
    Record,
    Row,
    Source,
    Values,
    Wanted,
    different_columns,
    name_fault,
)

BATCH_ROWS = 256
GROUP_ROWS = 2_048  # of a row group; fixed, so that the same rows give the same file
GROUP_BYTES = 32 * 2**20
MAX_DEPTH = 200  # of nested JSON; types are recursive
ADDED = "copydesk"  # column of the answers in an Arrow stream
ARROW_MARK = b"\xff\xff\xff\xff"
_STRING_OR_FLAT = re.compile(r'"(?:[^"\\]|\\.)*"|[^"\[\]{}]+')


class ParquetBatch:
    """Rows of Parquet that were read together; their values are made on first use."""

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


class ParquetReader(Reader):
    """Reads the rows of a Parquet file, batch by batch."""

    suffixes = (".parquet",)
    is_text = False

    def read(self, source: Source, stream: IO[bytes], wanted: Wanted) -> Iterator[Record]:
        """Yield the rows, numbered from 1 at the file's beginning."""
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
                    wanted.check(file.schema_arrow.names)
                    columns = list(dict.fromkeys(wanted.columns)) if wanted.only else None
                    groups = None
                    if source.span is not None:
                        groups = list(range(*source.span))
                        number = sum(file.metadata.row_group(at).num_rows for at in range(source.span[0]))
                    for batch in file.iter_batches(BATCH_ROWS, row_groups=groups, columns=columns):
                        rows, size = ParquetBatch(_plain(batch)), batch.nbytes // max(1, len(batch))
                        for at in range(len(batch)):
                            number += 1
                            yield Record(source, number, ParquetRow(rows, at), size)
            except pa.ArrowException as error:
                reason = str(error).splitlines()[0]
                yield Record(source, number + 1, None, 0, f"not readable as Parquet from here on: {reason}")

    def values(self, record: Record) -> Values:
        """Return the values of a row."""
        values: Values | None = record.raw.batch.rows[record.raw.at]
        if values is None:
            raise NotARowError("not UTF-8")
        return values


def _plain(batch: Any) -> Any:
    """Return a batch without the types that Arrow can't take rows from, or whose messages depend on those before."""
    import pyarrow as pa

    schema = batch.schema
    fields = [field.with_type(plain_type(field.type)) for field in schema]
    plain = pa.schema(fields, metadata=schema.metadata)
    return batch if plain.equals(schema) else batch.cast(plain)


class Parquet:
    """Encodes rows for a Parquet file: those of Parquet as Arrow, with every column's type; others as JSON lines."""

    def fault(self, row: Row, answer: Mapping[str, Any]) -> str | None:
        """Return why Parquet can't hold a row: a field's name is not valid Unicode, or its values nest too deep."""
        for name, member in row.members.items():
            if depth(member) > MAX_DEPTH:
                return (
                    f"JSON nested more than {MAX_DEPTH} deep in the field {name!r}, too deep for Parquet; write .jsonl"
                )
        return name_fault(row, answer, "Parquet")

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
    added = pa.array([json.dumps(answer) for answer in answers], pa.string())
    return pa.record_batch([*(table.column(name) for name in kept), added], names=[*kept, ADDED])


def depth(text: str) -> int:
    """Return how deep the lists and objects in a piece of JSON nest."""
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return 0  # not deep enough to matter
    deepest = now = 0
    for bracket in _STRING_OR_FLAT.sub("", text):
        now += 1 if bracket in "[{" else -1
        deepest = max(deepest, now)
    return deepest


def to_parquet(part: Path, whole: Path) -> None:
    """Write JSON lines or an Arrow stream as a Parquet file, synced to the disk.

    Raises
    ------
    OSError
        It can't be written.
    """
    import pyarrow as pa
    from pyarrow import parquet

    with part.open("rb") as file:
        groups = arrow_groups if file.read(4) == ARROW_MARK else line_groups
    types: dict[str, Any] = {}
    kept: Any = None
    for table, lines in groups(part):
        kept = table.schema if table is not None else None
        for line in lines:
            for name, value in members_of(line, TYPED)[0].items():
                types[name] = unify(types.get(name, NULL), type_of(value))
    added = [pa.field(name, arrow_type(found)) for name, found in types.items()]
    schema = pa.schema([*(kept or []), *added], metadata=kept.metadata if kept is not None else None)
    with whole.open("wb") as sink:
        with parquet.ParquetWriter(sink, schema, compression="zstd") as writer:
            for table, lines in groups(part):
                columns = [*(table.columns if table is not None else []), *_columns(lines, types)]
                writer.write_table(pa.Table.from_arrays(columns, schema=schema))
        sink.flush()
        os.fsync(sink.fileno())


def line_groups(part: Path) -> Iterator[tuple[None, list[str]]]:
    """Yield the lines of a file in row groups."""
    lines: list[str] = []
    size = 0
    with part.open("rb") as file:
        for line in file:
            lines.append(line.decode())
            size += len(line)
            if len(lines) == GROUP_ROWS or size >= GROUP_BYTES:
                yield None, lines
                lines, size = [], 0
    if lines:
        yield None, lines


def arrow_groups(part: Path) -> Iterator[tuple[Any, list[str]]]:
    """Yield the rows of an Arrow stream in row groups: the columns of the input, and the answers as lines of JSON."""
    import pyarrow as pa

    with part.open("rb") as file, pa.ipc.open_stream(file) as stream:
        held = pa.Table.from_batches([], stream.schema)
        for batch in stream:
            held = pa.concat_tables([held, pa.Table.from_batches([batch])])
            while len(held) >= GROUP_ROWS:
                yield _apart(held.slice(0, GROUP_ROWS))
                held = held.slice(GROUP_ROWS)
        if len(held):
            yield _apart(held)


def _apart(table: Any) -> tuple[Any, list[str]]:
    table = table.combine_chunks()  # how rows came together must not show in the file
    last = table.num_columns - 1
    return table.remove_column(last), table.column(last).to_pylist()


def _columns(lines: list[str], types: dict[str, Any]) -> list[Any]:
    import pyarrow as pa

    columns: dict[str, list[Any]] = {name: [] for name in types}
    for line in lines:
        values, members = members_of(line, TYPED)
        for name, found in types.items():
            if name not in values:
                columns[name].append(None)
            elif found == AS_JSON:
                columns[name].append(value_text(members[name]))
            else:
                columns[name].append(settled(values[name], found))
    return [pa.array(columns[name], arrow_type(found)) for name, found in types.items()]
