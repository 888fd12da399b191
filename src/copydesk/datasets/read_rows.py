"""Rows of training data, read from tables and folders of text files."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any, TypeAlias

from copydesk.errors import DataError, escaped
from copydesk.formats.csv import Cells
from copydesk.formats.files import COMPRESSIONS, suffix_of
from copydesk.formats.readers import DAMAGE, READERS, SUFFIXES, open_records
from copydesk.formats.rows import NotARowError, Record, Source, UnreadableError, Wanted

FIRST_ROWS = 100  # rows of a table from which the names of its fields are taken

# A row is (where, fields); where it can't be read, (where, the reason).
LocatedRow: TypeAlias = tuple[str, dict[str, Any] | str]

TABLE_FORMATS = (*(name for name, reader in READERS.items() if reader.is_table), "folder")


def table_format(path: Path) -> str:
    """Return the format of a file of training data by its name.

    Raises
    ------
    DataError
        The suffix is of no table.
    """
    if path.is_dir():
        return "folder"
    found = SUFFIXES.get(suffix_of(path))
    if found not in TABLE_FORMATS:
        tables = [suffix for suffix, name in SUFFIXES.items() if name in TABLE_FORMATS]
        raise DataError(
            f"{escaped(path)}: can't tell the format by the name; set dataset.format to one of "
            f"{', '.join(TABLE_FORMATS)}, or name the file *{', *'.join(tables)}, "
            f"each also with {' or '.join(COMPRESSIONS)}"
        )
    return found


def read_table(source: Source, columns: Sequence[str]) -> Iterator[LocatedRow]:
    """Yield the rows of a table, each with the name of the source and its line.

    Parameters
    ----------
    source : Source
    columns : sequence of str
        Fields to read; a file with a header that lacks one is refused at once.

    Raises
    ------
    DataError
        The file can't be opened or decompressed, or can't be understood from some place on.
    """
    reader = READERS[source.format]
    path = escaped(source.path)
    after = "its start"
    try:
        for record in open_records(source, Wanted(columns, only=True)):
            _check_readable(record)
            after = str(record.line)
            where = f"{source.name}:{record.line}"
            if record.fault is not None:
                yield where, record.fault
                continue
            try:
                row = reader.values(record)
            except NotARowError as error:
                yield where, str(error)
            else:
                yield where, row
    except UnreadableError as error:
        raise DataError(f"{escaped(path)}: {error}") from None
    except UnicodeError as error:
        raise DataError(
            f"{escaped(path)}: not {source.encoding} after row {after}: {error}; set dataset.encoding"
        ) from None
    except DAMAGE as error:
        if isinstance(error, OSError) and error.strerror and error.errno:
            raise DataError(f"{escaped(path)}: {error.strerror}") from None
        raise DataError(f"{escaped(path)}: damaged or cut off after row {after}: {error}") from None


def first_fields(source: Source, columns: Sequence[str]) -> list[str]:
    """Return the names of the fields in the first rows of a table; none where no row can be read.

    Parameters
    ----------
    source : Source
    columns : sequence of str
        By which the delimiter of CSV is found.
    """
    found: dict[str, None] = {}
    try:
        for record in islice(open_records(source, Wanted(columns)), FIRST_ROWS):
            if record.fault is None:
                with suppress(NotARowError):
                    found |= dict.fromkeys(READERS[source.format].values(record))
    except (UnreadableError, *DAMAGE):  # the reader of all rows says more of it
        pass
    return list(found)


def _check_readable(record: Record) -> None:
    """Refuse a source that can't be read from this record on."""
    where = f"{escaped(record.source.path)}:{record.line}"
    if record.raw is None:
        raise DataError(f"{where}: {record.fault}")
    raw = record.raw
    if record.fault and isinstance(raw, Cells) and not raw.cells and len(raw.lines.splitlines()) > 1:
        # the lines swallowed since the quote opened can't be told apart into rows
        raise DataError(f"{where}: a quoted field opens here and is not closed: {record.fault}")


def read_folder(folder: Path, encoding: str, name: str = "") -> Iterator[LocatedRow]:
    """Yield the ``.txt`` files of a folder that has one folder per label; fields ``text`` and ``label``.

    Parameters
    ----------
    folder : Path
    encoding : str
    name : str
        Stands before the names of the files.

    Raises
    ------
    DataError
        There is no such file, or one can't be read.
    """
    files = sorted(folder.glob("*/*.txt"))
    if not files:
        raise DataError(
            f"{escaped(folder)}: a folder must hold one folder per label with .txt files in it (LABEL/NAME.txt); for "
            f"tables give a pattern such as {escaped(folder)}/*.jsonl"
        )
    read = set(files)
    others = sorted(
        path for path in folder.rglob("*") if path not in read and path.is_file() and not path.name.startswith(".")
    )
    if others:
        warnings.warn(
            f"{escaped(folder)}: {len(others):,} files are not LABEL/NAME.txt and not read, such as "
            f"{escaped(others[0].relative_to(folder))}; rename them to .txt, or leave them so",
            stacklevel=2,
        )
    for file in files:
        label = file.parent.name
        for _, row in read_table(Source(file.name, file, "text", encoding), ()):
            yield f"{name}{label}/{file.name}", row if isinstance(row, str) else {**row, "label": label}
