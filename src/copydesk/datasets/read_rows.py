"""Readers of rows: each format yields where a row stands and its fields, or why it can't be read."""

from __future__ import annotations

import codecs
import csv
import io
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, TypeAlias

from copydesk.errors import DataError
from copydesk.formats.files import COMPRESSIONS, MAX_ROW, SUFFIXES, open_bytes, suffix_of

# A row is (where, fields); where it can't be read, (where, the reason).
Row: TypeAlias = tuple[str, dict[str, Any] | str]

PARQUET_BATCH = 1024

FORMATS = ("csv", "tsv", "jsonl", "parquet", "folder")


def format_of(path: Path) -> str:
    """Return the format a path's name says.

    Raises
    ------
    DataError
        The name says none.
    """
    if path.is_dir():
        return "folder"
    suffix = suffix_of(path)
    if suffix not in SUFFIXES:
        raise DataError(
            f"{path}: can't tell the format by the name; set dataset.format to one of {', '.join(FORMATS)}, "
            f"or name the file *{', *'.join(SUFFIXES)}, each also with {' or '.join(COMPRESSIONS)}"
        )
    return SUFFIXES[suffix]


def read_rows(path: Path, file_format: str, columns: Sequence[str], encoding: str, name: str) -> Iterator[Row]:
    """Yield the rows of one file or folder.

    Parameters
    ----------
    path : Path
    file_format : {"csv", "tsv", "jsonl", "parquet", "folder"}
    columns : sequence of str
        Fields that are wanted; a file with a header that lacks one is refused at once.
    encoding : str
        Encoding of text files.
    name : str
        What the file is called in ``where``; of a folder, what stands before its files' names.

    Raises
    ------
    DataError
        The file can't be opened or decompressed, or from some place on can't be understood.
    """
    if file_format == "folder":
        for where, row in read_folder(path, encoding):
            yield f"{name}/{where}" if name else where, row
        return
    place = "its start"
    try:
        if file_format == "parquet":
            rows = read_parquet(path, columns)
        elif file_format == "jsonl":
            rows = read_jsonl(path, encoding)
        else:
            rows = read_csv(path, "\t" if file_format == "tsv" else ",", columns, encoding)
        for where, row in rows:
            place = where
            yield f"{name}:{where}", row
    except UnicodeError as error:
        raise DataError(f"{path}: not {encoding} after row {place}: {error}; set dataset.encoding") from None
    except (OSError, EOFError) as error:
        if isinstance(error, OSError) and error.strerror and error.errno:
            raise DataError(f"{path}: {error.strerror}") from None
        raise DataError(f"{path}: damaged or cut off after row {place}: {error}") from None


@contextmanager
def open_text(path: Path, encoding: str, newline: str) -> Iterator[IO[str]]:
    """Open a text file, compressed or not; bytes that are not valid come out as lone surrogates."""
    try:
        codecs.lookup(encoding)
    except LookupError:
        raise DataError(f"dataset.encoding={encoding}: Python knows no such encoding; usual: utf-8, latin-1") from None
    # A byte order mark is not part of the first field's name.
    encoding = "utf-8-sig" if encoding.lower().replace("_", "-") in ("utf-8", "utf8") else encoding
    with (
        open_bytes(path) as data,
        io.TextIOWrapper(io.BufferedReader(data), encoding, "surrogateescape", newline) as text,
    ):
        yield text


def read_lines(text: IO[str]) -> Iterator[tuple[int, str | None]]:
    """Yield each line with its number, None for a line over the cap, which is skipped without being kept."""
    number = 0
    while line := text.readline(MAX_ROW):
        number += 1
        if len(line) == MAX_ROW and not line.endswith("\n"):
            while (rest := text.readline(MAX_ROW)) and not rest.endswith("\n"):
                pass
            yield number, None
        else:
            yield number, line


def read_jsonl(path: Path, encoding: str) -> Iterator[Row]:
    """Yield one row per line; lines of white space are nothing."""
    with open_text(path, encoding, newline="\n") as text:
        for number, line in read_lines(text):
            if line is None:
                yield str(number), f"line over {MAX_ROW:,} characters"
            elif not line.isspace():
                yield str(number), parse_json(line)


def parse_json(line: str) -> dict[str, Any] | str:
    """Return the object on a line, or why there is none."""
    if not _encodable(line):
        return "bytes that are not valid in the file's encoding"
    try:
        value = json.loads(line, object_pairs_hook=_unique_keys)
    except RecursionError:
        return "JSON nested too deep"
    except ValueError as error:
        return f"not JSON: {getattr(error, 'msg', error)}"
    return value if isinstance(value, dict) else f"a JSON {type(value).__name__}, not an object"


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise ValueError("a field is there twice")
    return fields


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def read_csv(path: Path, delimiter: str, columns: Sequence[str], encoding: str) -> Iterator[Row]:
    """Yield one row per record under the header, every field as the text it is; ``where`` is its first line."""
    before = csv.field_size_limit()
    with open_text(path, encoding, newline="") as text:
        reader = csv.reader(_capped(path, text), delimiter=delimiter, strict=True)
        header = _header(path, reader, columns)
        while True:
            line = reader.line_num + 1
            # The limit is one for the whole process: ours holds only while a record is parsed.
            csv.field_size_limit(MAX_ROW)
            try:
                values = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                if reader.line_num > line:
                    # What was swallowed since the quote opened can't be told apart into rows.
                    raise DataError(f"{path}:{line}: a quoted field opens here and is not closed: {error}") from None
                yield str(line), f"not a CSV record: {error}"
                continue
            finally:
                csv.field_size_limit(before)
            if len(values) == len(header):
                yield str(line), dict(zip(header, values, strict=True))
            elif values:
                yield str(line), f"number of fields is not the header's {len(header)}"


def _header(path: Path, reader: Iterator[list[str]], columns: Sequence[str]) -> list[str]:
    try:
        header = next(reader, [])
    except csv.Error as error:
        raise DataError(f"{path}:1: the header is not a CSV record: {error}") from None
    check_columns(path, header, columns)
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        raise DataError(f"{path}:1: the header has the column {twice[0]!r} twice; give each its own name")
    return header


def _capped(path: Path, text: IO[str]) -> Iterator[str]:
    for number, line in read_lines(text):
        if line is None:
            raise DataError(f"{path}:{number}: line over {MAX_ROW:,} characters")
        yield line


def read_parquet(path: Path, columns: Sequence[str]) -> Iterator[Row]:
    """Yield the rows, numbered from 1; only the wanted columns are read, batch by batch."""
    import pyarrow as pa
    from pyarrow import parquet

    number = 0
    try:
        with parquet.ParquetFile(path) as file:
            check_columns(path, file.schema_arrow.names, columns)
            for batch in file.iter_batches(PARQUET_BATCH, columns=list(dict.fromkeys(columns))):
                for fields in _records(batch):
                    number += 1
                    yield str(number), fields
    except pa.ArrowException as error:
        reason = str(error).splitlines()[0]
        raise DataError(f"{path}: not a readable Parquet file after row {number}: {reason}") from None


def _records(batch: Any) -> Iterator[dict[str, Any] | str]:
    """Yield a batch's rows; Parquet does not check that its strings are UTF-8, so a row may turn out not to be."""
    try:
        rows = batch.to_pylist()
    except UnicodeDecodeError:
        for place in range(len(batch)):
            try:
                yield from batch.slice(place, 1).to_pylist()
            except UnicodeDecodeError:
                yield "bytes that are not valid UTF-8"
    else:
        yield from rows


def read_folder(folder: Path, encoding: str) -> Iterator[Row]:
    """Yield the ``.txt`` files of a folder that has one folder per label; fields ``text`` and ``label``."""
    files = sorted(folder.glob("*/*.txt"))
    if not files:
        raise DataError(
            f"{folder}: a folder must hold one folder per label with .txt files in it (LABEL/NAME.txt); for "
            f"tables give a pattern such as {folder}/*.jsonl"
        )
    for file in files:
        where = f"{file.parent.name}/{file.name}"
        if file.stat().st_size > MAX_ROW:
            yield where, f"file over {MAX_ROW:,} bytes"
            continue
        with open_text(file, encoding, newline="") as opened:
            text = opened.read()
        yield where, {"text": text, "label": file.parent.name}


def check_columns(path: Path, found: Sequence[str], wanted: Sequence[str]) -> None:
    """Refuse a file that lacks a wanted column, and say which is nearest.

    Raises
    ------
    DataError
        A column is missing.
    """
    for name in wanted:
        if name not in found:
            from copydesk.errors import nearest

            raise DataError(f"{path}: no column {name!r}; {nearest(name, found)}")
