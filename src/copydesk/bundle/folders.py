"""Atomic replacement of a folder: write to a temporary folder, sync it, then rename."""

from __future__ import annotations

import ctypes
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from copydesk.errors import ResourceError
from copydesk.interruption.handler import CleanUp
from copydesk.resources import sync

if TYPE_CHECKING:
    from collections.abc import Callable

AT_FDCWD = -100
RENAME_EXCHANGE = 2


def write_folder(path: Path, write: Callable[[Path], None]) -> None:
    """Call ``write`` with a temporary folder, then rename the folder to ``path``.

    A process killed at any moment leaves either the old or the complete new folder under ``path``. The next call
    removes temporary folders of killed processes.

    Raises
    ------
    ResourceError
        No space, no permission, or ``path`` is not a folder; names the path.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        sweep(path)
        aside = Path(tempfile.mkdtemp(prefix=f".{path.name}.{os.getpid()}.", dir=path.parent))
    except OSError as error:
        raise ResourceError(f"{path}: can't write here: {error.strerror}") from None
    try:
        with CleanUp(lambda: shutil.rmtree(aside, ignore_errors=True)):
            write(aside)
            for file in [*aside.rglob("*"), aside]:
                sync(file)
        aside.chmod(0o755)
        replace_folder(aside, path)
        sync(path.parent)
    except OSError as error:
        raise ResourceError(f"{path}: can't be written: {error.strerror}; what was there before is unchanged") from None
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def replace_folder(aside: Path, path: Path) -> None:
    """Rename ``aside`` to ``path``; swap the two atomically if ``path`` exists."""
    if not path.exists():
        aside.rename(path)
    elif not exchange(aside, path):
        # Without an atomic swap, ``path`` is missing for a moment; the old folder then lies next to it.
        old = path.with_name(f".{path.name}.{os.getpid()}.old")
        path.rename(old)
        aside.rename(path)
        shutil.rmtree(old, ignore_errors=True)


def exchange(one: Path, other: Path) -> bool:
    """Swap two names atomically with renameat2; return False if the system or file system does not support it."""
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if rename is None:
        return False
    done: int = rename(AT_FDCWD, os.fsencode(one), AT_FDCWD, os.fsencode(other), RENAME_EXCHANGE)
    return done == 0


def sweep(path: Path) -> None:
    """Remove temporary folders next to ``path`` whose process has ended."""
    for stale in path.parent.glob(f".{path.name}.*"):
        owner = stale.name[len(path.name) + 2 :].split(".")[0]
        if owner.isdigit() and not running(int(owner)):
            shutil.rmtree(stale, ignore_errors=True)


def running(pid: int) -> bool:
    """Return whether a process with this ID runs."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
