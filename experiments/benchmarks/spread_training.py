"""Training with rows spread over Dask workers beside training in one process: optimum, predictions, seconds.

    python experiments/benchmarks/spread_training.py [FOLDER] [--workers 1 2]

FOLDER holds ``newsgroups.jsonl.gz``; without it the data lies beside the checkout. The optimum is that
of copydesk's solver in one process with a small ``tol``. One thread for each process.
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
MIN_DF = 5
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


class Products:
    """Counts the products of a Hessian and a vector that fits ask for."""

    def __init__(self) -> None:
        self.n = 0
        plain = Objective.product

        def counted(objective: Objective, *given: Any) -> Any:
            self.n += 1
            return plain(objective, *given)

        Objective.product = counted  # type: ignore[method-assign]


def main() -> None:
    """Train every way and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    options = parser.parse_args()
    train, test = (newsgroups(options.folder, split) for split in ("train", "test"))
    features = TfidfFeatures(ngram_range=(1, 2), min_df=MIN_DF, sublinear_tf=True, dtype=np.float32, n_jobs=1)
    X, y = features.fit_transform(train.texts), np.asarray(train.labels, dtype=object)
    Z = features.transform(test.texts)
    products = Products()
    optima = {
        name: type(each)(**{**each.get_params(), "tol": 1e-4, "max_iter": 5_000}).fit(X, y)
        for name, each in CLASSIFIERS.items()
    }
    rows = []

    def add(name: str, way: str, classifier: Any, seconds: float, counts: str) -> None:
        best = optima[name]
        above = objective_of(classifier, X, y) / objective_of(best, X, y) - 1
        same = float(np.mean(classifier.predict(Z) == best.predict(Z)))
        rows.append(f"| {name} | {way} | {above:.1e} | {same:.2%} | {seconds:.1f} | {counts} |")
        print(rows[-1], flush=True)

    def fit(name: str) -> tuple[Any, float]:
        begun = time.perf_counter()
        model = TextClassifier(features, CLASSIFIERS[name], Argmax()).fit(train.texts, y)
        return model.classifier_, time.perf_counter() - begun

    for name in CLASSIFIERS:
        add(name, "one process", *fit(name), "")
    for workers in options.workers:
        with tempfile.TemporaryDirectory() as folder, Dask(workers=workers).started(Path(folder) / "engine"):
            fit(next(iter(CLASSIFIERS)))  # loads kernels
            for name in CLASSIFIERS:
                products.n = 0
                classifier, seconds = fit(name)
                add(name, f"Dask, workers: {workers}", classifier, seconds, f"{classifier.n_iter_}, {products.n}")
    peer = LinearSVC(C=1.0, tol=1e-4, max_iter=10_000).fit(X, y)
    svm = next(iter(CLASSIFIERS))
    same = float(np.mean(peer.predict(Z) == optima[svm].predict(Z)))
    rows.append(f"| {svm} | scikit-learn's LinearSVC | | {same:.2%} | | |")
    where = machine(["copydesk", "dask", "distributed", "scikit-learn"])
    text = [
        f"# Training on Dask\n\n`spread_training.py`; {where}.\n",
        f"20 Newsgroups by date: {X.shape[0]:,} messages, {X.shape[1]:,} words and pairs in at least {MIN_DF} of them, "
        f"{len(set(y))} classes; {Z.shape[0]:,} messages to test on. The optimum: copydesk's solver, tol 1e-4.\n",
        "| | | objective above the optimum | predictions as there | seconds | Newton steps, Hessian products |",
        "|---|---|---|---|---|---|",
        *sorted(rows),
    ]
    (HERE / "spread_training.md").write_text("\n".join(text) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
