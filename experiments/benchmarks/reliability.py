"""Table of injected faults: how often each was tried, and what was lost, from the long form of ``tests/reliability``.

    python experiments/benchmarks/reliability.py [--only interruptions bundles configs rows signals training memory]

Each number is counted by its test, after the last assertion; if a test fails, no table is written. The table goes to
``reliability.md`` beside this script; ``--only`` renews the rows of some tests and keeps the others. The counts of
finished tests are kept in ``reliability.part.json`` until those of their module are complete: interrupted, or after a
failure, the same command goes on with the tests that are left. ``--only signals`` ends some 4,000 processes, which
takes about five hours. ``--counts FILE`` reads the counts of an earlier run: ``COPYDESK_TRIALS=FILE make fuzz``.
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
PART = Path(__file__).with_suffix(".part.json")
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


def tried(name: str) -> list[dict[str, object]]:
    """Run the long tests of a module one by one, but for those already finished; return the counts."""
    listed = pytest("--collect-only", "-q", "-m", "fuzz", str(TESTS / f"test_{name}.py"), capture_output=True).stdout
    tests = [line for line in listed.splitlines() if "::" in line]
    if not tests:
        raise SystemExit(f"{name}: no test has the marker fuzz")
    done = json.loads(PART.read_text(encoding="utf-8")) if PART.exists() else {}
    for number, test in enumerate(tests, 1):
        if test not in done:
            begun = time.monotonic()
            done[test] = counts_of(test)
            PART.write_text(json.dumps(done, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
            trials = sum(int(str(line["count"])) for line in done[test])
            minutes = (time.monotonic() - begun) / 60
            print(f"{name}, {number} of {len(tests)}: {trials:,} trials in {minutes:.1f} min: {test}", flush=True)
    return [line for test in tests for line in done[test]]


def counts_of(test: str) -> list[dict[str, object]]:
    """Run one test in its long form; return its counts."""
    with tempfile.TemporaryDirectory() as made:
        counts = Path(made) / "counts"
        counts.touch()
        if pytest("-q", "-m", "fuzz", test, env={"COPYDESK_FUZZ": "1", "COPYDESK_TRIALS": str(counts)}).returncode:
            raise SystemExit(f"{test}: failed; the table is unchanged; the same command goes on with this test")
        return lines_of(counts)


def pytest(*words: str, env: Mapping[str, str] | None = None, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run pytest in the checkout."""
    command = [sys.executable, "-m", "pytest", *words]
    return subprocess.run(command, env={**os.environ, **(env or {})}, cwd=TESTS.parents[1], text=True, **options)


def lines_of(path: Path) -> list[dict[str, object]]:
    """Read counts."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def cell(text: object) -> str:
    """Escape text for a table cell."""
    return str(text).replace("|", "\\|")


def write(parts: dict[str, list[dict[str, object]]]) -> None:
    """Write the table."""
    lines = sorted((line for part in parts.values() for line in part), key=lambda line: (line["promise"], line["what"]))
    rows = [
        f"| {line['promise']} | {PROMISES[int(str(line['promise']))]} | {cell(line['what'])} | {line['count']:,} | "
        f"{line['found']} | nothing |"
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
    parser.add_argument("--counts", type=Path, help="of one module, which --only names")
    args = parser.parse_args()
    parts = json.loads(COUNTS.read_text(encoding="utf-8")) if COUNTS.exists() else {}
    for name in args.only:
        parts[name] = lines_of(args.counts) if args.counts else tried(name)
        COUNTS.write_text(json.dumps(parts, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        write(parts)
    PART.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
