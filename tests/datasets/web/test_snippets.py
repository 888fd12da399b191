"""Hand-made snippets tell of the blocks that they stand in, where they tell of one thing."""

from __future__ import annotations

import pytest

from copydesk.datasets.web.snippets import has_snippets, told_by_snippets

STORY = "The old bridge stays closed until the spring, the council said."


def test_blocks_are_told_of_by_what_they_hold() -> None:
    texts = ["Home", STORY, "Sign up for our newsletter", "Comments"]
    record = {"with": ["stays closed  until\nthe spring"], "without": ["newsletter", "Comments"]}
    assert told_by_snippets(texts, record) == ["", "content", "boilerplate", "boilerplate"]


@pytest.mark.parametrize(
    ("texts", "record", "told"),
    [
        ([STORY, f"More: {STORY}"], {"with": [STORY]}, ["", ""]),  # a teaser may hold it, too
        (["News"] * 4, {"without": ["News"]}, [""] * 4),  # a common word
        (["News"] * 3, {"without": ["News"]}, ["boilerplate"] * 3),
        ([STORY * 3], {"without": ["the council"]}, [""]),  # an article may hold it
        ([STORY], {"with": ["old bridge"], "without": [STORY]}, [""]),  # one says this, one that
        ([STORY], {"with": ["", "  "], "without": None}, [""]),
        ([], {"with": ["x"]}, []),
    ],
)
def test_nothing_is_said_where_a_snippet_may_be_elsewhere(texts: list[str], record: dict, told: list[str]) -> None:
    assert told_by_snippets(texts, record) == told


def test_a_page_is_told_of_by_what_must_stay() -> None:
    assert has_snippets({"with": ["a"]})
    assert not has_snippets({"with": [" "], "without": ["a"]})
    assert not has_snippets({})
