"""Folders of parts: throughput beside the plain command, here and on Dask, and what is left after many kills.

    python experiments/benchmarks/scale.py [--parts throughput kills] [--articles 40000] [--repeats 3] [--kills 100]

Needs the extras ``demo`` and ``dask``. Articles are BBC News, sentences drawn anew. Every command runs as a process of
its own, one thread for each worker, in turn; times are medians. The tables go to ``scale.md`` beside this script; a
part that is not run keeps its table.
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

from recording import machine, split_sections

from copydesk.datasets.bbc import BBC

HERE = Path(__file__).parent
FILES = {"throughput": 4, "kills": 40}
COMMAND = [sys.executable, "-m", "copydesk.cli", "clean"]
ONE_THREAD = dict.fromkeys(("NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
WAYS = {
    "one file out, one thread": (1, ["--jobs", "1", "-o", "all.jsonl"]),
    "two such commands at once, half of the files each": (2, ["--jobs", "1", "-o", "half.jsonl"]),
    "a folder of parts, one thread": (1, ["--jobs", "1", "-o", "out/"]),
    "Dask, one worker": (1, ["-o", "out/", "--on", "dask", "--workers", "1"]),
    "Dask, two workers": (2, ["-o", "out/", "--on", "dask", "--workers", "2"]),
}


def write_shards(folder: Path, n_articles: int, files: int) -> int:
    """Write articles into files of JSON lines; return their size in bytes."""
    draw = random.Random(0)
    texts = list(BBC().load().frame["text"])
    size = 0
    for number in range(files):
        with (folder / f"{number:03}.jsonl").open("w", encoding="utf-8") as file:
            for at in range(n_articles // files):
                sentences = draw.choice(texts).split(". ")
                draw.shuffle(sentences)
                size += file.write(json.dumps({"id": f"{number}-{at}", "text": ". ".join(sentences)}) + "\n")
    return size


def run(folder: Path, *words: str, files: str = "in") -> float:
    """Run a command to its end, or two with half of the files each; return the seconds."""
    inputs = sorted(str(path) for path in (folder / files).iterdir())
    commands = [[*COMMAND, *inputs, "--force", "--quiet", *words]]
    if "half.jsonl" in words:
        plain = words[: words.index("-o")]
        commands = [
            [*COMMAND, *inputs[half::2], "--force", "--quiet", *plain, "-o", f"half{half}.jsonl"] for half in (0, 1)
        ]
    begun = time.perf_counter()
    running = [subprocess.Popen(each, cwd=folder, env={**os.environ, **ONE_THREAD}) for each in commands]
    if any(process.wait() for process in running):
        raise SystemExit("a command failed")
    return time.perf_counter() - begun


def throughput(folder: Path, options: argparse.Namespace) -> list[str]:
    """Return the table of ways, in turn; what starting takes is measured on few articles and subtracted."""
    size = write_shards(folder / "in", options.articles, FILES["throughput"])
    (folder / "few").mkdir()
    write_shards(folder / "few", 200, 4)
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in WAYS}
    for _, way in WAYS.values():
        run(folder, *way, files="few")
    for _ in range(options.repeats):
        for name, (_, way) in WAYS.items():
            taken[name].append((run(folder, *way, files="few"), run(folder, *way)))
    lines = [
        f"{options.articles:,} articles, {size / 1e6:.0f} MB in {FILES['throughput']} files; medians of "
        f"{options.repeats} runs.",
        "",
        "| `clean` | seconds | of these starting | MB/s for each core | beside the first |",
        "|---|---|---|---|---|",
    ]
    first = None
    for name, (workers, _) in WAYS.items():
        start, whole = (statistics.median(each) for each in zip(*taken[name], strict=True))
        speed = size / 1e6 / (whole - start) / workers
        first = first or speed
        lines.append(f"| {name} | {whole:.1f} | {start:.1f} | {speed:.2f} | {speed / first:.0%} |")
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


def at_work(attempts: Path, begun: float) -> bool:
    """Return whether workers have begun a part since a moment."""
    try:
        return any(path.stat().st_mtime > begun for path in attempts.iterdir())
    except OSError:  # removed while it is listed
        return False


def kills(folder: Path, options: argparse.Namespace) -> list[str]:
    """Kill workers and drivers at random moments; return what was lost or made twice."""
    wanted = options.kills
    write_shards(folder / "in", options.articles, FILES["kills"])
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
            begun = time.time()
            process = subprocess.Popen([*words, mode], cwd=folder, stderr=subprocess.DEVNULL)
            mode = "--resume"
            while process.poll() is None:
                if not at_work(folder / "killed/_copydesk/attempts", begun):
                    time.sleep(0.01)
                    continue
                time.sleep(draw.uniform(0, 2))
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
        f"SIGKILL at random moments while parts were being made: {workers} to a process that Dask had started, "
        f"{drivers} to the driver, which was "
        f"then started again with `--resume`, in {rounds} runs of two workers. Runs whose parts differed from those of "
        f"an undisturbed run, in any byte: {wrong}.",
    ]


PARTS = {"throughput": throughput, "kills": kills}


def main() -> None:
    """Run the parts and write their tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--articles", type=int, default=40_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--kills", type=int, default=100)
    options = parser.parse_args()
    table = HERE / "scale.md"
    sections = split_sections(table.read_text(encoding="utf-8") if table.exists() else "")
    for part in options.parts:
        with tempfile.TemporaryDirectory() as name:
            (Path(name) / "in").mkdir()
            lines = PARTS[part](Path(name), options)
        sections[part.capitalize()] = f"{machine(['copydesk', 'dask', 'distributed', 'numba'])}.\n\n" + "\n".join(lines)
    titles = [part.capitalize() for part in PARTS if part.capitalize() in sections]
    body = "\n".join(f"## {title}\n\n{sections[title].strip()}\n" for title in titles)
    table.write_text(f"# Scale\n\n`scale.py`.\n\n{body}", encoding="utf-8")


if __name__ == "__main__":
    main()
