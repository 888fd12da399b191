"""Encoder of cleaned texts as a diff: a line for each paragraph, + kept or - cut, in colour on a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from copydesk.commands.terminal import in_colour, printable
from copydesk.formats.rows import AnyRow, Encoded, Rejected, Row
from copydesk.text.paragraphs import CONTENT

STYLES = {"+": "green", "-": "red strike", "=": "bold", " ": "dim"}
REASONS_SHOWN = 3  # n-grams and numbers for each paragraph


class Diff(AnyRow):
    """Each paragraph on a line: + kept, - cut, with the probability of being content; a line = for each text.

    Parameters
    ----------
    field : str
        Of the answers: paragraphs as ``paragraph_json`` of ``commands.clean`` returns them.
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
        return Encoded(diff_text(lines, self.colour).encode())

    def _lines(self, row: Row, paragraphs: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
        cut = sum(len(each["text"]) for each in paragraphs if each["label"] != CONTENT)
        whole = sum(len(each["text"]) for each in paragraphs)
        yield "=", f"{printable(place_of(row))}: {cut:,} of {whole:,} characters cut"
        for each in paragraphs:
            mark = "+" if each["label"] == CONTENT else "-"
            yield mark, f"{each['probability']:.3f} {printable(each['text'])}"
            if "why" in each:
                always = "; the page's headline, which always stays" if each.get("headline") else ""
                yield " ", f"      {reasons_line(each['why'])}{always}"


def place_of(row: Row | Rejected) -> str:
    """Return the file of a row, and the line unless the file is the row."""
    return row.record.place


def reasons_line(why: dict[str, Any]) -> str:
    """Return the reasons for a paragraph's label as one line."""
    groups = sorted(why["groups"].items(), key=lambda item: -abs(item[1]))
    ngrams = ", ".join(f"{printable(repr(term))} {value:+.2f}" for term, value in why["ngrams"][:REASONS_SHOWN])
    numbers = ", ".join(f"{name} {value:+.2f}" for name, value in why["numbers"][:REASONS_SHOWN])
    limit = "" if why["threshold"] is None else f", stays from {why['threshold']:+.2f}"
    score = f"score {why['score']:+.2f}{limit}: " + ", ".join(f"{name} {value:+.2f}" for name, value in groups if value)
    return score + (f"; n-grams {ngrams}" if ngrams else "") + (f"; context {numbers}" if numbers else "")


def diff_text(lines: Sequence[tuple[str, str]], colour: bool) -> str:
    """Return marked lines as text, in the colours of their marks if asked for."""
    if not colour:
        return "".join(f"{mark} {line}\n" for mark, line in lines)
    pieces = [(f"{mark} {line}", STYLES[mark]) for mark, line in lines]
    return in_colour(piece for each in pieces for piece in (each, ("\n", "")))[:-1]
