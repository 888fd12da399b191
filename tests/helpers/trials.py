"""Repeated trials: few in the suite, many with ``COPYDESK_FUZZ=1``, a share of them with ``0.1``, each counted.

Tests with such trials have the marker ``fuzz``. ``experiments/benchmarks/reliability.py`` runs the long form and
tabulates the counts.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

SHARE = float(os.environ.get("COPYDESK_FUZZ") or 0)  # of the long form
LONG = SHARE > 0


def times(short: int, long: int) -> int:
    """Return the number of trials."""
    return max(1, round(long * SHARE)) if LONG else short


def tried(promise: int, what: str, count: int, found: str | dict[str, int] = "") -> None:
    """Record the number of trials; call it after the last assertion.

    Parameters
    ----------
    promise : int
        Number of the promise in ``reliability.py``.
    what : str
        Description of the trial.
    count : int
        Number of trials.
    found : str or dict of str to int, optional
        A measured figure, or numbers of outcomes by their name.
    """
    assert count > 0
    if "COPYDESK_TRIALS" in os.environ:
        line = json.dumps({"promise": promise, "what": what, "count": count, "found": found})
        with Path(os.environ["COPYDESK_TRIALS"]).open("a", encoding="utf-8") as lines:
            lines.write(line + "\n")
