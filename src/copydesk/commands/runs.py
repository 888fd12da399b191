"""``copydesk runs``: lists finished runs as a table."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from copydesk.commands.terminal import clipped, text_table
from copydesk.config.units import shown_size
from copydesk.errors import DataError
from copydesk.resources import RUNS
from copydesk.runs.finished import Finished, find_runs

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
    found, damaged = find_runs(Path(args.folder))
    for line in damaged:
        print(f"copydesk: {line}", file=sys.stderr)
    if not found:
        raise DataError(f"{args.folder}: no finished run here; make one: copydesk train experiment=bbc_topics")
    found.sort(key=ORDERS[args.sort])
    if args.json:
        print(json.dumps([run_json(each) for each in found], indent=2, ensure_ascii=False))
    else:
        heading = ["experiment", "run", "score", "", "95 % interval", "seconds", "model", "overrides"]
        print(text_table(heading, [run_row(each) for each in found], numeric=(3, 5, 6)))
    return 0


def run_json(run: Finished) -> dict[str, Any]:
    """Return the main facts of a run as JSON."""
    return {
        "run": str(run.folder),
        "experiment": run.experiment,
        "started": run.info.get("started"),
        "headline": run.headline,
        "scores": {name: score["value"] for name, score in run.metrics["scores"].items()},
        "overrides": run.overrides,
        "seconds": run.seconds,
        "model_bytes": run.model_bytes,
        "dataset": run.info.get("dataset", {}),
    }


def run_row(run: Finished) -> list[str]:
    """Return a row of the table."""
    from copydesk.reports.report import SCORES, shown, shown_interval

    name = run.headline["name"]
    return [
        clipped(run.experiment, 30),
        run.folder.name,
        SCORES[name].title if name in SCORES else name,
        shown(name, run.headline["value"]),
        shown_interval(name, run.headline),
        f"{run.seconds:.1f}",
        shown_size(run.model_bytes) if run.model_bytes else "–",
        clipped(" ".join(run.overrides), 100),
    ]
