"""Overlap of two texts by runs of four words, as in the article extraction benchmark."""

from __future__ import annotations

from collections import Counter

import numpy as np

from copydesk.datasets.web.alignment import tokenize

LENGTH = 4


def shingles(text: str) -> Counter[tuple[str, ...]]:
    """Count a text's runs of four words; a shorter text is one run."""
    words = tokenize(text)
    return (
        Counter(tuple(words[at : at + LENGTH]) for at in range(max(1, len(words) - LENGTH + 1))) if words else Counter()
    )


def compare(found: str, gold: str) -> tuple[float, float, float]:
    """Return precision, recall and F1 of a page's text."""
    said, true = shingles(found), shingles(gold)
    both = sum((said & true).values())
    precision = both / said.total() if said else float(not true)
    recall = both / true.total() if true else float(not said)
    return precision, recall, 2 * precision * recall / (precision + recall) if both else float(not said and not true)


def mean_with_interval(values: list[float], sites: list[str], seed: int = 0) -> tuple[float, float, float]:
    """Return the mean and its 95 % bootstrap interval, whole sites drawn."""
    codes = np.unique(sites, return_inverse=True)[1]
    total, count = np.bincount(codes, values), np.bincount(codes)
    draws = np.random.default_rng(seed).multinomial(len(total), np.full(len(total), 1 / len(total)), size=1000)
    means = (draws @ total) / (draws @ count)
    low, high = np.quantile(means, [0.025, 0.975])
    return float(np.mean(values)), float(low), float(high)
