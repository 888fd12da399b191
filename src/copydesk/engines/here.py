"""Engine of this process."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


class Here:
    """Computes every fit in this process, one after the other.

    Attributes
    ----------
    threads : int or None
        Number of calls that workers make at once; None where this process makes them.
    """

    threads: int | None = None

    def check(self, estimator: Any, searches: bool) -> None:
        """Check that the engine can fit an estimator; this one fits all."""

    @contextmanager
    def started(self, folder: Path) -> Iterator[None]:
        """Run the engine during the block; ``folder`` is for its files."""
        yield

    def run(self, calls: Iterable[Callable[[], Any]]) -> Iterator[Any]:
        """Yield the result of each call, in order."""
        for call in calls:
            yield call()

    @contextmanager
    def lent(self, value: Any) -> Iterator[Callable[..., Any] | None]:
        """Lend a value to workers during the block; yield what calls a function on it there, None if there are none."""
        yield None
