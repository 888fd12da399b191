"""Thresholds of labels, against exhaustive search."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csc_matrix

from copydesk.classifiers import decision_thresholds
from copydesk.classifiers.decision_thresholds import (
    NEVER,
    Candidates,
    at_precision,
    at_recall,
    candidates,
    macro_f1,
    micro_f1,
    micro_macro_f1,
)


def problem(seed: int, n: int = 7, k: int = 3) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    p = rng.integers(1, 9, (n, k)) / 10  # with ties
    return p, (rng.random((n, k)) < p).astype(np.uint8)


def exact(p: np.ndarray, Y: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> Candidates:
    monkeypatch.setattr(decision_thresholds, "MODEL_WEIGHT", 0.0)
    return candidates(p, csc_matrix(Y), np.ones(p.shape, bool))


def given_by(found: Candidates, best: np.ndarray, p: np.ndarray) -> np.ndarray:
    return np.asarray(p >= found.threshold[np.arange(len(best)), best])


def f1(given: np.ndarray, Y: np.ndarray) -> np.ndarray:
    return np.asarray(2 * (given * Y).sum(axis=0) / np.maximum(given.sum(axis=0) + Y.sum(axis=0), 1e-12))


def micro(given: np.ndarray, Y: np.ndarray) -> float:
    return float(2 * (given * Y).sum() / max(given.sum() + Y.sum(), 1e-12))


def every_cut(p: np.ndarray) -> list[np.ndarray]:
    levels = [[NEVER, *np.unique(p[:, label])] for label in range(p.shape[1])]
    return [p >= np.array(cut) for cut in product(*levels)]


@given(st.integers(0, 10_000))
def test_candidates_count_what_their_thresholds_give(seed: int) -> None:
    p, Y = problem(seed)
    with pytest.MonkeyPatch.context() as patch:
        found = exact(p, Y, patch)
    for label in range(p.shape[1]):
        for threshold, n, right in zip(found.threshold[label], found.given[label], found.right[label], strict=True):
            above = p[:, label] >= threshold
            assert (above.sum(), Y[above, label].sum()) == (n, right)


@given(st.integers(0, 10_000))
def test_the_optima_are_those_of_an_exhaustive_search(seed: int) -> None:
    p, Y = problem(seed)
    cuts = every_cut(p)
    with pytest.MonkeyPatch.context() as patch:
        found = exact(p, Y, patch)
    assert f1(given_by(found, macro_f1(found, 0.0), p), Y).mean() == pytest.approx(max(f1(c, Y).mean() for c in cuts))
    assert micro(given_by(found, micro_f1(found), p), Y) == pytest.approx(max(micro(c, Y) for c in cuts))


@given(st.integers(0, 10_000))
def test_the_sum_is_no_worse_than_that_of_macro_f1_and_can_not_be_raised_by_one_label(seed: int) -> None:
    p, Y = problem(seed)
    with pytest.MonkeyPatch.context() as patch:
        found = exact(p, Y, patch)
    best = micro_macro_f1(found, 0.0)

    def total(chosen: np.ndarray) -> float:
        given = given_by(found, chosen, p)
        return micro(given, Y) + float(f1(given, Y).mean())

    assert total(best) >= total(macro_f1(found, 0.0)) - 1e-9
    for label, other in product(range(p.shape[1]), range(found.given.shape[1])):
        changed = best.copy()
        changed[label] = other
        assert total(changed) <= total(best) + 1e-9


@given(st.integers(0, 10_000), st.sampled_from([0.3, 0.6, 0.9]))
def test_targets_are_reached_by_as_few_or_as_many_as_possible(seed: int, target: float) -> None:
    p, Y = problem(seed, n=9)
    with pytest.MonkeyPatch.context() as patch:
        found = exact(p, Y, patch)
    precise, complete = given_by(found, at_precision(found, target), p), given_by(found, at_recall(found, target), p)
    for label in range(p.shape[1]):
        own, columns = Y[:, label], [p[:, label] >= level for level in [NEVER, *np.unique(p[:, label])]]
        reached = [given.sum() for given in columns if not given.any() or own[given].mean() >= target]
        assert precise[:, label].sum() == max(reached)
        reached = [given.sum() for given in columns if own[given].sum() >= target * own.sum() - 1e-9]
        assert complete[:, label].sum() == min(reached)


def test_a_hopeless_label_is_given_to_its_likeliest_document(monkeypatch: pytest.MonkeyPatch) -> None:
    p = np.linspace(0.9, 0.1, 50)[:, None]
    Y = np.zeros((50, 1), np.uint8)
    Y[-1] = 1  # the worst that can be
    found = exact(p, Y, monkeypatch)
    assert given_by(found, macro_f1(found, 0.0), p).sum() == 50
    assert given_by(found, macro_f1(found, 0.1), p).sum() == 1


def test_rows_that_a_label_was_not_known_for_do_not_count() -> None:
    p, Y = np.array([[0.9], [0.8], [0.1]]), np.array([[1], [1], [0]])
    found = candidates(p, csc_matrix(Y), np.array([[True], [False], [True]]))
    assert found.given.max() == 2
    nothing = candidates(p, csc_matrix(Y), np.zeros((3, 1), bool))
    assert (nothing.threshold == NEVER).all()
    assert nothing.support.tolist() == [0.0]


def test_many_rows_keep_a_bounded_number_of_candidates() -> None:
    rng = np.random.default_rng(0)
    p = rng.random((20_000, 2))
    found = candidates(p, csc_matrix(rng.random(p.shape) < p), np.ones(p.shape, bool))
    assert found.threshold.shape[1] <= 1025
    assert found.given[:, -1].tolist() == [20_000, 20_000]
    assert (np.diff(found.threshold) <= 0).all()
