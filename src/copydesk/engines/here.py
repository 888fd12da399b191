"""Engine of this process."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


class Here:
    """Computes every fit in this process, one after the other."""

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
