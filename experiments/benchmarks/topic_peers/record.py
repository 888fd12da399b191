"""Timing in turn, and tables with a section for each part."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from recording import machine, split_sections

PACKAGES = ("scikit-learn", "fasttext-numpy2-wheel", "vowpalwabbit", "numba", "numpy", "scipy")


class Taken(NamedTuple):
    """Medians of runs, in seconds: by the clock, and of all processor cores together."""

    wall: float
    cpu: float


def seconds(work: Callable[[], Any]) -> Taken:
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return Taken(time.perf_counter() - wall, time.process_time() - cpu)


def in_turn(work: Sequence[tuple[Callable[[], Any], int]]) -> list[Taken]:
    """Return the medians of each, run in turn, so that other load on the machine affects all alike."""
    taken: list[list[Taken]] = [[] for _ in work]
    while any(len(mine) < times for (_, times), mine in zip(work, taken, strict=True)):
        for (run, times), mine in zip(work, taken, strict=True):
            if len(mine) < times:
                with suppress(RuntimeError):  # fastText fails with NaN now and then; such a run does not count
                    mine.append(seconds(run))
    return [Taken(*map(statistics.median, zip(*mine, strict=True))) for mine in taken]


def save(table: Path, head: str, titles: dict[str, str], part: str, lines: list[str]) -> None:
    """Write a part of a table; keep the others, in the order of ``titles``, and remarks below the ``---`` line."""
    print("\n".join(lines), file=sys.stderr)
    old, _, remarks = (table.read_text(encoding="utf-8") if table.exists() else "").partition("\n---\n")
    kept = split_sections(old)
    kept[titles[part]] = f"{machine(PACKAGES)}.\n\n" + "\n".join(lines)
    body = "\n".join(f"## {title}\n\n{kept[title].strip()}\n" for title in titles.values() if title in kept)
    table.write_text(f"{head}\n\n{body}" + (f"\n---\n{remarks}" if remarks else ""), encoding="utf-8")
