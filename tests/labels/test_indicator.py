"""Sets of labels as indicator matrices."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import coo_matrix, csr_matrix
from sklearn.preprocessing import MultiLabelBinarizer

from copydesk.labels.indicator import as_indicator, indicator_of, is_indicator, sets_of

SETS = st.lists(st.sets(st.sampled_from("abcdeé")), max_size=8)


@given(SETS)
def test_the_matrix_is_that_of_scikit_learn(rows: list[set[str]]) -> None:
    indicator, classes = indicator_of(rows)
    binarizer = MultiLabelBinarizer()
    expected = binarizer.fit_transform(rows)
    assert indicator.dtype == np.uint8
    assert indicator.indices.dtype == np.int32
    assert classes.tolist() == binarizer.classes_.tolist()
    np.testing.assert_array_equal(indicator.toarray(), expected)


@given(SETS)
def test_sets_come_back(rows: list[set[str]]) -> None:
    assert sets_of(*indicator_of(rows)) == [tuple(sorted(row)) for row in rows]


def test_labels_outside_the_classes_are_left_out() -> None:
    indicator, classes = indicator_of([["b", "x"], []], ["b", "a"])
    assert classes.tolist() == ["b", "a"]
    assert indicator.toarray().tolist() == [[1, 0], [0, 0]]


@pytest.mark.parametrize("dtype", [bool, np.int64, np.float32])
def test_any_matrix_of_0_and_1_is_an_indicator(dtype: type) -> None:
    dense = np.array([[1, 0], [0, 1], [0, 0]], dtype=dtype)
    for given_matrix in (dense, csr_matrix(dense), coo_matrix(dense), dense.tolist()):
        found = as_indicator(given_matrix)
        assert (found.dtype, found.nnz) == (np.uint8, 2)
        np.testing.assert_array_equal(found.toarray(), dense)


def test_stored_zeros_are_dropped_from_a_copy() -> None:
    stored = csr_matrix((np.array([1, 0], np.uint8), np.array([1, 0], np.int32), np.array([0, 2], np.int32)))
    assert as_indicator(stored).nnz == 1
    assert stored.nnz == 2


@pytest.mark.parametrize(("values", "error"), [([[2, 0]], "not 2"), ([[0.5, 0]], "not 0.5"), ([1, 0], r"not \(2,\)")])
def test_other_values_are_refused(values: list[object], error: str) -> None:
    with pytest.raises(ValueError, match=error):
        as_indicator(values)


def test_a_matrix_is_told_from_a_column_of_labels() -> None:
    assert is_indicator(np.zeros((2, 2)))
    assert is_indicator(csr_matrix((2, 1)))
    assert not is_indicator(np.zeros((2, 1)))
    assert not is_indicator(np.array(["a", "b"]))
    assert not is_indicator(["a", "b"])
