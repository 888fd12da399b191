"""Compilation in two processes at once, for the first command on a machine."""

from __future__ import annotations

import os
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NoReturn

from copydesk.compiled.kernel import none_compiled
from copydesk.interruption.handler import SIGINT, SIGTERM, CleanUp


@contextmanager
def compiled_beside(work: Callable[[], object]) -> Iterator[None]:
    """Call a function in a forked process during the block, and wait for it: its kernels are then in the cache.

    Threads can't compile at once, because the compiler holds the interpreter's lock. The function is called only
    where no kernel has been compiled yet and the fork is safe and of use: on Linux, with two processors, without other
    threads. Whatever it fails to compile, this process compiles.
    """
    child = _begin(work) if _is_of_use() else None
    if child is None:
        yield
        return
    with child:
        try:
            yield
        finally:
            child.wait()


class _Child(CleanUp):
    """Process that is killed where a signal ends this one."""

    def __init__(self, number: int) -> None:
        super().__init__(lambda: os.kill(number, signal.SIGKILL))
        self.number = number

    def wait(self) -> None:
        os.waitpid(self.number, 0)


def _is_of_use() -> bool:
    if sys.platform != "linux" or threading.active_count() > 1 or len(os.sched_getaffinity(0)) < 2:
        return False
    return none_compiled()


def _begin(work: Callable[[], object]) -> _Child | None:
    """Fork a process that calls a function; return None where no process can be had."""
    signal.pthread_sigmask(signal.SIG_BLOCK, (SIGINT, SIGTERM))  # this process's clean-ups are not the child's
    try:
        with warnings.catch_warnings(action="ignore"):  # of the idle threads of BLAS, which is prepared for forks
            child = os.fork()
        if not child:
            _run(work)
        return _Child(child)
    except OSError:
        return None
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, (SIGINT, SIGTERM))


def _run(work: Callable[[], object]) -> NoReturn:
    """Call a function and end the process; a signal ends it at once, without clean-ups."""
    try:
        for number in (SIGINT, SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, (SIGINT, SIGTERM))
        work()
    finally:
        os._exit(0)
