"""Trials: things that are tried again and again. Few in the suite, many with ``COPYDESK_FUZZ=1``; all are counted.

``experiments/benchmarks/reliability.py`` runs the long ones and makes its table of the counts.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

LONG = os.environ.get("COPYDESK_FUZZ") == "1"


def times(short: int, long: int) -> int:
    """Return how often to try."""
    return long if LONG else short


def tried(promise: int, what: str, count: int, found: str = "") -> None:
    """Record, after the last assertion, that all of it was tried and held.

    Parameters
    ----------
    promise : int
        Which of the 18 it shows.
    what : str
        What was tried.
    count : int
        How often.
    found : str, optional
        A figure that was measured.
    """
    assert count > 0
    if "COPYDESK_TRIALS" in os.environ:
        line = json.dumps({"promise": promise, "what": what, "count": count, "found": found})
        with Path(os.environ["COPYDESK_TRIALS"]).open("a", encoding="utf-8") as lines:
            lines.write(line + "\n")
