"""``copydesk clean``: cuts the paragraphs that are not the article."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any

from copydesk import predict
from copydesk.commands.cleaned_rows import METADATA, Cleaners, clean_with, text_name
from copydesk.errors import ConfigError, escaped
from copydesk.formats.csv import Cells
from copydesk.formats.documents import TextAlone
from copydesk.formats.files import suffix_of
from copydesk.formats.readers import READERS, SUFFIXES
from copydesk.formats.rows import Answer, Encoder, Fields, Record, Source
from copydesk.formats.sources import SkippedFiles
from copydesk.formats.warc import WarcPage
from copydesk.formats.writers import OUTPUT_SUFFIXES
from copydesk.formats.zip_members import is_zip
from copydesk.streams.chunks import CHUNK_BYTES, RecordChunk, in_chunks
from copydesk.streams.delivery import Delivery
from copydesk.streams.folder_delivery import FolderDelivery, targets_of

# Rows and bytes among which lines repeated on a site's pages are found.
# Fixed, whatever --chunk-size and --jobs are, so that the same input always gives the same bytes.
WINDOW = (1_000, 8 * 2**20)
# Labelling a paragraph takes about a kilobyte of memory, however short it is.
MAX_LINES = 100_000
LINE_COUNTS_AS = 40  # bytes
TEXT_SUFFIXES = {"text": ".txt", "markdown": ".md"}  # of files in a folder, by the option that asks for them


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``copydesk clean``."""
    add = parser.add_argument
    add(
        "--model",
        default="boilerplate",
        help="a model's or run's folder, or an experiment's name (default: those in the box, for text and for HTML)",
    )
    predict.add_arguments(parser)
    add("--keep", type=float, metavar="P", help="keep this share of an article's characters, such as 0.99")
    add("--mode", choices=("auto", "page", "extract"), help="what the texts are: whole pages, or extracts (an "
        "extractor's output, or an article with leftovers; less is cut); auto: told by each text (default: "
        "the model's, auto)")  # fmt: skip
    add("--as-text", action="store_true", help="clean HTML by its text alone, without its markup")
    add("--metadata", action="store_true", help="add what a page of HTML states of itself: title, author, date, "
        "site_name, language, url")  # fmt: skip
    add("--explain", action="store_true", help="explain why each paragraph was cut or kept")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--text", action="store_true", help="write only the cleaned text, no JSON; to a "
        "folder by -o FOLDER/: a file for each input file")  # fmt: skip
    form.add_argument("--markdown", action="store_true", help="like --text, with the headings, lists, quotes and "
        "tables of HTML as Markdown")  # fmt: skip
    form.add_argument(
        "--diff", action="store_true", help="show kept (+) and cut (-) paragraphs, coloured on a terminal"
    )


def run(args: argparse.Namespace) -> int:
    """Clean the rows of the files; return the exit code."""
    return predict.run(args, CleanFilter(args))


class CleanFilter(predict.Filter):
    """Replaces a row's text with the cleaned one, and adds its paragraphs."""

    def __init__(self, args: argparse.Namespace) -> None:
        super().__init__(args)
        self.form = next((form for form in (*TEXT_SUFFIXES, "diff") if getattr(args, form)), None)
        self.folder = predict.output_folder(args) if self.form in TEXT_SUFFIXES else None
        self.targets: dict[str, Path] = {}

    def open(self) -> tuple[dict[str, Any], Answer]:
        """Load the cleaner.

        Raises
        ------
        ConfigError
            Options contradict each other, or ``--keep`` is not a share.
        ModelError
            The model can't be loaded, changed or explained as requested.
        """
        args = self.args
        if self.form in TEXT_SUFFIXES and args.explain:
            raise ConfigError(f"--{self.form} --explain: the text alone has no room for reasons; use --diff --explain")
        if self.form and args.metadata:
            raise ConfigError(f"--{self.form} --metadata: only rows have room for metadata; leave out --{self.form}")
        cleaners = Cleaners(args.model, args.keep, args.mode)
        return cleaners.manifest, clean_with(cleaners, args)

    def fields(self) -> Fields:
        """Return the fields to read from a row, and the limit on the lines of a text."""
        return replace(super().fields(), max_lines=MAX_LINES)

    def replaced(self) -> frozenset[str]:
        """Return the field of the text; as text or diff, rows are not written, and any field may be replaced."""
        if self.form:
            return names_added(self.args) | {text_name(self.args)}
        return frozenset() if self.args.html_field else frozenset({self.args.text_field}) - names_added(self.args)

    def added(self) -> frozenset[str]:
        """Return the fields of the paragraphs, of the mode, of what pages state and, of rows with HTML, of the text."""
        if self.form:
            return frozenset()
        return names_added(self.args) | ({text_name(self.args)} if self.args.html_field else frozenset())

    def makes_parts(self) -> bool:
        """Return whether the output is a folder of parts: not of texts, one for each file.

        Raises
        ------
        ConfigError
            A cluster is asked for, and texts or a diff are to be written.
        """
        if self.args.on and self.form:
            raise ConfigError(f"--on {self.args.on}: a cluster writes tables; leave out --{self.form}")
        return super().makes_parts() and not self.form

    def sources(self, skipped: SkippedFiles | None = None) -> Iterator[Source]:
        """Return the sources; those of a folder's texts must each have a file of its own."""
        found = super().sources(skipped)
        if not self.folder:
            return found
        suffix = TEXT_SUFFIXES[self.form or "text"]
        args = self.args
        wanted, self.targets = targets_of(found, args.files, self.folder, suffix, args.resume, args.force)
        return iter(wanted)

    def delivery(self, output: Path | None, rejects: Path | None, settings: dict[str, Any]) -> Delivery:
        """Return the delivery of rows, or of texts to a folder."""
        if self.folder:
            return FolderDelivery(self.folder, self.targets, rejects, settings, self.args.force, self.args.strict)
        return super().delivery(output, rejects, settings)

    def encoder(self, output: Path | None) -> Encoder:
        """Return the encoder of text, diff, or rows.

        Raises
        ------
        ConfigError
            The output's name is of another format.
        """
        args = self.args
        if self.form and output is not None:
            check_is_text(f"--{self.form}", output)
        if self.form in TEXT_SUFFIXES:
            return TextAlone(text_name(args), headed=not self.folder and has_several_texts(args.files, args.format))
        if self.form == "diff":
            from copydesk.commands.diff import Diff

            return Diff(f"{args.prefix}paragraphs", colour=args.output is None and sys.stdout.isatty())
        return super().encoder(output)

    def chunks(self, records: Iterator[Record]) -> Iterator[RecordChunk]:
        """Cut records into chunks: windows of fixed size if the site is known."""
        rows, size = WINDOW if self.args.site_field else (self.args.chunk_size, CHUNK_BYTES)
        if not self.folder:
            return in_chunks(records, rows, size, record_weight)
        by_source = groupby(records, key=attrgetter("source"))
        return (chunk for _, part in by_source for chunk in in_chunks(part, rows, size, record_weight))


def names_added(args: argparse.Namespace) -> frozenset[str]:
    """Return the fields that are added to any row: those of the paragraphs, of the mode and of what pages state."""
    return frozenset(args.prefix + name for name in ("paragraphs", "mode", *(METADATA if args.metadata else ())))


def check_is_text(form: str, output: Path) -> None:
    """Check that an output's name is not of a format that holds rows.

    Raises
    ------
    ConfigError
    """
    if output.suffix.lower() in OUTPUT_SUFFIXES and not output.is_dir():
        raise ConfigError(
            f"{form} --output {escaped(output)}: {form} writes text, which is no {output.suffix}; name it .txt, or "
            f"leave out {form}"
        )


def has_several_texts(names: Sequence[str], file_format: str | None) -> bool:
    """Return whether names may stand for more than one text: several, a folder, a pattern or a table."""
    if len(names) > 1 or (names[0] != "-" and not Path(names[0]).is_file()):
        return True
    if is_zip(Path(names[0])):
        return True
    return READERS[file_format or SUFFIXES.get(suffix_of(Path(names[0])), "text")].is_table


def record_weight(record: Record) -> int:
    """Return the size of a record in bytes, plus an allowance for every line."""
    raw = record.raw.body if isinstance(record.raw, WarcPage) else record.raw
    if isinstance(raw, bytes):
        lines = raw.count(b"\n") + raw.count(b"\\n")
    else:
        lines = raw.lines.count("\n") if isinstance(raw, Cells) else 0
    return record.size + LINE_COUNTS_AS * lines
