"""JSON files: an array of objects, or objects one after another."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from typing import IO

from copydesk.formats.files import MAX_ROW
from copydesk.formats.jsonl import JsonLinesReader
from copydesk.formats.rows import Parsed, Record, Source, Wanted

MIN_READ = 1 << 16
_SPACE = re.compile(r"[ \t\n\r]*")
_LINE_BREAK = re.compile(r"[ \t]*[\r\n]\s*")  # strings of JSON hold none
_DECODER = json.JSONDecoder(parse_int=str, parse_float=str)


class JsonReader(JsonLinesReader):
    """Reads the elements of an array, or objects that follow each other, each at most ``MAX_ROW`` characters."""

    suffixes: tuple[str, ...] = (".json",)

    def read(self, source: Source, stream: IO[bytes], wanted: Wanted) -> Iterator[Record]:
        """Yield a record for each element; ``line`` is the line on which it begins."""
        text = io.TextIOWrapper(stream, "utf-8-sig", "surrogateescape", newline="")
        elements = _Elements(text)
        try:
            for line, element in elements:
                data = element.encode("utf-8", "surrogateescape")
                yield Record(source, line, data, len(data))
        except json.JSONDecodeError as error:
            yield Record(source, elements.line, None, 0, f"not JSON from here on: {error.msg}")
        except RecursionError:
            yield Record(source, elements.line, None, 0, "JSON nested too deep; nothing after it can be read")
        finally:
            text.detach()  # the caller closes the stream

    def parse(self, record: Record, text_field: str) -> Parsed:
        """Return the values of an element, and its members as they are written, each on one line."""
        parsed = super().parse(record, text_field)
        members = {name: _LINE_BREAK.sub(" ", member) for name, member in parsed.members.items()}
        return parsed._replace(members=members)


class _Elements:
    """Elements of JSON as they are written, each with the line on which it begins."""

    def __init__(self, text: IO[str]) -> None:
        self.text = text
        self.held = ""
        self.at = 0
        self.line = 1

    def __iter__(self) -> Iterator[tuple[int, str]]:
        in_array = self._next() == "["
        if in_array:
            self._advance(self.at + 1)
        first = True
        while (mark := self._next()) and not (in_array and mark == "]"):
            if in_array and not first:
                if mark != ",":
                    raise json.JSONDecodeError("Expecting ',' delimiter", "", 0)
                self._advance(self.at + 1)
                self._next()
            end = self._end()
            line, element = self.line, self.held[self.at : end]
            self._advance(end)
            yield line, element
            first = False
        if in_array:
            if not mark:
                raise json.JSONDecodeError("Expecting ']'", "", 0)
            self._advance(self.at + 1)
            if self._next():
                raise json.JSONDecodeError("Extra data", "", 0)

    def _next(self) -> str:
        """Skip white space; return the next character, "" at the end."""
        while True:
            self._advance(_SPACE.match(self.held, self.at).end())  # type: ignore[union-attr]
            if self.at < len(self.held) or not self._more():
                return self.held[self.at : self.at + 1]

    def _end(self) -> int:
        """Return where the element that begins here ends."""
        while True:
            try:
                _, end = _DECODER.raw_decode(self.held, self.at)
                if end < len(self.held) or not self._more():
                    return end
            except json.JSONDecodeError as error:
                if len(self.held) - self.at > MAX_ROW:
                    raise json.JSONDecodeError(f"an element of more than {MAX_ROW:,} characters", "", 0) from None
                if not self._more():
                    raise error

    def _more(self) -> bool:
        """Read on, twice as much each time, so that a long element takes linear time."""
        more = self.text.read(max(MIN_READ, len(self.held) - self.at))
        self.held, self.at = self.held[self.at :] + more, 0
        return bool(more)

    def _advance(self, to: int) -> None:
        self.line += self.held.count("\n", self.at, to)
        self.at = to
