"""``copydesk explain``: why a text got its label, or each of its paragraphs went or stayed."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

from copydesk.errors import ConfigError, DataError
from copydesk.formats.readers import Record, read_records
from copydesk.formats.rows import Fields, Rejected, Row, parse
from copydesk.formats.sources import FORMATS, find_sources

if TYPE_CHECKING:
    from copydesk.explanations.contributions import Explanation
    from copydesk.models.cleaner import Cleaner
    from copydesk.models.topic import TopicModel

NAMED = 10  # n-grams named for a label, and as many against it
LIMIT = 10
STYLES = {
    "p1": "blue", "p2": "bold blue", "p3": "bold white on blue",
    "n1": "yellow", "n2": "bold yellow", "n3": "bold black on yellow",
}  # fmt: skip


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``copydesk explain``."""
    add = parser.add_argument
    add("file", metavar="FILE", help="text, HTML, JSONL, CSV or Parquet, also .gz or .zst; - is standard input")
    add("--model", required=True, help="folder of a saved model, or boilerplate: the cleaner in the box")
    add("--label", help="explain this label instead of the likeliest (topic models)")
    add("--json", action="store_true", help="an object for each text, with all n-grams and their places")
    add("--format", choices=FORMATS, help="of the input, where its name does not say it")
    add("--text-field", default="text", metavar="FIELD", help="field of the text (%(default)s)")
    add("--title-field", metavar="FIELD", help="field of the title, where it is not in the text")
    add("--limit", type=int, default=LIMIT, metavar="N", help="explain the first N texts (%(default)s)")
    add("--color", choices=("auto", "always", "never"), default="auto", help="auto: on a terminal")


def run(args: argparse.Namespace) -> int:
    """Explain the texts of a file; return the exit code.

    Raises
    ------
    ConfigError, DataError, ModelError
        One line each.
    """
    from copydesk.models.loading import load

    if args.limit < 1:
        raise ConfigError(f"--limit {args.limit}: a whole number from 1")
    sources = find_sources([args.file], args.format)
    model = load(args.model)
    if args.label is not None and (model.task != "topic" or args.label not in list(model.classes_)):
        known = (
            ", ".join(map(str, model.classes_)) if model.task == "topic" else "nothing to choose: it is no topic model"
        )
        raise ConfigError(f"--label {args.label}: the model knows {known}")
    fields = Fields(args.text_field, args.title_field)
    records = (record for source in sources for record in read_records(source, args.text_field))
    shown = 0
    for row in islice(rows(records, fields), args.limit):
        if args.json:
            said = topic_json(model, row, args.label) if model.task == "topic" else paragraphs_json(model, row)
            print(json.dumps(said, ensure_ascii=False))
        else:
            text = topic_text if model.task == "topic" else paragraphs_text
            sys.stdout.write(("\n" if shown else "") + text(model, row, args))
        shown += 1
    if not shown:
        raise DataError(f"{args.file}: no text in it")
    if next(rows(records, fields), None) is not None and not args.json:
        print(f"copydesk: the first {shown:,} texts; --limit N explains more", file=sys.stderr)
    return 0


def rows(records: Iterator[Record], fields: Fields) -> Iterator[Row]:
    """Yield the rows that records are.

    Raises
    ------
    DataError
        One is none.
    """
    for record in records:
        row = parse(record, fields)
        if isinstance(row, Rejected):
            raise DataError(f"{place(record)}: {row.reason}")
        yield row


def place(record: Record) -> str:
    """Return where a record stands."""
    source = record.source
    return source.name if source.format in ("text", "html") else f"{source.name}:{record.line}"


def coloured(args: argparse.Namespace) -> bool:
    """Say whether to write colours; ``NO_COLOR`` in the environment is respected."""
    if args.color == "auto":
        return sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    return bool(args.color == "always")


# --- topics --------------------------------------------------------------------------------------------------------


def explained(model: TopicModel, row: Row, label: str | None) -> tuple[str, Explanation, float]:
    """Return the text as the model reads it, its explanation, and the probability of the explained label."""
    from copydesk.models.topic import join_title

    text = join_title(row.text, row.title)
    found = model.explain(text, label)
    at = [str(each) for each in model.classes_].index(found.label)
    return text, found, float(model.predict_proba([text])[0, at])


def topic_json(model: TopicModel, row: Row, label: str | None) -> dict[str, Any]:
    """Return an explanation for programs: with the intercept, the contributions sum to the score."""
    _, found, probability = explained(model, row, label)
    return {
        "source": place(row.record),
        "label": found.label,
        "probability": round(probability, 6),
        "score": found.score,
        "intercept": found.intercept,
        "contributions": [
            {"ngram": each.term, "value": each.value, "places": [list(span) for span in each.spans]}
            for each in found.contributions
        ],
    }


def topic_text(model: TopicModel, row: Row, args: argparse.Namespace) -> str:
    """Return an explanation for people."""
    from copydesk.commands.diff import CONTROL

    text, found, probability = explained(model, row, args.label)
    total = found.score - found.intercept
    lines = [
        f"{CONTROL.sub('�', place(row.record))}: {found.label}, probability {probability:.3f}",
        f"decision value {found.score:+.3f} = intercept {found.intercept:+.3f}, n-grams {total:+.3f}",
    ]
    for name, sign in (("for", 1), ("against", -1)):
        named = [each for each in found.contributions if sign * each.value > 0][:NAMED]
        said = "  ".join(f"{CONTROL.sub('�', each.term)} {each.value:+.3f}" for each in named)
        lines.append(f"{name:<8}{said or '–'}")
    if not coloured(args):
        return "\n".join(lines) + "\n"
    return painted(lines, text, found)


def painted(lines: list[str], text: str, found: Explanation) -> str:
    """Return lines and the text below them, what speaks for the label in blue, what speaks against it in yellow."""
    import io

    from rich.console import Console
    from rich.text import Text

    from copydesk.commands.diff import CONTROL
    from copydesk.reports.marks import marked

    spans = [(start, end, each.value / len(each.spans)) for each in found.contributions for start, end in each.spans]
    written = io.StringIO()
    console = Console(file=written, force_terminal=True, highlight=False)
    console.print(Text("\n".join(lines)), soft_wrap=True)
    body = Text()
    for piece, kind in marked(text, spans):
        body.append(CONTROL.sub("�", piece.replace("\r\n", "\n")), style=STYLES.get(kind, ""))
    console.print(Text("\n") + body, soft_wrap=True)
    return written.getvalue()


# --- paragraphs ----------------------------------------------------------------------------------------------------


def paragraphs_json(desk: Cleaner, row: Row) -> dict[str, Any]:
    """Return the reasons for every paragraph, for programs."""
    from copydesk.commands.clean import as_fields, why

    pages = desk.explain(row.text, row.title or None, headline=row.headline)
    return {
        "source": place(row.record),
        "paragraphs": [as_fields(each.paragraph) | {"why": why(each)} for each in pages],
    }


def paragraphs_text(desk: Cleaner, row: Row, args: argparse.Namespace) -> str:
    """Return the reasons for every paragraph, for people: + kept, - cut."""
    from copydesk.commands.diff import Diff

    encoded = Diff("paragraphs", coloured(args)).encode([row], [paragraphs_json(desk, row)])
    return encoded.data.decode()
