"""Batch prediction: sources → records → chunks → (parse, answer, encode, in threads) → delivery, in order."""

from __future__ import annotations

import argparse
import gc
import os
import sys
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

from copydesk.compiled.startup import start_numba
from copydesk.errors import ConfigError, escaped
from copydesk.formats.input_fields import choose_fields, with_fields
from copydesk.formats.jsonl import JsonLines
from copydesk.formats.readers import FORMATS
from copydesk.formats.rows import Answer, Encoder, Fields, Record, Source
from copydesk.formats.sources import LEDGER_FOLDER, SkippedFiles
from copydesk.formats.writers import encoder_for, output_format
from copydesk.shards.plan import SHARD_BYTES, plan_shards
from copydesk.streams.answers import answering
from copydesk.streams.chunks import CHUNK_ROWS, RecordChunk, in_chunks, in_order
from copydesk.streams.conflicts import check_folder, check_output, check_stdout
from copydesk.streams.delivery import Delivery
from copydesk.streams.inputs import (
    list_sources,
    passed_over_line,
    read_all,
    read_source,
    refuse_present,
    total_size,
)
from copydesk.streams.progress_bar import Silent, bar

MOST_DIGITS = 9  # of a number of threads or rows


class Filter(ABC):
    """The part of a stream that a verb supplies: its model, and how it reads, groups and writes rows.

    Parameters
    ----------
    args : argparse.Namespace
        The options of ``add_arguments`` and the verb's own.
    """

    def __init__(self, args: argparse.Namespace) -> None:
        self.args = args

    @abstractmethod
    def open(self) -> tuple[dict[str, Any], Answer]:
        """Load the model; return its manifest, and the function that answers rows."""

    def fields(self) -> Fields:
        """Return the fields to read from a row."""
        args = self.args
        return Fields(args.text_field, args.title_field, args.site_field, html=args.html_field)

    def replaced(self) -> frozenset[str]:
        """Return the fields of a row that an answer may replace."""
        return frozenset()

    @abstractmethod
    def added(self) -> frozenset[str]:
        """Return the fields that answers add and that no row may have already."""

    def sources(self, skipped: SkippedFiles | None = None) -> Iterator[Source]:
        """Return the sources; see ``list_sources``."""
        return list_sources(self.args, skipped)

    def delivery(self, output: Path | None, rejects: Path | None, settings: dict[str, Any]) -> Delivery:
        """Return the delivery of answered rows; see ``Delivery``."""
        return Delivery(output, rejects, settings, self.args.resume, self.args.force, self.args.strict)

    def encoder(self, output: Path | None) -> Encoder:
        """Return the encoder of the output, None being standard output.

        Raises
        ------
        ConfigError
            The file is of a format that can't be written.
        """
        return encoder_for(output_format(output), self.args.escape_formulas) if output is not None else JsonLines()

    def makes_parts(self) -> bool:
        """Return whether the output is a folder, which gets a part for each file.

        Raises
        ------
        ConfigError
            It is none, and an option asks for a cluster.
        """
        args = self.args
        is_folder = output_folder(args) is not None
        if args.on and not is_folder:
            raise ConfigError(f"--on {args.on}: a cluster makes parts of a folder; give --output FOLDER/")
        check_cluster_options(args)
        return is_folder

    def remarks(self) -> list[str]:
        """Return what the user should know of the answers, a line each."""
        return []

    def read(self, source: Source) -> Iterator[Record]:
        """Yield the records of a source."""
        return read_source(source, self.args)

    def chunks(self, records: Iterator[Record]) -> Iterator[RecordChunk]:
        """Cut records into chunks that are answered together."""
        return in_chunks(records, self.args.chunk_size)


def run(args: argparse.Namespace, rows: Filter) -> int:
    """Stream the files through a filter to the output; return the exit code.

    Raises
    ------
    ConfigError, DataError, ModelError, ResourceError
        One line each.
    """
    if rows.makes_parts():
        return run_parts(args, rows)
    output, rejects = output_paths(args)
    skipped, passed_over = SkippedFiles(), Counter[str]()
    sources = rows.sources(skipped)
    rows.encoder(output)  # refuses a name before the model is loaded
    with collection_paused():
        start_numba()
        manifest, answer = rows.open()
    named = choose_fields(args, manifest)
    encoder = rows.encoder(output)
    work = answering(answer, encoder, rows.fields(), rows.replaced())
    with (
        rows.delivery(output, rejects, settings_of(args, manifest)) as delivery,
        bar(total_size(args), wanted=output is not None or not sys.stdout.isatty()) as progress,
    ):
        everything = with_fields(
            read_all(sources, args, progress, passed_over), args, named, lambda: list_sources(args)
        )
        records = delivery.after_done(refuse_present(everything, rows.fields(), rows.added()))
        for chunk, answered in in_order(rows.chunks(records), work, args.jobs or cores()):
            delivery.take(chunk, answered)
            progress.advance(len(chunk.records), chunk.size)
        counted = delivery.finish()
    print_counts(rows, counted, skipped, passed_over)
    return 3 if delivery.state.rejected else 0


def run_parts(args: argparse.Namespace, rows: Filter) -> int:
    """Make a part of the output folder of each file, here or on a cluster; return the exit code.

    Raises
    ------
    ConfigError, DataError, ModelError, ResourceError
        One line each.
    """
    from copydesk.shards.flow import PartsRun
    from copydesk.shards.make_part import Order

    folder = parts_folder(args)
    skipped = SkippedFiles()
    shards = plan_shards(rows.sources(skipped), folder, args.shard_size * 10**6)
    with collection_paused():
        if args.on is None:
            start_numba()
        manifest, answer = rows.open()
    check_first_rows(args, rows, manifest)
    for shard in shards:
        rows.encoder(folder / shard.name)  # raises where a part can't hold the answers
    with bar(sum(shard.size for shard in shards), wanted=True) as progress, cluster(args) as client:
        run = PartsRun(folder, shards, progress)
        with run.begun(settings_of(args, manifest), args.resume, args.force) as left:
            if client is None:
                run.make_here(left, rows, answer, args.jobs or cores())
            else:
                options = argparse.Namespace(**{**vars(args), "client": None})
                run.make_on(client, left, Order(type(rows), options, folder.absolute(), manifest["sha256"]).make)
        counted = run.report()
    print_counts(rows, counted, skipped, run.passed_over())
    return 3 if run.aside or run.manifest["rejected"] else 0


def print_counts(rows: Filter, counted: str, skipped: SkippedFiles, passed_over: Counter[str]) -> None:
    """Print what was read, written and passed over, and what the user should know of the answers."""
    if rows.args.quiet:
        return
    for line in filter(None, (counted, str(skipped), passed_over_line(passed_over), *rows.remarks())):
        print(f"copydesk: {line}", file=sys.stderr)


def cluster(args: argparse.Namespace) -> AbstractContextManager[Any]:
    """Return the Dask client to make parts with, None to make them here.

    Raises
    ------
    ConfigError
        Dask is not installed, or no scheduler answers.
    """
    if args.on is None:
        return nullcontext()
    from copydesk.shards.cluster import client_of

    return client_of(args)


def check_cluster_options(args: argparse.Namespace) -> None:
    """Check that options of a cluster come with ``--on``.

    Raises
    ------
    ConfigError
    """
    if args.scheduler and not args.on:
        raise ConfigError(f"--scheduler {args.scheduler}: of a Dask cluster; add --on dask")


def check_first_rows(args: argparse.Namespace, rows: Filter, manifest: dict[str, Any]) -> None:
    """Set the options of fields, and check the first rows: they have the fields to read, and not those to be added.

    Raises
    ------
    ConfigError
    """
    named = choose_fields(args, manifest)
    records = read_all(list_sources(args), args, Silent(), Counter())
    found = with_fields(records, args, named, lambda: list_sources(args))
    next(refuse_present(found, rows.fields(), rows.added()), None)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options that all filters share."""
    add = parser.add_argument
    add("files", nargs="+", metavar="FILE", help="files, folders or patterns: text, HTML, JSONL, JSON, CSV, TSV, "
        "Parquet, web archives (WARC), each also .gz or .zst; .zip of these; - is standard input")  # fmt: skip
    add("--format", choices=FORMATS, help="of the input, where names do not say it; standard input is text")
    add("--encoding", default="utf-8", metavar="NAME", help="of text, such as latin-1 (%(default)s)")
    add("--delimiter", metavar="CHARACTER", help="between cells of CSV (found: comma, semicolon, tab or bar)")
    add("--text-field", metavar="FIELD", help="field of the text (that of the training data, else text)")
    add("--html-field", metavar="FIELD", help="field of HTML, whose text is read instead of the field of the text")
    add("--title-field", metavar="FIELD", help="field of the title (that of the training data); '' for none")
    add("--site-field", metavar="FIELD", help="field of the site (that of the training data); '' for none")
    add("-o", "--output", metavar="FILE", help=".jsonl, .csv, .tsv or .parquet; written as FILE.part until complete; "
        "FOLDER/: a part for each file")  # fmt: skip
    add("--rejects", metavar="FILE", help="file for rows that can't be read, as JSONL: file, line, reason, row")
    add("--strict", action="store_true", help="stop at the first row that can't be read")
    add("--resume", action="store_true", help="continue an interrupted output")
    add("--force", action="store_true", help="replace an existing output")
    add("--escape-formulas", action="store_true", help="in CSV: ' before cells that a spreadsheet would run")
    add("--prefix", default="", metavar="TEXT", help="before the names of added fields")
    add("--jobs", type=positive, metavar="N", help="threads (all cores)")
    add("--chunk-size", type=positive, metavar="ROWS", default=CHUNK_ROWS, help="rows read together (%(default)s)")
    add("--shard-size", type=positive, metavar="MB", default=SHARD_BYTES // 10**6, help="with -o FOLDER/: larger "
        "JSONL and Parquet files are cut into parts of this size (%(default)s)")  # fmt: skip
    add_cluster_arguments(parser, "with -o FOLDER/: where parts are made; here by default")
    add("-q", "--quiet", action="store_true", help="no count at the end")


def add_cluster_arguments(parser: argparse.ArgumentParser, on: str) -> None:
    """Add the options of a cluster; ``on`` is the help of ``--on``."""
    add = parser.add_argument
    add("--on", choices=("dask",), help=on)
    add("--scheduler", metavar="ADDRESS", help="of a Dask cluster, such as tcp://host:8786; local processes by default")
    add("--workers", type=positive, metavar="N", default=cores(), help="local processes with --on dask (all cores)")


def positive(text: str) -> int:
    """Parse a positive integer."""
    if not text.isdecimal() or len(text) > MOST_DIGITS or not int(text):
        shown = text if len(text) <= 2 * MOST_DIGITS else f"{text[: 2 * MOST_DIGITS]}…"
        raise argparse.ArgumentTypeError(f"{shown!r}: a whole number from 1 of at most {MOST_DIGITS} digits")
    return int(text)


# --- before anything is read ---------------------------------------------------------------------------------------


def output_paths(args: argparse.Namespace) -> tuple[Path | None, Path | None]:
    """Return the paths of output and rejects.

    Raises
    ------
    ConfigError
        Both are the same file, one is an input, or its folder does not exist.
    """
    output = Path(args.output) if args.output not in (None, "-") else None
    rejects = Path(args.rejects) if args.rejects else None
    if output is not None and rejects is not None and os.path.realpath(output) == os.path.realpath(rejects):
        raise ConfigError(f"--rejects {escaped(rejects)}: is the output; give another name")
    inputs = [*args.files, args.model]
    for option, path in (("--output", output), ("--rejects", rejects)):
        if path is not None:
            check_output(option, path, inputs)
            check_parent(option, path)
    if output is None:
        check_stdout(args.files)
    return output, rejects


def check_parent(option: str, path: Path) -> None:
    """Check that the folder which a file or folder is to be made in exists.

    Raises
    ------
    ConfigError
    """
    if not path.absolute().parent.is_dir():
        raise ConfigError(f"{option} {escaped(path)}: the folder {escaped(path.parent)} does not exist; make it first")


def output_folder(args: argparse.Namespace) -> Path | None:
    """Return the output if it is a folder, by its name or because there is one; else None."""
    name = args.output or ""
    return Path(name) if name.endswith("/") or Path(name or "-").is_dir() else None


def parts_folder(args: argparse.Namespace) -> Path:
    """Return the folder of the parts.

    Raises
    ------
    ConfigError
        It is an input, its parent does not exist, or an option makes no sense with it.
    """
    folder = Path(args.output)
    check_folder("--output", folder, [*args.files, args.model])
    check_parent("--output", folder)
    if folder.exists() and not folder.is_dir():
        raise ConfigError(f"--output {escaped(folder)}: is a file; name a folder, or another file without /")
    if args.rejects:
        raise ConfigError(f"--rejects {args.rejects}: rejects of parts go to {escaped(folder / LEDGER_FOLDER)}/rejects")
    return folder


@contextmanager
def collection_paused() -> Iterator[None]:
    """Disable garbage collection during imports, which create none: collecting takes a fifth of the start-up."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def settings_of(args: argparse.Namespace, manifest: dict[str, Any]) -> dict[str, Any]:
    """Return all settings that decide the output's bytes; ``--resume`` compares them."""
    free = {"resume", "force", "strict", "jobs", "quiet", "chunk_size", "model", "on", "scheduler", "workers", "client"}
    options = {name: value for name, value in sorted(vars(args).items()) if name not in free}
    return {"model": manifest["sha256"], **options}


def cores() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
