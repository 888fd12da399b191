"""Work in threads: kernels leave the interpreter's lock, so that slices of documents or arrays run side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np


def in_threads(work: Callable[[Any], Any], parts: Sequence[Any], threads: int | None = None) -> list[Any]:
    """Do ``work`` on every part, in as many threads as there are parts or ``threads``; results in order.

    This thread is one of them: it need not be started, and its memory is not given back between two calls.
    """
    done: list[Any] = [None] * len(parts)
    left = iter(enumerate(parts))

    def take() -> None:
        try:
            for at, part in left:
                done[at] = work(part)
        finally:
            for _ in left:  # after a failure or an interruption nobody begins another part
                pass

    others = min(threads or len(parts), len(parts)) - 1
    if others < 1:
        take()
        return done
    with ThreadPoolExecutor(others) as pool:
        taking = [pool.submit(take) for _ in range(others)]
        take()
        for each in taking:
            each.result()
    return done


def runs(n: int, threads: int) -> list[slice]:
    """Cut ``n`` items into as many runs as there are threads."""
    edges = np.linspace(0, n, threads + 1).astype(np.int64).tolist()
    return [slice(a, b) for a, b in zip(edges[:-1], edges[1:], strict=True)]


def shares(documents: list[str], threads: int) -> list[list[str]]:
    """Cut documents into as many runs as there are threads, of about the same number of characters."""
    if threads == 1 or len(documents) < 2 * threads:
        return [documents]
    lengths = np.cumsum([len(document) for document in documents])
    borders = np.searchsorted(lengths, np.linspace(0, lengths[-1], threads + 1)[1:-1]).tolist()
    edges = [0, *borders, len(documents)]
    return [documents[a:b] for a, b in zip(edges[:-1], edges[1:], strict=True)]
