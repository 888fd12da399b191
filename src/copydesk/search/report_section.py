"""Section of a run's report about its search: history, importance, and the front of score, size and time."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from copydesk.config.units import shown_size
from copydesk.reports.report import Plot, ReportTable, Section
from copydesk.search.results import judged_by, of_saved_model, shown_value

if TYPE_CHECKING:
    from copydesk.runs.run import Run

TrialRow = Mapping[str, Any]


def section_of(run: Run) -> Section:
    """Return the section on a run's search."""
    histories = json.loads((run.folder / "search" / "history.json").read_text(encoding="utf-8"))
    return search_report(histories, run.info["search"]["metric"])


def search_report(histories: Mapping[str, TrialRow], metric: str) -> Section:
    """Return the section on the search that found the saved model's config.

    Parameters
    ----------
    histories : mapping of name to history
        Content of ``search/history.json``.
    metric : str
    """
    found = of_saved_model(histories)
    rows = {each["number"]: each for each in found["trials"]}
    states = [each["state"] for each in found["trials"]]
    more = f" One of {len(histories)} searches; the others, inside the folds, judge it." if len(histories) > 1 else ""
    best, first = (shown_value(rows[found[name]]["value"]) for name in ("best", "default"))
    text = (
        f"{len(rows):,} trials in {found['seconds']:.0f} s: {states.count('complete'):,} to the end, "
        f"{states.count('pruned'):,} given up after some, {states.count('fail'):,} failed. The best has a {metric} of "
        f"{best} by {judged_by(found['folds'])} of what the search saw, which flatters it, as it is the best of many; "
        f"the first trial, the config as it was, has {first}.{more} "
        "The table holds the trials that no other beats in score, size and time together."
    )
    plots = [Plot("Trials", "Score of each trial, and the best so far", partial(draw_history, found["trials"], metric))]
    if found["importance"]:
        alt = "Share of the differences between trials that each key explains"
        plots.append(Plot("What mattered", alt, partial(draw_importance, found["importance"])))
    complete = [each for each in found["trials"] if each["state"] == "complete"]
    alt = "Score of each trial by the size of its model; larger points took longer to fit"
    plots.append(Plot("Score, size and time", alt, partial(draw_front, complete, found["front"], metric)))
    return Section("Search", text, plots, front_table([rows[number] for number in found["front"]], metric))


def front_table(rows: Sequence[TrialRow], metric: str) -> ReportTable:
    """Return the trials of a front as a table."""
    cells = [
        (
            (str(row["number"]), row["number"]),
            (f"{row['value']:.4f}", row["value"]),
            (shown_size(row["bytes"]), row["bytes"]),
            (f"{row['seconds']:.2f}", row["seconds"]),
            "; ".join(
                f"{key}={json.dumps(value, ensure_ascii=False)}" for key, value in settings_of_trial(row).items()
            ),
        )
        for row in rows
    ]
    return ReportTable(["trial", metric, "model", "seconds a fold", "config"], cells)


def settings_of_trial(row: TrialRow) -> dict[str, Any]:
    """Return the config of a trial: its parameters, its limit on terms, its C."""
    C = {} if row["C"] is None else {"C": row["C"]}
    return {**row["params"], **row["cap"], **C}


def draw_history(rows: Sequence[TrialRow], metric: str, axes: Any) -> None:
    """Draw each trial's score in order of completion, and the best so far."""
    from copydesk.reports.plots import FAINT, INK, LINE_COLOURS

    best, line = float("-inf"), []
    for at, row in enumerate(rows, start=1):
        if row["state"] == "complete":
            best = max(best, row["value"])
        line.append((at, best if best > float("-inf") else None))
    for state, colour, name in (("pruned", FAINT, "given up"), ("complete", LINE_COLOURS[0], "to the end")):
        points = [(at, row["value"]) for at, row in enumerate(rows, start=1) if row["state"] == state]
        if points:
            axes.plot(*zip(*points, strict=True), "o", color=colour, markeredgecolor=INK, markersize=4, label=name)
    axes.step(*zip(*[each for each in line if each[1] is not None], strict=True), where="post", color=INK, label="best")
    axes.set(xlabel="trial", ylabel=metric)
    axes.legend(loc="lower right")


def draw_importance(importance: Mapping[str, float], axes: Any) -> None:
    """Draw the importance of each key, the largest on top."""
    from copydesk.reports.plots import LINE_COLOURS

    names = list(importance)[::-1]
    axes.barh(names, [importance[name] for name in names], color=LINE_COLOURS[0])
    axes.set(xlabel="share of the differences", xlim=(0, 1))


def draw_front(rows: Sequence[TrialRow], front: Sequence[int], metric: str, axes: Any) -> None:
    """Draw score by size; slower trials are larger points, those on the front are filled."""
    from copydesk.reports.plots import INK, LINE_COLOURS

    slowest = max(row["seconds"] for row in rows) or 1.0
    for row in rows:
        face = LINE_COLOURS[0] if row["number"] in front else "none"
        area = 20 + 120 * row["seconds"] / slowest
        axes.scatter(row["bytes"] / 1e6, row["value"], s=area, facecolors=face, edgecolors=INK)
    axes.set(xscale="log", xlabel="model, MB (larger points take longer to fit)", ylabel=metric)
