"""What is said of a page's scores is what a look at all of the page says."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copydesk.features.kernels.page_scores import best_stretch, measures, standing

SCORES = st.lists(st.floats(-3, 3, width=32), min_size=1, max_size=12)


@pytest.mark.fuzz
@given(SCORES, st.sampled_from([0.0, 0.35]))
@settings(deadline=None)
def test_law_no_stretch_is_better_than_the_best(scores: list[float], strictness: float) -> None:
    lengths = np.log1p(np.arange(20.0, 20 + len(scores))).astype(np.float32)
    values = (np.tanh(np.array(scores, np.float32)) - strictness) * np.sqrt(np.expm1(lengths))
    _, roots, squashed = measures(np.array(scores, np.float32), lengths)
    found = best_stretch(roots, squashed, np.array([0, len(scores)]), strictness)
    inside = np.flatnonzero((found[:, 0] >= 0) & (found[:, 1] >= 0))
    assert (np.diff(inside) == 1).all()
    sums = [values[a:b].sum() for a in range(len(values)) for b in range(a + 1, len(values) + 1)]
    assert values[inside].sum() == pytest.approx(max(sums), abs=1e-3)


def test_distances_from_the_stretch_have_a_sign() -> None:
    scores = np.array([-2, 2, 2, 2, -2, -2], np.float32)
    _, roots, squashed = measures(scores, np.full(6, np.log1p(100), np.float32))
    found = best_stretch(roots, squashed, np.array([0, 6]), 0.0)
    np.testing.assert_allclose(found[:, 0], [-np.log(2), 0, np.log(2), np.log(3), np.log(4), np.log(5)], rtol=1e-6)
    np.testing.assert_allclose(found[:, 1], [np.log(4), np.log(3), np.log(2), 0, -np.log(2), -np.log(3)], rtol=1e-6)
    assert found[0, 2] == pytest.approx(1)


def test_standing_counts_characters_to_what_is_surely_content() -> None:
    scores = np.array([-1, 2, -1, -1, 2, 0.0], np.float32)
    lengths = np.log1p(np.array([10.0, 200, 10, 20, 200, 10])).astype(np.float32)
    found = standing(scores, lengths, measures(scores, lengths)[0], np.array([0, 0, 5, 6]))
    np.testing.assert_allclose(found[:5, 2], [-1, -1, 0, np.log1p(10), np.log1p(30)], rtol=1e-5)
    np.testing.assert_allclose(found[:5, 3], [np.log1p(0), np.log1p(30), np.log1p(20), 0, -1], rtol=1e-5)
    assert found[4, 0] == 1
    assert found[5].tolist() == [1, 0, -1, -1]


@pytest.mark.fuzz
@given(SCORES, st.sampled_from([0.0, 0.35]))
@settings(deadline=None)
def test_law_the_stretch_through_a_paragraph_is_the_best_that_holds_it(scores: list[float], strictness: float) -> None:
    n = len(scores)
    lengths = np.log1p(np.arange(20.0, 20 + n)).astype(np.float32)
    _, roots, squashed = measures(np.array(scores, np.float32), lengths)
    values = (squashed.astype(np.float64) - strictness) * roots
    found = best_stretch(roots, squashed, np.array([0, n]), strictness)
    sums = {(a, b): values[a : b + 1].sum() for a in range(n) for b in range(a, n)}
    best = max(sums.values())
    for at in range(n):
        through = max(value for (a, b), value in sums.items() if a <= at <= b)
        left = max(sums[a, at] for a in range(at + 1)) - values[at]
        right = max(sums[at, b] for b in range(at, n)) - values[at]
        expected = [np.log1p(max(best - through, 0)), through / max(best, 1), np.log1p(min(left, right))]
        np.testing.assert_allclose(found[at, 3:], expected, atol=1e-3)


@pytest.mark.fuzz
@given(st.lists(st.lists(st.sampled_from([-1.5, 0.0, 0.25, 2.0]), max_size=9), max_size=4))
@settings(deadline=None)
def test_law_ranks_and_deviations_are_those_of_each_page_alone(pages: list[list[float]]) -> None:
    starts = np.cumsum([0, *map(len, pages)])
    scores = np.array([score for page in pages for score in page], np.float32)
    lengths = np.full(len(scores), np.log1p(50), np.float32)
    found = standing(scores, lengths, measures(scores, lengths)[0], starts)
    for first, end in zip(starts[:-1], starts[1:], strict=True):
        page = scores[first:end]
        ranks = np.empty(len(page))
        ranks[np.argsort(page, kind="stable")] = np.arange(1, len(page) + 1)
        np.testing.assert_allclose(found[first:end, 0], ranks / max(len(page), 1), rtol=1e-6)
        if len(page):
            expected = (page - page.mean()) / (page.std() + 1e-3)
            np.testing.assert_allclose(found[first:end, 1], expected, rtol=1e-4, atol=1e-4)
