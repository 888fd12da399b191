"""What the names on a command line stand for: files, folders, patterns, standard input."""

from __future__ import annotations

import glob
import importlib.util
import io
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from copydesk.errors import ConfigError, DataError
from copydesk.formats.files import SUFFIXES, decompressed, suffix_of

FORMATS = ("text", "html", "jsonl", "csv", "tsv", "parquet")
DOCUMENTS = {".txt": "text", ".text": "text", ".html": "html", ".htm": "html"}
# Taken for a text, such a file would be labelled without a word.
NOT_TEXT = {".json", ".bz2", ".xz", ".zip", ".7z", ".tar", ".tgz", ".pdf", ".doc", ".docx", ".xls", ".xlsx", ".warc"}
STDIN = "-"


@dataclass(frozen=True, slots=True)
class Source:
    """One file, or standard input.

    Attributes
    ----------
    name : str
        As it is called in messages and rows.
    path : Path or None
        None is standard input.
    format : str
        One of ``FORMATS``.
    """

    name: str
    path: Path | None
    format: str

    @property
    def size(self) -> int | None:
        """Bytes of the file as it lies on the disk; None where that is not known."""
        return self.path.stat().st_size if self.path is not None and self.path.is_file() else None


def find_sources(names: Sequence[str], file_format: str | None = None) -> Iterator[Source]:
    """Yield the sources that names stand for, in their order; what a folder or pattern holds, sorted.

    Parameters
    ----------
    names : sequence of str
        Files, folders, patterns with ``*``, ``?``, ``[…]`` or ``**``, or ``-``.
    file_format : str, optional
        Of all of them; otherwise names say it, standard input is text, and so is what has an unknown suffix.

    Raises
    ------
    ConfigError
        There is HTML, and nothing installed that reads it.
    DataError
        A name stands for nothing, or for a file of a kind that can't be read. All are checked before the first
        source is given.
    """
    found = [_check(name, file_format) for name in names]
    return (source for each in found for source in each)


def _source(name: str, path: Path | None, file_format: str) -> Source:
    if file_format == "html" and importlib.util.find_spec("resiliparse") is None:
        raise ConfigError(f"{name}: to read HTML an extra is needed: pip install 'copydesk[html]'")
    return Source(name, path, file_format)


def _check(name: str, file_format: str | None) -> Iterator[Source]:
    path = Path(name)
    if name == STDIN:
        return iter([_source(name, None, file_format or "text")])
    if path.is_dir():
        return _in_folder(path, file_format)
    if path.exists():
        return iter([_source(name, path, file_format or _format_of(path))])
    if glob.has_magic(name):
        matches = sorted(glob.glob(name, recursive=True))  # noqa: PTH207 (Path.glob takes no absolute pattern)
        if matches:
            return (each for match in matches for each in _check(match, file_format))
        raise DataError(f"{name}: no file matches this pattern")
    raise DataError(f"{name}: no such file")


def _format_of(path: Path) -> str:
    suffix = suffix_of(path)
    if suffix in NOT_TEXT:
        raise DataError(
            f"{path}: can't read {suffix} files; give --format if the name is wrong, or convert it to JSONL, CSV, "
            "Parquet or plain text"
        )
    return {**SUFFIXES, **DOCUMENTS}.get(suffix, "text")


def _in_folder(folder: Path, file_format: str | None) -> Iterator[Source]:
    """Yield a folder's files at any depth; hidden ones and those of kinds that can't be read are left out."""
    known = {**SUFFIXES, **DOCUMENTS}
    for where, folders, files in os.walk(folder):
        folders[:] = sorted(each for each in folders if not each.startswith("."))
        for name in sorted(files):
            path = Path(where, name)
            kind = known.get(suffix_of(path))
            if not name.startswith(".") and kind is not None:
                yield _source(str(path), path, file_format or kind)


@contextmanager
def open_source(source: Source) -> Iterator[tuple[Any, Any]]:
    """Open a source; give its bytes, decompressed and buffered, and the file below, whose ``tell`` says how far.

    Raises
    ------
    OSError
    """
    if source.path is None:
        yield sys.stdin.buffer, None
        return
    with source.path.open("rb") as raw:
        stream = decompressed(raw, source.path)
        yield (stream if stream is raw else io.BufferedReader(stream, 1 << 20)), raw
