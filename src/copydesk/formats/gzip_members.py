"""Stream of gzip members, each checked before its bytes are passed on, that can go on after a damaged one."""

from __future__ import annotations

import zlib
from collections import deque
from collections.abc import Iterator
from typing import IO

from copydesk.formats.files import READ_BYTES

MAGIC = b"\x1f\x8b\x08"
# A member of more bytes, decompressed, is passed on before its checksum is known.
WHOLE_BYTES = 64 * 2**20


class GzipMembers:
    """Decompressed bytes of a file of gzip members, such as a WARC file with one for each record.

    Parameters
    ----------
    raw : binary file
        At its start.

    Attributes
    ----------
    offset : int
        Where the member that is read begins, in bytes of the file.
    """

    def __init__(self, raw: IO[bytes]) -> None:
        self.raw = raw
        self.held = b""  # compressed bytes that are read and not yet used
        self.used = 0  # bytes of the file before them
        self.offset = 0
        self.passed_on = 0  # decompressed bytes
        self.starts: deque[tuple[int, int]] = deque()  # of members: in decompressed bytes, and in those of the file
        self.ready = b""
        self.pieces = self._pieces()

    def read(self, size: int) -> bytes:
        """Return at most ``size`` bytes, b"" at the end.

        Raises
        ------
        EOFError, zlib.error
            The member at ``offset`` is cut off or damaged; all bytes of those before it were returned.
        """
        while not self.ready:
            piece = next(self.pieces, None)
            if piece is None:
                return b""
            self.ready = piece
        taken, self.ready = self.ready[:size], self.ready[size:]
        return taken

    def tell(self) -> int:
        """Return the number of bytes returned."""
        return self.passed_on - len(self.ready)

    def offset_of(self, position: int) -> int:
        """Return where the member begins that holds a decompressed byte; positions must not fall."""
        while len(self.starts) > 1 and self.starts[1][0] <= position:
            self.starts.popleft()
        return self.starts[0][1] if self.starts else self.offset

    def skip_damaged(self, beginning: bytes) -> bool:
        """Go on with the next member whose content begins with certain bytes; return whether there is one."""
        if not self.raw.seekable():
            return False
        at = self.offset
        while (at := self._find(MAGIC, at + 1)) >= 0:
            self.raw.seek(at)
            try:
                content = zlib.decompressobj(wbits=31).decompress(self.raw.read(READ_BYTES), len(beginning))
            except zlib.error:
                continue
            if content == beginning:
                self.raw.seek(at)
                self.held, self.used, self.ready = b"", at, b""
                self.passed_on = 0
                self.starts.clear()
                self.pieces = self._pieces()
                return True
        return False

    def _find(self, wanted: bytes, start: int) -> int:
        """Return where bytes stand in the file from a place on, -1 if nowhere."""
        self.raw.seek(start)
        overlap = b""
        while data := self.raw.read(READ_BYTES):
            found = (overlap + data).find(wanted)
            if found >= 0:
                return start - len(overlap) + found
            start += len(data)
            overlap = (overlap + data)[1 - len(wanted) :]
        return -1

    def _fill(self) -> bool:
        """Read on if nothing is held; return whether something is."""
        self.held = self.held or self.raw.read(READ_BYTES)
        return bool(self.held)

    def _use(self, rest: bytes) -> None:
        self.used += len(self.held) - len(rest)
        self.held = rest

    def _pieces(self) -> Iterator[bytes]:
        while self._fill():
            if padded := len(self.held) - len(self.held.lstrip(b"\0")):  # zeros may stand between members
                self._use(self.held[padded:])
                continue
            self.offset = self.used
            self.starts.append((self.passed_on, self.offset))
            yield from self._member()

    def _member(self) -> Iterator[bytes]:
        inflater = zlib.decompressobj(wbits=31)
        pieces: list[bytes] = []
        size = 0
        while not inflater.eof:
            if not self._fill():
                raise EOFError("cut off")
            pieces.append(inflater.decompress(self.held, READ_BYTES))
            self._use(inflater.unconsumed_tail or inflater.unused_data)
            size += len(pieces[-1])
            if size > WHOLE_BYTES:
                yield self._passed(pieces)
        yield self._passed(pieces)

    def _passed(self, pieces: list[bytes]) -> bytes:
        whole = b"".join(pieces)
        pieces.clear()
        self.passed_on += len(whole)
        return whole
