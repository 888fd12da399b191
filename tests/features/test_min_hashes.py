"""Shares of equal hashes estimate the similarity of texts."""

from __future__ import annotations

import numpy as np

from copydesk.features.min_hashes import min_hashes


def words(rng: np.random.Generator, n: int) -> list[str]:
    return [f"w{number}" for number in rng.integers(0, 10**6, n)]


def test_equal_hashes_estimate_the_similarity_of_shingles() -> None:
    rng = np.random.default_rng(0)
    for share in (0.95, 0.5, 0.1):
        estimates = []
        for _ in range(60):
            shared, rests = words(rng, int(400 * share)), [words(rng, int(400 * (1 - share))) for _ in range(2)]
            one, other = min_hashes([" ".join(shared + rest) for rest in rests], 36, 5)
            estimates.append((one == other).mean())
        assert abs(np.mean(estimates) - share / (2 - share)) < 0.03


def test_case_marks_and_the_other_texts_do_not_matter() -> None:
    found = min_hashes(["", "a b c", "A b, C!", "a b c d e f", "x " * 200_000 + "the end", "a b c"], 36, 5)
    assert found.shape == (6, 36)
    assert (found[1] == found[2]).all()
    assert (found[1] == found[5]).all()
    assert (found[1] != found[3]).all()
