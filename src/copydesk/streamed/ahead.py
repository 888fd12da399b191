"""Reading ahead: the next item is made in a thread while one is worked on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Made = TypeVar("Made")


def ahead(items: Iterable[Made]) -> Iterator[Made]:
    """Yield items in order; at most one is made in advance."""
    source, end = iter(items), object()
    with ThreadPoolExecutor(1, thread_name_prefix="copydesk") as pool:
        coming = pool.submit(next, source, end)
        while (item := coming.result()) is not end:
            coming = pool.submit(next, source, end)
            yield item  # type: ignore[misc]
            del item
