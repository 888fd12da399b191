"""Chunks of records, and a thread pool that returns results in order with bounded memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from operator import attrgetter
from typing import TypeVar

from copydesk.formats.rows import Record

Result = TypeVar("Result")

CHUNK_ROWS = 1_000
CHUNK_BYTES = 4 * 2**20
# Limit on the bytes read ahead of the threads, beyond one chunk each.
AHEAD_BYTES = 16 * 2**20


@dataclass(frozen=True, slots=True)
class RecordChunk:
    """Records that are answered together, and their size in bytes in the sources."""

    records: list[Record]
    size: int


def in_chunks(
    records: Iterable[Record],
    rows: int = CHUNK_ROWS,
    size: int = CHUNK_BYTES,
    weigh: Callable[[Record], int] = attrgetter("size"),
) -> Iterator[RecordChunk]:
    """Cut records into chunks of at most ``rows`` records and about ``size`` bytes, as measured by ``weigh``."""
    held: list[Record] = []
    total = weight = 0
    for record in records:
        held.append(record)
        total += record.size
        weight += weigh(record)
        if len(held) >= rows or weight >= size:
            yield RecordChunk(held, total)
            held, total, weight = [], 0, 0
    if held:
        yield RecordChunk(held, total)


def in_order(
    chunks: Iterable[RecordChunk], work: Callable[[RecordChunk], Result], jobs: int
) -> Iterator[tuple[RecordChunk, Result]]:
    """Apply ``work`` to chunks in threads; yield each chunk with its result, in order.

    The number and size of chunks read ahead are limited; an error of ``work`` is raised in its chunk's turn.
    """
    pending: deque[tuple[RecordChunk, Future[Result]]] = deque()
    ahead = 0
    with ThreadPoolExecutor(jobs, thread_name_prefix="copydesk") as pool:
        try:
            for chunk in chunks:
                while pending and (len(pending) > jobs or ahead + chunk.size > AHEAD_BYTES):
                    first, done = pending.popleft()
                    ahead -= first.size
                    yield first, done.result()
                pending.append((chunk, pool.submit(work, chunk)))
                ahead += chunk.size
            while pending:
                first, done = pending.popleft()
                yield first, done.result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
