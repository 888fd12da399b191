"""Tables on sets of labels, for HTML and Markdown reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from copydesk.evaluation.curves import ENOUGH_SUPPORT
from copydesk.reports.report import ReportTable, shown

SUPPORT_BANDS = (1, 10, 100, 1_000, 10_000)  # least support of each
PAIRS_SHOWN = 40


def support_bands(per_class: Sequence[Mapping[str, Any]]) -> ReportTable:
    """Return the number of labels and their mean F1 by support."""
    support = np.asarray([row["support"] for row in per_class])
    band = np.searchsorted(SUPPORT_BANDS, support, side="right")
    rows = []
    for at in range(len(SUPPORT_BANDS), -1, -1):
        own = [row for row, place in zip(per_class, band, strict=True) if place == at]
        if not own:
            continue
        f1 = float(np.mean([row["f1"]["value"] or 0.0 for row in own]))
        never = sum(not row["predicted"] for row in own)
        rows.append(
            [(band_name(at), SUPPORT_BANDS[at - 1] if at else 0), count(len(own)), (shown("f1", f1), f1), count(never)]
        )
    return ReportTable(["support", "labels", "mean F1", "never given"], rows)


def band_name(at: int) -> str:
    """Return the name of a band of support."""
    if at == 0:
        return "none"
    return (
        f"{SUPPORT_BANDS[at - 1]:,} and more"
        if at == len(SUPPORT_BANDS)
        else f"{SUPPORT_BANDS[at - 1]:,}–{SUPPORT_BANDS[at] - 1:,}"
    )


def together_table(metrics: Mapping[str, Any], most: int = PAIRS_SHOWN) -> ReportTable:
    """Return the labels that most texts have both of."""
    rows = [
        [
            pair["first"], pair["second"], count(pair["true"]), count(pair["predicted"]),
            share(pair["share_of_first"]), share(pair["share_of_second"]), (f"{pair['lift']:.1f}", pair["lift"]),
        ]
        for pair in metrics["pairs"]["together"][:most]
    ]  # fmt: skip
    heading = ["label", "and", "texts", "given both", "share of the first", "share of the second", "times chance"]
    return ReportTable(heading, rows)


def confused_table(metrics: Mapping[str, Any], most: int = PAIRS_SHOWN) -> ReportTable:
    """Return the labels that were missed where another was given wrongly."""
    rows = [
        [count(pair["n"]), pair["missed"], pair["given"], share(pair["share"])]
        for pair in metrics["pairs"]["confused"][:most]
    ]
    return ReportTable(["texts", "missed", "given instead", "share of the missed"], rows)


def never_given_advice(per_class: Sequence[Mapping[str, Any]]) -> str:
    """Return how many labels with enough support are never given."""
    never = [row["label"] for row in per_class if row["support"] >= ENOUGH_SUPPORT and not row["predicted"]]
    if not never:
        return ""
    return (
        f"{len(never):,} labels with {ENOUGH_SUPPORT} texts or more are never given, such as “{never[0]}”: look at "
        "their texts, or choose a metric that weighs every label, such as decision.metric=macro_f1."
    )


def count(n: int) -> tuple[str, int]:
    """Return a number as a cell."""
    return f"{n:,}", n


def share(value: float) -> tuple[str, float]:
    """Return a share as a cell, in percent."""
    return shown("accuracy", value), value
