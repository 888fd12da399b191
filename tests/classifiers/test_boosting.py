"""Trees kept as arrays score as scikit-learn's do, and can be taken apart."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier

from copydesk.bundle import load_bundle, save_bundle
from copydesk.classifiers.boosting import MISSING, ROWS_AT_ONCE, BoostedTrees


@pytest.fixture(scope="module")
def numbers() -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(3)
    X = draw.normal(size=(6 * ROWS_AT_ONCE + 17, 5)).astype(np.float32)
    X[draw.random(X.shape) < 0.1] = np.nan
    y = np.nan_to_num(X[:, 0]) * np.nan_to_num(X[:, 1], nan=2.0) + draw.normal(size=len(X)) > 0
    return X, y


@pytest.mark.parametrize("depth", [1, 3, 6, 9])
def test_scores_are_scikit_learns(numbers: tuple[np.ndarray, np.ndarray], depth: int) -> None:
    X, y = numbers
    ours = BoostedTrees(max_iter=20, max_depth=depth, min_samples_leaf=5).fit(X, y)
    theirs = HistGradientBoostingClassifier(early_stopping=False, **ours.get_params())
    filled = np.where(np.isnan(X), MISSING, X)
    np.testing.assert_allclose(ours.decision_function(X), theirs.fit(filled, y).decision_function(filled), atol=1e-5)
    assert ours.count_.sum() == 20 * len(X)


def test_start_and_contributions_sum_to_the_score(numbers: tuple[np.ndarray, np.ndarray]) -> None:
    X, y = numbers
    trees = BoostedTrees(30, learning_rate=0.06, min_samples_leaf=5, l2_regularization=1.0, max_features=1.0).fit(X, y)
    start, added = trees.contributions(X)
    np.testing.assert_allclose(start + added.sum(axis=1), trees.decision_function(X), atol=1e-6)
    # the mean score is where all rows begin
    assert start == pytest.approx(trees.decision_function(X).mean(), abs=1e-6)
    strength = np.abs(added).mean(axis=0)
    assert min(strength[:2]) > 1.5 * max(strength[2:])


def test_a_row_is_scored_alike_whatever_stands_beside_it(numbers: tuple[np.ndarray, np.ndarray]) -> None:
    X, y = numbers
    trees = BoostedTrees(max_iter=10).fit(X, y)
    together = trees.decision_function(X)
    assert [trees.decision_function(row[None])[0] for row in X[::100]] == together[::100].tolist()
    assert trees.decision_function(X[:0]).shape == (0,)


def test_a_bundle_gives_the_same_scores(numbers: tuple[np.ndarray, np.ndarray], tmp_path) -> None:  # type: ignore[no-untyped-def]
    X, y = numbers
    trees = BoostedTrees(max_iter=10).fit(X, y)
    save_bundle(tmp_path / "m", trees, {"task": "boilerplate", "classes": []}, compressed=True)
    np.testing.assert_array_equal(load_bundle(tmp_path / "m")[0].decision_function(X), trees.decision_function(X))


def test_a_depth_that_would_not_fit_is_refused(numbers: tuple[np.ndarray, np.ndarray]) -> None:
    with pytest.raises(ValueError, match="max_depth=11: from 1 to 10"):
        BoostedTrees(max_depth=11).fit(*numbers)
