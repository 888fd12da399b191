"""Paths: of the files that ship with copydesk, inside a package or at the top of a checkout, and of runs."""

from __future__ import annotations

from pathlib import Path

RUNS = Path("experiments", "runs")
LATEST = "latest"  # beside an experiment's runs: a link to the last one


def shipped(name: str) -> Path:
    """Return the path of the folder or file ``name`` ("conf", "data/boilerplate") of this installation.

    Raises
    ------
    FileNotFoundError
        The installation is incomplete.
    """
    package = Path(__file__).resolve().parent
    for base in (package, package.parents[1]):
        if (base / name).exists():
            return base / name
    raise FileNotFoundError(f"{name}: not part of this installation of copydesk; install it again")
