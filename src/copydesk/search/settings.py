"""Time budget of a search."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from copydesk.interruption.handler import say

if TYPE_CHECKING:
    from types import FrameType


class Budget:
    """The time a search may take, and the wish of the user to end it.

    Parameters
    ----------
    seconds : float
    spent : float, default=0
        By a search that this one goes on with.
    """

    def __init__(self, seconds: float, spent: float = 0.0) -> None:
        self.seconds = seconds
        self.spent = spent
        self.started: float | None = None
        self.ended = False  # no Event: the handler of a signal must take no lock

    def start(self) -> None:
        """Let the time run from now."""
        self.started = time.perf_counter()

    @property
    def elapsed(self) -> float:
        """Seconds taken so far, with those of a search that was gone on with."""
        return self.spent + (0.0 if self.started is None else time.perf_counter() - self.started)

    @property
    def over(self) -> bool:
        """Whether to stop: the time is up, or someone wishes so."""
        return self.ended or self.elapsed >= self.seconds

    @contextmanager
    def ended_by_interrupt(self) -> Iterator[None]:
        """Let the first Ctrl-C end the search in order, and only the second interrupt the run."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return

        def end(number: int, frame: FrameType | None) -> None:
            if self.ended:
                signal.signal(signal.SIGINT, before)
                signal.raise_signal(signal.SIGINT)
            self.ended = True
            say("copydesk: the search ends here; Ctrl-C again ends the run")

        before = signal.getsignal(signal.SIGINT)
        if before is signal.SIG_IGN:  # in the background, or in a worker process that its parent ends
            yield
            return
        signal.signal(signal.SIGINT, end)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)
