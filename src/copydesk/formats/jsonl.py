"""JSON lines: an object on each line."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from json import decoder as json_decoder
from typing import IO, Any

from copydesk.formats.files import MAX_ROW
from copydesk.formats.rows import (
    SHOWN_BYTES,
    AnyRow,
    Encoded,
    Members,
    NotARowError,
    Parsed,
    Reader,
    Record,
    Row,
    Source,
    Values,
    Wanted,
    member,
)


class JsonNumber:
    """Stands for a number, whose digits are kept as they were written and never turned into a float."""


def _number(digits: str) -> JsonNumber:
    return JsonNumber()


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise ValueError("a field is there twice")
    return fields


JSON_KINDS = {JsonNumber: "a number", bool: "true or false", dict: "an object", list: "a list", type(None): "null"}

_MEMBERS = json.JSONDecoder(parse_int=_number, parse_float=_number)
_VALUES = json.JSONDecoder(object_pairs_hook=_unique_keys)
_read_string: Callable[[str, int, bool], tuple[str, int]] = json_decoder.scanstring  # type: ignore[attr-defined]
_SPACE = re.compile(r"[ \t\n\r]*")


class JsonLinesReader(Reader):
    """Reads an object from each line that is not blank."""

    suffixes: tuple[str, ...] = (".jsonl", ".ndjson")

    def read(self, source: Source, stream: IO[bytes], wanted: Wanted) -> Iterator[Record]:
        """Yield a record for each line that is not blank."""
        number = 0
        while line := stream.readline(MAX_ROW + 1):
            number += 1
            if number == 1 and line.startswith(codecs.BOM_UTF8):
                line = line[len(codecs.BOM_UTF8) :]
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

    def values(self, record: Record) -> Values:
        """Return the object of a line."""
        try:
            value = _VALUES.decode(decoded(record.raw))
        except RecursionError:
            raise NotARowError("JSON nested too deep") from None
        except ValueError as error:
            raise NotARowError(f"not JSON: {getattr(error, 'msg', error)}") from None
        if not isinstance(value, dict):
            raise NotARowError(f"a JSON {type(value).__name__}, not an object")
        return value

    def parse(self, record: Record, text_field: str) -> Parsed:
        """Return the values of a line, and its members exactly as they are written."""
        line = decoded(record.raw)
        try:
            return Parsed(*members_of(line))
        except RecursionError:
            raise NotARowError("JSON nested too deep") from None
        except json.JSONDecodeError as error:
            raise NotARowError(f"not JSON: {error.msg} at character {error.pos + 1}") from None
        except ValueError as error:
            raise NotARowError(str(error)) from None


class JsonLines(AnyRow):
    """Encodes a row as an object on a line: its fields as they were written, then the added ones."""

    def encode(self, rows: Sequence[Row], answers: Sequence[Mapping[str, Any]]) -> Encoded:
        """Return the rows as lines."""
        lines = [
            "{" + ", ".join({**row.members, **{k: member(k, v) for k, v in answer.items()}}.values()) + "}\n"
            for row, answer in zip(rows, answers, strict=True)
        ]
        return Encoded("".join(lines).encode())


def decoded(data: bytes) -> str:
    """Decode UTF-8.

    Raises
    ------
    NotARowError
        Names the first byte that is not valid, and its place.
    """
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise NotARowError(f"not UTF-8: byte {data[error.start]:#04x} at {error.start + 1:,}") from None


def members_of(line: str, decoder: json.JSONDecoder = _MEMBERS) -> tuple[Values, Members]:
    """Return the values of an object of JSON by field, and each member, ``"field": value``, as it is written.

    Raises
    ------
    json.JSONDecodeError
        It is not JSON.
    ValueError
        It is not an object, or has a field twice.
    """
    at = _skip(line, 0)
    if line[at : at + 1] != "{":
        value, _ = decoder.raw_decode(line, at)
        raise ValueError(f"expected an object, found {JSON_KINDS.get(type(value), 'a string')}")
    values: dict[str, Any] = {}
    members: dict[str, str] = {}
    at = _skip(line, at + 1)
    while line[at : at + 1] != "}":
        if members:
            at = _skip(line, _past(line, at, ","))
        start, at = at, _past(line, at, '"')
        name, at = _read_string(line, at, True)
        value, at = decoder.raw_decode(line, _skip(line, _past(line, _skip(line, at), ":")))
        if name in members:
            raise ValueError(f"the field {name!r} is there twice")
        values[name], members[name] = value, line[start:at]
        at = _skip(line, at)
    end = _skip(line, at + 1)
    if end != len(line):
        raise json.JSONDecodeError("Extra data", line, end)
    return values, members


def _skip(line: str, at: int) -> int:
    """Return the position after white space."""
    return _SPACE.match(line, at).end()  # type: ignore[union-attr]


def _past(line: str, at: int, mark: str) -> int:
    """Return the position after a mark that must stand here."""
    if line[at : at + 1] != mark:
        raise json.JSONDecodeError(f"Expecting {mark!r}", line, at)
    return at + 1


def value_text(member: str) -> str:
    """Return the value of a member as it is written."""
    _, at = _read_string(member, 1, True)
    return member[_skip(member, _past(member, _skip(member, at), ":")) :]
