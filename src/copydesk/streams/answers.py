"""From a chunk of records to bytes: parse, answer, encode; all of it in one thread."""

from __future__ import annotations

from collections.abc import Callable

from copydesk.formats.readers import parse
from copydesk.formats.rows import Answer, Encoder, Fields, Rejected, Row
from copydesk.streams.chunks import Chunk
from copydesk.streams.delivery import Answered


def answering(
    answer: Answer, encoder: Encoder, fields: Fields, replaced: frozenset[str] = frozenset()
) -> Callable[[Chunk], Answered]:
    """Return what turns a chunk into the bytes of its good rows, and its rejects.

    Parameters
    ----------
    answer : callable
        Gives fields for each of a list of rows.
    encoder : Encoder
    fields : Fields
    replaced : frozenset of str
        Fields of a row that an answer may replace; any other that is there already rejects the row: nothing of
        the input is overwritten unasked.
    """

    def work(chunk: Chunk) -> Answered:
        parsed = [parse(record, fields) for record in chunk.records]
        rows = [row for row in parsed if isinstance(row, Row)]
        answers = answer(rows) if rows else []
        kept, said = [], []
        taken: dict[int, Rejected] = {}
        for row, fields_added in zip(rows, answers, strict=True):
            there = [name for name in fields_added if name in row.members and name not in replaced]
            reason = encoder.fault(row, fields_added)
            if there:
                reason = f"the field {there[0]!r} is there already; --prefix gives the added ones other names"
            if reason is not None:
                taken[id(row.record)] = Rejected(row.record, reason)
            else:
                kept.append(row)
                said.append(fields_added)
        rejected = [
            each if isinstance(each, Rejected) else taken[id(each.record)]
            for each in parsed
            if isinstance(each, Rejected) or id(each.record) in taken
        ]
        return Answered(encoder.encode(kept, said), len(kept), rejected)

    return work
