"""Text and HTML files, one document each, and an encoder of plain text."""

from __future__ import annotations

import codecs
from collections.abc import Iterator, Mapping, Sequence
from typing import IO, Any

from copydesk.errors import escaped
from copydesk.formats.files import MAX_ROW
from copydesk.formats.jsonl import decoded
from copydesk.formats.rows import (
    HEADLINE_FIELD,
    SHOWN_BYTES,
    AnyRow,
    Encoded,
    Parsed,
    Reader,
    Record,
    Row,
    Source,
    Values,
    Wanted,
    with_members,
)


class TextReader(Reader):
    """Reads a file of plain text as one row."""

    suffixes = (".txt", ".text")
    is_table = False

    def read(self, source: Source, stream: IO[bytes], wanted: Wanted) -> Iterator[Record]:
        """Yield the whole file as one record."""
        data = stream.read(MAX_ROW + 1)
        if len(data) > MAX_ROW:
            yield Record(source, 1, data[:SHOWN_BYTES], len(data), f"file of more than {MAX_ROW:,} bytes")
        else:
            yield Record(source, 1, data.removeprefix(codecs.BOM_UTF8), len(data))

    def values(self, record: Record) -> Values:
        """Return file name and text."""
        return {"file": record.source.name, "text": self.text(record.raw)}

    def parse(self, record: Record, text_field: str) -> Parsed:
        """Return file name and text, the text in ``text_field``."""
        return with_members({"file": record.source.name, text_field: self.text(record.raw)})

    def text(self, data: bytes) -> str:
        """Return the text of a file."""
        return decoded(data)


class HtmlReader(TextReader):
    """Reads a page of HTML as one row, its text without markup."""

    suffixes = (".html", ".htm")

    def text(self, data: bytes) -> str:
        """Return the text of a page, a blank line between blocks."""
        from copydesk.text.html import read_page

        return read_page(data).text

    def parse(self, record: Record, text_field: str) -> Parsed:
        """Return file name, text, headline and page; the headline is no field of the row."""
        from copydesk.text.html import read_page

        page = read_page(record.raw)
        found = with_members({"file": record.source.name, text_field: page.text})
        return Parsed({HEADLINE_FIELD: page.headline, **found.values}, found.members, page, record.raw)


class TextAlone(AnyRow):
    """Encodes one field of the answers, a text, followed by a line end.

    Parameters
    ----------
    field : str
    headed : bool, default=False
        Whether a line ``==> name <==`` stands above each text, and a blank one below it.
    """

    def __init__(self, field: str, headed: bool = False) -> None:
        self.field = field
        self.headed = headed

    def encode(self, rows: Sequence[Row], answers: Sequence[Mapping[str, Any]]) -> Encoded:
        """Return the texts."""
        texts = [f"{answer[self.field]}\n" for answer in answers]
        if self.headed:
            texts = [f"==> {escaped(row.record.place)} <==\n{text}\n" for row, text in zip(rows, texts, strict=True)]
        # a lone surrogate has no form in UTF-8: the replacement character stands for it
        return Encoded("".join(texts).encode("utf-8", "replace"))
