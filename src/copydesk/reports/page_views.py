"""Pages drawn paragraph by paragraph: what was kept, what was cut, and where that was wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from copydesk.evaluation.boilerplate import BOILERPLATE
from copydesk.evaluation.mistakes import wrong
from copydesk.reports.views import excerpt

if TYPE_CHECKING:
    import pandas as pd

    from copydesk.evaluation.predictions import Predictions

PAGES = 25
PAGE_RUN = 6  # rightly judged paragraphs in a row that are drawn at most
PARAGRAPH_SHOWN = 600  # characters


def pages(predictions: Predictions) -> dict[str, Any]:
    """Return the pages with the most wrongly judged characters, drawn paragraph by paragraph."""
    rows = predictions.rows
    is_wrong, characters = wrong(predictions), rows["characters"].to_numpy(np.int64)
    codes, documents = rows["document"].factorize()
    amount = np.bincount(codes, weights=is_wrong * characters, minlength=len(documents))
    worst = np.argsort(-amount, kind="stable")[:PAGES]
    drawn = [page(rows[codes == at]) for at in worst if amount[at] > 0]
    flawless = int((amount == 0).sum())
    intro = (
        f"{len(drawn):,} of {len(documents):,} pages; on {flawless:,} every paragraph is judged rightly. "
        "Struck out and dashed is what was cut. Errors stand out: orange, what was cut and is article; blue, "
        "boilerplate that was left."
    )
    return {"pages": drawn, "pages_intro": intro}


def page(rows: pd.DataFrame) -> dict[str, Any]:
    """Return one page: its paragraphs in order, long runs of rightly judged ones shortened."""
    ordered = rows.sort_values("position").to_dict("records")
    drawn = [paragraph(row) for row in ordered]
    lost, left = (sum(each["characters"] for each in drawn if each["kind"] == kind) for kind in ("lost", "left"))
    first = ordered[0]
    name = first["title"] or next((row["text"] for row in ordered if row["label"] != BOILERPLATE), first["text"])
    total = max(sum(each["characters"] for each in drawn), 1)
    return {
        "name": excerpt(name),
        "group": first["group"],
        "lost": lost,
        "left": left,
        "wrong": lost + left,
        "share": round((lost + left) / total, 6),
        "paragraphs": list(without_long_runs(drawn)),
    }


def paragraph(row: Mapping[Any, Any]) -> dict[str, Any]:
    """Return one paragraph: how it is drawn, and what is said of it."""
    kept = row["predicted"] != BOILERPLATE
    kind, said = "kept" if kept else "cut", ""
    if not row["judged"]:
        said = "of doubtful label, not counted"
    elif row["label"] != BOILERPLATE and not kept:
        kind, said = "lost", "article, cut"
    elif row["label"] == BOILERPLATE and kept:
        kind, said = "left", "boilerplate, left standing"
    text = row["text"] if len(row["text"]) <= PARAGRAPH_SHOWN else f"{row['text'][:PARAGRAPH_SHOWN]} …"
    return {"kind": kind, "said": said, "text": text, "characters": int(row["characters"]), "skipped": 0}


def without_long_runs(drawn: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield paragraphs; in the middle of a long run of one right kind, only how many there are."""
    start = 0
    while start < len(drawn):
        kind = drawn[start]["kind"]
        end = start
        while end < len(drawn) and drawn[end]["kind"] == kind:
            end += 1
        run = drawn[start:end]
        if kind in ("kept", "cut") and len(run) > PAGE_RUN:
            yield from run[: PAGE_RUN // 2]
            yield {"skipped": len(run) - 2 * (PAGE_RUN // 2), "what": kind}
            yield from run[-(PAGE_RUN // 2) :]
        else:
            yield from run
        start = end
