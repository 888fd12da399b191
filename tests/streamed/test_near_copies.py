"""Near duplicates are found across chunks, by their signatures alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from copydesk.datasets.near_duplicates import BANDS, ROWS, SHINGLE_WORDS, near_duplicate_clusters
from copydesk.features.min_hashes import min_hashes
from copydesk.streamed.corpus import SIGNATURES
from copydesk.streamed.near_copies import near_copies
from copydesk.streamed.stream_cache import StreamCache


def texts() -> list[str]:
    """Return texts of which every third is nearly an earlier one, and the last three nearly each other."""
    rng = np.random.default_rng(0)
    found: list[str] = []
    for number in range(60):
        words = [f"w{each}" for each in rng.integers(0, 5000, 200)]
        found.append(" ".join(words) if number % 3 else f"{found[number // 2] if number else 'first'} {words[0]}")
    return [*found, *(f"{found[1]} {end}" for end in ("one", "two", "three"))]


def test_clusters_are_those_of_the_texts(tmp_path: Path) -> None:
    rows, starts, cache = texts(), np.array([0, 20, 21, 63]), StreamCache(tmp_path)
    for chunk in range(3):
        signatures = min_hashes(rows[starts[chunk] : starts[chunk + 1]], BANDS * ROWS, SHINGLE_WORDS)
        cache.save(SIGNATURES.format(chunk), signatures=signatures)
    found = near_copies(cache, starts, np.ones(len(rows), dtype=bool))
    assert np.array_equal(found, near_duplicate_clusters(rows))
    assert len(set(found.tolist())) < len(rows) - 15
    kept = np.arange(len(rows)) < 60
    assert np.array_equal(near_copies(cache, starts, kept)[60:], [60, 61, 62])
