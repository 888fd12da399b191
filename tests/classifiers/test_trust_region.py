"""Trust-region Newton over shards: the optimum of the solvers on one machine, and of LIBLINEAR and L-BFGS."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn import linear_model, svm
from sklearn.exceptions import ConvergenceWarning

from copydesk.classifiers.linear import LinearSVM, LogisticRegression
from copydesk.classifiers.losses import RowShard, RowTargets, gradient_on, loss_on, product_on
from copydesk.classifiers.trust_region import LocalShards, Objective, minimise
from helpers.text_like import documents


def spread(X: Any, shards: int = 3) -> Callable[[RowTargets], LocalShards]:
    edges = np.linspace(0, X.shape[0], shards + 1).astype(int)
    parts = [slice(a, b) for a, b in zip(edges[:-1], edges[1:], strict=True)]
    return lambda targets: LocalShards([RowShard.of(X[part], targets.of(part)) for part in parts])


def objective_of(model: Any, X: Any, y: Any, weight: Any = None) -> np.ndarray:
    """Return the objective of a fitted model, of each lane or of the softmax."""
    at = object.__new__(type(model))
    at.__dict__.update(model.__dict__)
    found = []

    def place(targets: RowTargets) -> LocalShards:
        weights = np.vstack([model.weights_, model.intercept_ / (targets.constant or 1.0)]).astype(np.float64)
        found.append(Objective(spread(X)(targets), targets.loss == "softmax").at(weights).value)
        return spread(X)(targets)

    at.fit_shards(place, np.float64, y, weight)
    return found[0]


CASES = [
    LinearSVM(C=3.0, class_weight="balanced", tol=1e-8, max_iter=10_000),
    LinearSVM(C=0.5, fit_intercept=False, tol=1e-8, max_iter=10_000),
    LogisticRegression(C=10.0, tol=1e-8, max_iter=10_000),
    LogisticRegression(C=30.0, class_weight={0: 2.0}, intercept_scaling=5.0, tol=1e-8, max_iter=10_000),
    LogisticRegression(C=1.0, multi_class="ovr", class_weight="balanced", tol=1e-8, max_iter=10_000),
]


@pytest.mark.parametrize("n_classes", [2, 4])
@pytest.mark.parametrize("model", CASES, ids=repr)
def test_the_optimum_is_that_of_one_machine(model: Any, n_classes: int) -> None:
    X, y = documents(n_classes)
    weight = np.random.default_rng(0).uniform(0.5, 2, y.size)
    here = model.fit(X, y, weight)
    here_value, here_scores = objective_of(here, X, y, weight), here.decision_function(X)
    there = model.fit_shards(spread(X), X.dtype, y, weight)
    np.testing.assert_allclose(objective_of(there, X, y, weight), here_value, rtol=1e-5)
    np.testing.assert_allclose(there.decision_function(X), here_scores, atol=0.02)
    assert there.weights_.dtype == X.dtype


@pytest.mark.parametrize("n_classes", [2, 4])
def test_the_optimum_is_that_of_the_reference(n_classes: int) -> None:
    X, y = documents(n_classes)
    ours = LinearSVM(C=2.0).fit_shards(spread(X), np.float64, y)
    theirs = svm.LinearSVC(C=2.0, tol=1e-8, max_iter=100_000).fit(X, y)
    np.testing.assert_allclose(ours.decision_function(X), theirs.decision_function(X), atol=0.02)
    ours = LogisticRegression(C=10.0).fit_shards(spread(X), np.float64, y)
    constant = np.ones((y.size, 1))
    theirs = linear_model.LogisticRegression(C=10.0, tol=1e-8, max_iter=10_000, fit_intercept=False)
    theirs.fit(sp.hstack([X, constant]), y)
    np.testing.assert_allclose(ours.decision_function(X), theirs.decision_function(sp.hstack([X, constant])), atol=0.02)


def test_several_labels_are_independent_problems() -> None:
    X, _ = documents(3)
    y = sp.csr_matrix(np.random.default_rng(1).random((X.shape[0], 5)) < [0.5, 0.2, 0.05, 0.3, 0.0])
    here = LinearSVM(tol=1e-8, max_iter=10_000, class_weight="balanced").fit(X, y.astype(np.int64))
    scores = here.decision_function(X)
    there = here.fit_shards(spread(X), X.dtype, y.astype(np.int64))
    np.testing.assert_allclose(there.decision_function(X), scores, atol=0.02)


@pytest.mark.parametrize("loss", ["squared_hinge", "logistic", "softmax"])
def test_derivatives_are_those_of_differences(loss: str) -> None:
    X, y = documents(3)
    X = X[:, :6]
    members = sp.csr_matrix(np.eye(3)[np.searchsorted(np.unique(y), y)])
    shard = RowShard.of(X, RowTargets(members, np.linspace(0.5, 2, y.size), np.array([[1.0, 2.0]] * 3), loss, 0.7))
    draw = np.random.default_rng(0)
    weights, step = draw.normal(size=(2, X.shape[1] + 1, 3))

    def at(distance: float) -> tuple[Any, Any]:
        value, gradient = gradient_on(shard, loss_on(shard, weights + distance * step))
        return value.sum(), gradient

    (less, before), (more, after) = at(-1e-6), at(1e-6)
    np.testing.assert_allclose((more - less) / 2e-6, (at(0)[1] * step).sum(), rtol=1e-4)
    (product,) = product_on(shard, loss_on(shard, weights), step)
    np.testing.assert_allclose((after - before) / 2e-6, product, rtol=2e-3, atol=2e-3 * np.abs(product).max())


def test_the_number_of_shards_changes_nothing_but_rounding() -> None:
    X, y = documents(4)
    found = [
        LogisticRegression().fit_shards(spread(X, shards), np.float64, y).decision_function(X) for shards in (1, 7)
    ]
    np.testing.assert_allclose(*found, atol=1e-9)


def test_a_far_start_comes_to_the_same_minimum() -> None:
    X, y = documents(3)
    members = sp.csr_matrix(np.eye(3)[np.searchsorted(np.unique(y), y)])
    for loss in ("squared_hinge", "logistic", "softmax"):
        shards = spread(X)(RowTargets(members, np.full(y.size, 5.0), np.ones((3, 2)), loss, 1.0))
        objective = Objective(shards, loss == "softmax")
        far = np.random.default_rng(0).normal(scale=30, size=(X.shape[1] + 1, 3))
        ends = [minimise(objective, start, gap=1e-9)[0] for start in (np.zeros_like(far), far)]
        np.testing.assert_allclose(*(objective.at(end).value for end in ends), rtol=1e-8)


def test_what_can_not_be_fitted_is_named() -> None:
    X, y = documents(2)
    with pytest.raises(ValueError, match="'hinge' has no second derivatives to spread over shards"):
        LinearSVM(loss="hinge").fit_shards(spread(X), np.float64, y)
    with pytest.warns(ConvergenceWarning, match="stopped after max_iter=1 "):
        LinearSVM(C=100.0, max_iter=1).fit_shards(spread(X), np.float64, y)
