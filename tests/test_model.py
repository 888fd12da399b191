"""Texts are checked before a model sees them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copydesk.model import check_texts, chunks


@pytest.mark.parametrize("bad", [None, 3, float("nan"), b"bytes", ["nested"]])
def test_what_is_not_a_string_is_named_by_its_row(bad: object) -> None:
    with pytest.raises(TypeError, match="row 1: expected a str"):
        check_texts(["fine", bad])


def test_one_string_is_not_a_list_of_texts() -> None:
    with pytest.raises(TypeError, match=r"pass \[text\]"):
        check_texts("one text")


@given(st.lists(st.integers()), st.integers(1, 7))
def test_law_chunks_hold_everything_once_and_in_order(items: list[int], size: int) -> None:
    parts = list(chunks(iter(items), size))
    assert [item for part in parts for item in part] == items
    assert all(0 < len(part) <= size for part in parts)
