"""Files within a zip archive, as sources beside those of folders."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING, Any

from copydesk.errors import DataError, escaped

if TYPE_CHECKING:
    from zipfile import ZipFile, ZipInfo


def is_zip(path: Path) -> bool:
    """Return whether a file is a zip archive by its name."""
    return path.suffix.lower() == ".zip"


def open_zip(path: Path) -> ZipFile:
    """Open an archive.

    Raises
    ------
    DataError
        It is none, is damaged, or holds a file whose name leads out of it.
    """
    from zipfile import BadZipFile, ZipFile

    try:
        archive = ZipFile(path)
    except (BadZipFile, OSError, ValueError, NotImplementedError) as error:
        reason = getattr(error, "strerror", None) or f"no zip archive, or damaged: {error}"
        raise DataError(f"{escaped(path)}: can't be read: {reason}") from None
    for name in archive.namelist():
        inside = PurePosixPath(name.replace("\\", "/"))
        if inside.is_absolute() or ".." in inside.parts:
            raise DataError(f"{escaped(path)}: holds {name!a}, which leads out of it; pack it again")
    return archive


def files_in(archive: ZipFile) -> list[ZipInfo]:
    """Return the files in an archive by their names; hidden ones and those that systems add are left out."""
    files = {info.filename: info for info in archive.infolist() if not info.is_dir()}
    return [
        files[name]
        for name in sorted(files)
        if not any(part.startswith(".") or part == "__MACOSX" for part in PurePosixPath(name).parts)
    ]


@contextmanager
def open_member(archive: ZipFile, member: ZipInfo) -> Iterator[IO[bytes]]:
    """Open a file within an archive.

    Raises
    ------
    OSError
        It can't be read: encrypted, damaged, or compressed in a way that Python does not know.
    """
    from zipfile import BadZipFile

    try:
        stream = archive.open(member)
    except (BadZipFile, RuntimeError, NotImplementedError) as error:
        raise OSError(str(error)) from None
    with stream, io.BufferedReader(Member(stream)) as buffered:
        yield buffered


class Member(io.RawIOBase):
    """Bytes of a file within an archive; damage is an ``OSError``."""

    def __init__(self, stream: Any) -> None:
        self.stream = stream

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read into a buffer; return the number of bytes."""
        from zipfile import BadZipFile

        try:
            return int(self.stream.readinto(buffer))
        except BadZipFile as error:
            raise OSError(str(error)) from None
