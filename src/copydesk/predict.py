"""Streams in, labels out: ``copydesk predict`` and ``copydesk clean`` over files and standard input."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from copydesk.errors import ConfigError, DataError

if TYPE_CHECKING:
    from copydesk.cleaner import Cleaner
    from copydesk.model import TopicModel

Row = dict[str, Any]

# Texts labelled together; bounds memory, and is enough for threads to share.
CHUNK = 1_000


def add_arguments(parser: argparse.ArgumentParser, verb: str) -> None:
    """Add the options of ``predict`` or ``clean``."""
    parser.add_argument("files", nargs="+", metavar="FILE", help="plain text or JSONL (*.jsonl); - is standard input")
    parser.add_argument("--model", required=True, help="folder of a saved model")
    parser.add_argument("--format", choices=("text", "jsonl"), help="of the input, where its name does not say")
    parser.add_argument("--text-field", default="text", metavar="FIELD", help="field of the text (%(default)s)")
    parser.add_argument("--title-field", metavar="FIELD", help="field of the title, where it is not in the text")
    if verb == "predict":
        parser.add_argument("--proba", action="store_true", help="add the probability of every label")
        parser.add_argument("--top-k", type=int, metavar="K", help="add the K likeliest labels with probabilities")
        parser.add_argument("--min-confidence", type=float, metavar="P", help="label null below this probability")
    else:
        parser.add_argument("--site-field", metavar="FIELD", help="field of the site, whose pages are judged together")
        parser.add_argument("--text", action="store_true", help="write the cleaned text alone, no JSON")
    parser.set_defaults(verb=verb)


def run(args: argparse.Namespace) -> int:
    """Stream the files through the model to standard output; return the exit code.

    Raises
    ------
    ConfigError, DataError, ModelError
        One line each; a bad row is named by file and line.
    """
    from copydesk.loading import load

    model = load(args.model, task="topic" if args.verb == "predict" else "boilerplate")
    # surrogates that came in as JSON escapes go out the same way
    sys.stdout.reconfigure(encoding="utf-8", errors="surrogatepass")  # type: ignore[union-attr]
    if args.verb == "predict":
        check_options(args, model.manifest["classes"])
        answer = labeller(model, args)
    else:
        answer = cleaner(model, args)
    for row in transform(read(args), answer):
        sys.stdout.write((row["text"] if args.verb == "clean" and args.text else to_json(row)) + "\n")
    sys.stdout.flush()
    return 0


def check_options(args: argparse.Namespace, classes: Sequence[str]) -> None:
    """Refuse numbers that mean nothing."""
    if args.top_k is not None and not 1 <= args.top_k <= len(classes):
        raise ConfigError(f"--top-k {args.top_k}: the model has {len(classes)} labels; give 1 to {len(classes)}")
    if args.min_confidence is not None and not 0 <= args.min_confidence <= 1:
        raise ConfigError(f"--min-confidence {args.min_confidence}: a probability is from 0 to 1")


def transform(rows: Iterable[Row], answer: Callable[[list[Row]], list[Row]]) -> Iterator[Row]:
    """Answer rows a chunk at a time, in order."""
    rest = iter(rows)
    while chunk := list(islice(rest, CHUNK)):
        yield from answer(chunk)


def labeller(topics: TopicModel, args: argparse.Namespace) -> Callable[[list[Row]], list[Row]]:
    """Return what adds ``label`` and ``confidence`` to rows, and what else was asked for."""
    classes = [str(label) for label in topics.classes_]

    def answer(rows: list[Row]) -> list[Row]:
        labels, probabilities = topics.label([full_text(row, args) for row in rows])
        found = []
        for row, label, likely in zip(rows, labels, probabilities.tolist(), strict=True):
            confidence = max(likely)
            unsure = args.min_confidence is not None and confidence < args.min_confidence
            said: Row = {"label": None if unsure or label is None else str(label), "confidence": round(confidence, 6)}
            ranked = sorted(zip(classes, likely, strict=True), key=lambda each: -each[1])
            if args.proba:
                said["probabilities"] = {name: round(p, 6) for name, p in zip(classes, likely, strict=True)}
            if args.top_k:
                said["top"] = [{"label": name, "probability": round(p, 6)} for name, p in ranked[: args.top_k]]
            found.append({**row, **said})
        return found

    return answer


def cleaner(desk: Cleaner, args: argparse.Namespace) -> Callable[[list[Row]], list[Row]]:
    """Return what replaces the text of rows by the cleaned one and adds every paragraph with its label."""

    def answer(rows: list[Row]) -> list[Row]:
        titles = [str(row.get(args.title_field) or "") for row in rows] if args.title_field else None
        sites = [str(row.get(args.site_field) or "") for row in rows] if args.site_field else None
        cleaned = desk.clean_many([row[args.text_field] for row in rows], titles=titles, sites=sites)
        return [
            {
                **row,
                args.text_field: each.text,
                "paragraphs": [
                    {"text": p.text, "label": p.label, "probability": round(p.probability, 6)} for p in each.paragraphs
                ],
            }
            for row, each in zip(rows, cleaned, strict=True)
        ]

    return answer


def full_text(row: Row, args: argparse.Namespace) -> str:
    """Return title and text of a row as one text, the way models are trained on them."""
    text: str = row[args.text_field]
    return f"{row[args.title_field]}\n\n{text}" if args.title_field and row.get(args.title_field) else text


def read(args: argparse.Namespace) -> Iterator[Row]:
    """Yield the rows of all files: one for each plain text file, one for each line of JSONL.

    Raises
    ------
    DataError
        A file is missing or not UTF-8, or a row has no text; names file and line.
    """
    for name in args.files:
        as_lines = (args.format or ("jsonl" if name.endswith((".jsonl", ".ndjson")) else "text")) == "jsonl"
        lines = read_lines(name)
        if as_lines:
            yield from (parse(line, f"{name}:{n}", args.text_field) for n, line in enumerate(lines, 1) if line.strip())
        else:
            yield {"file": name, args.text_field: "".join(lines)}


def read_lines(name: str) -> Iterator[str]:
    """Yield the lines of a file, or of standard input for ``-``."""
    if name != "-" and not Path(name).is_file():
        raise DataError(f"{name}: no such file")
    stream = sys.stdin.buffer if name == "-" else Path(name).open("rb")  # noqa: SIM115 (closed below)
    try:
        for number, line in enumerate(stream, 1):
            try:
                yield line.decode("utf-8-sig" if number == 1 else "utf-8")
            except UnicodeDecodeError as error:
                raise DataError(f"{name}:{number}: not UTF-8 (byte {error.object[error.start]:#04x})") from None
    finally:
        if name != "-":
            stream.close()


def parse(line: str, where: str, field: str) -> Row:
    """Return the object on a line of JSONL; it must have a text."""
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{where}: not JSON: {error}") from None
    if not isinstance(row, dict) or not isinstance(row.get(field), str):
        found = type(row.get(field)).__name__ if isinstance(row, dict) and field in row else "nothing"
        raise DataError(f"{where}: expected a string in the field {field!r}, found {found}; see --text-field")
    return row


def to_json(row: Row) -> str:
    """Return a row as one line of JSON."""
    return json.dumps(row, ensure_ascii=False)
