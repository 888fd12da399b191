"""Files: where those that ship with copydesk and those of runs are, and how files reach the disk whole."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from copydesk.interruption.handler import CleanUp

RUNS = Path("experiments", "runs")
LATEST = "latest"  # beside an experiment's runs: a link to the last one


def shipped(name: str) -> Path:
    """Return the path of the folder or file ``name`` ("conf", "data/boilerplate") of this installation.

    Raises
    ------
    FileNotFoundError
        The installation is incomplete.
    """
    package = Path(__file__).resolve().parent
    for base in (package, package.parents[1]):
        if (base / name).exists():
            return base / name
    raise FileNotFoundError(f"{name}: not part of this installation of copydesk; install it again")


@contextmanager
def replacement(path: Path) -> Iterator[Path]:
    """Yield the name of a file to write; afterwards flush it to disk and rename it to ``path``.

    Whatever goes wrong before leaves ``path`` as it was, and nothing beside it.
    """
    target = path.resolve()  # not the link that names it
    aside = target.with_name(f".{os.urandom(8).hex()}.part")  # threads and machines may write into the same folder
    with CleanUp(lambda: aside.unlink(missing_ok=True)):
        try:
            yield aside
            sync(aside)
            aside.replace(target)
        finally:
            aside.unlink(missing_ok=True)


def sync(path: Path) -> None:
    """Flush a file's data, or a folder's entries, to disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
