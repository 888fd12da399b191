"""Sources named on a command line: files, folders, patterns, standard input."""

from __future__ import annotations

import glob
import importlib.util
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from copydesk.errors import ConfigError, DataError, escaped
from copydesk.formats.csv import check_delimiter
from copydesk.formats.files import COMPRESSIONS, is_encoding, suffix_of
from copydesk.formats.readers import SUFFIXES
from copydesk.formats.rows import Source
from copydesk.formats.zip_members import files_in, is_zip, open_zip

if TYPE_CHECKING:
    from zipfile import ZipFile, ZipInfo

# Read as text, such a file would be labelled without a warning.
NOT_TEXT = {".bz2", ".xz", ".zip", ".7z", ".tar", ".tgz", ".pdf", ".doc", ".docx", ".xls", ".xlsx"}
STDIN = "-"
LEDGER_FOLDER = "_copydesk"  # beside the parts of an output folder; no data
# Formats that an extra reads, by name and package.
NEEDED = {"html": ("HTML", "resiliparse"), "warc": ("web archives", "fastwarc")}

# Name, path (None: standard input) and format of a file and, of one within an archive, the archive and its place there.
Found: TypeAlias = "tuple[str, Path | None, str, ZipFile | None, ZipInfo | None]"


class SkippedFiles:
    """Files of folders that are of no kind that can be read: the number and the first of each suffix."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.first: dict[str, Path] = {}

    def add(self, path: Path) -> None:
        """Count a file."""
        suffix = "".join(path.suffixes[-2:]) if path.suffix.lower() in COMPRESSIONS else path.suffix
        self.counts[suffix] += 1
        self.first.setdefault(suffix, path)

    def __str__(self) -> str:
        """Describe them in one line; "" if there are none."""
        if not self.counts:
            return ""
        kinds = [
            f"{count:,} {suffix or 'without a suffix'} (such as {escaped(self.first[suffix])})"
            for suffix, count in self.counts.most_common()
        ]
        suffix = next((each for each in self.counts if suffix_of(self.first[each]) not in NOT_TEXT), None)
        hint = ""
        if suffix is not None:
            pattern = escaped(self.first[suffix].with_name(f"*{suffix}"))
            hint = f"; named by a pattern, such as '{pattern}', they are read as text"
        total = self.counts.total()
        return f"{total:,} file{'s' if total > 1 else ''} of folders skipped: {', '.join(kinds)}{hint}"


def find_sources(
    names: Sequence[str],
    file_format: str | None = None,
    encoding: str = "utf-8",
    delimiter: str | None = None,
    skipped: SkippedFiles | None = None,
) -> Iterator[Source]:
    """Yield the sources that names stand for, in their order; the files of a folder or pattern are sorted.

    Parameters
    ----------
    names : sequence of str
        Files, folders, patterns with ``*``, ``?``, ``[…]`` or ``**``, or ``-``.
    file_format : str, optional
        Of all sources; by default a file's suffix decides, and standard input and unknown suffixes are text.
    encoding, delimiter : str, optional
        Of all sources; see ``Source``.
    skipped : SkippedFiles, optional
        Collects the files of folders that are passed over.

    Raises
    ------
    ConfigError
        The encoding or delimiter is not valid, or a file is HTML and nothing installed reads it.
    DataError
        A name stands for nothing, or for a file of a kind that can't be read. All are checked before the first
        source is yielded.
    """
    if not is_encoding(encoding):
        raise ConfigError(f"--encoding {encoding}: Python knows no such encoding; usual: utf-8, latin-1")
    if delimiter is not None:
        delimiter = check_delimiter(delimiter, "--delimiter ")
    passed_over = SkippedFiles() if skipped is None else skipped
    found = [_check(name, file_format, passed_over) for name in names]
    return (
        _readable(Source(name, path, kind, encoding, delimiter, archive=archive, member=member))
        for files in found
        for name, path, kind, archive, member in files
    )


def _readable(source: Source) -> Source:
    kind, package = NEEDED.get(source.format, ("", ""))
    if package and importlib.util.find_spec(package) is None:
        raise ConfigError(f"{escaped(source.name)}: to read {kind} an extra is needed: pip install 'copydesk[html]'")
    return source


def _check(name: str, file_format: str | None, skipped: SkippedFiles) -> Iterator[Found]:
    """Return the files that a name stands for."""
    path = Path(name)
    if name == STDIN:
        return iter([(name, None, file_format or "text", None, None)])
    if path.is_dir():
        return _in_folder(path, file_format, skipped)
    if path.is_file() and is_zip(path):
        return _in_zip(path, file_format, skipped)
    if path.exists():
        return iter([(_name(path), path, file_format or _format_of(path), None, None)])
    if glob.has_magic(name):
        matches = sorted(glob.glob(name, recursive=True))  # noqa: PTH207 (Path.glob takes no absolute pattern)
        if matches:
            return (each for match in matches for each in _check(match, file_format, skipped))
        raise DataError(f"{escaped(name)}: no file matches this pattern")
    raise DataError(f"{escaped(name)}: no such file")


def _name(path: Path) -> str:
    """Return a path as text, decoded as UTF-8 whatever the locale."""
    return os.fsencode(path).decode("utf-8", "surrogateescape")


def _in_zip(path: Path, file_format: str | None, skipped: SkippedFiles) -> Iterator[Found]:
    """Return the files of an archive, as those of a folder."""
    archive = open_zip(path)

    def found() -> Iterator[Found]:
        for member in files_in(archive):
            kind = SUFFIXES.get(suffix_of(Path(member.filename)))
            if kind is None:
                skipped.add(path / member.filename)
            else:
                yield f"{_name(path)}/{member.filename}", path, file_format or kind, archive, member

    return found()


def _format_of(path: Path) -> str:
    suffix = suffix_of(path)
    if suffix in NOT_TEXT:
        raise DataError(
            f"{escaped(path)}: can't read {suffix} files; give --format if the name is wrong, or convert it to JSONL, "
            "CSV, Parquet or plain text"
        )
    return SUFFIXES.get(suffix, "text")


def _in_folder(folder: Path, file_format: str | None, skipped: SkippedFiles) -> Iterator[Found]:
    """Yield a folder's files at any depth; hidden ones, ledgers and kinds that can't be read are passed over."""
    for where, folders, files in os.walk(folder):
        folders[:] = sorted(each for each in folders if not each.startswith(".") and each != LEDGER_FOLDER)
        for name in sorted(files):
            path = Path(where, name)
            kind = SUFFIXES.get(suffix_of(path))
            if name.startswith("."):
                continue
            if kind is None:
                skipped.add(path)
            else:
                yield _name(path), path, file_format or kind, None, None
