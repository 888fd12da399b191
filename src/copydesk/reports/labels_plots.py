"""Plots of a report on sets of labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from copydesk.evaluation.curves import ENOUGH_SUPPORT
from copydesk.evaluation.label_reliability import reliability_of_pairs
from copydesk.evaluation.label_thresholds import f1_over_thresholds
from copydesk.reports.plots import (
    DASHES,
    LINE_COLOURS,
    Curve,
    draw_reliability,
    learning_plot,
    legend_above,
    precision_recall_plot,
    thin,
)
from copydesk.reports.report import Plot, shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from copydesk.reports.report import Report

_NAMED = 4  # labels with a curve of their own in the first plot
_MOST_CURVES = 60
_POOLED_CELLS = 5_000_000  # documents times labels up to which all are ranked together


def label_plots(report: Report) -> list[Plot]:
    """Return precision and recall of the weakest labels, F1 by support and by threshold, and reliability."""
    judged: Any = report.predictions.judged()
    curves = label_curves(report)[:_NAMED]
    if len(judged) * len(judged.classes) <= _POOLED_CELLS and judged.truth.nnz:
        values = np.concatenate([block.ravel() for _, block in judged.blocks()])
        truth = judged.truth.toarray().ravel() > 0
        curves = [("all labels", truth, values), *curves]
    found = [precision_recall_plot(curves)] if curves else []
    found += [threshold_f1_plot(report), support_plot(report.metrics), pair_reliability_plot(report)]
    return [*found, learning_plot(report)] if report.learning_curve else found


def plots_of_other_labels(report: Report) -> list[Plot]:
    """Return precision over recall of the labels that the first plot leaves out, a few in each plot."""
    others = label_curves(report)[_NAMED:]
    return [precision_recall_plot(others[at : at + _NAMED + 1]) for at in range(0, len(others), _NAMED + 1)]


def label_curves(report: Report) -> list[Curve]:
    """Return the curves of labels by F1, the lowest first, after them labels of little support; 60 at most."""
    judged: Any = report.predictions.judged()
    rows = [row for row in report.metrics["per_class"] if 0 < row["support"] < len(judged)]
    rows.sort(key=lambda row: (row["support"] < ENOUGH_SUPPORT, row["f1"]["value"] or 0.0))
    column = {label: at for at, label in enumerate(judged.classes)}
    found = []
    for row in rows[:_MOST_CURVES]:
        positive = judged.truth[:, [column[row["label"]]]].toarray().ravel() > 0
        found.append((row["label"], positive, judged.ranking(row["label"])))
    return found


def threshold_f1_plot(report: Report) -> Plot:
    """Return micro and macro F1 over one threshold for all labels, beside those of the decision."""
    judged: Any = report.predictions.judged()
    curve = f1_over_thresholds(judged)
    scores = report.metrics["scores"]

    def draw(axes: Any) -> None:
        for n, name in enumerate(("micro_f1", "macro_f1")):
            title = name.replace("_f1", " F1")
            line = {"color": LINE_COLOURS[n], "linestyle": DASHES[n]}
            axes.plot(*thin(curve["thresholds"], curve[name]), label=f"{title}, one threshold", **line)
            if scores[name]["value"] is not None:
                axes.axhline(scores[name]["value"], linewidth=0.9, label=f"{title}, as decided", **line)
        axes.set(xlabel="given from this probability on", ylabel="F1", xlim=(0, 1), ylim=(0, 1))
        legend_above(axes)

    best = [f"{name.replace('_f1', '')} {shown(name, peak(curve[name]))}" for name in ("micro_f1", "macro_f1")]
    alt = f"Micro and macro F1 over one threshold for all labels; the highest are {' and '.join(best)}"
    return Plot("Threshold", alt, draw)


def peak(values: np.ndarray) -> float | None:
    """Return the highest of some values; None if none is defined."""
    return float(np.nanmax(values)) if np.isfinite(values).any() else None


def support_plot(metrics: Mapping[str, Any]) -> Plot:
    """Return F1 over support, a point for each label."""
    rows = [row for row in metrics["per_class"] if row["support"]]
    support, f1 = (np.asarray(values, dtype=np.float64) for values in
                   ([row["support"] for row in rows], [row["f1"]["value"] or 0.0 for row in rows]))  # fmt: skip

    def draw(axes: Any) -> None:
        axes.scatter(support, f1, s=14, color=LINE_COLOURS[0], alpha=0.5 if len(rows) > 100 else 0.9, linewidths=0)
        axes.set_xscale("log")
        axes.set(xlabel="support", ylabel="F1", ylim=(-0.03, 1.03))
        axes.minorticks_off()

    zero = int((f1 == 0).sum())
    return Plot("F1 by support", f"F1 of {len(rows):,} labels over their support; {zero:,} have an F1 of 0", draw)


def pair_reliability_plot(report: Report) -> Plot:
    """Return the share of true labels over probability, with Wilson intervals."""
    bins = reliability_of_pairs(report.predictions.judged())  # type: ignore[arg-type]

    def draw(axes: Any) -> None:
        draw_reliability(axes, bins)
        axes.set(xlabel="probability of a label", ylabel="share of texts that have it", xlim=(0, 1), ylim=(0, 1))
        legend_above(axes)

    texts = "; ".join(f"at probability {b['confidence']:.2f} {b['accuracy']:.2f} have it" for b in bins)
    return Plot("Reliability", f"Share of texts that have a label over its probability: {texts}", draw)
