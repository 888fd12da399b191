"""What ``copydesk clean`` has of its own: options, and the answer to a row."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from copydesk.streams.outputs import TextAlone
from copydesk.streams.rows import Answer, Row

if TYPE_CHECKING:
    from copydesk.cleaner import Cleaner

# Lines that return on a site's pages are looked for among rows that are read together: this many, or bytes of them.
# It is fixed, whatever --chunk-size and --jobs are, so that the same input always gives the same bytes.
WINDOW = (1_000, 8 * 2**20)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options that only ``clean`` has."""
    parser.add_argument("--model", required=True, help="folder of a saved model")
    parser.add_argument("--text", action="store_true", help="write the cleaned text alone, no JSON")


def text_output(args: argparse.Namespace) -> TextAlone | None:
    """Return what writes text instead of rows, where that was asked for."""
    return TextAlone(args.text_field) if args.text else None


def replaced(args: argparse.Namespace) -> frozenset[str]:
    """Return the fields of a row that cleaning replaces."""
    return frozenset({args.text_field})


def open_cleaner(args: argparse.Namespace) -> tuple[dict[str, Any], Answer]:
    """Load the cleaner; return its manifest, and what answers rows with it."""
    from copydesk.loading import load

    desk = load(args.model, task="boilerplate")
    desk.clean("")  # prepares what threads then share
    return desk.manifest, cleaner(desk, args)


def cleaner(desk: Cleaner, args: argparse.Namespace) -> Callable[[Sequence[Row]], list[dict[str, Any]]]:
    """Return what gives rows their cleaned text, and every paragraph with its label."""

    def answer(rows: Sequence[Row]) -> list[dict[str, Any]]:
        titles = [row.title for row in rows] if args.title_field else None
        sites = [row.site for row in rows] if args.site_field else None
        cleaned = desk.clean_many([row.text for row in rows], titles=titles, sites=sites)
        return [
            {
                args.text_field: each.text,
                f"{args.prefix}paragraphs": [
                    {"text": p.text, "label": p.label, "probability": round(p.probability, 6)} for p in each.paragraphs
                ],
            }
            for each in cleaned
        ]

    return answer
