"""Scoring of raw texts without a feature matrix."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from copydesk.compiled.arrays import Floats
from copydesk.compiled.threads import thread_count
from copydesk.features.learner import weighting_of
from copydesk.features.ngrams.cut import chunked
from copydesk.features.tfidf import TfidfFeatures

# Characters scored together. The tables of a family exceed the nearest caches; longer chunks reload them less often.
SCORED_CHARACTERS = 1 << 20


class FusedScorer:
    """Scorer of raw texts by a fitted ``TfidfFeatures`` and a linear classifier.

    Parameters
    ----------
    features : TfidfFeatures
        Fitted.
    weights : ndarray of shape (n_features or more, n_outputs)
        Those beyond the features' are not used.
    intercept : ndarray of shape (n_outputs,)
    """

    def __init__(self, features: TfidfFeatures, weights: Floats, intercept: Floats) -> None:
        self.features = features
        borders = np.cumsum([0, *(family.n_terms for family in features.families_)])
        self.blocks = [np.ascontiguousarray(weights[a:b]) for a, b in zip(borders[:-1], borders[1:], strict=True)]
        self.intercept = np.asarray(intercept, dtype=np.float64)
        self.weightings = [
            weighting_of(family, options)
            for family, options in zip(features.families_, features.family_options(), strict=True)
        ]

    @classmethod
    def from_fitted(cls, features: Any, classifier: Any) -> FusedScorer | None:
        """Return the scorer of a fitted pair; None if either has an unsupported type."""
        if not isinstance(features, TfidfFeatures) or not hasattr(classifier, "coef_"):
            return None
        # weights_ is [feature, class] already; scikit-learn's coef_ is its transpose
        weights = getattr(classifier, "weights_", None)
        return cls(features, classifier.coef_.T if weights is None else weights, np.atleast_1d(classifier.intercept_))

    def decision_function(self, texts: Sequence[str], n_jobs: int | None = None) -> Floats:
        """Return decision values, float64 of shape (n_texts,) with one output, else (n_texts, n_outputs).

        Parameters
        ----------
        texts : sequence of str
        n_jobs : int or None, default=None
            Threads; each takes chunks of texts.
        """
        documents = list(texts)
        self.features.prepare()
        threads = min(thread_count(n_jobs), max(1, len(documents)))
        if threads == 1:
            scores = self._score(documents)
        else:
            parts = list(chunked(documents, -(-sum(map(len, documents)) // threads) or 1))
            with ThreadPoolExecutor(threads) as pool:
                scores = np.vstack(list(pool.map(self._score, parts)))
        return scores[:, 0] if scores.shape[1] == 1 else scores

    def _score(self, documents: list[str]) -> Floats:
        scores = np.repeat(self.intercept[None, :], len(documents), axis=0)
        row = 0
        for chunk, counters in self.features.chunks(documents, SCORED_CHARACTERS):
            here = scores[row : row + len(chunk)]
            for counter, weighting, weights in zip(counters, self.weightings, self.blocks, strict=True):
                counter.score(chunk, weighting, weights, here)
            row += len(chunk)
        return scores
