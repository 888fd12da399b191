"""A chain's posterior is what enumerating every labelling of a page gives."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copydesk.classifiers.chain import LinearChain, posterior_odds

TRANSITION = np.log(np.array([[0.8, 0.2], [0.3, 0.7]]))
START = np.log(np.array([0.6, 0.4]))


def enumerated(evidence: list[float]) -> list[float]:
    logs: dict[tuple[int, ...], float] = {}
    for states in product((0, 1), repeat=len(evidence)):
        steps = sum(TRANSITION[a, b] for a, b in zip(states[:-1], states[1:], strict=True))
        own = sum(e for e, state in zip(evidence, states, strict=True) if state)
        logs[states] = START[states[0]] + steps + own
    return [
        float(
            np.logaddexp.reduce([v for states, v in logs.items() if states[at]])
            - np.logaddexp.reduce([v for states, v in logs.items() if not states[at]])
        )
        for at in range(len(evidence))
    ]


@pytest.mark.fuzz
@given(st.lists(st.floats(-8, 8), min_size=1, max_size=6))
@settings(deadline=None)
def test_law_posteriors_are_those_of_enumeration(evidence: list[float]) -> None:
    found = posterior_odds(np.array(evidence), np.array([0, len(evidence)]), TRANSITION, START)
    np.testing.assert_allclose(found, enumerated(evidence), atol=1e-9)


def test_pages_do_not_touch() -> None:
    evidence, starts = np.array([2.0, -1, 0.5, 3, -2]), np.array([0, 2, 2, 5])
    apart = np.concatenate([enumerated([2.0, -1]), enumerated([0.5, 3, -2])])
    np.testing.assert_allclose(posterior_odds(evidence, starts, TRANSITION, START), apart)


def test_a_weak_score_among_strong_neighbours_follows_them() -> None:
    truth = np.array(([False] * 5 + [True] * 10 + [False] * 5) * 30)
    scores = np.where(truth, 1.0, -1.0) + np.random.default_rng(0).normal(scale=0.8, size=len(truth))
    starts = np.arange(0, len(truth) + 1, 20)
    chain = LinearChain().fit(scores[:, None], truth, starts=starts)
    assert chain.transition_[1, 1] > 0.8
    unsure = np.array([-1.0, -1, 1, 1, -0.1, 1, 1, -1, -1])
    odds = chain.decision_function(unsure[:, None])
    assert odds[4] > 0
    by_itself = chain.decision_function(np.array([[-0.1]]))
    assert by_itself[0] < odds[4]
