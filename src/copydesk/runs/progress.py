"""Progress on standard error: there when it is a terminal, silent when it is not."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from copydesk.interruption.handler import CleanUp, show_cursor


@contextmanager
def working(what: str) -> Iterator[None]:
    """Show ``what`` with a spinner and its running time while the block runs."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(finished_text="✓"), TextColumn("{task.description}"), TimeElapsedColumn())
    with CleanUp(show_cursor), Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task(what, total=1)
        yield
        progress.update(task, completed=1)
