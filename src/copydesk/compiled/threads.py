"""Thread pool and slicing for kernels, which release the interpreter's lock."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np


def in_threads(work: Callable[[Any], Any], parts: Sequence[Any], threads: int | None = None) -> list[Any]:
    """Apply ``work`` to every part in ``threads`` threads, by default one per part; return results in order.

    The calling thread is one of them: it need not be started and keeps its memory between calls.
    """
    results: list[Any] = [None] * len(parts)
    pending = iter(enumerate(parts))

    def run() -> None:
        try:
            for at, part in pending:
                results[at] = work(part)
        finally:
            for _ in pending:  # after a failure or an interruption no thread begins another part
                pass

    others = min(threads or len(parts), len(parts)) - 1
    if others < 1:
        run()
        return results
    with ThreadPoolExecutor(others) as pool:
        futures = [pool.submit(run) for _ in range(others)]
        run()
        for future in futures:
            future.result()
    return results


def thread_count(n_jobs: int | None) -> int:
    """Return the number of threads for ``n_jobs``, as ``joblib.effective_n_jobs``, imported only where it matters.

    None is 1 unless joblib has been configured otherwise, which takes its import.
    """
    if n_jobs == 1 or (n_jobs is None and "joblib" not in sys.modules):
        return 1
    from joblib import effective_n_jobs

    return int(effective_n_jobs(n_jobs))


def even_slices(n: int, threads: int) -> list[slice]:
    """Cut ``n`` items into one slice per thread."""
    edges = np.linspace(0, n, threads + 1).astype(np.int64).tolist()
    return [slice(a, b) for a, b in zip(edges[:-1], edges[1:], strict=True)]


def split_documents(documents: list[str], threads: int) -> list[list[str]]:
    """Cut documents into one run per thread, of about the same number of characters each."""
    if threads == 1 or len(documents) < 2 * threads:
        return [documents]
    lengths = np.cumsum([len(document) for document in documents])
    borders = np.searchsorted(lengths, np.linspace(0, lengths[-1], threads + 1)[1:-1]).tolist()
    edges = [0, *borders, len(documents)]
    return [documents[a:b] for a, b in zip(edges[:-1], edges[1:], strict=True)]
