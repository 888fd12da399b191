"""Plots: axes that end where the scores do, legends that cover nothing, and only curves that can be told apart."""

from __future__ import annotations

import numpy as np
import pytest

from copydesk.reports.plots import class_curves, curves_of, plots, plots_of_other_classes
from copydesk.reports.report import Plot
from helpers.judged import pages, report, topics

pytest.importorskip("matplotlib")

MANY = report(topics(1_000, classes=52))


def drawn(plot: Plot) -> object:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.2, 3.7), layout="constrained")
    axes = figure.add_subplot()
    plot.draw(axes)
    figure.draw_without_rendering()
    return axes


@pytest.mark.parametrize("given", [MANY, report(topics()), report(pages(), "boilerplate")], ids=["52", "3", "pages"])
def test_no_axis_of_shares_goes_beyond_one_and_no_legend_covers_a_point(given: object) -> None:
    for plot in plots(given):  # type: ignore[arg-type]
        axes = drawn(plot)
        assert axes.get_xlim()[1] <= 1  # type: ignore[attr-defined]
        assert axes.get_ylim()[1] <= 1  # type: ignore[attr-defined]
        legend = axes.get_legend()  # type: ignore[attr-defined]
        if legend is not None:
            assert legend.get_window_extent().y0 >= axes.get_window_extent().y1 - 1, plot.title  # type: ignore[attr-defined]


def test_of_many_classes_the_lowest_f1_of_enough_support_are_drawn_and_the_rest_on_demand() -> None:
    judged = MANY.predictions.judged()
    names = [name for name, *_ in curves_of(MANY, judged)]
    rows = {row["label"]: row for row in MANY.metrics["per_class"]}
    assert names[0] == "all classes"
    assert len(names) == 5
    worst = [rows[name]["f1"]["value"] for name in names[1:]]
    assert worst == sorted(worst)
    assert all(rows[name]["support"] >= 10 for name in names[1:])
    assert worst[-1] <= min(row["f1"]["value"] for name, row in rows.items() if name not in names)
    assert [name for name, *_ in class_curves(MANY, judged)[:4]] == names[1:]
    assert len(plots_of_other_classes(MANY)) == 10


def test_classes_of_little_support_come_last() -> None:
    given = topics(400, classes=4)
    rare = given.take(np.flatnonzero((given.rows["label"] != "class 02") | (np.arange(400) < 20)))
    names = [name for name, *_ in class_curves(report(rare), rare.judged())]
    assert names[-1] == "class 02"


def test_reliability_has_its_advice_in_words() -> None:
    (plot,) = (plot for plot in plots(MANY) if plot.title == "Reliability")
    assert plot.note.startswith("The confidences are off by")
