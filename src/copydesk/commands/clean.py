"""``copydesk clean``: cuts the paragraphs that are not the article."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from copydesk import predict
from copydesk.errors import ConfigError
from copydesk.formats.csv import Cells
from copydesk.formats.documents import TextAlone
from copydesk.formats.rows import Answer, Encoder, Fields, Record, Row
from copydesk.streams.chunks import CHUNK_BYTES, RecordChunk, in_chunks
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
    add("--model", default="boilerplate", help="folder of a saved model (default: the one in the box)")
    predict.add_arguments(parser)
    add("--keep", type=float, metavar="P", help="keep this share of an article's characters, such as 0.99")
    add("--explain", action="store_true", help="explain why each paragraph was cut or kept")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--text", action="store_true", help="write only the cleaned text, no JSON")
    form.add_argument(
        "--diff", action="store_true", help="show kept (+) and cut (-) paragraphs, coloured on a terminal"
    )


def run(args: argparse.Namespace) -> int:
    """Clean the rows of the files; return the exit code."""
    return predict.run(args, CleanFilter(args))


class CleanFilter(predict.Filter):
    """Replaces a row's text with the cleaned one, and adds its paragraphs."""

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
        """Return the field of the text."""
        return frozenset({self.args.text_field})

    def encoder(self, output: Path | None) -> Encoder:
        """Return the encoder of text, diff, or rows."""
        args = self.args
        if args.text:
            return TextAlone(args.text_field)
        if args.diff:
            from copydesk.commands.diff import Diff

            return Diff(f"{args.prefix}paragraphs", colour=args.output is None and sys.stdout.isatty())
        return super().encoder(output)

    def chunks(self, records: Iterator[Record]) -> Iterator[RecordChunk]:
        """Cut records into chunks: windows of fixed size if the site is known."""
        rows, size = WINDOW if self.args.site_field else (self.args.chunk_size, CHUNK_BYTES)
        return in_chunks(records, rows, size, record_weight)


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
        cleaned = model.clean_many(texts, titles=titles, sites=sites)
        if args.explain:
            reasons = model.explain_many(texts, titles=titles, sites=sites)
            pages = [[explained_json(each) for each in page] for page in reasons]
        else:
            pages = [[paragraph_json(each) for each in text.paragraphs] for text in cleaned]
        return [
            {args.text_field: each.text, f"{args.prefix}paragraphs": page}
            for each, page in zip(cleaned, pages, strict=True)
        ]

    return answer


def paragraph_json(paragraph: LabelledParagraph) -> dict[str, Any]:
    """Return the fields of a paragraph in JSON."""
    return {"text": paragraph.text, "label": paragraph.label, "probability": round(paragraph.probability, 6)}


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
