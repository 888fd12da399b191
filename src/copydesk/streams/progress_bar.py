"""Progress bar of a stream on a terminal: rows, MB a second and remaining time."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from copydesk.interruption.handler import CleanUp, show_cursor


class Silent:
    """Stands for the bar if there is no terminal: shows nothing."""

    def advance(self, rows: int, size: int) -> None:
        """Count rows and their bytes."""

    def at(self, position: int) -> None:
        """Set the position in the current file, in bytes."""

    def next_file(self, size: int) -> None:
        """Begin a file of ``size`` bytes."""


class Bar(Silent):
    """A rich progress bar over the bytes of the files on disk, compressed or not."""

    def __init__(self, progress: Any, total: int | None) -> None:
        self.progress = progress
        self.task = progress.add_task("", total=total, rows=0, speed=0.0)
        self.rows = self.size = 0
        self.before = self.current = 0
        self.start = time.monotonic()

    def advance(self, rows: int, size: int) -> None:
        """Count rows and their bytes."""
        self.rows += rows
        self.size += size
        speed = self.size / 1e6 / max(1e-9, time.monotonic() - self.start)
        self.progress.update(self.task, rows=self.rows, speed=speed)

    def at(self, position: int) -> None:
        """Set the position in the current file, in bytes."""
        self.progress.update(self.task, completed=self.before + position)

    def next_file(self, size: int) -> None:
        """Begin a file of ``size`` bytes."""
        self.before += self.current
        self.current = size
        self.progress.update(self.task, completed=self.before)


@contextmanager
def bar(total: int | None, wanted: bool) -> Iterator[Silent]:
    """Show a bar on standard error during the block, if it is a terminal.

    Parameters
    ----------
    total : int or None
        Bytes of all files; None if unknown.
    wanted : bool
        Whether the terminal is free for it.
    """
    if not (wanted and sys.stderr.isatty()):
        yield Silent()
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        BarColumn(),
        TextColumn("{task.fields[rows]:,} documents"),
        TextColumn("{task.fields[speed]:.1f} MB/s"),
        TimeRemainingColumn(),
    )
    with CleanUp(show_cursor), Progress(*columns, console=Console(stderr=True)) as progress:
        yield Bar(progress, total)
