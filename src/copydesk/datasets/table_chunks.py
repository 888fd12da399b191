"""Rows of a table in chunks: what a run reads of data that does not fit into memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from copydesk.datasets.examples import Examples
from copydesk.datasets.tables import RowsMet, Table

CHUNK_CHARACTERS = 1 << 24  # of texts in a chunk, unless its last one is longer
LISTED_ROWS = 1_000  # rows left out of which the place is kept


class TableChunks:
    """The usable rows of a table, as often as they are iterated over, in the same chunks each time.

    Parameters
    ----------
    table : Table
        Reads ``chunk_rows`` rows at once, fewer of long texts.

    Attributes
    ----------
    met : RowsMet
        What the last complete pass has met.
    """

    def __init__(self, table: Table) -> None:
        self.table = table
        self.files = table.files()
        self.met = RowsMet(LISTED_ROWS)

    def __iter__(self) -> Iterator[list[dict[str, Any]]]:
        """Yield lists of records: ``text``, ``label``, ``document`` and, where given, ``group``, ``title``, ``split``.

        Raises
        ------
        DataError
            As ``Table.load``, but that names of rows may recur.
        """
        self.met = RowsMet(LISTED_ROWS)
        held: list[dict[str, Any]] = []
        characters = n = 0
        for record in self.table.records(self.files, self.met):
            held.append(record)
            characters += len(record["text"])
            if len(held) >= self.table.chunk_rows or characters >= CHUNK_CHARACTERS:
                n += len(held)
                yield held
                held, characters = [], 0
        if held:
            yield held
        self.table.check_met(self.files, self.met, n + len(held))

    def examples(self, records: list[dict[str, Any]], met: RowsMet) -> Examples:
        """Return some rows as ``Table.load`` returns all."""
        return self.table.examples(records, met, len(self.files))
