"""Compiled kernels: numbers of n-grams to decision values, document by document.

What is counted of a document is weighed before the next one is counted, so that counts never leave the cache.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from copydesk.compiled.arrays import Array
from copydesk.compiled.kernel import kernel
from copydesk.features.kernels.counts import count_document, spell_document
from copydesk.features.kernels.weights import document_length, logarithms, weigh

_NONE = np.uint64(0)


@kernel
def add_score(
    found: Array,
    n: Any,
    idf: Array,
    binary: bool,
    sublinear: bool,
    k1: float,
    b: float,
    mean_length: float,
    norm: int,
    scale: float,
    weights: Array,
    logs: Array,
    sums: Array,
    score: Array,
) -> None:
    """Add to ``score`` (n_classes,) what a document's TF-IDF values times ``weights`` (n_columns, n_classes) give.

    Terms are columns here: the vocabulary is already the pruned one. ``logs`` are ``logarithms()``, ``sums``
    is room for n_classes numbers.
    """  # fmt: skip
    n_classes = weights.shape[1]
    length = document_length(found, _NONE, n, k1, b, mean_length)
    sums[:] = 0.0
    size = total = 0.0
    for at in range(n):
        term = np.uint64(found[at, 0])
        value = weigh(found[at, 1], binary, sublinear, k1, length, logs) * idf[term]
        size += abs(value) if norm == 1 else value * value
        if n_classes == 1:
            total += value * weights[term, 0]  # a sum of its own, which stays in a register
        else:
            for k in range(n_classes):
                sums[k] += value * weights[term, k]
    if n_classes == 1:
        sums[0] = total
    factor = scale
    if norm and size > 0.0:
        factor = scale / (size if norm == 1 else np.sqrt(size))
    for k in range(n_classes):
        score[k] += factor * sums[k]


@kernel
def score_terms(
    numbers: Array,
    starts: Array,
    n_terms: int,
    state: Array,
    found: Array,
    idf: Array,
    binary: bool,
    sublinear: bool,
    k1: float,
    b: float,
    mean_length: float,
    norm: int,
    scale: float,
    weights: Array,
    scores: Array,
) -> None:
    """Add to ``scores`` (n_documents, n_classes) those of n-grams; see ``counting.count_terms`` and ``add_score``.

    ``found`` is room for the counts of one document.
    """  # fmt: skip
    logs, sums = logarithms(), np.empty(weights.shape[1], dtype=np.float64)
    for document in range(starts.shape[0] - 1):
        n = count_document(numbers, starts[document], starts[document + 1], n_terms, _NONE, state, found)
        add_score(
            found, n, idf, binary, sublinear, k1, b, mean_length, norm, scale, weights, logs, sums, scores[document]
        )  # fmt: skip


@kernel
def score_spelled(
    words: Array,
    starts: Array,
    grams: Array,
    borders: Array,
    word_state: Array,
    distinct: Array,
    state: Array,
    found: Array,
    idf: Array,
    binary: bool,
    sublinear: bool,
    k1: float,
    b: float,
    mean_length: float,
    norm: int,
    scale: float,
    weights: Array,
    scores: Array,
) -> None:
    """Add to ``scores`` those of the character n-grams of words; see ``counting.count_spelled`` and ``add_score``."""
    logs, sums = logarithms(), np.empty(weights.shape[1], dtype=np.float64)
    for document in range(starts.shape[0] - 1):
        first, last = starts[document], starts[document + 1]
        n = spell_document(words, first, last, grams, borders, word_state, distinct, _NONE, state, found)
        add_score(
            found, n, idf, binary, sublinear, k1, b, mean_length, norm, scale, weights, logs, sums, scores[document]
        )  # fmt: skip
