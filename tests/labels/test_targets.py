"""Targets of one label or several."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from copydesk.labels.indicator import indicator_of
from copydesk.labels.targets import LabelSets, OneLabel, aligned, training_targets


@pytest.mark.parametrize(("n_groups", "n_folds"), [(2, 2), (3, 3), (20, 5)])
def test_there_are_no_more_folds_than_groups(n_groups: int, n_folds: int) -> None:
    groups = np.arange(40) % n_groups
    labels = ["sea" if n % 2 else "land" for n in range(40)]
    for targets in (training_targets(labels), training_targets([[label, "all"] for label in labels])):
        fold_of = targets.folds(groups, 5, 0)
        assert set(fold_of) == set(range(n_folds))
        assert all(len(set(fold_of[groups == group])) == 1 for group in range(n_groups))


def test_without_groups_each_label_is_spread_over_the_folds() -> None:
    labels = np.array(["rare", *["pair"] * 2, *["many"] * 30], dtype=object)
    for targets in (training_targets(labels), training_targets([(label,) for label in labels])):
        fold_of = targets.folds(np.zeros(33), 3, 1)
        assert len(set(fold_of[labels == "pair"])) == 2
        assert np.bincount(fold_of[labels == "many"]).tolist() == [10, 10, 10]


def test_sets_become_an_indicator_with_sorted_names() -> None:
    for y in ([["b", "a"], []], [("a", "b"), ()], [{"a", "b"}, set()], np.array([("b", "a"), ()], dtype=object)):
        targets = training_targets(y)
        assert isinstance(targets, LabelSets)
        assert targets.names.tolist() == ["a", "b"]
        assert targets.values.toarray().tolist() == [[1, 1], [0, 0]]


def test_an_indicator_is_numbered_and_labels_stay() -> None:
    indicator = training_targets(np.array([[0, 1], [1, 1]]))
    assert isinstance(indicator, LabelSets)
    assert indicator.names.tolist() == [0, 1]
    assert isinstance(training_targets(["a", "b"]), OneLabel)
    assert training_targets(indicator) is indicator


def test_sets_in_the_columns_of_given_classes() -> None:
    targets = training_targets([["b"], ["c"]], np.array(["a", "b"], dtype=object))
    assert targets.values.toarray().tolist() == [[0, 1], [0, 0]]


def test_only_labels_teach() -> None:
    assert training_targets([["a"], []]).teach(None)
    assert not training_targets([["a"], []]).teach(np.array([0.0, 1.0]))
    assert not training_targets(["a", "a"]).teach(None)
    assert not training_targets(["a", "b"]).teach(np.array([0.0, 1.0]))


def test_a_label_that_no_document_has_gets_no_score() -> None:
    indicator, names = indicator_of([["a"], []], ["a", "b"])
    assert LabelSets(indicator, names).align(np.ones((1, 2)), None, names).tolist() == [[1.0, -np.inf]]
    alone = LabelSets(csr_matrix(np.ones((1, 1), np.uint8)), names[:1])
    assert alone.align(np.array([[-2.0, 2.0]]), None, names[:1]).tolist() == [[2.0]]


def test_columns_are_aligned_by_class() -> None:
    assert aligned(np.array([[1.0, 2.0]]), ["b", "a"], ["a", "c", "b"]).tolist() == [[2.0, -np.inf, 1.0]]
