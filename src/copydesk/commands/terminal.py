"""Terminal output: tables, text cut to a width, colours, and crawled text without control characters."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Sequence

# A crawled text must not move a terminal's cursor or change its title.
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def printable(text: str) -> str:
    """Replace control characters, which a terminal would obey."""
    return CONTROL.sub("�", text)


def clipped(text: str, at_most: int = 60) -> str:
    """Return the beginning of a text on one line, without control characters."""
    seen = " ".join("".join(c if c.isprintable() else " " for c in text[: 4 * at_most]).split())
    return seen if len(seen) <= at_most else f"{seen[: at_most - 1]}…"


def text_table(heading: Sequence[str], rows: Sequence[Sequence[str]], numeric: Sequence[int] = ()) -> str:
    """Return lines of columns, two spaces apart; columns numbered in ``numeric`` are aligned to the right."""
    table = [list(heading), *(list(row) for row in rows)]
    widths = [max(len(row[at]) for row in table) for at in range(len(heading))]
    lines = [
        "  ".join(
            cell.rjust(width) if at in numeric else cell.ljust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in table
    ]
    return "\n".join(lines)


def in_colour(pieces: Iterable[tuple[str, str]]) -> str:
    """Return text, given in pieces with their rich styles, as a terminal reads it; ``NO_COLOR`` is respected."""
    from rich.console import Console
    from rich.text import Text

    written = io.StringIO()
    Console(file=written, force_terminal=True).print(Text.assemble(*pieces), soft_wrap=True)
    return written.getvalue()
