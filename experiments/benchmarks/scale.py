"""Folders of parts: throughput beside the plain command, here and on Dask, and what is left after many kills.

    python experiments/benchmarks/scale.py [--articles 40000] [--repeats 5] [--kills 100]

Needs the extras ``demo`` and ``dask``. Articles are BBC News, sentences drawn anew. Every command runs as a process of
its own, one thread for each worker, in turn; times are medians. The table goes to ``scale.md`` beside this script.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from recording import machine

from copydesk.datasets.bbc import BBC

HERE = Path(__file__).parent
FILES = 40
COMMAND = [sys.executable, "-m", "copydesk.cli", "clean"]
ONE_THREAD = dict.fromkeys(("NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
WAYS = {
    "one file in, one out, one thread": ["--jobs", "1", "-o", "all.jsonl"],
    "a folder of parts, one thread": ["--jobs", "1", "-o", "out/"],
    "Dask, one worker": ["-o", "out/", "--on", "dask", "--workers", "1"],
    "Dask, two workers": ["-o", "out/", "--on", "dask", "--workers", "2"],
}


def write_shards(folder: Path, n_articles: int) -> int:
    """Write articles into ``FILES`` files of JSON lines; return their size in bytes."""
    draw = random.Random(0)
    texts = list(BBC().load().frame["text"])
    size = 0
    for number in range(FILES):
        with (folder / f"{number:03}.jsonl").open("w", encoding="utf-8") as file:
            for at in range(n_articles // FILES):
                sentences = draw.choice(texts).split(". ")
                draw.shuffle(sentences)
                size += file.write(json.dumps({"id": f"{number}-{at}", "text": ". ".join(sentences)}) + "\n")
    return size


def run(folder: Path, *words: str) -> float:
    """Run a command to its end; return its seconds."""
    begun = time.perf_counter()
    subprocess.run(
        [*COMMAND, "in", "--force", "--quiet", *words], cwd=folder, check=True, env={**os.environ, **ONE_THREAD}
    )
    return time.perf_counter() - begun


def throughput(folder: Path, n_articles: int, size: int, repeats: int) -> list[str]:
    """Return the table of ways, warm, in turn; and the same of few articles, to subtract what starting takes."""
    for way in WAYS.values():
        run(folder, *way)
    taken = {name: [] for name in WAYS}
    for _ in range(repeats):
        for name, way in WAYS.items():
            taken[name].append(run(folder, *way))
    first = statistics.median(next(iter(taken.values())))
    lines = [
        f"{n_articles:,} articles, {size / 1e6:.0f} MB in {FILES} files. Medians of {repeats} runs, start included.",
        "",
        "| | seconds | MB/s | beside the first |",
        "|---|---|---|---|",
    ]
    for name, seconds in taken.items():
        median = statistics.median(seconds)
        lines.append(f"| {name} | {median:.1f} | {size / 1e6 / median:.1f} | {first / median:.2f} |")
    return lines


def digest(folder: Path) -> str:
    """Return the digest of all parts, in order."""
    return hashlib.sha256(b"".join(path.read_bytes() for path in sorted(folder.glob("*.jsonl")))).hexdigest()


def children_of(pid: int) -> list[int]:
    """Return the processes that a process started."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            if int(path.read_text().rpartition(")")[2].split()[1]) == pid:
                found.append(int(path.parent.name))
        except OSError:
            continue
    return found


def kills(folder: Path, wanted: int) -> list[str]:
    """Kill workers and drivers at random moments until ``wanted`` kills; return what was lost or made twice."""
    run(folder, "--jobs", "2", "-o", "once/")
    right = digest(folder / "once")
    draw = random.Random(1)
    done = {"a worker": 0, "the driver": 0}
    wrong = rounds = 0
    while sum(done.values()) < wanted:
        rounds += 1
        words = [*COMMAND, "in", "--quiet", "-o", "killed/", "--on", "dask", "--workers", "2"]
        mode = "--force"
        while True:
            process = subprocess.Popen([*words, mode], cwd=folder, stderr=subprocess.DEVNULL)
            mode = "--resume"
            while process.poll() is None:
                time.sleep(draw.uniform(0.5, 4))
                whom = draw.choice(("a worker", "a worker", "the driver"))
                victims = [process.pid] if whom == "the driver" else children_of(process.pid)
                if victims and process.poll() is None and sum(done.values()) < wanted:
                    try:
                        os.kill(draw.choice(victims), signal.SIGKILL)
                    except ProcessLookupError:
                        continue
                    done[whom] += 1
            manifest = folder / "killed/_copydesk/manifest.json"
            if process.returncode == 0 and json.loads(manifest.read_text())["complete"]:
                break
        wrong += digest(folder / "killed") != right
    workers, drivers = done["a worker"], done["the driver"]
    return [
        f"SIGKILL at random moments: {workers} to a process that Dask had started, {drivers} to the driver, which was "
        f"then started again with `--resume`, in {rounds} runs of two workers. Runs whose parts differed from those of "
        f"an undisturbed run, in any byte: {wrong}.",
    ]


def main() -> None:
    """Measure and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--articles", type=int, default=40_000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--kills", type=int, default=100)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "in").mkdir()
        size = write_shards(folder / "in", args.articles)
        fast = throughput(folder, args.articles, size, args.repeats)
        killed = kills(folder, args.kills)
    head = f"# Scale\n\n`scale.py`; {machine(['copydesk', 'dask', 'distributed', 'numba'])}.\n"
    sections = ["## Throughput", "", *fast, "", "## Kills", "", *killed, ""]
    (HERE / "scale.md").write_text("\n".join([head, *sections]), encoding="utf-8")


if __name__ == "__main__":
    main()
