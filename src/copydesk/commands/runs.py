"""``copydesk runs``: lists runs, those that failed or were interrupted last."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from copydesk.commands.terminal import clipped, text_table
from copydesk.config.units import shown_size
from copydesk.errors import DataError
from copydesk.resources import RUNS
from copydesk.runs.finished import Finished, Unfinished, find_runs
from copydesk.runs.run import DONE

WIDTH, INDENT = 80, "    "
ORDERS: dict[str, Callable[[Finished], Any]] = {
    "started": lambda run: run.info.get("started", ""),
    "experiment": lambda run: (run.experiment, run.info.get("started", "")),
    "score": lambda run: (run.headline["name"], -(run.headline["value"] or 0.0)),
    "seconds": lambda run: run.seconds,
    "size": lambda run: run.model_bytes,
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``copydesk runs``."""
    parser.add_argument("folder", nargs="?", default=str(RUNS), help="folder of the runs (%(default)s)")
    parser.add_argument("--sort", choices=tuple(ORDERS), default="started", help="score: the best first (%(default)s)")
    parser.add_argument("--json", action="store_true", help="print a list of objects")


def run(args: argparse.Namespace) -> int:
    """Print the runs; return the exit code.

    Raises
    ------
    DataError
        No run was found.
    """
    found, unfinished, damaged = find_runs(Path(args.folder))
    for line in damaged:
        print(f"copydesk: {line}", file=sys.stderr)
    if not found and not unfinished:
        raise DataError(f"{args.folder}: no run here; make one: copydesk train experiment=bbc_topics")
    found.sort(key=ORDERS[args.sort])
    unfinished.sort(key=lambda each: str(each.info.get("started", "")))
    if args.json:
        listed = [*(run_json(each) for each in found), *(unfinished_json(each) for each in unfinished)]
        print(json.dumps(listed, indent=2, ensure_ascii=False))
    else:
        print(runs_text(found, unfinished))
    return 0


def runs_text(found: list[Finished], unfinished: list[Unfinished]) -> str:
    """Return two lines for each run, no wider than the terminal or 80 columns; the unfinished ones last."""
    heading = ["experiment", "run", "score", "", "95 % interval"]
    rows = [*(run_row(each) for each in found), *(unfinished_row(each) for each in unfinished)]
    more = [*(about_run(each) for each in found), *(each.reason for each in unfinished)]
    first, *lines = text_table(heading, rows, numeric=(3,)).splitlines()
    width = max(WIDTH, shutil.get_terminal_size((WIDTH, 24)).columns) - len(INDENT)
    for at, line in reversed(list(enumerate(more, start=1))):
        lines.insert(at, INDENT + clipped(line, width))
    return "\n".join([first, *lines])


def run_json(run: Finished) -> dict[str, Any]:
    """Return the main facts of a run as JSON."""
    return {
        "run": str(run.folder),
        "experiment": run.experiment,
        "status": DONE,
        "started": run.info.get("started"),
        "headline": run.headline,
        "scores": {name: score["value"] for name, score in run.metrics["scores"].items()},
        "overrides": run.overrides,
        "seconds": run.seconds,
        "model_bytes": run.model_bytes,
        "dataset": run.info.get("dataset", {}),
    }


def unfinished_json(run: Unfinished) -> dict[str, Any]:
    """Return the main facts of a run that did not end well as JSON."""
    facts = {name: run.info.get(name) for name in ("started", "status", "stage", "error", "overrides")}
    return {"run": str(run.folder), "experiment": run.experiment, **facts, "dataset": run.info.get("dataset", {})}


def run_row(run: Finished) -> list[str]:
    """Return the first line of a run."""
    from copydesk.reports.report import SCORES, shown, shown_interval

    name = run.headline["name"]
    return [
        clipped(run.experiment, 16),
        run.folder.name,
        SCORES[name].title if name in SCORES else name,
        shown(name, run.headline["value"]),
        shown_interval(name, run.headline),
    ]


def about_run(run: Finished) -> str:
    """Return the second line of a run: seconds, size and overrides."""
    size = f", {shown_size(run.model_bytes)}" if run.model_bytes else ""
    return f"{run.seconds:.1f} s{size}; {' '.join(run.overrides)}"


def unfinished_row(run: Unfinished) -> list[str]:
    """Return the first line of a run that did not end well."""
    return [clipped(run.experiment, 16), run.folder.name, clipped(run.status, 14), "", ""]
