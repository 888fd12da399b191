"""Streams in, labels out: ``copydesk predict`` and ``copydesk clean`` over files and standard input."""

from __future__ import annotations

import argparse
import gc
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from copydesk.commands import clean as cleaning
from copydesk.errors import ConfigError
from copydesk.formats.encoders import Encoder, JsonLines, encoder_for, format_of
from copydesk.formats.readers import Record, read_records
from copydesk.formats.rows import Answer, Fields, Row
from copydesk.formats.sources import FORMATS, Source, find_sources
from copydesk.streams.answers import answering
from copydesk.streams.chunks import CHUNK_BYTES, CHUNK_ROWS, Chunk, in_chunks, in_order
from copydesk.streams.delivery import Delivery
from copydesk.streams.progress_bar import Silent, bar

if TYPE_CHECKING:
    from copydesk.models.topic import TopicModel


def run(args: argparse.Namespace) -> int:
    """Stream the files through the model to the output; return the exit code.

    Sources → records → chunks → (parse, answer, encode, in threads) → delivery, in order.

    Raises
    ------
    ConfigError, DataError, ModelError, ResourceError
        One line each.
    """
    output, rejects = check_paths(args)
    sources = list_sources(args)
    with no_collection():
        manifest, answer = open_model(args)
    fields = Fields(args.text_field, args.title_field, args.site_field, cleaning.MAX_LINES if is_clean(args) else None)
    work = answering(answer, encoder(args, output), fields, cleaning.replaced(args) if is_clean(args) else frozenset())
    settings = settings_of(args, manifest)
    with (
        Delivery(output, rejects, settings, args.resume, args.force, args.strict) as delivery,
        bar(total_size(args), wanted=output is not None or not sys.stdout.isatty()) as shown,
    ):
        records = delivery.after_done(read_all(sources, args.text_field, shown))
        for chunk, answered in in_order(chunks(records, args), work, args.jobs or cores()):
            delivery.take(chunk, answered)
            shown.advance(len(chunk.records), chunk.size)
        counted = delivery.finish()
    if not args.quiet:
        print(f"copydesk: {counted}", file=sys.stderr)
    return 3 if delivery.state.rejected else 0


def add_arguments(parser: argparse.ArgumentParser, verb: str) -> None:
    """Add the options of ``predict`` or ``clean``."""
    add = parser.add_argument
    add("files", nargs="+", metavar="FILE", help="files, folders or patterns: text, HTML, JSONL, CSV, TSV, Parquet, "
        "each also .gz or .zst; - is standard input")  # fmt: skip
    if verb == "predict":
        add("--model", required=True, help="folder of a saved model")
    add("--format", choices=FORMATS, help="of the input, where names do not say it; standard input is text")
    add("--text-field", default="text", metavar="FIELD", help="field of the text (%(default)s)")
    add("--title-field", metavar="FIELD", help="field of the title, where it is not in the text")
    add("--site-field", metavar="FIELD", help="field of the site")
    add("-o", "--output", metavar="FILE", help=".jsonl, .csv, .tsv or .parquet; its name appears when it is whole")
    add("--rejects", metavar="FILE", help="takes rows that can't be read, as JSONL: file, line, reason, row")
    add("--strict", action="store_true", help="stop at the first row that can't be read")
    add("--resume", action="store_true", help="continue an interrupted output")
    add("--force", action="store_true", help="replace an output that is there")
    add("--escape-formulas", action="store_true", help="in CSV: ' before cells that a spreadsheet would run")
    add("--prefix", default="", metavar="TEXT", help="before the names of added fields")
    add("--jobs", type=positive, metavar="N", help="threads (all cores)")
    add("--chunk-size", type=positive, metavar="ROWS", default=CHUNK_ROWS, help="rows read together (%(default)s)")
    add("-q", "--quiet", action="store_true", help="no count at the end")
    if verb == "predict":
        add("--proba", action="store_true", help="add the probability of every label")
        add("--top-k", type=int, metavar="K", help="add the K likeliest labels with probabilities")
        add("--min-confidence", type=float, metavar="P", help="label null below this probability")
    else:
        cleaning.add_arguments(parser)
    parser.set_defaults(verb=verb)


def positive(text: str) -> int:
    """Read a whole number from 1."""
    if not text.isdigit() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r}: a whole number from 1")
    return int(text)


def is_clean(args: argparse.Namespace) -> bool:
    """Say whether the verb is ``clean``."""
    return bool(args.verb == "clean")


# --- before anything is read ---------------------------------------------------------------------------------------


def check_paths(args: argparse.Namespace) -> tuple[Path | None, Path | None]:
    """Return output and rejects.

    Raises
    ------
    ConfigError
        They are one file, or of a format that is not written.
    """
    output = Path(args.output) if args.output not in (None, "-") else None
    rejects = Path(args.rejects) if args.rejects else None
    if output is not None and rejects is not None and output.absolute() == rejects.absolute():
        raise ConfigError(f"--rejects {rejects}: is the output; give another name")
    if output is not None and not (is_clean(args) and cleaning.text_output(args)):
        format_of(output)
    return output, rejects


def list_sources(args: argparse.Namespace) -> Iterator[Source]:
    """Return the sources; those that are named and not there are refused here."""
    if args.files.count("-") > 1:
        raise ConfigError("-: standard input can be read once")
    return find_sources(args.files, args.format)


def open_model(args: argparse.Namespace) -> tuple[dict[str, Any], Answer]:
    """Load the model and return its manifest and what answers rows with it."""
    if is_clean(args):
        return cleaning.open_cleaner(args)
    from copydesk.models.loading import load

    topics = load(args.model, task="topic")
    check_options(args, topics.manifest["classes"])
    topics.label([""])  # prepares what threads then share
    return topics.manifest, labeller(topics, args)


@contextmanager
def no_collection() -> Iterator[None]:
    """Look for no garbage while modules are imported: nothing of them is, and looking takes a fifth of the start."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def check_options(args: argparse.Namespace, classes: Sequence[str]) -> None:
    """Refuse numbers that mean nothing."""
    if args.top_k is not None and not 1 <= args.top_k <= len(classes):
        raise ConfigError(f"--top-k {args.top_k}: the model has {len(classes)} labels; give 1 to {len(classes)}")
    if args.min_confidence is not None and not 0 <= args.min_confidence <= 1:
        raise ConfigError(f"--min-confidence {args.min_confidence}: a probability is from 0 to 1")


def encoder(args: argparse.Namespace, output: Path | None) -> Encoder:
    """Return what turns answered rows into bytes."""
    if is_clean(args) and (alone := cleaning.text_output(args)):
        return alone
    return encoder_for(format_of(output), args.escape_formulas) if output is not None else JsonLines()


def settings_of(args: argparse.Namespace, manifest: dict[str, Any]) -> dict[str, Any]:
    """Return everything that decides what is written, for ``--resume`` to compare."""
    free = {"resume", "force", "strict", "jobs", "quiet", "chunk_size", "model"}
    options = {name: value for name, value in sorted(vars(args).items()) if name not in free}
    return {"model": manifest["sha256"], **options}


def chunks(records: Iterator[Record], args: argparse.Namespace) -> Iterator[Chunk]:
    """Cut records into those that are answered together; fixed where rows are judged together."""
    if not is_clean(args):
        return in_chunks(records, args.chunk_size)
    rows, size = cleaning.WINDOW if args.site_field else (args.chunk_size, CHUNK_BYTES)
    return in_chunks(records, rows, size, cleaning.weigh)


def total_size(args: argparse.Namespace) -> int | None:
    """Return the bytes of all files, where all are named."""
    sizes = [Path(name).stat().st_size if Path(name).is_file() else None for name in args.files]
    return None if None in sizes else sum(size or 0 for size in sizes)


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


# --- rows ----------------------------------------------------------------------------------------------------------


def read_all(sources: Iterator[Source], text_field: str, shown: Silent) -> Iterator[Record]:
    """Yield the records of all sources."""
    for source in sources:
        shown.next_file(source.size or 0)
        yield from read_records(source, text_field, shown.at)


def labeller(topics: TopicModel, args: argparse.Namespace) -> Callable[[Sequence[Row]], list[dict[str, Any]]]:
    """Return what gives rows ``label`` and ``confidence``, and what else was asked for."""
    from copydesk.models.topic import join_title

    classes = [str(label) for label in topics.classes_]

    def answer(rows: Sequence[Row]) -> list[dict[str, Any]]:
        labels, probabilities = topics.label([join_title(row.text, row.title) for row in rows])
        found = []
        for label, likely in zip(labels, probabilities.tolist(), strict=True):
            confidence = max(likely)
            unsure = args.min_confidence is not None and confidence < args.min_confidence
            said = {"label": None if unsure or label is None else str(label), "confidence": round(confidence, 6)}
            if args.proba:
                said["probabilities"] = {name: round(p, 6) for name, p in zip(classes, likely, strict=True)}
            if args.top_k:
                ranked = sorted(zip(classes, likely, strict=True), key=lambda each: -each[1])[: args.top_k]
                said["top"] = [{"label": name, "probability": round(p, 6)} for name, p in ranked]
            found.append({args.prefix + name: value for name, value in said.items()})
        return found

    return answer
