"""Comparison of runs as an HTML page: scores, classes, and rows whose label changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from copydesk.evaluation.comparison import in_same_order
from copydesk.reports.html_report import write_page
from copydesk.reports.report import shown_label, shown_scores
from copydesk.reports.views import excerpt
from copydesk.tasks import find_task

if TYPE_CHECKING:
    from pathlib import Path

    from copydesk.evaluation.comparison import Comparison
    from copydesk.evaluation.predictions import Predictions

_MOST_FLIPPED = 150  # rows shown of each run


class Side(NamedTuple):
    """A run of a comparison: the letter that stands for it, its name, its overrides on a line and its metrics."""

    letter: str
    name: str
    overrides: str
    metrics: Mapping[str, Any]


def write_comparison(
    path: Path,
    sides: Sequence[Side],
    predictions: Sequence[Predictions],
    compared: Sequence[Comparison],
    config_differences: Mapping[str, Sequence[str]],
) -> None:
    """Write one HTML file; the first side is the one that the others are compared with."""
    first = sides[0].metrics
    parts = [
        {"side": side, "found": found, "flipped": flipped(predictions[0], later, found),
         "n_flipped": len(found.flipped), "per_class": sorted(found.per_class, key=_largest)}
        for side, later, found in zip(sides[1:], predictions[1:], compared, strict=True)
    ]  # fmt: skip
    values = {
        "title": f"{sides[0].name} and {', '.join(side.name for side in sides[1:])}",
        "sides": sides,
        "names": shown_scores(first),
        "rows": first["n"],
        "unit": find_task(first["task"]).unit,
        "parts": parts,
        "config": config_differences,
    }
    write_page("compare.html.j2", values, path)


def _largest(row: Mapping[str, Any]) -> float:
    return -abs(float(row["difference"]["value"] or 0.0))


def flipped(first: Predictions, later: Predictions, compared: Comparison) -> list[dict[str, Any]]:
    """Return the rows labelled differently, most confident first, and whether that mended or broke them."""
    before, after = in_same_order(first, later)
    chosen = compared.flipped[:_MOST_FLIPPED]
    found = []
    for row, now in zip(before.rows.iloc[chosen].to_dict("records"), after.rows["predicted"].iloc[chosen], strict=True):
        change = "mended" if now == row["label"] else "broken" if row["predicted"] == row["label"] else "wrong in both"
        true, old, new = (shown_label(each) or "(no label)" for each in (row["label"], row["predicted"], now))
        found.append(
            {"label": true, "before": old, "after": new, "change": change, "text": row["text"],
             "head": excerpt(row["title"] or row["text"]), "document": row["document"]}
        )  # fmt: skip
    return found
