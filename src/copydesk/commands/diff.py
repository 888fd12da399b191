"""Kept and cut paragraphs as people read them: marks in plain text, colours on a terminal."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from copydesk.formats.encoders import Encoded
from copydesk.formats.rows import Row
from copydesk.models.cleaner import CONTENT

# A crawled text must not move a terminal's cursor or change its title.
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
STYLES = {"+": "green", "-": "red strike", "=": "bold", " ": "dim"}
NAMED = 3  # n-grams and numbers named for each paragraph


class Diff:
    """Each paragraph on a line: + kept, - cut, with the probability of being content; a line = for each text.

    Parameters
    ----------
    field : str
        Of the answers: paragraphs as ``cleaning.as_fields`` gives them.
    colour : bool
        Whether to colour lines for a terminal; ``NO_COLOR`` in the environment is respected.
    """

    def __init__(self, field: str, colour: bool) -> None:
        self.field = field
        self.colour = colour

    def encode(self, rows: Sequence[Row], answers: Sequence[Mapping[str, Any]]) -> Encoded:
        """Return the rows as lines."""
        lines = [
            line for row, answer in zip(rows, answers, strict=True) for line in self._lines(row, answer[self.field])
        ]
        text = coloured(lines) if self.colour else "".join(f"{mark} {line}\n" for mark, line in lines)
        return Encoded(text.encode())

    def _lines(self, row: Row, paragraphs: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
        cut = sum(len(each["text"]) for each in paragraphs if each["label"] != CONTENT)
        whole = sum(len(each["text"]) for each in paragraphs)
        source = row.record.source
        where = source.name if source.format in ("text", "html") else f"{source.name}:{row.record.line}"
        yield "=", f"{CONTROL.sub('�', where)}: {cut:,} of {whole:,} characters cut"
        for each in paragraphs:
            mark = "+" if each["label"] == CONTENT else "-"
            yield mark, f"{each['probability']:.3f} {CONTROL.sub('�', each['text'])}"
            if "why" in each:
                always = "; the page's headline, which always stays" if each.get("headline") else ""
                yield " ", f"      {told(each['why'])}{always}"


def told(why: dict[str, Any]) -> str:
    """Return the reasons for a paragraph in a line."""
    groups = sorted(why["groups"].items(), key=lambda item: -abs(item[1]))
    ngrams = ", ".join(f"{CONTROL.sub('�', repr(term))} {value:+.2f}" for term, value in why["ngrams"][:NAMED])
    numbers = ", ".join(f"{name} {value:+.2f}" for name, value in why["numbers"][:NAMED])
    limit = "" if why["threshold"] is None else f", stays from {why['threshold']:+.2f}"
    said = f"score {why['score']:+.2f}{limit}: " + ", ".join(f"{name} {value:+.2f}" for name, value in groups if value)
    return said + (f"; n-grams {ngrams}" if ngrams else "") + (f"; context {numbers}" if numbers else "")


def coloured(lines: list[tuple[str, str]]) -> str:
    """Return lines in the colours of their marks, as a terminal reads them."""
    from rich.console import Console
    from rich.text import Text

    console = Console(file=io.StringIO(), force_terminal=True)
    for mark, line in lines:
        console.print(Text(f"{mark} {line}", style=STYLES[mark]), soft_wrap=True)
    written = console.file
    assert isinstance(written, io.StringIO)
    return written.getvalue()
