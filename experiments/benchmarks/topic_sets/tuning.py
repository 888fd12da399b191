"""Candidates for the preset, compared by folds of the training parts alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp
from sklearn.base import clone
from topic_sets.sets import TopicSet

from copydesk.features.tfidf import TfidfFeatures

FOLDS, SEED = 4, 1
# What differs from experiment=topics.
CANDIDATES: dict[str, list[str]] = {}


class Blocks:
    """Features of a fold, family by family: each is computed once, however many candidates share it."""

    def __init__(self, train: list[str], labels: Any, test: list[str]) -> None:
        self.train, self.labels, self.test = train, labels, test
        self.known: dict[str, tuple[sp.csr_matrix, sp.csr_matrix]] = {}

    def matrices(self, features: TfidfFeatures) -> tuple[sp.csr_matrix, sp.csr_matrix]:
        """Return what ``features`` would give: families side by side, each by its weight."""
        found = [self._family(features, options) for options in features.family_options()]
        return tuple(sp.hstack(parts, format="csr", dtype=np.float32) for parts in zip(*found, strict=True))  # type: ignore[return-value]

    def _family(self, features: TfidfFeatures, options: dict[str, Any]) -> tuple[sp.csr_matrix, sp.csr_matrix]:
        weight = np.float32(options["weight"])
        key = repr(sorted({**options, "weight": 1.0}.items()))
        if key not in self.known:
            alone = clone(features).set_params(families=[{**options, "weight": 1.0}])
            self.known[key] = alone.fit_transform(self.train, self.labels), alone.transform(self.test)
        return tuple(block * weight for block in self.known[key])  # type: ignore[return-value]


def tune(data: TopicSet, estimators: dict[str, Any], n_splits: int, seed: int, folds: int) -> dict[str, list[float]]:
    """Return each candidate's accuracy in each of the first ``folds`` of ``n_splits`` folds."""
    accuracy: dict[str, list[float]] = {name: [] for name in estimators}
    for number, (train, test) in enumerate(data.tuned(n_splits, seed)):
        if number == folds:
            break
        labels = train["label"].to_numpy(str)
        blocks = Blocks(train["text"].tolist(), labels, test["text"].tolist())
        for name, estimator in estimators.items():
            seen, held_out = blocks.matrices(estimator.features)
            fitted = clone(estimator.classifier).fit(seen, labels)
            accuracy[name].append(float((fitted.predict(held_out) == test["label"].to_numpy(str)).mean()))
            print(name, accuracy[name], flush=True)
    return accuracy
