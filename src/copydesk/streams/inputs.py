"""Inputs of a filter: the sources that a command line names, and their records."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from copydesk.errors import ConfigError, escaped
from copydesk.formats.readers import READERS, parse, read_records
from copydesk.formats.rows import Fields, Record, Rejected, Row, Source
from copydesk.formats.sources import SkippedFiles, find_sources
from copydesk.streams.progress_bar import Silent

KINDS_SHOWN = 6  # of skipped records


def list_sources(args: argparse.Namespace, skipped: SkippedFiles | None = None) -> Iterator[Source]:
    """Return the sources; ``skipped`` collects the files of folders that are passed over.

    Raises
    ------
    ConfigError, DataError
        A named file does not exist or can't be read, or standard input is named twice.
    """
    if args.files.count("-") > 1:
        raise ConfigError("-: standard input can be read once")
    return find_sources(args.files, args.format, args.encoding, args.delimiter, skipped)


def total_size(args: argparse.Namespace) -> int | None:
    """Return the size of all inputs in bytes; None if one is not a file."""
    sizes = [Path(name).stat().st_size if Path(name).is_file() else None for name in args.files]
    return None if None in sizes else sum(size or 0 for size in sizes)


def read_all(
    sources: Iterator[Source], args: argparse.Namespace, progress: Silent, passed_over: Counter[str]
) -> Iterator[Record]:
    """Yield the records of all sources; ``passed_over`` counts those of web archives that are no pages, by kind."""
    for source in sources:
        progress.next_file(source.size or 0)
        yield from read_source(source, args, progress.at)
        passed_over.update(source.passed_over)


def read_source(
    source: Source, args: argparse.Namespace, progress: Callable[[int], None] | None = None
) -> Iterator[Record]:
    """Yield the records of a source; see ``readers.read_records``."""
    option = "--html-field" if args.html_field else "--text-field"
    return read_records(source, args.html_field or args.text_field, progress, option)


def refuse_present(records: Iterator[Record], fields: Fields, added: frozenset[str]) -> Iterator[Record]:
    """Yield the records; before the first that is a row, check that it lacks the fields to be added.

    Raises
    ------
    ConfigError
        Names the first such field. Later rows that have one are rejected.
    """
    for record in records:
        row = parse(record, fields) if READERS[record.source.format].is_table else None
        if isinstance(row, Row):
            present = [name for name in row.members if name in added]
            if present:
                raise ConfigError(
                    f"{escaped(record.source.name)}: rows already have the field {present[0]!r}; --prefix TEXT gives "
                    f"the added fields other names, such as --prefix new_ for {'new_' + present[0]!r}"
                )
        yield record
        if not isinstance(row, Rejected):
            break
    yield from records


def passed_over_line(counts: Counter[str]) -> str:
    """Return the records of web archives that are no pages as a line; "" if there are none."""
    if not counts:
        return ""
    kinds = [f"{count:,} {kind}" for kind, count in counts.most_common(KINDS_SHOWN)]
    others = counts.total() - sum(count for _, count in counts.most_common(KINDS_SHOWN))
    listed = ", ".join(map(escaped, [*kinds, *[f"{others:,} others"] * bool(others)]))
    return f"{counts.total():,} records of web archives skipped, which are no pages: {listed}"
