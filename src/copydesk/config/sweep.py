"""Outcomes of the runs of a sweep (``-m``): kept as files, as runs may have processes of their own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from copydesk.errors import CopydeskError


def keep_outcome(folder: Path, outcome: float | CopydeskError) -> None:
    """Write the outcome of the current run of a sweep into a folder."""
    from hydra.core.hydra_config import HydraConfig

    hydra = HydraConfig.get()
    kept: dict[str, Any] = {"overrides": list(hydra.overrides.task)}
    if isinstance(outcome, CopydeskError):
        kept |= {"exit_code": outcome.exit_code, "error": str(outcome)}
    else:
        kept |= {"exit_code": 0, "score": outcome}
    (folder / f"{hydra.job.num}.json").write_text(json.dumps(kept), encoding="utf-8")


def print_outcomes(folder: Path) -> int:
    """Print a table of the runs in a folder; return the exit code of the first that failed, or 0."""
    runs = {int(path.stem): json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("*.json")}
    failed = [runs[number]["exit_code"] for number in sorted(runs) if runs[number]["exit_code"]]
    common = set.intersection(*(set(run["overrides"]) for run in runs.values())) if len(runs) > 1 else set()
    own = {number: " ".join(each for each in run["overrides"] if each not in common) for number, run in runs.items()}
    width = max(map(len, own.values()), default=0)
    print(f"\nsweep: {len(runs):,} runs, {len(failed):,} failed")
    for number in sorted(runs):
        run = runs[number]
        shown = f"failed: {run['error']}" if run["exit_code"] else f"{run['score']:.4f}"
        print(f"  {number:>3}  {own[number]:<{width}}  {shown}")
    return failed[0] if failed else 0
