"""What ``copydesk clean`` has of its own: options, and the answer to a row."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from copydesk.errors import ConfigError
from copydesk.formats.encoders import Encoder, TextAlone
from copydesk.formats.readers import Cells, Record
from copydesk.formats.rows import Answer, Row

if TYPE_CHECKING:
    from copydesk.explanations.reasons import Reasons
    from copydesk.models.cleaner import Cleaner, LabelledParagraph

# Lines that return on a site's pages are looked for among rows that are read together: this many, or bytes of them.
# It is fixed, whatever --chunk-size and --jobs are, so that the same input always gives the same bytes.
WINDOW = (1_000, 8 * 2**20)
# A paragraph takes a kilobyte or so while it is judged, however short it is.
MAX_LINES = 100_000
LINE_COUNTS_AS = 40  # bytes
STRONGEST = 8  # n-grams and numbers that --explain names


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options that only ``clean`` has."""
    parser.add_argument("--model", default="boilerplate", help="folder of a saved model (the one in the box)")
    parser.add_argument(
        "--keep", type=float, metavar="P", help="promise that this share of an article's characters stays, such as 0.99"
    )
    parser.add_argument("--explain", action="store_true", help="say why each paragraph went or stayed")
    shown = parser.add_mutually_exclusive_group()
    shown.add_argument("--text", action="store_true", help="write the cleaned text alone, no JSON")
    shown.add_argument("--diff", action="store_true", help="show what is kept (+) and cut (-), in colour on a terminal")


def text_output(args: argparse.Namespace) -> Encoder | None:
    """Return what writes for people instead of rows, where that was asked for."""
    if args.text:
        return TextAlone(args.text_field)
    if args.diff:
        from copydesk.commands.diff import Diff

        return Diff(f"{args.prefix}paragraphs", colour=args.output is None and sys.stdout.isatty())
    return None


def weigh(record: Record) -> int:
    """Return what a record counts as when rows are read together: its bytes, and more for every line in it."""
    raw = record.raw
    if isinstance(raw, bytes):
        lines = raw.count(b"\n") + raw.count(b"\\n")
    else:
        lines = raw.lines.count("\n") if isinstance(raw, Cells) else 0
    return record.size + LINE_COUNTS_AS * lines


def replaced(args: argparse.Namespace) -> frozenset[str]:
    """Return the fields of a row that cleaning replaces."""
    return frozenset({args.text_field})


def open_cleaner(args: argparse.Namespace) -> tuple[dict[str, Any], Answer]:
    """Load the cleaner; return its manifest, and what answers rows with it.

    Raises
    ------
    ConfigError
        Options contradict each other, or ``--keep`` is no share.
    ModelError
        The model can't be loaded, changed or explained as asked for.
    """
    from copydesk.models.loading import load

    if args.text and args.explain:
        raise ConfigError("--text --explain: the text alone has no room for reasons; use --diff --explain")
    desk = load(args.model, task="boilerplate")
    if args.keep is not None:
        try:
            desk = desk.at(args.keep)
        except ValueError as error:
            raise ConfigError(f"--{error}") from None
    desk.clean("prepares what threads then share")
    return desk.manifest, cleaner(desk, args)


def cleaner(desk: Cleaner, args: argparse.Namespace) -> Callable[[Sequence[Row]], list[dict[str, Any]]]:
    """Return what gives rows their cleaned text, and every paragraph with its label."""

    def answer(rows: Sequence[Row]) -> list[dict[str, Any]]:
        texts = [row.text for row in rows]
        titles = [row.title for row in rows] if args.title_field else None
        sites = [row.site for row in rows] if args.site_field else None
        headlines = [row.headline for row in rows]
        cleaned = desk.clean_many(texts, titles, sites, headlines)
        if args.explain:
            reasons = desk.explain_many(texts, titles, sites, headlines)
            said = [[as_fields(each.paragraph) | {"why": why(each)} for each in page] for page in reasons]
        else:
            said = [[as_fields(paragraph) for paragraph in each.paragraphs] for each in cleaned]
        return [
            {args.text_field: each.text, f"{args.prefix}paragraphs": paragraphs}
            for each, paragraphs in zip(cleaned, said, strict=True)
        ]

    return answer


def as_fields(paragraph: LabelledParagraph) -> dict[str, Any]:
    """Return a paragraph as JSON has it; ``headline`` only where it is one."""
    fields = {"text": paragraph.text, "label": paragraph.label, "probability": round(paragraph.probability, 6)}
    return fields | {"headline": True} if paragraph.headline else fields


def why(reasons: Reasons) -> dict[str, Any]:
    """Return the reasons for a paragraph as JSON has them, the strongest of each kind."""
    return {
        "score": round(reasons.score, 4),
        "threshold": None if reasons.threshold is None else round(reasons.threshold, 4),
        "start": round(reasons.start, 4),
        "groups": {name: round(value, 4) for name, value in reasons.groups.items()},
        "ngrams": [[each.term, round(each.value, 4)] for each in reasons.ngrams[:STRONGEST]],
        "numbers": [[each.name, round(each.added, 4)] for each in reasons.numbers[:STRONGEST]],
    }
