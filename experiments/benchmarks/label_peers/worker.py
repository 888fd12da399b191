"""Worker that runs the linear part of LibMultiLabel in its own environment, one job for each line of standard input.

A job is a JSON object: ``do`` ("read", "fit", "predict" or "stop") with its arguments. Each is answered by one line of
JSON with the seconds it took, and what it found.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import resource
import sys
import time
from pathlib import Path
from typing import Any

import libmultilabel.linear as linear
import numpy as np
from scipy import sparse

TRAINERS = {
    "1vsrest": linear.train_1vsrest,
    "thresholding": linear.train_thresholding,
    "cost_sensitive": linear.train_cost_sensitive,
    "cost_sensitive_micro": linear.train_cost_sensitive_micro,
    "tree": linear.train_tree,
}
TFIDF = {"ngram_range": (1, 2), "sublinear_tf": True}
held: dict[str, Any] = {}


class ByLabel(sparse.csc_matrix):
    """Indicator matrix for ``train_thresholding``, which asks for sums over an axis 2 that SciPy no longer has."""

    def sum(self, axis: int | None = None, dtype: Any = None, out: Any = None) -> Any:
        """Return sums; over axis 2, the number of documents of each label."""
        return super().sum(0 if axis == 2 else axis, dtype, out)


def read(path: str) -> dict[str, Any]:
    """Read texts and labels of the training and the test part."""
    held["data"] = json.loads(Path(path).read_text(encoding="utf-8"))
    return {}


def fit(technique: str, options: str, seed: int = 0) -> dict[str, Any]:
    """Fit the vectoriser and the model on the training part, from its texts."""
    np.random.seed(seed)  # noqa: NPY002 - LibMultiLabel draws from it
    part = held["data"]["train"]
    start = time.process_time()
    preprocessor = linear.Preprocessor(tfidf_params=TFIDF)
    given = {"data_format": "txt", "train": {"x": part["texts"], "y": part["labels"]}}
    matrices = preprocessor.fit(given).transform(given)["train"]
    vectorised = time.process_time()
    quiet = {} if technique == "tree" else {"verbose": False}
    model = TRAINERS[technique](ByLabel(matrices["y"]), matrices["x"], options=options, **quiet)
    held["model"], held["preprocessor"] = model, preprocessor
    return {"features": vectorised - start, "solver": time.process_time() - vectorised}


def predict(out: str | None = None) -> dict[str, Any]:
    """Predict the test part from its texts; write decision values, and the names of their columns, to ``out``."""
    preprocessor = held["preprocessor"]
    x = preprocessor.vectorizer.transform(held["data"]["test"]["texts"])
    values = np.asarray(linear.predict_values(held["model"], sparse.csr_matrix(x)))
    if out:
        np.savez(out, values=values.astype(np.float32), labels=np.asarray(preprocessor.label_mapping, dtype=str))
    return {}


DO = {"read": read, "fit": fit, "predict": predict}

os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})  # LibMultiLabel starts as many threads as there are cores
for line in sys.stdin:
    job = json.loads(line)
    if job["do"] == "stop":
        break
    function = DO[job.pop("do")]
    start = time.process_time()
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        found = function(**job)
    found |= {
        "seconds": time.process_time() - start,
        "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    print(json.dumps(found), flush=True)
