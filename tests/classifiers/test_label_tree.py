"""The tree of labels beside brute force and beside one-vs-rest, its clusters, and its round trip through a bundle."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone

from copydesk.bundle.encoding import EncodedEstimator, decode_estimator
from copydesk.classifiers.label_clusters import balanced_clusters, label_vectors
from copydesk.classifiers.label_tree import LOWEST, LabelTree
from copydesk.classifiers.linear import LinearSVM, LogisticRegression


def articles(n: int = 300, labels: int = 40, features: int = 120, seed: int = 0) -> tuple[sp.csr_matrix, sp.csr_matrix]:
    """Return unit rows and an indicator: every label has words of its own, shared with its neighbours."""
    draw = np.random.default_rng(seed)
    y = draw.random((n, labels)) < 0.5 / np.arange(1, labels + 1) ** 0.7
    words = draw.random((labels, features)) ** 8
    counts = draw.poisson(y @ words + 0.05)
    norm = np.maximum(np.linalg.norm(counts, axis=1, keepdims=True), 1)
    return sp.csr_matrix((counts / norm).astype(np.float32)), sp.csr_matrix(y.astype(np.uint8))


X, Y = articles()
AS_DEEP = {"labels_per_leaf": 3, "branching": 4, "prune": 0.0}


def fitted(**options: Any) -> LabelTree:
    return LabelTree(LinearSVM(), **{**AS_DEEP, **options}).fit(X, Y)


def dense_nodes(tree: LabelTree) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Return weights (n_features, n_lanes), intercepts and targets of each node, from the stored arrays."""
    found = []
    for node in range(len(tree.lane_start_) - 1):
        lanes = slice(tree.lane_start_[node], tree.lane_start_[node + 1])
        weights = np.zeros((X.shape[1], lanes.stop - lanes.start))
        for at in range(tree.feature_start_[node], tree.feature_start_[node + 1]):
            for k in range(tree.weight_start_[at], tree.weight_start_[at + 1]):
                weights[tree.feature_[at], tree.weight_lane_[k]] = tree.weight_[k]
        found.append((weights, tree.intercept_[lanes], tree.target_[lanes]))
    return found


def path_products(tree: LabelTree) -> np.ndarray:
    """Return the product of the probabilities on the path of every label, by recursion over the whole tree."""
    nodes = dense_nodes(tree)
    found = np.full((X.shape[0], len(tree.classes_)), np.nan)

    def follow(node: int, so_far: np.ndarray) -> None:
        weights, intercept, target = nodes[node]
        proba = 1 / (1 + np.exp(-tree.sharpness * (X @ weights + intercept)))
        for lane, at in enumerate(target.tolist()):
            product = so_far * proba[:, lane]
            if at < 0:
                found[:, -1 - at] = product
            else:
                follow(at, product)

    follow(0, np.ones(X.shape[0]))
    return found


def test_a_beam_over_all_nodes_is_the_exact_product_of_the_paths() -> None:
    tree = fitted(beam=1000)
    assert len(tree.lane_start_) - 1 > 1 + 4  # two levels above the leaves
    known = path_products(tree)
    assert not np.isnan(known).any()
    assert tree.path_probabilities(X).toarray() == pytest.approx(known, rel=1e-4)
    odds = np.log(known / (1 - known))
    assert tree.decision_function(X) == pytest.approx(np.clip(odds, LOWEST, -LOWEST), abs=1e-3)


@pytest.mark.parametrize("beam", [1, 2, 3])
def test_a_beam_follows_the_most_probable_nodes(beam: int) -> None:
    tree = fitted(beam=beam)
    exact, found = path_products(tree), tree.path_probabilities(X)
    nodes = dense_nodes(tree)
    for row in range(0, X.shape[0], 37):
        level, reached = [(0, 1.0)], {}
        while level:
            below = []
            for node, so_far in level:
                weights, intercept, target = nodes[node]
                proba = 1 / (1 + np.exp(-tree.sharpness * (X[[row]] @ weights + intercept)[0]))
                for at, p in zip(target.tolist(), proba.tolist(), strict=True):
                    if at < 0:
                        reached[-1 - at] = so_far * p
                    else:
                        below.append((at, so_far * p))
            level = sorted(below, key=lambda each: -each[1])[:beam]
        assert set(found[row].indices.tolist()) == set(reached)
        for label, p in reached.items():
            assert found[row, label] == pytest.approx(p, rel=1e-4)
            assert exact[row, label] == pytest.approx(p, rel=1e-6)


def test_a_single_leaf_is_one_against_the_rest() -> None:
    tree = LabelTree(LinearSVM(), labels_per_leaf=40, prune=0.0, sharpness=2.0).fit(X, Y)
    flat = LinearSVM().fit(X, Y)
    assert tree.decision_function(X) == pytest.approx(np.clip(2 * flat.decision_function(X), LOWEST, -LOWEST), abs=1e-3)
    assert (tree.predict(X) == flat.predict(X)).all()


def test_each_node_is_trained_on_its_own_documents() -> None:
    tree = fitted()
    nodes = dense_nodes(tree)
    children = nodes[0][2]
    for child in children.tolist():
        below = labels_under(nodes, child)
        rows = np.flatnonzero(Y[:, below].getnnz(axis=1))
        lanes = [labels_under(nodes, at) if at >= 0 else [-1 - at] for at in nodes[child][2].tolist()]
        y = np.column_stack([Y[rows][:, each].getnnz(axis=1) > 0 for each in lanes]).astype(np.uint8)
        alone = LinearSVM().fit(X[rows], y)
        assert nodes[child][0] == pytest.approx(alone.weights_, abs=0.1)  # within the tolerance of the solver


def labels_under(nodes: list[Any], node: int) -> list[int]:
    found = []
    for at in nodes[node][2].tolist():
        found += [-1 - at] if at < 0 else labels_under(nodes, at)
    return sorted(found)


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 40), st.integers(1, 6), st.integers(2, 9))
def test_every_label_is_in_one_leaf_of_any_tree(labels: int, per_leaf: int, branching: int) -> None:
    y = Y[:, :labels]
    plan = LabelTree(LinearSVM(), labels_per_leaf=per_leaf, branching=branching)._plan(X, y)
    leaves = [targets for _, targets in plan if targets.size and targets[0] < 0]
    assert sorted((-1 - np.concatenate(leaves)).tolist()) == list(range(labels))
    sizes = [len(each) for each in leaves]
    assert max(sizes) <= per_leaf
    assert max(sizes) - min(sizes) <= 1
    children = [targets for _, targets in plan if targets.size and targets[0] >= 0]
    assert max((len(each) for each in children), default=0) <= branching
    assert sorted(np.concatenate([[0], *children]).tolist()) == list(range(len(plan)))


def test_similar_labels_share_a_cluster() -> None:
    draw = np.random.default_rng(0)
    themes = np.repeat(np.arange(4), 8)
    words = np.eye(4)[themes] + 0.2 * draw.random((32, 4))
    y = sp.identity(32, dtype=np.uint8, format="csr")
    vectors = label_vectors(sp.csr_matrix(words.astype(np.float32)), y)
    clusters = balanced_clusters(vectors, np.arange(32), 2, np.random.default_rng(1))
    assert sorted(map(len, clusters)) == [8, 8, 8, 8]
    assert all(len(set(themes[cluster])) == 1 for cluster in clusters)


def test_label_vectors_keep_the_largest_features() -> None:
    vectors = label_vectors(X, Y, features=5)
    whole = (Y.T.astype(np.float64) @ X).toarray()
    assert np.diff(vectors.indptr).max() == 5
    for label in range(0, 40, 7):
        kept = np.argsort(-whole[label], kind="stable")[:5]
        assert vectors[label].toarray().ravel()[kept] == pytest.approx(
            whole[label, kept] / np.linalg.norm(whole[label, kept]), rel=1e-5
        )


def test_pruning_drops_small_weights_and_few_decisions() -> None:
    whole, pruned = fitted(beam=1000), fitted(beam=1000, prune=0.05)
    assert len(pruned.weight_) < len(whole.weight_)
    assert np.abs(pruned.weight_).min() >= 0.05
    assert (whole.predict(X) != pruned.predict(X)).mean() < 0.01


def test_labels_of_no_document_are_never_given() -> None:
    y = Y.tolil()
    y[:, 5:12] = 0
    tree = LabelTree(LinearSVM(), labels_per_leaf=2, branching=2, beam=100).fit(X, y.tocsr())
    assert not tree.predict(X)[:, 5:12].any()
    assert np.isfinite(tree.decision_function(X)).all()


def test_rows_of_weight_zero_do_not_count() -> None:
    weight = (np.arange(X.shape[0]) % 3 > 0).astype(float)
    some = np.flatnonzero(weight)
    tree = LabelTree(LinearSVM(), **AS_DEEP)
    left_out = clone(tree).fit(X, Y, sample_weight=weight).decision_function(X)
    assert (left_out == clone(tree).fit(X[some], Y[some]).decision_function(X)).all()


def test_it_is_saved_as_data_and_gives_the_same_scores() -> None:
    tree = fitted()
    encoded = EncodedEstimator(tree)
    again = decode_estimator(json.loads(json.dumps(encoded.tree)), encoded.arrays, encoded.parts)
    assert encoded.parts == {}
    assert again.get_params(deep=False).keys() == tree.get_params(deep=False).keys()
    assert (again.decision_function(X) == tree.decision_function(X)).all()


def test_logistic_regression_works_in_its_nodes_and_blocks_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    tree = LabelTree(LogisticRegression(multi_class="ovr"), sharpness=1.0, **AS_DEEP).fit(X, Y)
    found = tree.decision_function(X)
    monkeypatch.setattr("copydesk.classifiers.label_tree._ROWS_AT_ONCE", 7)
    assert (tree.decision_function(X) == found).all()
    dense = LabelTree(LogisticRegression(multi_class="ovr"), sharpness=1.0, **AS_DEEP).fit(X.toarray(), Y.toarray())
    assert (dense.decision_function(X.toarray()) == found).all()


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ({"labels_per_leaf": 0}, "labels_per_leaf=0 is not valid; it must be a whole number from 1"),
        ({"branching": 1}, "branching=1 is not valid; it must be a whole number from 2"),
        ({"beam": True}, "beam=True is not valid; it must be a whole number from 1"),
        ({"sharpness": 0}, "sharpness=0 is not valid; it must be a positive number"),
        ({"prune": -1.0}, r"prune=-1\.0 is not valid; it must be a number from 0"),
    ],
)
def test_parameters_are_checked(options: dict[str, Any], line: str) -> None:
    with pytest.raises(ValueError, match=line):
        fitted(**options)


def test_one_label_for_each_text_is_refused() -> None:
    with pytest.raises(ValueError, match=r"needs an indicator matrix .* use classifier=linear_svm"):
        LabelTree(LinearSVM()).fit(X, np.arange(X.shape[0]) % 3)
