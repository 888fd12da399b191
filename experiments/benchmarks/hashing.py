"""Peak memory of hashed features as the data grows: a stream of documents, a fit, and training.

    python experiments/benchmarks/hashing.py FOLDER

FOLDER holds ``newsgroups.jsonl.gz``, which is read once and twice. Each figure is the peak of its own process, beside
that of the same process before it reads. The table goes to ``hashing.md`` beside this script.
"""

from __future__ import annotations

import gzip
import json
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

from recording import machine

PACKAGES = ("scikit-learn", "numba", "numpy")
STREAMED = 4_000_000  # characters given to ``partial_fit`` at a time


def peak() -> float:
    """Return this process's peak memory in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure(how: str, file: Path, times: int) -> dict[str, Any]:
    """Fit to the documents, read some times over; return megabytes of text and of memory before and at the peak."""
    import numpy as np

    from copydesk.classifiers.linear import LinearSVM
    from copydesk.features.tfidf import TfidfFeatures

    features = TfidfFeatures(n_features=2**20, dtype=np.float32, n_jobs=1)
    features.fit(["compiles or loads the kernels"])
    before, size = peak(), 0
    texts, labels, held = [], [], 0
    for number in range(times):
        with gzip.open(file, "rt", encoding="utf-8") as lines:
            for row in map(json.loads, lines):
                texts.append(f"{row['text']} m{number}")
                labels.append(row["label"])
                size += len(texts[-1])
                held += len(texts[-1])
                if how == "partial_fit" and held > STREAMED:
                    features.partial_fit(texts)
                    texts, labels, held = [], [], 0
    if how == "partial_fit":
        features.partial_fit(texts)
    elif how == "fit":
        features.fit(texts)
    else:
        LinearSVM(n_jobs=1).fit(features.fit_transform(texts), labels)
    return {"size": size / 1e6, "before": before, "peak": peak()}


def main() -> None:
    if len(sys.argv) == 4:
        print(json.dumps(measure(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))))
        return
    file = str(Path(sys.argv[1]) / "newsgroups.jsonl.gz")
    rows = ["| | text, MB | before, MB | peak, MB |", "|---|---|---|---|"]
    for how in ("partial_fit", "fit", "fit_transform, LinearSVM"):
        for times in (1, 2):
            done = subprocess.run([sys.executable, __file__, how, file, str(times)], capture_output=True, check=True)
            found = json.loads(done.stdout)
            rows.append(f"| `{how}` | {found['size']:.0f} | {found['before']:.0f} | {found['peak']:.0f} |")
    head = (
        "# Memory of hashed features\n\n`hashing.py`: words of 20 Newsgroups hashed to 2^20 columns, one thread, "
        "20 classes.\n\n"
    )
    Path(__file__).with_suffix(".md").write_text(
        f"{head}{machine(PACKAGES)}.\n\n" + "\n".join(rows) + "\n", encoding="utf-8"
    )


if __name__ == "__main__":
    main()
