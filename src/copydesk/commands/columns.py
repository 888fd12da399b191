"""Tables on the terminal, as wide as what stands in them."""

from __future__ import annotations

from collections.abc import Sequence


def aligned(heading: Sequence[str], rows: Sequence[Sequence[str]], numeric: Sequence[int] = ()) -> str:
    """Return lines of columns two spaces apart; those whose numbers are given are set to the right."""
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


def one_line(text: str, at_most: int = 60) -> str:
    """Return the beginning of a text on one line, without what moves a terminal's cursor."""
    seen = " ".join("".join(c if c.isprintable() else " " for c in text[: 4 * at_most]).split())
    return seen if len(seen) <= at_most else f"{seen[: at_most - 1]}…"
