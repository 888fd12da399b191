"""Files of rows: suffixes, compression and encodings."""

from __future__ import annotations

import codecs
import gzip
import io
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from copydesk.formats.rows import Source

COMPRESSIONS = (".gz", ".zst")

# Longer than anything a newspaper prints; endless lines and compressed bombs exceed it.
MAX_ROW = 32 * 2**20
# Decompressed at a time: damaged data costs at most this much of the sound data before it.
READ_BYTES = 1 << 14
UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def suffix_of(path: Path) -> str:
    """Return the last suffix of a name in lower case, without that of a compression."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] in COMPRESSIONS:
        suffixes.pop()
    return suffixes[-1] if suffixes else ""


def is_encoding(name: str) -> bool:
    """Return whether Python knows a text encoding of this name."""
    try:
        return bool(codecs.lookup(name)._is_text_encoding)
    except (LookupError, ValueError):
        return False


@contextmanager
def open_source(source: Source, is_text: bool, detect: bool) -> Iterator[tuple[Any, Any]]:
    """Open a source; yield a stream of its bytes, decompressed, text as UTF-8, and the file below it.

    Parameters
    ----------
    source : Source
    is_text : bool
        Whether to decode it from its encoding.
    detect : bool
        Whether a byte order mark of UTF-16 sets the encoding.

    Raises
    ------
    OSError
    """
    if source.path is None:
        yield _as_utf8(sys.stdin.buffer, source.encoding, detect) if is_text else sys.stdin.buffer, None
        return
    with source.path.open("rb") as raw:
        if source.span is not None and is_text:
            yield LinesWithin(raw, *source.span), raw
            return
        stream = _decompressed(raw, source.path)
        yield _as_utf8(stream, source.encoding, detect) if is_text else stream, raw


class LinesWithin:
    """The lines of a file that begin within a range of bytes.

    Consecutive ranges share no line and leave none out, wherever they are cut.
    """

    def __init__(self, raw: Any, start: int, end: int) -> None:
        self.raw = raw
        self.end = end
        self.at = start
        self.begins_line = True
        if start:
            raw.seek(start - 1)  # a line that begins at ``start`` is this range's, one that began before is not
            self.at -= 1
            while (rest := raw.readline(1 << 20)) and not rest.endswith(b"\n"):
                self.at += len(rest)
            self.at += len(rest)

    def readline(self, size: int) -> bytes:
        """Return the next line, or ``size`` bytes of it; empty where the range ends."""
        if self.begins_line and self.at >= self.end:
            return b""
        line: bytes = self.raw.readline(size)
        self.at += len(line)
        self.begins_line = line.endswith(b"\n")
        return line


def is_utf8_codec(encoding: str) -> bool:
    """Return whether an encoding that Python knows is UTF-8."""
    return codecs.lookup(encoding).name in ("utf-8", "utf-8-sig")


def _as_utf8(stream: Any, encoding: str, detect: bool) -> Any:
    if is_utf8_codec(encoding):
        if not (detect and stream.peek(2)[:2] in UTF16_MARKS):
            return stream
        encoding = "utf-16"
    return io.BufferedReader(_Transcoded(stream, encoding), 1 << 16)


class _Transcoded(io.RawIOBase):
    """Text in some encoding, read as UTF-8; bytes that can't be decoded stay, and are no UTF-8 either."""

    def __init__(self, stream: Any, encoding: str) -> None:
        self.stream = stream
        self.decoder = codecs.getincrementaldecoder(encoding)("surrogateescape")
        self.held = b""
        self.ended = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self.held and not self.ended:
            data = self.stream.read1(READ_BYTES)
            self.ended = not data
            self.held = self.decoder.decode(data, self.ended).encode("utf-8", "surrogateescape")
        taken, self.held = self.held[: len(buffer)], self.held[len(buffer) :]
        buffer[: len(taken)] = taken
        return len(taken)


def _decompressed(raw: Any, path: Path) -> Any:
    """Return a stream of a file's bytes, decompressed if its name ends so."""
    opened = {".gz": _gunzip, ".zst": _unzstd}.get(path.suffix.lower())
    return raw if opened is None else io.BufferedReader(_Decompressed(raw, opened), READ_BYTES)


def _gunzip(raw: Any) -> Any:
    return gzip.GzipFile(fileobj=raw, mode="rb")


def _unzstd(raw: Any) -> Any:
    import pyarrow as pa

    return pa.CompressedInputStream(pa.PythonFile(_BeforeChecksum(raw), "r"), "zstd")


class _Decompressed(io.RawIOBase):
    """Decompressed bytes of a file; those before any damage are all delivered before the error."""

    def __init__(self, raw: Any, opened: Callable[[Any], Any]) -> None:
        self.raw = raw
        self.opened = opened
        self.stream = opened(raw)
        self.at = 0
        self.damaged = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            data = self.stream.read1(1 if self.damaged else len(buffer))
        except (OSError, EOFError):
            if self.damaged:
                raise
            # part of this read may be sound: start again, and read up to the damage byte by byte
            self.damaged = True
            self.raw.seek(0)
            self.stream = self.opened(self.raw)
            left = self.at
            while left and (skipped := self.stream.read1(min(left, READ_BYTES))):
                left -= len(skipped)
            return self.readinto(buffer)
        self.at += len(data)
        buffer[: len(data)] = data
        return len(data)


class _BeforeChecksum:
    """A file whose last bytes, where Zstandard has its checksum, are read apart, so that all before is decoded."""

    closed = False

    def __init__(self, raw: Any) -> None:
        self.raw = raw
        self.body = max(0, raw.seek(0, io.SEEK_END) - 4)
        raw.seek(0)

    def read(self, size: int = -1) -> bytes:
        left = self.body - self.raw.tell()
        return bytes(self.raw.read(min(size, left) if left > 0 and size >= 0 else size))

    def tell(self) -> int:
        return int(self.raw.tell())

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        self.closed = True
