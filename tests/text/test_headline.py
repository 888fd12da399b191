"""The headline of a page is what title and headings agree on; the paragraph that repeats it is found."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copydesk.text.headline import LONGEST_TITLE, find_headline, letters, page_headline

BODY = "The mill by the weir will be sold in the autumn, though nobody in the village knows who would ever want it now."


@pytest.mark.parametrize(
    ("title", "og_title", "headings", "expected"),
    [
        ("Mill to be sold - The Weir Echo", "", ["Mill to be sold"], "Mill to be sold"),
        ("Mill to be sold | News | Echo", "", ["Echo", "Mill to be sold"], "Mill to be sold"),
        ("Echo", "Mill to be sold", ["Echo", "MILL TO BE SOLD!"], "MILL TO BE SOLD!"),
        ("Mill by the weir to be sold | Echo", "", ["Echo", "Old mill by the weir sold"], "Old mill by the weir sold"),
        ("Mill to be sold | Echo", "", ["Weather"], "Mill to be sold | Echo"),
        ("Mill to be sold | Echo", "Mill to be sold", [], "Mill to be sold"),
        ("", "", [], ""),
        ("", "", ["Mill to be sold"], ""),
    ],
)
def test_title_and_headings_give_the_headline(title: str, og_title: str, headings: list[str], expected: str) -> None:
    assert page_headline(title, og_title, headings) == expected


@pytest.mark.parametrize(
    ("title", "paragraph"),
    [
        ("Mill to be sold", "MILL  to be “sold”."),
        ("Mill to be sold - The Echo", "Mill to be sold"),
        ("Mill - and weir - to be sold | News | The Echo", "Mill – and weir – to be sold"),
        ("Echo | The old mill is to be sold", "The old mill is to be sold"),
        ("水車小屋が売りに出される｜こだま新聞", "水車小屋が売りに出される"),
    ],
)
def test_a_paragraph_may_lack_the_name_of_the_site(title: str, paragraph: str) -> None:
    assert find_headline(["Home", paragraph, BODY], [False, False, True], title) == 1


@pytest.mark.parametrize("title", ["Mill to be sold - The Echo", "Sport | The Echo", "", " - ", "…"])
def test_the_name_of_a_site_and_other_lines_are_no_headline(title: str) -> None:
    assert find_headline(["The Echo", "…", "-", "Mill to be bought", BODY], [False] * 4 + [True], title) is None


def test_of_several_the_last_above_the_running_text_is_the_headline() -> None:
    head = "Mill to be sold"
    assert find_headline([head, "News", head, BODY, head], [False, False, False, True, False], head) == 2
    assert find_headline([BODY, head, head], [True, False, False], head) == 1
    assert find_headline([head, "News", head], [False] * 3, head) == 0


@given(st.text(max_size=30), st.lists(st.text(max_size=30), max_size=6))
def test_law_the_headline_is_in_the_title(title: str, paragraphs: list[str]) -> None:
    found = find_headline([*paragraphs, title], [False] * (len(paragraphs) + 1), title)
    assert (found is None) == (not letters(title))
    if found is not None:
        assert letters([*paragraphs, title][found]) in letters(title)


@pytest.mark.parametrize("title", [" -" * 500_000, "a | " * 250_000, "word " * (LONGEST_TITLE // 5 + 1)])
def test_what_is_too_long_for_a_title_gives_no_headline(title: str) -> None:
    assert page_headline(title, title, ["A headline", title]) == ""
    assert find_headline(["A headline", title], [True, True], title) is None
