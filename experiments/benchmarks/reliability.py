"""Table of injected faults: how often each was tried, and what was lost, from the long form of ``tests/reliability``.

    python experiments/benchmarks/reliability.py [--only interruptions bundles configs rows signals training memory]

Each number is counted by its test, after the last assertion; if a test fails, no table is written. The table goes to
``reliability.md`` beside this script; ``--only`` renews the rows of some tests and keeps the others. Counts are kept in
``reliability.part.jsonl`` until those of their module are complete: interrupted, or after a failure, the same command
goes on with the tests that are left. ``--only signals`` ends several thousand processes, which takes hours:
``--rounds 20`` runs all its tests in turn, a twentieth of the trials each time. ``--counts FILE`` writes the table from
the counts so far, or from those of an earlier run: ``COPYDESK_TRIALS=FILE make fuzz``.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from recording import machine

TABLE = Path(__file__).with_suffix(".md")
COUNTS = Path(__file__).with_suffix(".json")
PART = Path(__file__).with_suffix(".part.jsonl")
TESTS = Path(__file__).parents[2] / "tests" / "reliability"
PACKAGES = ("scikit-learn", "numpy", "pyarrow", "hypothesis", "skops", "hydra-core")
PROMISES = {
    1: "killed while saving: the old or the new model",
    2: "full disk: one line, what was there is still there",
    3: "damaged or cut bundle: refused",
    4: "hostile bundle or config: refused, nothing runs",
    5: "other version, other task: both named",
    6: "secrets of the environment: not written",
    7: "bad rows: located, counted, none lost",
    8: "odd bytes: kept exactly or rejected",
    9: "bombs, endless lines, huge documents: bounded memory",
    10: "too few classes: said before fitting",
    11: "copies across the split",
    12: "labels as paths, HTML, formulas: harmless",
    13: "two runs, one folder or file: never mixed",
    14: "killed and resumed: the bytes of an uninterrupted run",
    15: "signals and closed pipes",
    16: "threads, chunks, way in: the same bytes",
    17: "not converged: recorded; no number: not saved",
}


def tried(name: str, rounds: int) -> list[dict[str, Any]]:
    """Run the long tests of a module one by one, in rounds, but for those already finished; return the counts."""
    listed = pytest("--collect-only", "-q", "-m", "fuzz", str(TESTS / f"test_{name}.py"), capture_output=True).stdout
    tests = [line for line in listed.splitlines() if "::" in line]
    if not tests:
        raise SystemExit(f"{name}: no test has the marker fuzz")
    turns = [(test, turn) for turn in range(rounds) for test in tests]
    done = {(line["test"], line["turn"]) for line in lines_of(PART)}
    for test, turn in turns:
        if (test, turn) not in done:
            begun = time.monotonic()
            counts = [{"test": test, "turn": turn, **line} for line in counts_of(test, 1 / rounds)]
            with PART.open("a", encoding="utf-8") as part:
                part.writelines(json.dumps(line, ensure_ascii=False) + "\n" for line in counts)
            trials, minutes = sum(line["count"] for line in counts), (time.monotonic() - begun) / 60
            print(f"{name}, round {turn + 1} of {rounds}: {trials:,} trials in {minutes:.1f} min: {test}", flush=True)
    return [line for line in lines_of(PART) if (line["test"], line["turn"]) in set(turns)]


def counts_of(test: str, share: float) -> list[dict[str, Any]]:
    """Run one test with a share of the trials of its long form; return its counts."""
    with tempfile.TemporaryDirectory() as made:
        counts = Path(made) / "counts"
        if pytest(
            "-q", "-m", "fuzz", test, env={"COPYDESK_FUZZ": str(share), "COPYDESK_TRIALS": str(counts)}
        ).returncode:
            raise SystemExit(f"{test}: failed; the table is unchanged; the same command goes on with this test")
        return lines_of(counts)


def summed(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return one line for each kind of trial, its counts added up."""
    kinds: dict[tuple[int, str], dict[str, Any]] = {}
    for line in lines:
        new = {key: line[key] for key in ("promise", "what", "count", "found")}
        old = kinds.setdefault((line["promise"], line["what"]), new)
        if old is not new:
            old["count"] += new["count"]
            if isinstance(new["found"], dict):
                old["found"] = {key: old["found"][key] + number for key, number in new["found"].items()}
    return list(kinds.values())


def pytest(*words: str, env: Mapping[str, str] | None = None, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run pytest in the checkout."""
    command = [sys.executable, "-m", "pytest", *words]
    return subprocess.run(command, env={**os.environ, **(env or {})}, cwd=TESTS.parents[1], text=True, **options)


def lines_of(path: Path) -> list[dict[str, Any]]:
    """Read counts, none where the file is missing."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []


def cell(found: str | dict[str, int]) -> str:
    """Return text, or numbers by name, for a table cell."""
    text = found if isinstance(found, str) else ", ".join(f"{number:,} {name}" for name, number in found.items())
    return text.replace("|", "\\|")


def write(parts: dict[str, list[dict[str, Any]]]) -> None:
    """Write the table."""
    lines = sorted((line for part in parts.values() for line in part), key=lambda line: (line["promise"], line["what"]))
    rows = [
        f"| {line['promise']} | {PROMISES[line['promise']]} | {cell(line['what'])} | {line['count']:,} | "
        f"{cell(line['found'])} | nothing |"
        for line in lines
    ]
    head = (
        "# What was tried to break it\n\n`reliability.py`, which runs the long form of `tests/reliability`. The first "
        "column counts the 18 promises of the reliability section; memory at size, the last of them, is in `load.md`. "
        "`found` is what the text before it counts or measures.\n\n"
        f"{machine(PACKAGES)}.\n\n"
        "| # | promise | tried | how often | found | lost |\n|---|---|---|---|---|---|\n"
    )
    TABLE.write_text(head + "\n".join(rows) + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = sorted(path.stem.removeprefix("test_") for path in TESTS.glob("test_*.py"))
    parser.add_argument("--only", choices=names, nargs="*", default=names)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--counts", type=Path, help="of one module, which --only names")
    args = parser.parse_args()
    parts = json.loads(COUNTS.read_text(encoding="utf-8")) if COUNTS.exists() else {}
    for name in args.only:
        parts[name] = summed(lines_of(args.counts) if args.counts else tried(name, args.rounds))
        COUNTS.write_text(json.dumps(parts, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        write(parts)
    if not args.counts:
        PART.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
