"""Hierarchies of labels."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from copydesk.labels.hierarchy import close_decisions, close_probabilities, depths, parents_of, with_ancestors
from copydesk.labels.indicator import indicator_of, sets_of

LABELS = st.sets(st.lists(st.sampled_from("abc"), min_size=1, max_size=4).map("/".join), max_size=4)


def test_a_parent_holds_where_its_child_does() -> None:
    assert with_ancestors(["sport/football/cup", "news"], "/") == (
        "news",
        "sport",
        "sport/football",
        "sport/football/cup",
    )
    assert with_ancestors(["sport/football"], None) == ("sport/football",)
    assert with_ancestors([], "/") == ()


def test_a_parent_is_the_nearest_ancestor_that_is_a_label() -> None:
    classes = ["a", "a/b/c", "b", "b/c"]
    assert parents_of(classes, "/").tolist() == [-1, 0, -1, 2]
    assert parents_of(classes, None).tolist() == [-1] * 4
    assert depths(parents_of(["a", "a/b", "a/b/c"], "/")).tolist() == [0, 1, 2]


@given(st.lists(LABELS, min_size=1, max_size=6))
def test_closing_decisions_is_closing_each_set(rows: list[set[str]]) -> None:
    classes = sorted({label for row in rows for label in with_ancestors(row, "/")})
    indicator, _ = indicator_of(rows, classes)
    closed = close_decisions(indicator, parents_of(classes, "/"))
    assert sets_of(closed, classes) == [with_ancestors(row, "/") for row in rows]


@given(st.lists(LABELS, min_size=1, max_size=6), st.integers(0, 9))
def test_no_probability_is_below_a_childs(rows: list[set[str]], seed: int) -> None:
    classes = sorted({label for row in rows for label in with_ancestors(row, "/")})
    parents = parents_of(classes, "/")
    before = np.random.default_rng(seed).random((3, len(classes)))
    after = close_probabilities(before, parents)
    for child, parent in enumerate(parents):
        assert parent < 0 or (after[:, parent] >= after[:, child]).all()
    assert (after >= before).all()
    leaves = [at for at in range(len(classes)) if at not in parents]
    assert_array_equal(after[:, leaves], before[:, leaves])
