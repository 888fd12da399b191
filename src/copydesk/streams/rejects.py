"""Rejects: records that are not valid rows, with the reason and their original bytes."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from typing import Any

from copydesk.errors import escaped
from copydesk.formats.parquet import ParquetRow
from copydesk.formats.rows import Record, Rejected, to_json

MESSAGES_SHOWN = 10  # on standard error, if there is no file of rejects


def to_line(rejected: Rejected) -> str:
    """Return a line of JSON: file, line, reason and row; base64 if it is not UTF-8."""
    record = rejected.record
    where = {"file": record.source.name, "line": record.line, "reason": rejected.reason}
    return to_json({**where, **_original(record)}) + "\n"


def encode(rejects: Iterable[Rejected]) -> bytes:
    """Return lines of JSON."""
    return "".join(map(to_line, rejects)).encode()


def reject_message(rejected: Rejected) -> str:
    """Return an error line for a reject."""
    record = rejected.record
    return f"{escaped(record.source.name)}:{record.line}: rejected: {rejected.reason}"


def _original(record: Record) -> dict[str, Any]:
    raw = record.raw
    if raw is None:
        return {"row": None}
    if isinstance(raw, ParquetRow):
        return {"row": raw.batch.rows[raw.at]}
    data = raw if isinstance(raw, bytes) else raw.seal
    cut = {"cut_from_bytes": record.size} if record.size > len(data) + 3 else {}
    try:
        return {"row": data.decode().removesuffix("\n"), **cut}
    except UnicodeDecodeError:
        return {"row_base64": base64.b64encode(data).decode("ascii"), **cut}
