"""Part files: written as ``NAME.part``, renamed when complete."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from copydesk.errors import ConfigError, ResourceError, escaped
from copydesk.resources import sync


class Aside:
    """A file written as ``NAME.part``; the caller renames it to ``NAME`` when complete.

    Opening it takes a lock, which the system releases when the process ends, however it ends.

    Parameters
    ----------
    path : Path
        The final name.

    Raises
    ------
    ConfigError
        Another process is writing the same part.
    ResourceError
        No permission, or no such folder.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.part = part_of(path)
        try:
            self.handle = os.open(self.part, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise ResourceError(f"{escaped(self.part)}: {error.strerror}") from None
        if not self._locked():
            os.close(self.handle)
            raise ConfigError(f"{escaped(self.part)}: another process is writing it; wait for it, or give another name")
        self.size = os.fstat(self.handle).st_size

    def _locked(self) -> bool:
        try:
            fcntl.flock(self.handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # the lock's last holder may have renamed the file since it was opened
            return os.path.samestat(os.fstat(self.handle), self.part.stat())
        except OSError:
            return False

    def keep(self, size: int) -> None:
        """Truncate the file to ``size`` bytes and continue after them.

        Raises
        ------
        ResourceError
            The file is shorter.
        """
        if self.size < size:
            raise ResourceError(f"{escaped(self.part)}: shorter than its run recorded; start over with --force")
        os.ftruncate(self.handle, size)
        os.lseek(self.handle, size, os.SEEK_SET)
        self.size = size

    def write(self, data: bytes) -> None:
        """Append bytes.

        Raises
        ------
        ResourceError
            The disk is full, or a limit on file size is reached.
        """
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[os.write(self.handle, rest) :]
        except OSError as error:
            raise self._failure(error) from None
        self.size += len(data)

    def sync(self) -> None:
        """Flush the written bytes to the disk."""
        try:
            os.fsync(self.handle)
        except OSError as error:
            raise self._failure(error) from None

    def close(self) -> None:
        """Close the file and release its lock."""
        os.close(self.handle)

    def _failure(self, error: OSError) -> ResourceError:
        return ResourceError(f"{escaped(self.part)}: can't be written: {error.strerror}")


def part_of(path: Path) -> Path:
    """Return the name of the part file."""
    return path.with_name(f"{path.name}.part")


def finish_part(part: Path, path: Path) -> None:
    """Rename a complete part file, and flush its folder to the disk."""
    part.replace(path)
    sync(path.parent)
