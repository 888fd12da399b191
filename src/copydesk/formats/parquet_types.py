"""From what an output grew as to Parquet: types are settled when all rows are known, then rows are copied.

Both passes hold a few thousand rows. A value goes into a typed column only if it comes out of it the same: whole
numbers that fit 64 bits, numbers whose digits a float64 gives back, text, true and false, and lists and objects of
these. A column that holds anything else, or a mixture, is text: each value as the JSON that it was. A field that a
row does not have is null.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from copydesk.formats.rows import members_of, value_text

GROUP_ROWS = 2_048  # of a row group; fixed, so that the same rows give the same file
GROUP_BYTES = 32 * 2**20
ARROW_MARK = b"\xff\xff\xff\xff"
EXACT = 2**53  # whole numbers up to it are the same in float64

# A type as data: a name, ("list", type) or ("struct", {field: type}); as JSON is what has no other.
AS_JSON = "json"
NOTHING = "null"


class Digits(str):
    """A number as it was written."""


class Twice:
    """Stands for an object that has a field twice."""


def _object(pairs: list[tuple[str, Any]]) -> Any:
    fields = dict(pairs)
    return fields if len(fields) == len(pairs) else Twice()


DECODER = json.JSONDecoder(parse_int=Digits, parse_float=Digits, parse_constant=Digits, object_pairs_hook=_object)


def to_parquet(part: Path, whole: Path) -> None:
    """Write a grown output, lines of JSON or an Arrow stream, as a Parquet file, and wait until it is on the disk.

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
            for name, value in members_of(line, DECODER)[0].items():
                types[name] = unify(types.get(name, NOTHING), type_of(value))
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
        values, members = members_of(line, DECODER)
        for name, found in types.items():
            if name not in values:
                columns[name].append(None)
            elif found == AS_JSON:
                columns[name].append(value_text(members[name]))
            else:
                columns[name].append(settled(values[name], found))
    return [pa.array(columns[name], arrow_type(found)) for name, found in types.items()]


def type_of(value: Any) -> Any:
    """Return the narrowest type that gives a value back as it is."""
    if value is None:
        return NOTHING
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, Digits):
        return _number_type(value)
    if isinstance(value, str):
        return "text" if value.isascii() or not any("\ud800" <= c <= "\udfff" for c in value) else AS_JSON
    if isinstance(value, list):
        item: Any = NOTHING
        for each in value:
            item = unify(item, type_of(each))
        return AS_JSON if item == AS_JSON else ("list", item)
    if isinstance(value, dict) and value:
        fields = {name: type_of(each) for name, each in value.items()}
        return AS_JSON if AS_JSON in fields.values() else ("struct", fields)
    return AS_JSON


def _number_type(digits: str) -> str:
    if digits.removeprefix("-").isdigit():
        number = int(digits) if len(digits) < 25 else 2**80
        return "exact" if abs(number) <= EXACT else "int" if -(2**63) <= number < 2**63 else AS_JSON
    number_given_back = repr(float(digits))
    if digits == number_given_back or Decimal(digits) == Decimal(number_given_back):
        return "float"
    return AS_JSON


def unify(one: Any, other: Any) -> Any:
    """Return a type that gives back the values of both."""
    if one == other or other == NOTHING:
        return one
    if one == NOTHING:
        return other
    if isinstance(one, str) and isinstance(other, str):
        pair = {one, other}
        return "int" if pair == {"exact", "int"} else "float" if pair == {"exact", "float"} else AS_JSON
    if isinstance(one, str) or isinstance(other, str) or one[0] != other[0]:
        return AS_JSON
    if one[0] == "list":
        item = unify(one[1], other[1])
        return AS_JSON if item == AS_JSON else ("list", item)
    fields = {name: unify(one[1].get(name, NOTHING), other[1].get(name, NOTHING)) for name in {**one[1], **other[1]}}
    return AS_JSON if AS_JSON in fields.values() else ("struct", fields)


def arrow_type(found: Any) -> Any:
    """Return a type as one of Arrow."""
    import pyarrow as pa

    if isinstance(found, str):
        plain = {"bool": pa.bool_(), "exact": pa.int64(), "int": pa.int64(), "float": pa.float64()}
        return plain.get(found, pa.string())
    if found[0] == "list":
        return pa.list_(arrow_type(found[1]))
    return pa.struct([pa.field(name, arrow_type(each)) for name, each in found[1].items()])


def settled(value: Any, found: Any) -> Any:
    """Return a value as its column's type takes it."""
    if isinstance(value, Digits):
        return float(value) if found == "float" else int(value)
    if isinstance(value, list):
        return [settled(each, found[1]) for each in value]
    if isinstance(value, dict):
        return {name: settled(each, found[1][name]) for name, each in value.items()}
    return value
