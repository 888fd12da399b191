"""``copydesk clean``: cuts the paragraphs that are not the article."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from copydesk import predict
from copydesk.errors import ConfigError, escaped
from copydesk.formats.csv import Cells
from copydesk.formats.documents import TextAlone
from copydesk.formats.files import suffix_of
from copydesk.formats.readers import READERS, SUFFIXES
from copydesk.formats.rows import Answer, Encoder, Fields, Record, Row, Source
from copydesk.formats.sources import SkippedFiles
from copydesk.formats.writers import OUTPUT_SUFFIXES
from copydesk.streams.chunks import CHUNK_BYTES, RecordChunk, in_chunks
from copydesk.streams.delivery import Delivery
from copydesk.streams.folder_delivery import FolderDelivery, targets_of
from copydesk.tasks import BOILERPLATE_TASK

if TYPE_CHECKING:
    from copydesk.explanations.reasons import Reasons
    from copydesk.models.cleaner import Cleaner
    from copydesk.text.paragraphs import LabelledParagraph

# Rows and bytes among which lines repeated on a site's pages are found.
# Fixed, whatever --chunk-size and --jobs are, so that the same input always gives the same bytes.
WINDOW = (1_000, 8 * 2**20)
# Labelling a paragraph takes about a kilobyte of memory, however short it is.
MAX_LINES = 100_000
LINE_COUNTS_AS = 40  # bytes
STRONGEST = 8  # n-grams and numbers listed by --explain


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``copydesk clean``."""
    add = parser.add_argument
    add(
        "--model",
        default="boilerplate",
        help="a model's or run's folder, or an experiment's name (default: the one in the box)",
    )
    predict.add_arguments(parser)
    add("--keep", type=float, metavar="P", help="keep this share of an article's characters, such as 0.99")
    add("--explain", action="store_true", help="explain why each paragraph was cut or kept")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--text", action="store_true", help="write only the cleaned text, no JSON; to a "
        "folder by -o FOLDER/: a file for each input file")  # fmt: skip
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
        self.folder = folder_of(args)
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
        from copydesk.models.loading import load

        args = self.args
        if args.text and args.explain:
            raise ConfigError("--text --explain: the text alone has no room for reasons; use --diff --explain")
        model = load(args.model, task=BOILERPLATE_TASK.name)
        if args.keep is not None:
            try:
                model = model.at(args.keep)
            except ValueError as error:
                raise ConfigError(f"--{error}") from None
        model.clean("prepares what threads then share")
        return model.manifest, clean_with(model, args)

    def fields(self) -> Fields:
        """Return the fields to read from a row, and the limit on the lines of a text."""
        return Fields(self.args.text_field, self.args.title_field, self.args.site_field, MAX_LINES)

    def replaced(self) -> frozenset[str]:
        """Return the field of the text; as text or diff, rows are not written, and any field may be replaced."""
        paragraphs = f"{self.args.prefix}paragraphs"
        if self.args.text or self.args.diff:
            return frozenset({self.args.text_field, paragraphs})
        return frozenset({self.args.text_field}) - {paragraphs}

    def added(self) -> frozenset[str]:
        """Return the field of the paragraphs."""
        return frozenset({f"{self.args.prefix}paragraphs"}) - self.replaced()

    def makes_parts(self) -> bool:
        """Return whether the output is a folder of parts: not of texts, one for each file.

        Raises
        ------
        ConfigError
            A cluster is asked for, and texts or a diff are to be written.
        """
        if self.args.on and (self.args.text or self.args.diff):
            raise ConfigError(f"--on {self.args.on}: a cluster writes tables; leave out --text and --diff")
        return not self.folder and not self.args.diff and super().makes_parts()

    def sources(self, skipped: SkippedFiles | None = None) -> Iterator[Source]:
        """Return the sources; those of a folder's texts must each have a file of its own."""
        found = super().sources(skipped)
        if not self.folder:
            return found
        wanted, self.targets = targets_of(found, self.args.files, self.folder, self.args.resume, self.args.force)
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
        if (args.text or args.diff) and output is not None:
            check_is_text("--text" if args.text else "--diff", output)
        if args.text:
            return TextAlone(args.text_field, headed=not self.folder and has_several_texts(args.files, args.format))
        if args.diff:
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


def folder_of(args: argparse.Namespace) -> Path | None:
    """Return the folder that the texts of each input file are written to, None without one."""
    name = args.output or ""
    return Path(name) if args.text and (name.endswith("/") or Path(name or "-").is_dir()) else None


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
    return READERS[file_format or SUFFIXES.get(suffix_of(Path(names[0])), "text")].is_table


def record_weight(record: Record) -> int:
    """Return the size of a record in bytes, plus an allowance for every line."""
    raw = record.raw
    if isinstance(raw, bytes):
        lines = raw.count(b"\n") + raw.count(b"\\n")
    else:
        lines = raw.lines.count("\n") if isinstance(raw, Cells) else 0
    return record.size + LINE_COUNTS_AS * lines


def clean_with(model: Cleaner, args: argparse.Namespace) -> Answer:
    """Return a function from rows to their cleaned texts and labelled paragraphs."""

    def answer(rows: Sequence[Row]) -> list[dict[str, Any]]:
        texts = [row.text for row in rows]
        titles = [row.title for row in rows] if args.title_field else None
        sites = [row.site for row in rows] if args.site_field else None
        headlines = [row.headline for row in rows]
        cleaned = model.clean_many(texts, titles, sites, headlines)
        if args.explain:
            reasons = model.explain_many(texts, titles, sites, headlines)
            pages = [[explained_json(each) for each in page] for page in reasons]
        else:
            pages = [[paragraph_json(each) for each in text.paragraphs] for text in cleaned]
        return [
            {args.text_field: each.text, f"{args.prefix}paragraphs": page}
            for each, page in zip(cleaned, pages, strict=True)
        ]

    return answer


def paragraph_json(paragraph: LabelledParagraph) -> dict[str, Any]:
    """Return the fields of a paragraph in JSON; ``headline`` only if it is one."""
    fields = {"text": paragraph.text, "label": paragraph.label, "probability": round(paragraph.probability, 6)}
    return fields | {"headline": True} if paragraph.headline else fields


def explained_json(reasons: Reasons) -> dict[str, Any]:
    """Return the fields of a paragraph in JSON with the strongest reasons of each kind."""
    why = {
        "score": round(reasons.score, 4),
        "threshold": None if reasons.threshold is None else round(reasons.threshold, 4),
        "start": round(reasons.start, 4),
        "groups": {name: round(value, 4) for name, value in reasons.groups.items()},
        "ngrams": [[each.term, round(each.value, 4)] for each in reasons.ngrams[:STRONGEST]],
        "numbers": [[each.name, round(each.added, 4)] for each in reasons.numbers[:STRONGEST]],
    }
    return {**paragraph_json(reasons.paragraph), "why": why}
