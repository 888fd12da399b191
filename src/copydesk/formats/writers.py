"""Writers of rows: the output formats, by name."""

from __future__ import annotations

from pathlib import Path

from copydesk.errors import ConfigError, escaped, nearest
from copydesk.formats.csv import CELLS_MARK, Csv, to_csv
from copydesk.formats.jsonl import JsonLines
from copydesk.formats.parquet import Parquet, to_parquet
from copydesk.formats.rows import Encoder

OUTPUT_SUFFIXES = {".jsonl": "jsonl", ".ndjson": "jsonl", ".csv": "csv", ".tsv": "tsv", ".parquet": "parquet"}
CSV_DELIMITERS = {"csv": ",", "tsv": "\t"}


def output_format(path: Path) -> str:
    """Return the format of an output by its name.

    Raises
    ------
    ConfigError
        The suffix is of no output format.
    """
    try:
        return OUTPUT_SUFFIXES[path.suffix.lower()]
    except KeyError:
        raise ConfigError(
            f"--output {escaped(path)}: the suffix of no format that can be written; "
            f"{nearest(path.suffix, OUTPUT_SUFFIXES)}"
        ) from None


def encoder_for(file_format: str, escape_formulas: bool = False) -> Encoder:
    """Return the encoder of an output format."""
    if file_format == "parquet":
        return Parquet()
    return JsonLines() if file_format == "jsonl" else Csv(CSV_DELIMITERS[file_format], escape_formulas)


def is_converted(part: Path, path: Path) -> bool:
    """Return whether a grown output is not yet in the format of its name: Parquet, and CSV of rows of other formats."""
    if path.suffix.lower() == ".parquet":
        return True
    with part.open("rb") as file:
        return file.read(len(CELLS_MARK)) == CELLS_MARK


def convert(part: Path, whole: Path, path: Path) -> None:
    """Write a grown output as the file ``whole``, in the format of the name ``path``.

    Raises
    ------
    OSError
        It can't be written.
    """
    file_format = OUTPUT_SUFFIXES[path.suffix.lower()]
    if file_format == "parquet":
        to_parquet(part, whole)
    else:
        to_csv(part, whole, CSV_DELIMITERS[file_format])
