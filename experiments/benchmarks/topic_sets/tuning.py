"""Candidates for the preset, compared by folds of the training parts alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.sparse as sp
from sklearn.base import clone
from topic_sets.sets import TopicSet

from copydesk.features.tfidf import TfidfFeatures

# Into how many folds a training part is cut, by which seed (not that of the folds that are judged in the end), and how
# many of them are judged: threads of messages stay whole, near-copies leave the training part.
PLANS = {"20 Newsgroups": (5, 1, 1), "R52": (4, 1, 2), "BBC": (5, 1, 5)}


def words(weight: float = 1, concentration: float = 0, title: bool = False) -> str:
    """Return a family of words and pairs of words."""
    part = ",part:title" if title else ""
    return f"{{analyzer:word,ngram_range:[1,2],weight:{weight},concentration:{concentration}{part}}}"


def characters(first: int = 2, last: int = 5, concentration: float = 0) -> str:
    """Return a family of characters inside words."""
    return f"{{analyzer:char_wb,ngram_range:[{first},{last}],min_df:2,concentration:{concentration}}}"


def preset(*families: str, C: float = 1.0) -> list[str]:
    """Return the overrides that give the preset other features."""
    return [f"features.families=[{','.join(families)}]", f"classifier.C={C}"]


# What differs from experiment=topics.
CANDIDATES: dict[str, list[str]] = {
    "words": preset(words()),
    "words, concentration 0.5": preset(words(concentration=0.5)),
    "words, characters, both concentration 0.5": preset(words(concentration=0.5), characters(concentration=0.5)),
    "words, characters, title 0.7": preset(words(), characters(), words(0.7, title=True)),
    "words, characters, title 0.7, all concentration 0.5": preset(
        words(concentration=0.5), characters(concentration=0.5), words(0.7, 0.5, title=True)
    ),
    "words, characters, title 0.7, but for the title concentration 0.5": preset(
        words(concentration=0.5), characters(concentration=0.5), words(0.7, title=True)
    ),
    "words, characters, title 0.7, but for the title concentration 1": preset(
        words(concentration=1), characters(concentration=1), words(0.7, title=True)
    ),
    "words, characters, title 1, but for the title concentration 0.5": preset(
        words(concentration=0.5), characters(concentration=0.5), words(1, title=True)
    ),
}


class Blocks:
    """Features of a fold, family by family: each is computed once, however many candidates share it."""

    def __init__(self, train: list[str], labels: Any, test: list[str]) -> None:
        self.train, self.labels, self.test = train, labels, test
        self.known: dict[str, tuple[sp.csr_matrix, sp.csr_matrix]] = {}

    def matrices(self, features: TfidfFeatures) -> tuple[sp.csr_matrix, sp.csr_matrix]:
        """Return the matrix that ``features`` gives: families side by side, each by its weight."""
        found = [self._family(features, options) for options in features.family_options()]
        return tuple(sp.hstack(parts, format="csr", dtype=np.float32) for parts in zip(*found, strict=True))  # type: ignore[return-value]

    def _family(self, features: TfidfFeatures, options: dict[str, Any]) -> tuple[sp.csr_matrix, sp.csr_matrix]:
        weight = np.float32(options["weight"])
        key = repr(sorted({**options, "weight": 1.0}.items()))
        if key not in self.known:
            alone = clone(features).set_params(families=[{**options, "weight": 1.0}])
            self.known[key] = alone.fit_transform(self.train, self.labels), alone.transform(self.test)
        return tuple(block * weight for block in self.known[key])  # type: ignore[return-value]


def tune(
    data: TopicSet, estimators: dict[str, Any], plan: tuple[int, int, int], remember: Callable[..., float]
) -> dict[str, list[float]]:
    """Return each candidate's accuracy in each fold.

    Parameters
    ----------
    plan : tuple of int
        Into how many folds the training part is cut, by which seed, and how many of them are judged.
    remember : callable
        Takes a name and what finds out; see ``topics.remembered``.
    """
    n_splits, seed, judged = plan
    accuracy: dict[str, list[float]] = {name: [] for name in estimators}
    for number, (train, test) in zip(range(judged), data.tuned(n_splits, seed), strict=False):
        blocks = Blocks(train["text"].tolist(), train["label"].to_numpy(str), test["text"].tolist())
        for name, estimator in estimators.items():
            accuracy[name].append(
                remember(f"{name}, fold {number}", lambda: judged_by(blocks, estimator, test["label"].to_numpy(str)))
            )
    return accuracy


def judged_by(blocks: Blocks, estimator: Any, labels: Any) -> float:
    """Return a candidate's accuracy in a fold."""
    seen, held_out = blocks.matrices(estimator.features)
    fitted = clone(estimator.classifier).fit(seen, blocks.labels)
    return float((fitted.predict(held_out) == labels).mean())
