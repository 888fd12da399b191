"""Blocks are labelled by the main text, in order; where it can't be known they are doubtful."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from copydesk.datasets.web.alignment import align, common_runs, longest_chain, smallest_holder, tokenize
from copydesk.text.blocks import Block

FIRST = "The council said on Tuesday that the old bridge would stay closed until spring."
SECOND = "Residents of the northern bank now have to drive twelve miles to the next crossing."
MENU = "Home News Sport Weather Contact"


def block(text: str, tag: str = "p", path: tuple[int, ...] = (1, 2), link_share: float = 0.0) -> Block:
    return Block(text, tag, path, link_share)


def labels(blocks: list[Block], gold: str, title: str = "") -> list[str]:
    return align(blocks, gold, title).labels


def test_what_stands_in_the_main_text_is_content_and_the_rest_is_boilerplate() -> None:
    found = align(
        [block(MENU), block(FIRST), block("Share this on every network"), block(SECOND)], f"{FIRST}\n\n{SECOND}"
    )
    assert found.labels == ["boilerplate", "content", "boilerplate", "content"]
    assert found.shares.tolist() == [0, 1, 0, 1]
    assert found.found == 1


def test_case_punctuation_and_line_breaks_do_not_matter() -> None:
    assert labels([block(FIRST.upper()), block(MENU)], FIRST.replace(" ", "\n").replace(".", "")) == [
        "content",
        "boilerplate",
    ]


def test_a_short_block_is_content_where_the_main_text_has_it_between_its_neighbours() -> None:
    blocks = [block("News"), block(FIRST), block("News"), block(SECOND), block("News")]
    assert labels(blocks, f"{FIRST} News {SECOND}") == ["boilerplate", "content", "content", "content", "boilerplate"]


def test_text_of_the_article_that_stands_elsewhere_once_more_is_doubtful() -> None:
    assert labels([block(SECOND), block(FIRST), block(SECOND)], f"{FIRST} {SECOND}") == [
        "doubtful",
        "content",
        "content",
    ]


def test_a_form_field_that_holds_the_article_is_boilerplate() -> None:
    blocks = [block(FIRST, "textarea"), block(SECOND, "textarea"), block(FIRST), block(SECOND)]
    assert labels(blocks, f"{FIRST} {SECOND}") == ["boilerplate", "boilerplate", "content", "content"]


def test_a_headline_that_the_main_text_lacks_is_content_and_its_copies_are_not() -> None:
    page = [block("Bridge closed", "li"), block("Bridge closed", "h1"), block(FIRST), block("Bridge closed", "li")]
    own = "Bridge closed"
    assert align(page, FIRST, headline=own).labels == ["boilerplate", "content", "content", "boilerplate"]
    assert align(page, FIRST).labels == ["boilerplate", "boilerplate", "content", "boilerplate"]
    assert align(page, FIRST, title=own, headline=own).labels[1] == "content"
    assert align(page, f"{own} {FIRST}", headline=own).labels[2] == "content"


def test_of_an_article_in_paragraphs_and_once_more_as_one_block_the_paragraphs_are_content() -> None:
    story = [f"{FIRST} {SECOND} That was said in meeting {number} of many." for number in range(8)]
    whole = block(" ".join(story))
    expected = ["content"] * 8
    assert labels([*map(block, story), whole], " ".join(story)) == [*expected, "doubtful"]
    assert labels([whole, *map(block, story)], " ".join(story)) == ["doubtful", *expected]
    assert labels([whole, block(story[0])], " ".join(story)) == ["content", "doubtful"]  # a quote pulled out


def test_a_block_that_is_half_in_the_main_text_is_doubtful() -> None:
    half = f"{FIRST} More of our reporting on bridges can be found in the section on traffic and roads below."
    assert labels([block(half), block(SECOND)], f"{FIRST} {SECOND}")[0] == "doubtful"


def test_a_subhead_that_the_main_text_may_have_left_out_is_doubtful() -> None:
    blocks = [block(FIRST, path=(1, 2, 3)), block("Long way round", "h2", (1, 2, 4)), block(SECOND, path=(1, 2, 5))]
    assert labels(blocks, f"{FIRST} {SECOND}") == ["content", "doubtful", "content"]
    linked = [blocks[0], block("Long way round", "h2", (1, 2, 4), link_share=1.0), blocks[2]]
    assert labels(linked, f"{FIRST} {SECOND}")[1] == "boilerplate"


def test_the_title_is_content_where_it_is_the_heading_before_the_article() -> None:
    blocks = [
        block("Bridge closed", "li"),
        block("Bridge closed", "h1"),
        block(FIRST + " " + SECOND),
        block("Bridge closed"),
    ]
    found = labels(blocks, f"{FIRST} {SECOND}", "Bridge closed")
    assert [found[at] for at in (0, 1, 3)] == ["boilerplate", "content", "boilerplate"]


def test_scripts_without_spaces_are_aligned_by_characters() -> None:
    assert tokenize("橋は閉鎖 ok") == ["橋", "は", "閉", "鎖", "ok"]
    assert labels([block("市長は橋を閉鎖すると述べた。"), block("天気予報")], "市長は橋を閉鎖すると述べた。") == [
        "content",
        "boilerplate",
    ]


def test_a_page_without_the_main_text_says_so() -> None:
    found = align([block(MENU)], FIRST)
    assert (found.labels, found.found) == (["boilerplate"], 0)
    assert align([], FIRST).labels == []


def test_the_article_s_element_is_the_smallest_that_holds_nearly_all_of_it() -> None:
    paths = [(1, 2), (1, 3, 4, 5), (1, 3, 4, 6), (1, 3, 4, 7), (1, 3, 8), (1, 9)]
    blocks = [block("x" * 50, path=path) for path in paths]
    chosen = smallest_holder(blocks, ["boilerplate", "content", "boilerplate", "content", "boilerplate", "boilerplate"])
    assert chosen.tolist() == [False, True, True, True, False, False]


TOKENS = st.lists(st.sampled_from("abc"), max_size=30)


@pytest.mark.fuzz
@given(TOKENS, TOKENS)
@example(list("aaaabaaaa"), list("aaaaaa"))
@example(list("aaaaaa"), list("aaaabaaaa"))
@settings(deadline=None)
def test_law_a_chain_is_in_order_in_both_texts_and_both_agree_on_it(words: list[str], gold: list[str]) -> None:
    chain = longest_chain(common_runs(words, gold))
    at, place = 0, 0
    for start, gold_start, length in chain:
        assert start >= at
        assert gold_start >= place
        assert words[start : start + length] == gold[gold_start : gold_start + length]
        at, place = start + length, gold_start + length


@pytest.mark.fuzz
@given(st.lists(st.text("ab ", min_size=1, max_size=20).filter(str.strip), max_size=8))
@settings(deadline=None)
def test_law_every_block_is_labelled_and_a_page_that_is_all_article_is_all_content(parts: list[str]) -> None:
    found = align([block(text) for text in parts], " ".join(parts))
    assert len(found.labels) == len(parts) == len(found.shares)
    assert np.all((found.shares >= 0) & (found.shares <= 1))
    if len(tokenize(" ".join(parts))) >= 4:
        assert "boilerplate" not in found.labels
