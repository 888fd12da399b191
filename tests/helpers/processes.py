"""Command-line processes that start in milliseconds, forked from a server with everything imported."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from multiprocessing import forkserver, get_context
from multiprocessing.connection import Connection
from pathlib import Path
from types import FrameType
from typing import Any

FORKS = get_context("forkserver")
FORKS.set_forkserver_preload(
    ["copydesk.predict", "copydesk.models.loading", "copydesk.train", "copydesk.formats.parquet_types",
     "pyarrow.parquet",
     "copydesk.classifiers.decision", "copydesk.classifiers.linear", "copydesk.features.tfidf", "helpers.processes",
     "helpers.preloaded"]
)  # fmt: skip

LINES = (
    "copydesk.streams.",
    "copydesk.streamed.",
    "copydesk.formats.parquet",
    "copydesk.formats.writers",
)  # what an interruption finds half done
COMPILING = "compiling its kernels for this machine"


@dataclass
class Running:
    """A command that runs; ``end`` waits for it."""

    process: Any
    folder: Path
    said: str = field(default="", init=False)

    def after(self, seconds: float, number: int) -> Running:
        """Send a signal after some time."""
        self.process.join(seconds)
        if self.process.is_alive():
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.process.pid, number)
        return self

    def end(self) -> int:
        """Wait for the end; return the exit code, negative for a signal."""
        self.process.join(900)
        assert not self.process.is_alive(), "the command hangs"
        said = (self.folder / f"stderr{self.process.pid}").read_text(encoding="utf-8")
        # the first process on a machine compiles the kernels and reports it
        self.said = "".join(line for line in said.splitlines(keepends=True) if COMPILING not in line)
        (self.folder / f"stderr{self.process.pid}").unlink()
        return int(self.process.exitcode)


def start(
    *words: str | Path,
    cwd: Path,
    said: Path,
    checkpoint: float | None = None,
    file_size: int | None = None,
    at_line: tuple[int, int] | None = None,
    stdin: str | Path = os.devnull,
    stdout: str | Path = os.devnull,
) -> Running:
    """Start a command.

    Parameters
    ----------
    words : str or path-like
        The command line, without ``copydesk``.
    cwd, said : Path
        Folder to run in; folder of what goes to standard error.
    checkpoint : float, optional
        Seconds between two records of what is done.
    file_size : int, optional
        No file may grow beyond it.
    at_line : (int, int), optional
        A signal, and the how manieth executed line of ``LINES`` it falls before.
    stdin, stdout : path-like
        Files or named pipes.
    """
    ready, told = FORKS.Pipe(duplex=False)
    files = (str(stdin), str(stdout))
    options = (checkpoint, file_size, at_line)
    process = fork(_run, list(map(str, words)), cwd, said, *options, files, told)
    told.close()
    ready.recv()
    ready.close()
    return Running(process, said)


@cache
def _serve() -> None:
    """Start the server with this process's search path: it preloads before it is given one, and skips what it lacks."""
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
    try:
        forkserver.ensure_running()
    finally:
        del os.environ["PYTHONPATH"]
        if before is not None:
            os.environ["PYTHONPATH"] = before


def fork(function: Callable[..., None], *args: Any) -> Any:
    """Call a function in a forked process; return the process."""
    _serve()
    process = FORKS.Process(target=function, args=args)
    process.start()
    return process


def run(*words: str | Path, cwd: Path, said: Path, **options: Any) -> tuple[int, str, float]:
    """Run a command; return exit code, standard error and seconds."""
    begun = time.perf_counter()
    running = start(*words, cwd=cwd, said=said, **options)
    return running.end(), running.said, time.perf_counter() - begun


def _run(
    words: Sequence[str],
    cwd: Path,
    said: Path,
    checkpoint: float | None,
    file_size: int | None,
    at_line: tuple[int, int] | None,
    files: tuple[str, str],
    told: Connection,
) -> None:
    from copydesk.cli import main
    from copydesk.interruption import handler
    from copydesk.streams import delivery

    os.chdir(cwd)
    os.dup2(os.open(said / f"stderr{os.getpid()}", os.O_WRONLY | os.O_CREAT), 2)
    if checkpoint is not None:
        delivery.CHECKPOINT_SECONDS = checkpoint
    if file_size is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (file_size, file_size))
    signal.signal(signal.SIGINT, signal.default_int_handler)
    handler.install()  # as the command does first; what comes before it here is the tests' own
    told.send(None)
    told.close()
    os.dup2(os.open(files[0], os.O_RDONLY), 0)
    sys.stdin = os.fdopen(0)  # multiprocessing has put an empty one there
    os.dup2(os.open(files[1], os.O_WRONLY | os.O_CREAT, 0o644), 1)
    sys.argv = ["copydesk", *words]
    if at_line is not None:
        _interrupt(*at_line)
    os._exit(main())


def _interrupt(number: int, line: int) -> None:
    """Send this process a signal before so many lines of ``LINES`` are executed."""
    left = line

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal left
        if not frame.f_globals.get("__name__", "").startswith(LINES):
            return None
        left -= event == "line"
        if not left:
            os.kill(os.getpid(), number)
        return trace

    sys.settrace(trace)


def save_in_turn(path: Path, models: Path, first: int) -> None:
    """Save two models over each other until killed."""
    from copydesk.bundle import load_bundle, save_bundle

    two = [load_bundle(models / str(number))[0] for number in (0, 1)]
    for turn in range(first, 10**9):
        save_bundle(path, two[turn % 2], {"task": "topic", "classes": []})
