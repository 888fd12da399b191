"""Training with rows spread over Dask workers beside training in one process: optimum, predictions, seconds.

    python experiments/benchmarks/spread_training.py [FOLDER] [--workers 1 2]

FOLDER holds ``newsgroups.jsonl.gz``; without it the data lies beside the checkout. Words and pairs of words in at least
two messages. The optimum is that of copydesk's solver in one process with a small ``tol``. One thread for each process.
The table goes to ``spread_training.md`` beside this script.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from recording import machine
from sklearn.svm import LinearSVC
from topic_peers.corpus import FOLDER, newsgroups

from copydesk.classifiers.decision import Argmax
from copydesk.classifiers.linear import LinearSVM, LogisticRegression
from copydesk.classifiers.losses import RowShard, RowTargets
from copydesk.classifiers.trust_region import LocalShards, Objective
from copydesk.engines.spread import Dask
from copydesk.estimator import TextClassifier
from copydesk.features.tfidf import TfidfFeatures

HERE = Path(__file__).parent
CLASSIFIERS = {
    "squared-hinge SVM, C = 1": LinearSVM(n_jobs=1),
    "logistic, each against the rest, C = 10": LogisticRegression(C=10.0, multi_class="ovr", n_jobs=1),
    "logistic, multinomial, C = 10": LogisticRegression(C=10.0, n_jobs=1),
}


def objective_of(classifier: Any, X: Any, y: Any) -> float:
    """Return the objective of a fitted classifier, summed over its problems."""
    found = []

    class Done(Exception):  # noqa: N818
        pass

    def place(targets: RowTargets) -> LocalShards:
        objective = Objective(LocalShards([RowShard.of(X, targets)]), targets.loss == "softmax")
        weights = np.vstack([classifier.weights_, classifier.intercept_]).astype(np.float64)
        found.append(float(objective.at(weights).value.sum()))
        raise Done

    try:
        type(classifier)(**classifier.get_params()).fit_shards(place, np.float64, y)
    except Done:
        return found[0]
    raise AssertionError


def timed(fit: Any) -> tuple[Any, float]:
    """Return a fitted model and the seconds."""
    begun = time.perf_counter()
    model = fit()
    return model, time.perf_counter() - begun


def main() -> None:
    """Train every way and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    options = parser.parse_args()
    train, test = (newsgroups(options.folder, split) for split in ("train", "test"))
    features = TfidfFeatures(ngram_range=(1, 2), min_df=2, sublinear_tf=True, dtype=np.float32, n_jobs=1)
    lines = [
        "| | | objective above the optimum | predictions as at the optimum | seconds | Newton steps |",
        "|---|---|---|---|---|---|",
    ]
    X = features.fit_transform(train.texts)
    y = np.asarray(train.labels, dtype=object)
    for name, classifier in CLASSIFIERS.items():
        estimator = TextClassifier(features, classifier, Argmax())
        exact = TextClassifier(
            features, type(classifier)(**{**classifier.get_params(), "tol": 1e-5, "max_iter": 10_000})
        )
        exact.set_params(decision=Argmax()).fit(train.texts, y)
        best, right = objective_of(exact.classifier_, X, y), exact.predict(test.texts)
        ways: dict[str, tuple[Any, float]] = {"one process": timed(lambda each=estimator: each.fit(train.texts, y))}
        ways["one process"] = timed(
            lambda each=estimator: TextClassifier(**each.get_params(deep=False)).fit(train.texts, y)
        )
        for workers in options.workers:
            with tempfile.TemporaryDirectory() as folder, Dask(workers=workers).started(Path(folder) / "engine"):
                spread = TextClassifier(**estimator.get_params(deep=False))
                ways[f"Dask, workers: {workers}"] = timed(lambda each=spread: each.fit(train.texts, y))
        for way, (model, seconds) in ways.items():
            above = objective_of(model.classifier_, X, y) / best - 1
            same = float(np.mean(model.predict(test.texts) == right))
            steps = f"{model.classifier_.n_iter_}" if way != "one process" else "–"
            lines.append(f"| {name} | {way} | {above:.1e} | {same:.3%} | {seconds:.1f} | {steps} |")
        if name.startswith("squared"):
            peer = LinearSVC(C=1.0, tol=1e-6, max_iter=100_000).fit(X, y)
            same = float(np.mean(peer.predict(exact.features_.transform(test.texts)) == right))
            lines.append(f"| {name} | scikit-learn's LinearSVC, tol 1e-6 | | {same:.3%} | | |")
    where = machine(["copydesk", "dask", "distributed", "scikit-learn"])
    counts = (
        f"{len(train.texts):,} messages to train on, {X.shape[1]:,} features, {len(set(y))} classes; "
        f"{len(test.texts):,} to test on."
    )
    text = "\n".join(["# Training on Dask", "", f"`spread_training.py`; {where}.", "", counts, "", *lines, ""])
    (HERE / "spread_training.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
