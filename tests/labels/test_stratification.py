"""Iterative stratification."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from copydesk.labels.stratification import stratify

SHARES = st.sampled_from([[0.8, 0.2], [0.5, 0.5], [0.2] * 5])


@st.composite
def indicators(draw: st.DrawFn) -> np.ndarray:
    n, k = draw(st.integers(1, 40)), draw(st.integers(1, 5))
    rates = np.array(draw(st.lists(st.floats(0, 1), min_size=k, max_size=k)))
    return (np.random.default_rng(draw(st.integers(0, 99))).random((n, k)) < rates).astype(np.uint8)


@given(indicators(), SHARES, st.integers(0, 9))
def test_every_document_gets_one_part_the_same_for_the_same_seed(Y: np.ndarray, shares: list[float], seed: int) -> None:
    part = stratify(Y, shares, np.random.default_rng(seed))
    assert part.shape == (len(Y),)
    assert set(part) <= set(range(len(shares)))
    assert (part == stratify(Y, shares, np.random.default_rng(seed))).all()


@given(indicators(), SHARES, st.integers(0, 9))
def test_the_rarest_label_keeps_its_share_within_two_documents(Y: np.ndarray, shares: list[float], seed: int) -> None:
    totals = Y.sum(axis=0)
    if not totals.any():
        return
    label = int(np.where(totals > 0, totals, len(Y) + 1).argmin())
    part = stratify(Y, shares, np.random.default_rng(seed))
    found = np.bincount(part, weights=Y[:, label], minlength=len(shares))
    assert (np.abs(found - np.array(shares) * totals[label]) <= 2 + 1e-9).all()


@given(indicators(), st.integers(0, 9), st.integers(1, 6))
def test_groups_stay_whole(Y: np.ndarray, seed: int, n_groups: int) -> None:
    units = np.unique(np.random.default_rng(seed).integers(0, n_groups, len(Y)), return_inverse=True)[1]
    part = stratify(Y, [0.5, 0.5], np.random.default_rng(seed), units)
    assert all(len(set(part[units == unit])) == 1 for unit in set(units))


@given(indicators(), st.integers(0, 9), st.integers(2, 6))
def test_no_part_is_empty(Y: np.ndarray, seed: int, n_parts: int) -> None:
    part = stratify(Y, [0.98, *[0.02 / (n_parts - 1)] * (n_parts - 1)], np.random.default_rng(seed))
    assert len(set(part)) == min(len(Y), n_parts)


def test_labels_are_nearer_to_their_shares_than_in_random_parts() -> None:
    rng = np.random.default_rng(0)
    Y = (rng.random((2_000, 30)) < 1 / np.arange(2, 32) ** 1.5).astype(np.uint8)
    wanted = Y.sum(axis=0) / 5

    def distance(part: np.ndarray) -> float:
        return float(np.abs([Y[part == fold].sum(axis=0) - wanted for fold in range(5)]).mean())

    assert distance(stratify(Y, [0.2] * 5, rng)) < 0.3 * distance(rng.integers(0, 5, len(Y)))


@pytest.mark.parametrize("shares", [[0.8, 0.2], [0.5, 0.5]])
def test_documents_without_labels_are_spread_too(shares: list[float]) -> None:
    part = stratify(np.zeros((10, 2), np.uint8), shares, np.random.default_rng(0))
    assert np.bincount(part).tolist() == [10 * share for share in shares]
