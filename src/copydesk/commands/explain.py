"""``copydesk explain``: explains why a text got its label, or why its paragraphs were cut or kept."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

from copydesk.commands.diff import Diff, place_of
from copydesk.commands.terminal import in_colour, printable
from copydesk.errors import ConfigError, DataError
from copydesk.formats.input_fields import choose_fields, with_fields
from copydesk.formats.readers import FORMATS, parse, read_records
from copydesk.formats.rows import Fields, Record, Rejected, Row
from copydesk.formats.sources import find_sources
from copydesk.tasks import find_task

if TYPE_CHECKING:
    from copydesk.explanations.contributions import Explanation
    from copydesk.models.cleaner import Cleaner
    from copydesk.models.labels_model import LabelsModel
    from copydesk.models.topic import TopicModel

NGRAMS_SHOWN = 10  # for a label, and against it
LIMIT = 10
MARK_STYLES = {
    "p1": "blue", "p2": "bold blue", "p3": "bold white on blue",
    "n1": "yellow", "n2": "bold yellow", "n3": "bold black on yellow",
}  # fmt: skip


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``copydesk explain``."""
    add = parser.add_argument
    add("file", metavar="FILE", help="text, HTML, JSONL, CSV or Parquet, also .gz or .zst; - is standard input")
    add(
        "--model",
        required=True,
        help="a model's or run's folder, an experiment's name, or boilerplate: the cleaner in the box",
    )
    add("--label", help="explain this label instead of the given ones (not of paragraphs)")
    add("--json", action="store_true", help="an object for each text, with all n-grams and their places")
    add("--format", choices=FORMATS, help="of the input, if its name does not say it")
    add("--text-field", metavar="FIELD", help="field of the text (that of the training data, else text)")
    add("--title-field", metavar="FIELD", help="field of the title (that of the training data); '' for none")
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
    task = find_task(model.task)
    if args.label is not None and (task.grouped or args.label not in list(model.classes_)):
        known = "nothing to choose: it is no topic model" if task.grouped else ", ".join(map(str, model.classes_))
        raise ConfigError(f"--label {args.label}: the model knows {known}")
    named = choose_fields(args, model.manifest)
    fields = Fields(args.text_field, args.title_field)
    everything = (record for source in sources for record in read_records(source, args.text_field))
    records = with_fields(everything, args, named, lambda: find_sources([args.file], args.format))
    shown = 0
    for row in islice(rows(records, fields), args.limit):
        if args.json:
            print(json.dumps(task.load("explanation_json")(model, row, args), ensure_ascii=False))
        else:
            sys.stdout.write(("\n" if shown else "") + task.load("explanation_text")(model, row, args))
        shown += 1
    if not shown:
        raise DataError(f"{args.file}: no text in it")
    if next(rows(records, fields), None) is not None and not args.json:
        print(f"copydesk: the first {shown:,} texts; --limit N explains more", file=sys.stderr)
    return 0


def rows(records: Iterator[Record], fields: Fields) -> Iterator[Row]:
    """Parse records.

    Raises
    ------
    DataError
        A record is not a row.
    """
    for record in records:
        row = parse(record, fields)
        if isinstance(row, Rejected):
            raise DataError(f"{place_of(row)}: {row.reason}")
        yield row


def wants_colour(args: argparse.Namespace) -> bool:
    """Return whether to write colours; ``NO_COLOR`` in the environment is respected."""
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


def topic_json(model: TopicModel, row: Row, args: argparse.Namespace) -> dict[str, Any]:
    """Return an explanation as JSON: the contributions and the intercept sum to the score."""
    _, found, probability = explained(model, row, args.label)
    return {
        "source": place_of(row),
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
    """Return an explanation as text."""
    text, found, probability = explained(model, row, args.label)
    total = found.score - found.intercept
    lines = [
        f"{printable(place_of(row))}: {found.label}, probability {probability:.3f}",
        f"decision value {found.score:+.3f} = intercept {found.intercept:+.3f}, n-grams {total:+.3f}",
    ]
    for name, sign in (("for", 1), ("against", -1)):
        strongest = [each for each in found.contributions if sign * each.value > 0][:NGRAMS_SHOWN]
        listed = "  ".join(f"{printable(each.term)} {each.value:+.3f}" for each in strongest)
        lines.append(f"{name:<8}{listed or '–'}")
    heading = "\n".join(lines)
    if not wants_colour(args):
        return f"{heading}\n"
    return in_colour([(f"{heading}\n\n", ""), *highlighted(text, found)])


def highlighted(text: str, found: Explanation) -> Iterator[tuple[str, str]]:
    """Yield the pieces of a text with their styles: n-grams for the label in blue, against it in yellow."""
    from copydesk.reports.marks import marked

    spans = [(start, end, each.value / len(each.spans)) for each in found.contributions for start, end in each.spans]
    for piece, kind in marked(text, spans):
        yield printable(piece.replace("\r\n", "\n")), MARK_STYLES.get(kind, "")


# --- several labels ------------------------------------------------------------------------------------------------


def sets_explained(model: LabelsModel, row: Row, args: argparse.Namespace) -> list[str]:
    """Return the labels to explain: the one asked for, else those given, else the likeliest."""
    from copydesk.models.topic import join_title

    if args.label is not None:
        return [args.label]
    text = join_title(row.text, row.title)
    return model.predict([text])[0] or model.label_sets([text], top_k=1)[0][0]


def labels_json(model: LabelsModel, row: Row, args: argparse.Namespace) -> dict[str, Any]:
    """Return the explanations of a text's labels as JSON."""
    found = [topic_json(model, row, argparse.Namespace(label=label)) for label in sets_explained(model, row, args)]
    return {"source": place_of(row), "labels": [{key: each[key] for key in each if key != "source"} for each in found]}


def labels_text(model: LabelsModel, row: Row, args: argparse.Namespace) -> str:
    """Return the explanations of a text's labels as text."""
    own = vars(args)
    return "\n".join(
        topic_text(model, row, argparse.Namespace(**{**own, "label": label}))
        for label in sets_explained(model, row, args)
    )


# --- paragraphs ----------------------------------------------------------------------------------------------------


def paragraphs_json(model: Cleaner, row: Row, args: argparse.Namespace) -> dict[str, Any]:
    """Return the reasons for every paragraph as JSON."""
    from copydesk.commands.cleaned_rows import explained_json

    if row.page is not None:
        paragraphs = model.explain_pages([row.page])[0]
    else:
        paragraphs = model.explain(row.text, row.title or None, headline=row.headline)
    return {
        "source": place_of(row),
        "paragraphs": list(map(explained_json, paragraphs)),
    }


def paragraphs_text(model: Cleaner, row: Row, args: argparse.Namespace) -> str:
    """Return the reasons for every paragraph as text: + kept, - cut."""
    return Diff("paragraphs", wants_colour(args)).encode([row], [paragraphs_json(model, row, args)]).data.decode()
