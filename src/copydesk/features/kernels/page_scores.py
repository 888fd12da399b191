"""Compiled kernels that summarise the scores of a page's paragraphs."""

from __future__ import annotations

from typing import Any

import numpy as np

from copydesk.compiled.arrays import Array
from copydesk.compiled.kernel import kernel

SURE_SCORE, SURE_LENGTH = 0.3, 4.4  # from this score and log length on, a paragraph is surely content


@kernel
def measures(scores: Array, log_characters: Array) -> Any:
    """Return what the other kernels share, float32 (n_paragraphs,): lengths, their roots, and squashed scores."""
    lengths, roots, squashed = np.empty_like(scores), np.empty_like(scores), np.empty_like(scores)
    for at in range(scores.shape[0]):
        lengths[at] = np.expm1(log_characters[at])
        roots[at] = np.sqrt(lengths[at])
        squashed[at] = np.tanh(scores[at])
    return lengths, roots, squashed


@kernel
def run_of_scores(scores: Array, lengths: Array, roots: Array, squashed: Array, starts: Array, widths: Array) -> Array:
    """Return how scores run over each page, float32 (n_paragraphs, 4 + n_widths).

    The page's share of characters with positive scores, the share of these that stands before the paragraph,
    the page's mean score by characters, the logarithm of positive characters; then means of the squashed scores
    around the paragraph, without itself, that fade with the distance over each of ``widths``.
    """
    n_widths = widths.shape[0]
    found = np.zeros((scores.shape[0], 4 + n_widths), dtype=np.float32)
    for page in range(starts.shape[0] - 1):
        first, end = starts[page], starts[page + 1]
        n = end - first
        left_sum, left_weight = np.empty(n), np.empty(n)
        total = positive = summed = 0.0
        for at in range(first, end):
            total += lengths[at]
            positive += lengths[at] if scores[at] > 0 else 0.0
            summed += lengths[at] * scores[at]
        log_positive = np.log1p(positive)
        before = 0.0
        for at in range(first, end):
            found[at, 0] = positive / max(total, 1.0)
            found[at, 1] = before / max(positive, 1.0)
            found[at, 2] = summed / max(total, 1.0)
            found[at, 3] = log_positive
            before += lengths[at] if scores[at] > 0 else 0.0
        for k in range(n_widths):
            fade = np.exp(-1.0 / widths[k])
            value = weight = 0.0
            for at in range(first, end):
                left_sum[at - first], left_weight[at - first] = value, weight
                value = (value + roots[at] * squashed[at]) * fade
                weight = (weight + roots[at]) * fade
            value = weight = 0.0
            for at in range(end - 1, first - 1, -1):
                around = left_weight[at - first] + weight
                found[at, 4 + k] = (left_sum[at - first] + value) / around if around > 0 else 0.0
                value = (value + roots[at] * squashed[at]) * fade
                weight = (weight + roots[at]) * fade
    return found


@kernel
def best_stretch(roots: Array, squashed: Array, starts: Array, strictness: float) -> Array:
    """Return where paragraphs stand from the page's best contiguous stretch, float32 (n_paragraphs, 6).

    The stretch with the largest sum of squashed scores less ``strictness``, each times the root of its length
    (Kadane's algorithm). Signed logarithms of the paragraphs from its start and to its end, both positive inside;
    the share of the page's positive values that it holds. Then of the best stretch that goes through the
    paragraph: the logarithm of what it lacks to the best of all, its share of that, and the logarithm of what the
    weaker side of the paragraph adds to it. These say how well a paragraph belongs, however long the page is.
    """
    found = np.zeros((roots.shape[0], 6), dtype=np.float32)
    for page in range(starts.shape[0] - 1):
        first, end = starts[page], starts[page + 1]
        left = np.empty(end - first)  # the best stretch that ends with the paragraph
        best = -np.inf
        running = positive = 0.0
        begins = best_first = best_last = first
        for at in range(first, end):
            value = (squashed[at] - strictness) * roots[at]
            positive += max(value, 0.0)
            if running <= 0:
                running, begins = 0.0, at
            running += value
            left[at - first] = running
            if running > best:
                best, best_first, best_last = running, begins, at
        running = 0.0
        for at in range(end - 1, first - 1, -1):
            value = (squashed[at] - strictness) * roots[at]
            running = max(running, 0.0) + value
            through = left[at - first] + running - value
            since, until = at - best_first, best_last - at
            found[at, 0] = np.sign(since) * np.log1p(abs(since))
            found[at, 1] = np.sign(until) * np.log1p(abs(until))
            found[at, 2] = best / positive if positive > 0 else 0.0
            found[at, 3] = np.log1p(max(best - through, 0.0))
            found[at, 4] = through / max(best, 1.0)
            found[at, 5] = np.log1p(max(min(left[at - first], running) - value, 0.0))
    return found


def standing(scores: Array, log_characters: Array, lengths: Array, starts: Array) -> Array:
    """Return how a paragraph's score stands in its page, float32 (n_paragraphs, 4).

    The share of paragraphs with no higher score; the score less the page's mean, in standard deviations;
    logarithms of the characters since and until the nearest paragraphs that are surely content, -1 without one.
    """
    page = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    order = np.lexsort((scores, page))  # NumPy's sort: compiling one would take some seconds
    return np.asarray(_standing(scores, log_characters, lengths, starts, order))


@kernel
def _standing(scores: Array, log_characters: Array, lengths: Array, starts: Array, order: Array) -> Array:
    """As ``standing``; ``order`` sorts the rows by page and score."""
    found = np.zeros((scores.shape[0], 4), dtype=np.float32)
    for page in range(starts.shape[0] - 1):
        first, end = starts[page], starts[page + 1]
        if first == end:
            continue
        total = np.float32(0.0)
        for at in range(first, end):
            total += scores[at]
            found[order[at], 0] = (at - first + 1) / (end - first)
        mean = np.float32(total / (end - first))
        squares = 0.0
        for at in range(first, end):
            squares += (scores[at] - mean) * (scores[at] - mean)
        deviation = (squares / (end - first)) ** 0.5 + 1e-3
        for backwards in range(2):
            between, seen = 0.0, False
            for step in range(end - first):
                at = end - 1 - step if backwards else first + step
                found[at, 1] = (scores[at] - mean) / deviation
                found[at, 2 + backwards] = np.log1p(between) if seen else -1.0
                between += lengths[at]
                if scores[at] > SURE_SCORE and log_characters[at] > SURE_LENGTH:
                    between, seen = 0.0, True
    return found
