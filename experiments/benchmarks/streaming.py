"""Training on data larger than memory: peak memory and time as the number of articles grows.

    python experiments/benchmarks/streaming.py FOLDER [--articles 100000 1000000] [--features hashing word] [--work DIR]

FOLDER holds ``newsgroups.jsonl.gz``. Articles are 20 Newsgroups' texts drawn again and again, 150 words of each, of
which a twelfth are replaced: most by other words of the collection, some by words never seen before, so that the
vocabulary grows as in life. Each training is a process of its own on one thread, and its peak of resident memory the
operating system's. The table goes to ``streaming.md`` beside this script; results of earlier calls are kept in DIR.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from recording import machine

HERE = Path(__file__).parent
FILES = 8
WORDS = 150
NOISE, UNSEEN = 1 / 12, 0.2  # of the words, and of those replaced
ONE_THREAD = dict.fromkeys(("NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
PACKAGES = ("copydesk", "numpy", "numba", "scipy")


def write_articles(source: Path, folder: Path, n_articles: int) -> int:
    """Write articles into ``FILES`` files of JSON lines; return their size in bytes."""
    import gzip

    draw = random.Random(0)
    with gzip.open(source / "newsgroups.jsonl.gz", "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    texts = [(row["text"].partition("\n\n")[2].split(), row["label"]) for row in rows]
    known = [word for words, _ in texts[:2000] for word in words]
    size = 0
    for number in range(FILES):
        with (folder / f"{number}.jsonl").open("w", encoding="utf-8") as file:
            for _ in range(n_articles // FILES):
                words, label = draw.choice(texts)
                first = draw.randrange(max(1, len(words) - WORDS))
                some = words[first : first + WORDS] or ["empty"]
                for _ in range(round(len(some) * NOISE)):
                    unseen = draw.random() < UNSEEN
                    some[draw.randrange(len(some))] = f"{draw.getrandbits(40):x}" if unseen else draw.choice(known)
                size += file.write(json.dumps({"text": " ".join(some), "label": label}) + "\n")
    return size


def train(work: Path, data: Path, features: str) -> dict[str, Any]:
    """Train in chunks; return peak memory, seconds and the records of the run."""
    words = [
        "experiment=topics",
        f"features={features}",
        "split=stratified",
        "dataset.stream=true",
        "features.n_jobs=1",
    ]
    words += [f"dataset.path={data}/*.jsonl", f"runs={work}/runs", f"name={features}", "classifier.n_jobs=1"]
    begun = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "copydesk.cli", "train", *words], env={**os.environ, **ONE_THREAD}
    )
    _, status, usage = os.wait4(process.pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    seconds = time.perf_counter() - begun
    run = work / "runs" / features / "latest"
    info, metrics = (json.loads((run / name).read_text()) for name in ("run.json", "metrics.json"))
    return {
        "peak": usage.ru_maxrss * 1024,
        "seconds": seconds,
        "processor": usage.ru_utime + usage.ru_stime,
        "stages": info["seconds"],
        "passes": info["fit"]["passes"],
        "gap": info["fit"]["relative_duality_gaps"][-1],
        "trained": info["audit"]["rows_trained_on"],
        "accuracy": metrics["scores"]["accuracy"]["value"],
        "model": sum(file.stat().st_size for file in (run / "model").iterdir()),
        "machine": machine(PACKAGES),
    }


def table(results: list[dict[str, Any]]) -> str:
    """Return the recorded table."""
    lines = [
        "# Training on data larger than memory",
        "",
        "`python experiments/benchmarks/streaming.py FOLDER`",
        "",
        f"20 classes, articles of at most {WORDS} words drawn from 20 Newsgroups with word noise, one thread; linear "
        "SVM, calibrated. Peak: the largest resident memory of the process. Passes: over all rows, until the relative "
        "duality gap of every class is at most 0.001.",
        "",
        "| features | articles | text | trained on | peak | seconds | processor seconds per 100,000 | passes | gap | "
        "accuracy | machine |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for each in results:
        lines.append(
            f"| {each['features']} | {each['articles']:,} | {each['size'] / 1e6:,.0f} MB | {each['trained']:,} | "
            f"{each['peak'] / 1e6:,.0f} MB | {each['seconds']:,.0f} | "
            f"{each['processor'] / each['articles'] * 1e5:.0f} | {each['passes']} | {each['gap']:.1e} | "
            f"{each['accuracy']:.1%} | {each['machine']} |"
        )
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure and record."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--articles", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--features", nargs="+", default=["hashing", "word"])
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "copydesk-streaming")
    args = parser.parse_args()
    stored = args.work / "results.json"
    results: list[dict[str, Any]] = json.loads(stored.read_text()) if stored.exists() else []
    for n_articles in args.articles:
        data = args.work / f"articles-{n_articles}"
        if not (data / "size").exists():
            shutil.rmtree(data, ignore_errors=True)
            data.mkdir(parents=True)
            (data / "size").write_text(str(write_articles(args.folder, data, n_articles)))
        for features in args.features:
            about = {"features": features, "articles": n_articles, "size": int((data / "size").read_text())}
            results = [each for each in results if (each["features"], each["articles"]) != (features, n_articles)]
            results.append(about | train(args.work, data, features))
            results.sort(key=lambda each: (each["features"], each["articles"]))
            stored.write_text(json.dumps(results, indent=1) + "\n")
            (HERE / "streaming.md").write_text(table(results), encoding="utf-8")


if __name__ == "__main__":
    main()
