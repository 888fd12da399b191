"""A cleaned text is the kept paragraphs as they stood; nothing else is lost or changed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copydesk.model import LabelledParagraph, check_texts, chunks, join_kept, paragraph_frame


def labelled(text: str, kept: list[bool]) -> list[LabelledParagraph]:
    """Label the space-separated words of a text as if they were its paragraphs."""
    found, at = [], 0
    for word, keep in zip(text.split(" "), kept, strict=True):
        label = "content" if keep else "boilerplate"
        found.append(LabelledParagraph(word, at, at + len(word), label, float(keep)))
        at += len(word) + 1
    return found


def test_neighbours_keep_what_stood_between_them_and_a_cut_leaves_a_blank_line() -> None:
    assert join_kept("a b c d", labelled("a b c d", [True, True, False, True])) == "a b\n\nd"


@given(st.lists(st.tuples(st.text("xyz", min_size=1, max_size=4), st.booleans()), min_size=1))
def test_law_what_is_kept_is_exactly_the_kept_paragraphs_in_order(words: list[tuple[str, bool]]) -> None:
    text = " ".join(word for word, _ in words)
    joined = join_kept(text, labelled(text, [keep for _, keep in words]))
    assert joined.split() == [word for word, keep in words if keep]
    if all(keep for _, keep in words):
        assert joined == text


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


def test_the_frame_of_paragraphs_knows_document_place_title_and_site() -> None:
    frame, spans = paragraph_frame(["One.\n\nTwo.", "", "Three."], titles=["A", "B", "C"], sites=["x", "y", "z"])
    assert frame["text"].tolist() == ["One.", "Two.", "Three."]
    assert frame["document"].tolist() == [0, 0, 2]
    assert frame["position"].tolist() == [0, 1, 0]
    assert frame["title"].tolist() == ["A", "A", "C"]
    assert frame["group"].tolist() == ["x", "x", "z"]
    assert spans.tolist() == [[0, 4], [6, 10], [0, 6]]
