"""Readers of rows: the table of input formats, for training data and for streams."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from copydesk.formats.csv import CsvReader
from copydesk.formats.documents import HtmlReader, TextReader
from copydesk.formats.files import open_source
from copydesk.formats.json import JsonReader
from copydesk.formats.jsonl import JSON_KINDS, JsonLinesReader
from copydesk.formats.parquet import ParquetReader
from copydesk.formats.rows import (
    Fields,
    NotARowError,
    Reader,
    Record,
    Rejected,
    Row,
    Source,
    UnreadableError,
    Wanted,
)
from copydesk.formats.warc import WarcReader
from copydesk.text.paragraphs import LINE

READERS: dict[str, Reader] = {
    "text": TextReader(),
    "html": HtmlReader(),
    "jsonl": JsonLinesReader(),
    "json": JsonReader(),
    "csv": CsvReader((".csv",), ",;\t|"),
    "tsv": CsvReader((".tsv", ".tab"), "\t"),
    "parquet": ParquetReader(),
    "warc": WarcReader(),
}
FORMATS = tuple(READERS)
SUFFIXES = {suffix: name for name, reader in READERS.items() for suffix in reader.suffixes}

DAMAGE = (OSError, EOFError, zlib.error, UnicodeError)


def open_records(source: Source, wanted: Wanted, progress: Callable[[int], None] | None = None) -> Iterator[Record]:
    """Yield the records of a source, in order.

    Parameters
    ----------
    source : Source
    wanted : Wanted
        Columns that a table must have.
    progress : callable, optional
        Called now and then with the number of bytes of the file that are read.

    Raises
    ------
    OSError, EOFError, zlib.error, UnicodeError
        It can't be opened, or is damaged from here on.
    UnreadableError
        It is a table of which no row can be read.
    """
    reader = READERS[source.format]
    with open_source(source, reader.is_text, reader.is_table, reader.reads_gzip) as (stream, raw):
        for number, record in enumerate(reader.read(source, stream, wanted)):
            if progress is not None and raw is not None and number % 1000 == 0:
                progress(raw.tell())
            yield record


def read_records(
    source: Source, field: str, progress: Callable[[int], None] | None = None, option: str = "--text-field"
) -> Iterator[Record]:
    """Yield the records of a source, in order; where it can't be read further, a last one has the reason.

    Parameters
    ----------
    source : Source
    field : str
        Column that a table must have.
    progress : callable, optional
        Called now and then with the number of bytes of the file that are read.
    option : str
        That names the column.
    """
    line = 0
    try:
        for record in open_records(source, Wanted((field,), hint=f"see {option}; "), progress):
            line = record.line
            yield record
    except UnreadableError as error:
        yield Record(source, line + 1, None, 0, f"{error} (no row of this file can be read)")
    except DAMAGE as error:
        reason = getattr(error, "strerror", None) or f"damaged or cut off: {error}"
        yield Record(source, line + 1, None, 0, f"can't be read from here on: {reason}")


def parse(record: Record, fields: Fields) -> Row | Rejected:
    """Return a record as a row, or why it is none."""
    if record.fault is not None:
        return Rejected(record, record.fault)
    text_field = fields.html or fields.text
    try:
        values, members, page, html = READERS[record.source.format].parse(record, text_field)
        if fields.html and page is None:
            from copydesk.text.html import read_page

            html = _html(values, fields.html)
            page = read_page(html)
        text = page.text if page is not None else _string(values, text_field, required=True)
        title = _string(values, fields.title) if fields.title else ""
        site = _string(values, fields.site) if fields.site else ""
    except NotARowError as error:
        return Rejected(record, str(error))
    if not text.strip() and not title.strip():
        return Rejected(record, f"nothing but white space in the field {text_field!r}")
    if fields.max_lines is not None and too_many_lines(text, fields.max_lines):
        return Rejected(record, f"more than {fields.max_lines:,} lines in the field {text_field!r}")
    headline = page.headline if page is not None else title
    return Row(record, text, title, site, members, headline or title, page, html)


def too_many_lines(text: str, at_most: int) -> bool:
    """Return whether a text has more lines, blank ones not counted."""
    # a line that counts takes two characters
    return len(text) > 2 * at_most and sum(1 for _ in LINE.finditer(text)) > at_most


def _string(values: Mapping[str, Any], field: str, required: bool = False, role: str = "text") -> str:
    value = values.get(field)
    if isinstance(value, str):
        return value
    if value is None and not required:
        return ""
    if field not in values:
        raise NotARowError(f"expected a string in the field {field!r}, found nothing; see --{role}-field")
    found = JSON_KINDS.get(type(value), f"a {type(value).__name__}")
    raise NotARowError(f"expected a string in the field {field!r}, found {found}")


def _html(values: Mapping[str, Any], field: str) -> bytes | str:
    """Return the HTML in a field, a string or bytes in whatever encoding."""
    value = values.get(field)
    return value if isinstance(value, bytes) else _string(values, field, required=True, role="html")
