"""Rows: records of a source, inputs of a model, and output of an encoder."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Protocol, TypeAlias

from copydesk.errors import DataError, escaped, nearest

# Of a row over the size limit, the rejects show this much.
SHOWN_BYTES = 1_000

Values: TypeAlias = dict[str, Any]
Members: TypeAlias = dict[str, str]
HEADLINE_FIELD = "title"  # the value of a web page that holds its headline


class NotARowError(Exception):
    """A record that can't be made into a row; its text is the reason."""


class UnreadableError(Exception):
    """A table of which no row can be read; its text is the reason."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file or standard input, and how to read it.

    Attributes
    ----------
    name : str
        Name in messages and rows.
    path : Path or None
        None is standard input.
    format : str
        A key of ``readers.READERS``.
    encoding : str
        Encoding of its text. A table in UTF-16 is recognised by its byte order mark.
    delimiter : str or None
        Between the cells of CSV; None: detected from the header.
    span : tuple of (int, int) or None
        The part of the file to read: the lines of JSON that begin from the first byte to before the last, or the row
        groups of Parquet from the first to before the last. None: all of it.
    """

    name: str
    path: Path | None
    format: str
    encoding: str = "utf-8"
    delimiter: str | None = None
    span: tuple[int, int] | None = None

    @property
    def size(self) -> int | None:
        """Size of the file on disk in bytes; None where it is not known."""
        return self.path.stat().st_size if self.path is not None and self.path.is_file() else None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Columns that a table must have.

    Attributes
    ----------
    columns : sequence of str
    only : bool
        Skip all other columns where the format allows it.
    hint : str
        Follows the name of a missing column in the message.
    """

    columns: Sequence[str]
    only: bool = False
    hint: str = ""

    def check(self, found: Sequence[str]) -> None:
        """Check the columns of a table.

        Raises
        ------
        UnreadableError
            A column is missing or occurs twice.
        """
        twice = sorted({name for name in found if found.count(name) > 1})
        if twice:
            raise UnreadableError(f"the column {twice[0]!r} is there twice; give each its own name")
        for name in self.columns:
            if name not in found:
                raise UnreadableError(f"no column {name!r}; {self.hint}{nearest(name, found)}")


@dataclass(slots=True)
class Record:
    """A row in its source, unparsed.

    Attributes
    ----------
    source : Source
    line : int
        Its first line, or its number in Parquet; from 1.
    raw : bytes, Cells, ParquetRow or None
        A line of JSONL, an element of JSON, a document, a CSV record or a row of a Parquet batch. None: the source
        can't be read from here on.
    size : int
        Bytes in the source, decompressed.
    fault : str or None
        Why it can't be read.
    """

    source: Source
    line: int
    raw: Any
    size: int
    fault: str | None = None

    @property
    def place(self) -> str:
        """Name of the source, and the line unless the file is the row."""
        name = self.source.name
        return name if self.source.format in ("text", "html") else f"{name}:{self.line}"

    @property
    def seal(self) -> bytes:
        """Bytes that change when the record does, for a digest of what was read."""
        return self.raw if isinstance(self.raw, bytes) else self.raw.seal if self.raw is not None else b""


class Reader:
    """Reader of one format; a subclass defines ``read`` and ``values``.

    Attributes
    ----------
    suffixes : tuple of str
        Ends of file names in this format.
    is_table : bool
        Whether rows have fields of their own. Training data is read from tables.
    is_text : bool
        Whether files are text in some encoding.
    """

    suffixes: tuple[str, ...] = ()
    is_table = True
    is_text = True

    def read(self, source: Source, stream: IO[bytes], wanted: Wanted) -> Iterator[Record]:
        """Yield the records of an open source, in order.

        Raises
        ------
        UnreadableError
            No row can be read; nothing was yielded.
        """
        raise NotImplementedError

    def values(self, record: Record) -> Values:
        """Return the values of a record by field.

        Raises
        ------
        NotARowError
        """
        raise NotImplementedError

    def parse(self, record: Record, text_field: str) -> tuple[Values, Members]:
        """Return values and members of a record by field; a member is ``"name": value`` as JSON.

        Raises
        ------
        NotARowError
        """
        values = self.values(record)
        return values, {name: member(name, value) for name, value in values.items()}


@dataclass(frozen=True, slots=True)
class Fields:
    """Names of the fields of text, title and site (None: not read), and the most lines that a text may have."""

    text: str = "text"
    title: str | None = None
    site: str | None = None
    max_lines: int | None = None


@dataclass(slots=True)
class Row:
    """A row for a model.

    Attributes
    ----------
    record : Record
    text, title, site : str
        Empty where the row has no title or site.
    members : dict of str to str
        For each field, in order, ``"name": value`` as JSON; of a JSON row exactly as it was written there, so
        that numbers, escapes and nested values stay as they are.
    headline : str
        The title or, of a web page, its headline.
    """

    record: Record
    text: str
    title: str
    site: str
    members: Members
    headline: str = ""


@dataclass(slots=True)
class Rejected:
    """A record that is not a row, and the reason."""

    record: Record
    reason: str


# Returns for each row the fields to add, or to put in the place of those of the same name.
Answer: TypeAlias = Callable[[Sequence[Row]], Sequence[Mapping[str, Any]]]


@dataclass(frozen=True, slots=True)
class Encoded:
    """Rows as bytes, and the header of a file that holds them."""

    data: bytes
    header: bytes = b""


class Encoder(Protocol):
    """Encodes rows and their answers.

    The bytes of a row do not depend on the rows encoded with it, so that chunks and threads leave no trace in a file.
    """

    def fault(self, row: Row, answer: Mapping[str, Any]) -> str | None:
        """Return why the format can't hold a row, None if it can."""

    def encode(self, rows: Sequence[Row], answers: Sequence[Mapping[str, Any]]) -> Encoded:
        """Return the bytes of some rows.

        Raises
        ------
        DataError
            One file can't hold these rows and those before.
        """


class AnyRow:
    """Base of encoders whose format holds any row."""

    def fault(self, row: Row, answer: Mapping[str, Any]) -> str | None:
        """Return None."""
        return None


def name_fault(row: Row, answer: Mapping[str, Any], format_name: str) -> str | None:
    """Return why a format whose field names must be valid Unicode can't hold a row, None if it can."""
    for name in (*row.members, *answer):
        if not is_unicode(name):
            return f"the field name {name!a} is not valid Unicode, which {format_name} needs; write .jsonl"
    return None


def different_columns(row: Row) -> DataError:
    """Return the error for rows whose columns differ from those before."""
    name = escaped(row.record.source.name)
    return DataError(f"{name}: has other columns than the files before; write .jsonl, whose rows may differ")


def member(name: str, value: Any) -> str:
    """Return a field of JSON, ``"name": value``."""
    return f"{to_json(name)}: {to_json(value)}"


def to_json(value: Any) -> str:
    """Return a value as JSON that is valid UTF-8: lone surrogates stay escapes, dates become ISO text."""
    text = json.dumps(value, ensure_ascii=False, default=_plain)
    return text if is_unicode(text) else json.dumps(value, default=_plain)


def _plain(value: Any) -> Any:
    """Return a stand-in for a Parquet value that JSON has no form for."""
    if isinstance(value, bytes):
        import base64

        return base64.b64encode(value).decode("ascii")
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def is_unicode(text: str) -> bool:
    """Return whether a text can be encoded; lone surrogates can't."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
