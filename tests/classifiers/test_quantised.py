"""Rounded weights are near, few, and what every later part meets."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy import sparse

from copydesk.classifiers.fused import FusedScorer
from copydesk.classifiers.linear import LinearSVM
from copydesk.classifiers.quantised import Quantised, quantise
from copydesk.features.tfidf import TfidfFeatures

WEIGHTS = arrays.arrays(np.float32, (20, 3), elements=st.floats(-100, 100, width=32))


@pytest.mark.fuzz
@given(WEIGHTS, st.sampled_from([3, 15, 255]))
def test_law_no_weight_moves_further_than_half_a_step_and_zero_stays(weights: np.ndarray, levels: int) -> None:
    rounded = quantise(weights, levels)
    step = np.abs(weights).max(axis=0) / (levels // 2)
    assert (np.abs(rounded - weights) <= step / 2 + 1e-5 * np.abs(weights) + 1e-30).all()
    assert (rounded[weights == 0] == 0).all()
    assert all(len(np.unique(column)) <= levels for column in rounded.T)
    assert not np.signbit(rounded[rounded == 0]).any()


@pytest.mark.parametrize("levels", [2, 256, 1, 257])
def test_levels_without_a_zero_are_refused(levels: int) -> None:
    with pytest.raises(ValueError, match="an odd number"):
        quantise(np.ones((2, 1), np.float32), levels)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_a_quantised_classifier_scores_with_its_rounded_weights(n_classes: int) -> None:
    draw = np.random.default_rng(0)
    X = sparse.csr_matrix(draw.normal(size=(60, 8)).astype(np.float32))
    y = np.array(["a", "b", "c"])[draw.integers(n_classes, size=60)]
    exact, rounded = LinearSVM().fit(X, y), Quantised(LinearSVM(), levels=15).fit(X, y)
    np.testing.assert_array_equal(rounded.weights_, quantise(exact.weights_, 15))
    assert rounded.decision_function(X).shape == exact.decision_function(X).shape
    assert (rounded.predict(X) == exact.predict(X)).mean() > 0.8
    assert rounded.coef_.shape == exact.coef_.shape


def test_it_is_scored_without_a_matrix() -> None:
    texts = ["sea ship", "oven bread", "sea wave", "bread crust"] * 5
    features = TfidfFeatures(dtype=np.float32)
    model = Quantised(LinearSVM()).fit(features.fit_transform(texts), ["a", "b"] * 10)
    scorer = FusedScorer.from_fitted(features, model)
    assert scorer is not None
    np.testing.assert_allclose(
        scorer.decision_function(texts), model.decision_function(features.transform(texts)), 1e-5
    )
