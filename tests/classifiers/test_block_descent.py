"""Block by block, classifiers reach the optimum that they reach with all rows in memory."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.svm import LinearSVC

from copydesk.classifiers.block_descent import BlockDescent, PrimalDual, RowBlock
from copydesk.classifiers.linear import LinearSVM, LogisticRegression
from helpers.text_like import documents

SMALL_GAP = 1e-3


def fit_by_blocks(classifier: Any, X: Any, y: Any, n_blocks: int = 4, gap: float = SMALL_GAP) -> Any:
    """Return a classifier fitted to a relative duality gap, and its objective."""
    classes, codes = np.unique(y, return_inverse=True)
    descent = BlockDescent(clone(classifier), classes, np.bincount(codes), X.shape[1], X.dtype)
    cuts = np.array_split(np.arange(X.shape[0]), n_blocks)
    blocks = [RowBlock.of(X[rows], codes[rows]) for rows in cuts]
    duals = [descent.new_dual(len(block)) for block in blocks]
    for number in range(200):
        for block, dual in zip(blocks, duals, strict=True):
            descent.visit(block, dual, 3, seed=number)
        terms = [descent.terms(block, dual) for block, dual in zip(blocks, duals, strict=True)]
        found = descent.objective(PrimalDual(sum(t.primal for t in terms), sum(t.dual for t in terms)))
        if found.relative_gap <= gap:
            return descent.finish(number + 1), found
    raise AssertionError(f"gap {found.relative_gap}")


@pytest.mark.parametrize("n_classes", [2, 5])
@pytest.mark.parametrize(
    "classifier",
    [
        LinearSVM(),
        LinearSVM(loss="hinge", class_weight="balanced"),
        LinearSVM(C=3, class_weight={0: 2.0, 1: 0.5}, n_jobs=2),
        LogisticRegression(C=5),
        LogisticRegression(C=5, multi_class="ovr", class_weight="balanced"),
        LogisticRegression(fit_intercept=False, class_weight={0: 2.0}),
    ],
    ids=str,
)
def test_blocks_reach_the_optimum_of_all_rows(classifier: Any, n_classes: int) -> None:
    X, y = documents(n_classes)
    whole = clone(classifier).set_params(tol=1e-6, max_iter=20_000).fit(X, y)
    fitted, objective = fit_by_blocks(classifier.set_params(tol=1e-6), X, y)
    assert 0 <= objective.relative_gap <= SMALL_GAP
    assert np.array_equal(fitted.classes_, whole.classes_)
    own, theirs = fitted.decision_function(X), whole.decision_function(X)
    # the objective is strongly convex: what is within so much of its optimum is so near to it
    distance = np.sqrt(2 * SMALL_GAP * objective.primal.sum())
    assert np.abs(own - theirs).max() <= 2 * distance
    assert np.corrcoef(own.ravel(), theirs.ravel())[0, 1] > 0.999


def test_the_objective_is_that_of_scikit_learn() -> None:
    X, y = documents(4)
    _, objective = fit_by_blocks(LinearSVM(tol=1e-8), X, y, gap=1e-8)
    theirs = LinearSVC(tol=1e-10, max_iter=200_000).fit(X, y)
    sign = np.where(y[:, None] == np.arange(4), 1, -1)
    loss = (np.maximum(0, 1 - sign * theirs.decision_function(X)) ** 2).sum(axis=0)
    expected = loss + ((theirs.coef_**2).sum(axis=1) + theirs.intercept_**2) / 2
    assert objective.primal == pytest.approx(expected, rel=1e-6)
    assert objective.dual == pytest.approx(expected, rel=1e-6)


def test_a_gap_is_seen_where_the_optimum_is_not_reached() -> None:
    X, y = documents(3)
    codes = y.astype(int)
    descent = BlockDescent(LinearSVM(), np.arange(3), np.bincount(codes), X.shape[1], X.dtype)
    block = RowBlock.of(X, codes)
    dual = descent.new_dual(len(block))
    assert descent.objective(descent.terms(block, dual)).relative_gap == 1.0
    descent.visit(block, dual, 1, seed=0)
    assert SMALL_GAP < descent.objective(descent.terms(block, dual)).relative_gap < 1.0


@pytest.mark.parametrize("classifier", [LinearSVM(), LogisticRegression()], ids=str)
def test_partial_fit_learns_from_a_stream(classifier: Any) -> None:
    X, y = documents(3, n=300)
    names = np.array(["a", "b", "c"])
    for rows in np.array_split(np.arange(240), 6):
        classifier.partial_fit(X[rows], names[y[rows]], classes=names)
    once = clone(classifier).fit(X[:240], names[y[:240]])
    right, wanted = (float(np.mean(each.predict(X[240:]) == names[y[240:]])) for each in (classifier, once))
    assert right >= wanted - 0.1
    assert right > 0.6


def test_partial_fit_on_one_block_is_fit() -> None:
    X, y = documents(3)
    once = LinearSVM(tol=1e-6).fit(X, y)
    assert np.allclose(LinearSVM(tol=1e-6).partial_fit(X, y, [0, 1, 2]).weights_, once.weights_, atol=1e-4)


@pytest.mark.parametrize(
    ("classifier", "classes", "message"),
    [
        (LinearSVM(), None, "classes: partial_fit needs all labels at its first call"),
        (LinearSVM(), [0, 1], r"labels that are not in classes: \[2\]"),
        (LinearSVM(class_weight="balanced"), [0, 1, 2], "needs the sizes of classes"),
    ],
)
def test_partial_fit_refuses_what_a_stream_cant_know(classifier: Any, classes: Any, message: str) -> None:
    X, y = documents(3)
    with pytest.raises(ValueError, match=message):
        classifier.partial_fit(X, y, classes)
