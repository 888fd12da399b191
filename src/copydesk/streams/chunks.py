"""Records in chunks, chunks through threads, results in order: memory is bounded by what is under way."""

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
# Read ahead of the threads at most this much beyond one chunk each.
AHEAD_BYTES = 16 * 2**20


@dataclass(frozen=True, slots=True)
class Chunk:
    """Records that are answered together, and the bytes that they take in their sources."""

    records: list[Record]
    size: int


def in_chunks(
    records: Iterable[Record],
    rows: int = CHUNK_ROWS,
    size: int = CHUNK_BYTES,
    weigh: Callable[[Record], int] = attrgetter("size"),
) -> Iterator[Chunk]:
    """Cut records into chunks of at most ``rows``, and of about ``size`` bytes, or what ``weigh`` says they count."""
    held: list[Record] = []
    total = weight = 0
    for record in records:
        held.append(record)
        total += record.size
        weight += weigh(record)
        if len(held) >= rows or weight >= size:
            yield Chunk(held, total)
            held, total, weight = [], 0, 0
    if held:
        yield Chunk(held, total)


def in_order(chunks: Iterable[Chunk], work: Callable[[Chunk], Result], jobs: int) -> Iterator[tuple[Chunk, Result]]:
    """Let threads work on chunks; yield each with its result, in the order of the chunks.

    What is read ahead is bounded in chunks and in bytes; an error of ``work`` is raised in its place.
    """
    pending: deque[tuple[Chunk, Future[Result]]] = deque()
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
