"""Plots of a report, as SVG that takes its colours and fonts from the page."""

from __future__ import annotations

import io
import logging
import re
import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from copydesk.evaluation.boilerplate import PROMISED_LOSS, loss_curve
from copydesk.evaluation.curves import ENOUGH_SUPPORT, average_precision, precision_recall, reliability, roc
from copydesk.evaluation.intervals import wilson_interval
from copydesk.reports.advice import calibration_advice
from copydesk.reports.report import SCORES, Plot, shown
from copydesk.tasks import find_task
from copydesk.text.paragraphs import BOILERPLATE

if TYPE_CHECKING:
    from copydesk.evaluation.predictions import Predictions
    from copydesk.reports.report import Report

Curve = tuple[str, np.ndarray, np.ndarray]  # name, whether positive, ranking
Losses = tuple[np.ndarray, np.ndarray, np.ndarray]  # thresholds, shares of article lost and boilerplate removed

INK, FAINT = "#000001", "#000002"
# Distinguishable by the colour-blind (Okabe and Ito 2008); lines also differ in their dashes.
LINE_COLOURS = ("#000003", "#000004", "#000005", "#000006", "#000007")
DASHES = ("-", (0, (6, 2)), (0, (2, 1.5)), (0, (7, 2, 1.5, 2)), (0, (1, 1)))
VARIABLES = {INK: "currentColor", FAINT: "var(--faint)"} | {c: f"var(--c{n})" for n, c in enumerate(LINE_COLOURS)}
_POINTS = 200  # of a curve; more are not visible
_NAMED = 4  # classes beside the curve of all, each with a colour
_MOST_CURVES = 60  # classes with a curve
STYLE = {
    "svg.fonttype": "none", "font.family": "sans-serif", "font.size": 12, "axes.edgecolor": INK, "text.color": INK,
    "axes.labelcolor": INK, "xtick.color": INK, "ytick.color": INK, "axes.spines.top": False,
    "axes.spines.right": False, "axes.grid": True, "grid.color": FAINT, "grid.linewidth": 0.6,
    "axes.axisbelow": True, "legend.frameon": False, "legend.fontsize": 11, "lines.linewidth": 1.8,
}  # fmt: skip


def svg(plot: Plot, number: int = 0) -> str:
    """Draw a plot; return its ``<svg>`` element, with the page's colours. ``number`` keeps ids unique."""
    logging.getLogger("matplotlib").setLevel(logging.ERROR)  # else it reports building its font cache
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    with mpl.rc_context({**STYLE, "svg.hashsalt": f"copydesk{number}"}), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph")  # the page has its own fonts
        figure = Figure(figsize=(5.2, 3.7), layout="constrained")
        FigureCanvasSVG(figure)
        plot.draw(figure.add_subplot())
        written = io.StringIO()
        figure.savefig(written, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    text = written.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r"#00000[1-7]", lambda found: VARIABLES[found[0]], text)
    text = re.sub(r"font: ([\d.]+px) [^;\"]*", r"font-size: \1; font-family: inherit", text)
    text = re.sub(r"font-family: [^;\"]*", "font-family: inherit", text)
    # unique ids: a page has several plots
    text = re.sub(r'(id="|url\(#|href="#)', rf"\1p{number}-", text)
    return re.sub(r' (width|height)="[\d.]+pt"', "", text, count=2)


def plots(report: Report) -> list[Plot]:
    """Return the plots that a report's predictions allow."""
    judged = report.predictions.judged()
    task = find_task(report.metrics["task"])
    curves = curves_of(report, judged)
    found = [precision_recall_plot(curves), roc_plot(curves)] if curves else []
    if judged.probabilities is not None:
        found.append(reliability_plot(judged, report.metrics))
    found += task.load("plots")(report, judged)
    if report.learning_curve:
        found.append(learning_plot(report))
    return [plot for plot in found if plot is not None]


def plots_of_other_classes(report: Report) -> list[Plot]:
    """Return precision over recall of the classes that the first plots leave out, a few in each plot."""
    others = class_curves(report, report.predictions.judged())[_NAMED:_MOST_CURVES]
    return [precision_recall_plot(others[at : at + _NAMED + 1]) for at in range(0, len(others), _NAMED + 1)]


def coverage_plots(report: Report, judged: Predictions) -> list[Plot]:
    """Return the plots of a model that may abstain: accuracy by coverage, and both over the threshold."""
    return [coverage_plot(report.metrics), abstention_plot(report.metrics, judged.probabilities is not None)]


def cutting_plots(report: Report, judged: Predictions) -> list[Plot]:
    """Return the plots of cutting boilerplate: article lost beside boilerplate removed; none without a ranking."""
    found = _losses(judged)
    return [] if found is None else [loss_plot(found, report.metrics), threshold_plot(found)]


def curves_of(report: Report, judged: Predictions) -> list[Curve]:
    """Return the curve of all classes together, and those of the classes with the lowest F1."""
    alone = class_curves(report, judged)
    if len(alone) < 2:
        return alone
    truth = np.concatenate([positive for _, positive, _ in alone])
    return [("all classes", truth, np.concatenate([ranking for *_, ranking in alone])), *alone[:_NAMED]]


def class_curves(report: Report, judged: Predictions) -> list[Curve]:
    """Return the curve of each class with members: by F1, the lowest first, after them classes of little support."""
    positive = find_task(report.metrics["task"]).positive
    rows = [row for row in report.metrics["per_class"] if row["support"] and positive in (None, row["label"])]
    rows.sort(key=lambda row: (row["support"] < ENOUGH_SUPPORT, row["f1"]["value"] or 0.0))
    label = judged.rows["label"].to_numpy(object)
    found = []
    for name in (row["label"] for row in rows):
        ranking, members = judged.ranking(name) if name in set(judged.classes) else None, label == name
        if ranking is not None and not members.all():
            found.append((name, members, ranking))
    return found


def precision_recall_plot(curves: Sequence[Curve]) -> Plot:
    """Return precision over recall."""

    def draw(axes: Any) -> None:
        lines = []
        for name, positive, ranking in curves:
            precision, recall, _ = precision_recall(positive, ranking)
            lines.append((name, recall, precision))
        _draw_lines(axes, lines)
        lowest = min(
            float(precision[(recall > 0.05) & (recall < 0.97)].min(initial=1.0)) for _, recall, precision in lines
        )
        axes.set(xlabel="recall", ylabel="precision", xlim=(0, 1), ylim=(max(0.0, lowest - 0.03), 1))
        legend_above(axes)

    return Plot("Precision and recall", f"Precision over recall: {_areas(curves)}", draw)


def roc_plot(curves: Sequence[Curve]) -> Plot:
    """Return true over false positive rate, the latter on a logarithmic scale."""

    def draw(axes: Any) -> None:
        _draw_lines(axes, [(name, *roc(positive, ranking)) for name, positive, ranking in curves])
        rate = np.geomspace(1e-4, 1, 60)
        axes.plot(rate, rate, color=INK, linewidth=0.8, linestyle=":", label="by chance")
        axes.set_xscale("log")
        axes.set(xlabel="false positive rate", ylabel="true positive rate", xlim=(1e-4, 1), ylim=(0, 1))
        axes.set_xticks([1e-4, 1e-3, 1e-2, 1e-1, 1], ["0.01 %", "0.1 %", "1 %", "10 %", "100 %"])
        axes.minorticks_off()
        legend_above(axes)

    return Plot("ROC", "True positive rate over false positive rate, on a logarithmic scale", draw)


def _areas(curves: Sequence[Curve]) -> str:
    return "; ".join(f"{name}, area {average_precision(*curve):.3f}" for name, *curve in curves)


def _draw_lines(axes: Any, lines: Sequence[Curve]) -> None:
    for at, (name, x, y) in enumerate(lines):
        axes.plot(
            *thin(x, y), color=LINE_COLOURS[at], linestyle=DASHES[at], label=legend_name(name), zorder=4 - at / 10
        )


def legend_above(axes: Any) -> None:
    """Put the legend above the axes, where it covers nothing."""
    columns = 1 if any(len(name) > 20 for name in axes.get_legend_handles_labels()[1]) else 2
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=columns, borderaxespad=0.2, columnspacing=1.2)


def thin(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return at most ``_POINTS`` evenly spaced points of a line, both ends included."""
    keep = np.unique(np.linspace(0, len(x) - 1, _POINTS).astype(int)) if len(x) > _POINTS else np.arange(len(x))
    return np.asarray(x)[keep], np.asarray(y)[keep]


def legend_name(name: str, at_most: int = 24) -> str:
    """Return a name that fits a legend, escaped for matplotlib."""
    short = name if len(name) <= at_most else f"{name[: at_most - 1]}…"
    return short.replace("$", r"\$").replace("\n", " ").lstrip("_") or "–"


def reliability_plot(judged: Predictions, metrics: Any) -> Plot:
    """Return accuracy over confidence, with Wilson intervals."""
    assert judged.probabilities is not None
    top = judged.probabilities.argmax(axis=1)
    right = judged.classes[top] == judged.rows["label"].to_numpy(object)
    bins = reliability(judged.probabilities.max(axis=1), right)

    def draw(axes: Any) -> None:
        draw_reliability(axes, bins)
        axes.set(xlabel="confidence", ylabel="share right", xlim=(max(0.0, bins[0]["confidence"] - 0.05), 1),
                 ylim=(0, 1))  # fmt: skip
        legend_above(axes)

    bin_texts = "; ".join(f"at confidence {b['confidence']:.2f} {b['accuracy']:.2f} are right" for b in bins)
    alt = f"Share of right labels over confidence: {bin_texts}"
    advice = calibration_advice(metrics, float(judged.probabilities.max(axis=1).mean()), float(right.mean()))
    return Plot("Reliability", alt, draw, advice)


def draw_reliability(axes: Any, bins: Sequence[Mapping[str, float]]) -> None:
    """Draw the bins of `reliability` with Wilson intervals, beside the diagonal."""
    sure, hit = (np.array([each[name] for each in bins]) for name in ("confidence", "accuracy"))
    low, high = np.array([wilson_interval(each["accuracy"] * each["n"], each["n"]) for each in bins]).T
    error = np.maximum([hit - low, high - hit], 0.0)
    axes.plot([0, 1], [0, 1], color=INK, linewidth=0.8, linestyle=":", label="perfectly calibrated")
    axes.errorbar(sure, hit, yerr=error, color=LINE_COLOURS[0], marker="o", markersize=4, linewidth=1.2, capsize=2,
                  label="this model", clip_on=False)  # fmt: skip


def coverage_plot(metrics: Any) -> Plot:
    """Return accuracy by coverage."""
    curve, answered = metrics["coverage"]["curve"], metrics["scores"]["accuracy_answered"]["value"]

    def draw(axes: Any) -> None:
        axes.plot([p["coverage"] for p in curve], [p["accuracy"] for p in curve], color=LINE_COLOURS[0])
        if metrics["coverage"]["abstained"] and answered is not None:
            axes.plot(metrics["scores"]["coverage"]["value"], answered, "o", color=LINE_COLOURS[1], label="as decided")
            legend_above(axes)
        lowest = min(p["accuracy"] for p in curve)
        axes.set(xlabel="share of texts answered, the surest first", ylabel="accuracy on them", xlim=(0, 1),
                 ylim=(max(0.0, lowest - 0.02), 1))  # fmt: skip

    half = next((p for p in curve if p["coverage"] >= 0.5), curve[-1])
    alt = f"Accuracy over coverage: {half['accuracy']:.3f} on the surest half, {curve[-1]['accuracy']:.3f} on all"
    return Plot("Accuracy by coverage", alt, draw)


def abstention_plot(metrics: Any, probabilities: bool) -> Plot:
    """Return coverage and accuracy over the lowest confidence that is answered."""
    curve = metrics["coverage"]["curve"]

    def draw(axes: Any) -> None:
        at = [p["confidence"] for p in curve]
        for n, (name, title) in enumerate((("accuracy", "accuracy on those answered"), ("coverage", "share answered"))):
            axes.plot(at, [p[name] for p in curve], color=LINE_COLOURS[n], linestyle=DASHES[n], label=title)
        unit = "probability" if probabilities else "lead in decision values"
        axes.set(xlabel=f"answered from this {unit} on", ylabel="share", xlim=(min(at), max(at)), ylim=(0, 1))
        legend_above(axes)

    return Plot("Threshold", "Coverage and accuracy over the confidence from which on a text is answered", draw)


def loss_plot(losses: Losses, metrics: Any) -> Plot:
    """Return boilerplate removed over article lost, by character."""
    _, lost, gone = losses
    scores = metrics["scores"]

    def draw(axes: Any) -> None:
        keep = gone > 0
        axes.plot(*thin(np.maximum(lost[keep], 1e-5), gone[keep]), color=LINE_COLOURS[0])
        axes.axvline(PROMISED_LOSS, color=INK, linewidth=0.8, linestyle=":", label="0.5 % lost")
        now = (scores["article_lost"]["value"], scores["boilerplate_removed"]["value"])
        if None not in now:
            axes.plot(max(now[0], 1e-5), now[1], "o", color=LINE_COLOURS[1], label="as decided")
        axes.set_xscale("log")
        axes.set(xlabel="article lost", ylabel="boilerplate removed", xlim=(1e-5, 1), ylim=(0, 1))
        axes.set_xticks([1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1], ["≤0.001 %", "0.01 %", "0.1 %", "1 %", "10 %", "100 %"])
        axes.minorticks_off()
        legend_above(axes)

    value = scores.get("boilerplate_removed_at_half_percent_lost", {}).get("value")
    alt = f"Boilerplate removed over article lost, in characters: {shown('accuracy', value)} removed at 0.5 % lost"
    return Plot("What cutting more costs", alt, draw)


def threshold_plot(losses: Losses) -> Plot:
    """Return article lost and boilerplate removed over the threshold."""
    thresholds, lost, gone = losses

    def draw(axes: Any) -> None:
        for n, (values, title) in enumerate(((gone, "boilerplate removed"), (lost, "article lost"))):
            axes.plot(*thin(thresholds, values), color=LINE_COLOURS[n], linestyle=DASHES[n], label=title)
        axes.set(xlabel="cut from this probability of boilerplate on", ylabel="share of characters",
                 xlim=(thresholds.min(), thresholds.max()), ylim=(0, 1))  # fmt: skip
        legend_above(axes)

    return Plot("Threshold", "Shares of article lost and boilerplate removed over the threshold", draw)


def _losses(judged: Predictions) -> Losses | None:
    ranking = judged.ranking(BOILERPLATE)
    positive = (judged.rows["label"] == BOILERPLATE).to_numpy()
    if ranking is None or positive.all() or not positive.any():
        return None
    return loss_curve(positive, ranking, judged.rows["characters"].to_numpy(np.float64))


def learning_plot(report: Report) -> Plot:
    """Return the headline score over the number of training rows."""
    points = report.learning_curve
    name = report.metrics["headline"]["name"]

    def draw(axes: Any) -> None:
        n, value = [p["n"] for p in points], [p["value"] for p in points]
        if all(p.get("low") is not None for p in points):
            axes.fill_between(
                n, [p["low"] for p in points], [p["high"] for p in points], color=LINE_COLOURS[0], alpha=0.2
            )
        axes.plot(n, value, color=LINE_COLOURS[0], marker="o", markersize=4)
        axes.set(xlabel="training examples", ylabel=SCORES[name].title, xlim=(0, None))

    point_texts = "; ".join(f"{p['n']:,} examples: {shown(name, p['value'])}" for p in points)
    return Plot("Learning curve", f"{SCORES[name].title} over training examples: {point_texts}", draw)
