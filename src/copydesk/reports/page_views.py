"""Views of pages, paragraph by paragraph: kept or cut, rightly or wrongly."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from copydesk.evaluation.mistakes import wrong
from copydesk.reports.views import excerpt
from copydesk.text.paragraphs import BOILERPLATE

if TYPE_CHECKING:
    import pandas as pd

    from copydesk.evaluation.predictions import Predictions

_PAGES = 25
_RUN = 6  # consecutive right paragraphs drawn at most
_PARAGRAPH_CHARACTERS = 600


def pages(predictions: Predictions) -> dict[str, Any]:
    """Return the pages with the most wrongly labelled characters."""
    rows = predictions.rows
    is_wrong, characters = wrong(predictions), rows["characters"].to_numpy(np.int64)
    codes, documents = rows["document"].factorize()
    amount = np.bincount(codes, weights=is_wrong * characters, minlength=len(documents))
    worst = np.argsort(-amount, kind="stable")[:_PAGES]
    drawn = [page(rows[codes == at]) for at in worst if amount[at] > 0]
    flawless = int((amount == 0).sum())
    intro = (
        f"{len(drawn):,} of {len(documents):,} pages; on {flawless:,} every paragraph is judged rightly. "
        "Struck out and dashed is what was cut. Errors stand out: orange, what was cut and is article; blue, "
        "boilerplate that was left."
    )
    return {"pages": drawn, "pages_intro": intro}


def page(rows: pd.DataFrame) -> dict[str, Any]:
    """Return a page: its paragraphs in order, long runs of right ones shortened."""
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
    """Return a paragraph with the kind of its drawing and a note."""
    kept = row["predicted"] != BOILERPLATE
    kind, note = "kept" if kept else "cut", ""
    if not row["judged"]:
        note = "of doubtful label, not counted"
    elif row["label"] != BOILERPLATE and not kept:
        kind, note = "lost", "article, cut"
    elif row["label"] == BOILERPLATE and kept:
        kind, note = "left", "boilerplate, left standing"
    text = row["text"] if len(row["text"]) <= _PARAGRAPH_CHARACTERS else f"{row['text'][:_PARAGRAPH_CHARACTERS]} …"
    return {"kind": kind, "said": note, "text": text, "characters": int(row["characters"]), "skipped": 0}


def without_long_runs(drawn: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield paragraphs, the middle of a long run of right ones replaced by its length."""
    start = 0
    while start < len(drawn):
        kind = drawn[start]["kind"]
        end = start
        while end < len(drawn) and drawn[end]["kind"] == kind:
            end += 1
        run = drawn[start:end]
        if kind in ("kept", "cut") and len(run) > _RUN:
            yield from run[: _RUN // 2]
            yield {"skipped": len(run) - 2 * (_RUN // 2), "what": kind}
            yield from run[-(_RUN // 2) :]
        else:
            yield from run
        start = end
