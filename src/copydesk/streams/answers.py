"""Work on one chunk of records, in one thread: parse, answer, encode."""

from __future__ import annotations

from collections.abc import Callable

from copydesk.formats.readers import parse
from copydesk.formats.rows import Answer, Encoder, Fields, Rejected, Row
from copydesk.streams.chunks import RecordChunk
from copydesk.streams.delivery import Answered


def answering(
    answer: Answer, encoder: Encoder, fields: Fields, replaced: frozenset[str] = frozenset()
) -> Callable[[RecordChunk], Answered]:
    """Return a function from a chunk to the bytes of its valid rows, and its rejects.

    Parameters
    ----------
    answer : callable
        Returns the added fields for each of a list of rows.
    encoder : Encoder
    fields : Fields
    replaced : frozenset of str
        Fields of a row that an answer may replace. A row that already has another added field is rejected, so that
        no input is overwritten.
    """

    def work(chunk: RecordChunk) -> Answered:
        parsed = [parse(record, fields) for record in chunk.records]
        rows = [row for row in parsed if isinstance(row, Row)]
        answers = answer(rows) if rows else []
        kept, added = [], []
        refused: dict[int, Rejected] = {}
        for row, fields_added in zip(rows, answers, strict=True):
            present = [name for name in fields_added if name in row.members and name not in replaced]
            reason = encoder.fault(row, fields_added)
            if present:
                reason = f"the field {present[0]!r} already exists; --prefix gives the added ones other names"
            if reason is not None:
                refused[id(row.record)] = Rejected(row.record, reason)
            else:
                kept.append(row)
                added.append(fields_added)
        rejected = [
            each if isinstance(each, Rejected) else refused[id(each.record)]
            for each in parsed
            if isinstance(each, Rejected) or id(each.record) in refused
        ]
        return Answered(encoder.encode(kept, added), len(kept), rejected)

    return work
