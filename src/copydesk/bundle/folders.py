"""A folder written whole or not at all: aside, synced, renamed; the old one stays until the new one is in place."""

from __future__ import annotations

import ctypes
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from copydesk.errors import ResourceError
from copydesk.interruption.handler import CleanUp

if TYPE_CHECKING:
    from collections.abc import Callable

AT_FDCWD = -100
RENAME_EXCHANGE = 2


def write_folder(path: Path, write: Callable[[Path], None]) -> None:
    """Let ``write`` fill a new folder, then put it under ``path`` in one step.

    A process killed at any moment leaves under ``path`` what was there before, or the new folder, whole.
    Folders that such a process left aside are removed by the next one.

    Raises
    ------
    ResourceError
        No space, no permission, or ``path`` is in use for something else; names the path.
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
        put_in_place(aside, path)
        sync(path.parent)
    except OSError as error:
        raise ResourceError(f"{path}: can't be written: {error.strerror}; what was there before is unchanged") from None
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def sync(path: Path) -> None:
    """Wait until a file's data, or a folder's entries, are on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def put_in_place(aside: Path, path: Path) -> None:
    """Rename ``aside`` to ``path``; where a folder is there already, swap the two at once."""
    if not path.exists():
        aside.rename(path)
    elif not exchange(aside, path):
        # Without an atomic swap there is a moment with neither; the old folder then stands beside.
        old = path.with_name(f".{path.name}.{os.getpid()}.old")
        path.rename(old)
        aside.rename(path)
        shutil.rmtree(old, ignore_errors=True)


def exchange(one: Path, other: Path) -> bool:
    """Swap two names in one step (Linux' renameat2); False where the system or file system can't."""
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if rename is None:
        return False
    done: int = rename(AT_FDCWD, os.fsencode(one), AT_FDCWD, os.fsencode(other), RENAME_EXCHANGE)
    return done == 0


def sweep(path: Path) -> None:
    """Remove folders that processes which no longer run left beside ``path``."""
    for stale in path.parent.glob(f".{path.name}.*"):
        owner = stale.name[len(path.name) + 2 :].split(".")[0]
        if owner.isdigit() and not running(int(owner)):
            shutil.rmtree(stale, ignore_errors=True)


def running(pid: int) -> bool:
    """Say whether a process of this number runs."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
