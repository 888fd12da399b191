"""Rows as an answer is asked for: text, title and site, and every field as it was written."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from json import decoder
from typing import Any, TypeAlias

from copydesk.formats.readers import Cells, ParquetRow, Record
from copydesk.text.paragraphs import LINE


@dataclass(frozen=True, slots=True)
class Fields:
    """Which fields hold the text, and, where they are named, title and site; and how many lines a text may have."""

    text: str = "text"
    title: str | None = None
    site: str | None = None
    max_lines: int | None = None


@dataclass(slots=True)
class Row:
    """A row that can be answered.

    Attributes
    ----------
    record : Record
        As it stands in its source.
    text, title, site : str
        Empty where the row has no title or site.
    members : dict of str to str
        For each field, in order, ``"name": value`` as JSON; of a JSONL row exactly as it was written there, so
        that numbers, escapes and what is nested stay as they are.
    headline : str
        The title or, of a web page, its headline.
    """

    record: Record
    text: str
    title: str
    site: str
    members: dict[str, str]
    headline: str = ""


@dataclass(slots=True)
class Rejected:
    """A record that is no row, and why."""

    record: Record
    reason: str


PAGE_HEADLINE = "title"  # the field in which a web page has its headline

# What is said of each row: fields to add, or to put in the place of those of the same name.
Answer: TypeAlias = Callable[[Sequence[Row]], Sequence[Mapping[str, Any]]]


class _Number:
    """Stands for a number, whose digits are kept as they were written and never turned into a float."""


class _NotARowError(Exception):
    """Carries the reason."""


def _number(digits: str) -> _Number:
    return _Number()


_DECODER = json.JSONDecoder(parse_int=_number, parse_float=_number)
_read_string: Callable[[str, int, bool], tuple[str, int]] = decoder.scanstring  # type: ignore[attr-defined]
_SPACE = re.compile(r"[ \t\n\r]*")
_KINDS = {_Number: "a number", bool: "true or false", dict: "an object", list: "a list", type(None): "null"}


def parse(record: Record, fields: Fields) -> Row | Rejected:
    """Return the row that a record is, or why it is none."""
    if record.fault is not None:
        return Rejected(record, record.fault)
    try:
        values, members = PARSERS[record.source.format](record, fields)
        text = _string(values, fields.text, required=True)
        title = _string(values, fields.title) if fields.title else ""
        site = _string(values, fields.site) if fields.site else ""
    except _NotARowError as error:
        return Rejected(record, str(error))
    if not text.strip() and not title.strip():
        return Rejected(record, f"nothing but white space in the field {fields.text!r}")
    if fields.max_lines is not None and too_many_lines(text, fields.max_lines):
        return Rejected(record, f"more than {fields.max_lines:,} lines in the field {fields.text!r}")
    headline = values.get(PAGE_HEADLINE, "") if record.source.format == "html" else title
    return Row(record, text, title, site, members, headline)


def too_many_lines(text: str, at_most: int) -> bool:
    """Say whether a text has more lines than that, white ones not counted."""
    # a line that counts takes two characters
    return len(text) > 2 * at_most and sum(1 for _ in LINE.finditer(text)) > at_most


def _string(values: Mapping[str, Any], field: str, required: bool = False) -> str:
    value = values.get(field)
    if isinstance(value, str):
        return value
    if value is None and not required:
        return ""
    if field not in values:
        raise _NotARowError(f"expected a string in the field {field!r}, found nothing; see --text-field")
    found = _KINDS.get(type(value), f"a {type(value).__name__}")
    raise _NotARowError(f"expected a string in the field {field!r}, found {found}")


def _parse_line(record: Record, fields: Fields) -> tuple[dict[str, Any], dict[str, str]]:
    """Take a line of JSONL apart into its members, each with the text it was written as."""
    line = _decoded(record.raw)
    try:
        values, members = members_of(line)
    except RecursionError:
        raise _NotARowError("JSON nested too deep") from None
    except json.JSONDecodeError as error:
        raise _NotARowError(f"not JSON: {error.msg} at character {error.pos + 1}") from None
    except ValueError as error:
        raise _NotARowError(str(error)) from None
    return values, members


def members_of(line: str, decoder: json.JSONDecoder = _DECODER) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the values of an object of JSON by field, and each member, ``"field": value``, as it is written.

    Raises
    ------
    json.JSONDecodeError
        It is not JSON.
    ValueError
        It is no object, or has a field twice.
    """
    at = _skip(line, 0)
    if line[at : at + 1] != "{":
        value, _ = decoder.raw_decode(line, at)
        raise ValueError(f"expected an object, found {_KINDS.get(type(value), 'a string')}")
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
    """Return the place behind white space."""
    return _SPACE.match(line, at).end()  # type: ignore[union-attr]


def _past(line: str, at: int, mark: str) -> int:
    """Return the place behind a mark that must stand here."""
    if line[at : at + 1] != mark:
        raise json.JSONDecodeError(f"Expecting {mark!r}", line, at)
    return at + 1


def value_text(member: str) -> str:
    """Return the value of a member as it is written."""
    _, at = _read_string(member, 1, True)
    return member[_skip(member, _past(member, _skip(member, at), ":")) :]


def _parse_document(record: Record, fields: Fields) -> tuple[dict[str, Any], dict[str, str]]:
    values = {"file": record.source.name, fields.text: _decoded(record.raw)}
    return values, {name: member(name, value) for name, value in values.items()}


def _parse_html(record: Record, fields: Fields) -> tuple[dict[str, Any], dict[str, str]]:
    from copydesk.text.html import read_page

    page = read_page(record.raw)
    values = {"file": record.source.name, fields.text: page.text}
    return {PAGE_HEADLINE: page.headline, **values}, {name: member(name, value) for name, value in values.items()}


def _parse_cells(record: Record, fields: Fields) -> tuple[dict[str, Any], dict[str, str]]:
    found: Cells = record.raw
    try:
        found.lines.encode()
    except UnicodeEncodeError:
        raise _NotARowError("not UTF-8") from None
    values = dict(zip(found.header, found.cells, strict=True))
    return values, {name: member(name, value) for name, value in values.items()}


def _parse_parquet(record: Record, fields: Fields) -> tuple[dict[str, Any], dict[str, str]]:
    found: ParquetRow = record.raw
    values = found.batch.rows[found.at]
    if values is None:
        raise _NotARowError("not UTF-8")
    return values, {name: member(name, value) for name, value in values.items()}


def _decoded(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise _NotARowError(f"not UTF-8: byte {data[error.start]:#04x} at {error.start + 1:,}") from None


def member(name: str, value: Any) -> str:
    """Return a field of JSON, ``"name": value``."""
    return f"{to_json(name)}: {to_json(value)}"


def to_json(value: Any) -> str:
    """Return a value as JSON that is valid UTF-8: lone surrogates stay escapes, dates become ISO text."""
    text = json.dumps(value, ensure_ascii=False, default=_plain)
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.dumps(value, default=_plain)
    return text


def _plain(value: Any) -> Any:
    """Return what stands for a Parquet value that JSON has no form for."""
    if isinstance(value, bytes):
        import base64

        return base64.b64encode(value).decode("ascii")
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


PARSERS: dict[str, Callable[[Record, Fields], tuple[dict[str, Any], dict[str, str]]]] = {
    "text": _parse_document,
    "html": _parse_html,
    "jsonl": _parse_line,
    "csv": _parse_cells,
    "tsv": _parse_cells,
    "parquet": _parse_parquet,
}
