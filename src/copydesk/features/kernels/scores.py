"""Compiled kernels that turn n-grams into decision values, document by document.

Each document's counts are weighted before the next document is counted, so that counts never leave the cache.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from copydesk.compiled.arrays import Array
from copydesk.compiled.kernel import kernel
from copydesk.features.kernels.counts import Spelling, count_document, spell_document
from copydesk.features.kernels.weights import Weighting, length_factor, logarithms, norm_factor, weigh_count

_NONE = np.uint64(0)


@kernel(no_cpython_wrapper=True)
def add_score(
    found: Array, n: Any, weighting: Weighting, weights: Array, logs: Array, sums: Array, score: Array
) -> None:
    """Add a document's TF-IDF values times ``weights`` (n_columns, n_classes) to ``score`` (n_classes,).

    The vocabulary is pruned already, so that n-grams are columns. ``logs`` is the result of ``logarithms``, ``sums``
    scratch space for n_classes numbers.
    """
    n_classes = weights.shape[1]
    length = length_factor(weighting, found, _NONE, n)
    sums[:] = 0.0
    size = total = 0.0
    for at in range(n):
        term = np.uint64(found[at, 0])
        value = weigh_count(weighting, found[at, 1], length, logs) * weighting.idf[term]
        size += abs(value) if weighting.norm == 1 else value * value
        if n_classes == 1:
            total += value * weights[term, 0]  # a separate sum stays in a register
        else:
            for k in range(n_classes):
                sums[k] += value * weights[term, k]
    if n_classes == 1:
        sums[0] = total
    factor = norm_factor(weighting, size)
    for k in range(n_classes):
        score[k] += factor * sums[k]


@kernel
def score_terms(
    numbers: Array,
    starts: Array,
    n_terms: int,
    state: Array,
    found: Array,
    weighting: Weighting,
    weights: Array,
    scores: Array,
) -> None:
    """Add the scores of n-grams to ``scores`` (n_documents, n_classes); see ``count_terms`` and ``add_score``.

    ``found`` has room for the counts of one document.
    """
    logs, sums = logarithms(), np.empty(weights.shape[1], dtype=np.float64)
    for document in range(starts.shape[0] - 1):
        n = count_document(numbers, starts[document], starts[document + 1], n_terms, _NONE, state, found)
        add_score(found, n, weighting, weights, logs, sums, scores[document])


@kernel
def score_spelled(
    words: Array,
    starts: Array,
    spelling: Spelling,
    state: Array,
    found: Array,
    weighting: Weighting,
    weights: Array,
    scores: Array,
) -> None:
    """Add the scores of words' character n-grams to ``scores``; see ``count_spelled`` and ``add_score``."""
    logs, sums = logarithms(), np.empty(weights.shape[1], dtype=np.float64)
    for document in range(starts.shape[0] - 1):
        n = spell_document(words, starts[document], starts[document + 1], spelling, _NONE, state, found)
        add_score(found, n, weighting, weights, logs, sums, scores[document])
