"""A file that grows aside and gets its name when it is whole."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from copydesk.errors import ConfigError, ResourceError


class Aside:
    """A file written as ``NAME.part``; renamed to ``NAME`` by whoever finds it whole.

    Opening it takes a lock that the system gives back when the process ends, however it ends.

    Parameters
    ----------
    path : Path
        Where it is to stand.

    Raises
    ------
    ConfigError
        Another process is writing the same part.
    ResourceError
        No permission, no folder.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.part = part_of(path)
        try:
            self.handle = os.open(self.part, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise ResourceError(f"{self.part}: {error.strerror}") from None
        if not self._locked():
            os.close(self.handle)
            raise ConfigError(f"{self.part}: another process is writing it; wait for it, or give another name")
        self.size = os.fstat(self.handle).st_size

    def _locked(self) -> bool:
        try:
            fcntl.flock(self.handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # whoever held the lock may have put the file in place since it was opened
            return os.path.samestat(os.fstat(self.handle), self.part.stat())
        except OSError:
            return False

    def keep(self, size: int) -> None:
        """Keep the first ``size`` bytes of what is there, and go on after them.

        Raises
        ------
        ResourceError
            There are fewer.
        """
        if self.size < size:
            raise ResourceError(f"{self.part}: shorter than its run recorded; start over with --force")
        os.ftruncate(self.handle, size)
        os.lseek(self.handle, size, os.SEEK_SET)
        self.size = size

    def write(self, data: bytes) -> None:
        """Add bytes.

        Raises
        ------
        ResourceError
            The disk is full, or the file may not grow.
        """
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[os.write(self.handle, rest) :]
        except OSError as error:
            raise self._no(error) from None
        self.size += len(data)

    def sync(self) -> None:
        """Wait until what was written is on the disk."""
        try:
            os.fsync(self.handle)
        except OSError as error:
            raise self._no(error) from None

    def close(self) -> None:
        """Let go of the file; what is written stays."""
        os.close(self.handle)

    def _no(self, error: OSError) -> ResourceError:
        return ResourceError(f"{self.part}: can't be written: {error.strerror}")


def part_of(path: Path) -> Path:
    """Return the name under which a file grows."""
    return path.with_name(f"{path.name}.part")


def put_in_place(part: Path, path: Path) -> None:
    """Rename a whole file to its name, and wait until that is on the disk."""
    part.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Wait until a folder's entries are on the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
