"""Files of rows: the format that a name says, and reading through what compresses it."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SUFFIXES = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
}
COMPRESSIONS = (".gz", ".zst")

# Nothing a newspaper prints is longer; an endless line or a compressed bomb is.
MAX_ROW = 32 * 2**20


def suffix_of(path: Path) -> str:
    """Return the last suffix of a name in small letters, before that of a compression."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] in COMPRESSIONS:
        suffixes.pop()
    return suffixes[-1] if suffixes else ""


@contextmanager
def open_bytes(path: Path) -> Iterator[Any]:
    """Open a file for reading, through gzip or Zstandard if its name says so."""
    with path.open("rb", buffering=0) as raw:
        yield decompressed(raw, path)


def decompressed(raw: Any, path: Path) -> Any:
    """Read an open file through gzip or Zstandard if its name says so."""
    suffix = path.suffix.lower()
    if suffix == ".gz":
        return gzip.GzipFile(fileobj=raw, mode="rb")
    if suffix == ".zst":
        import pyarrow as pa

        return pa.CompressedInputStream(pa.PythonFile(raw, "r"), "zstd")
    return raw
