"""Every word that a browser shows is in one block, in document order; what it never shows is in none."""

from __future__ import annotations

import pytest

pytest.importorskip("resiliparse", reason="needs the extra html")

from hypothesis import given, settings
from hypothesis import strategies as st

from copydesk.text.html import Block, read_page


def texts(html: str | bytes) -> list[str]:
    return [block.text for block in read_page(html).blocks]


def only(html: str) -> Block:
    (block,) = read_page(html).blocks
    return block


def test_blocks_begin_where_a_browser_breaks_the_line() -> None:
    assert texts("<p>One <b>two</b> three<p>four<div>five<ul><li>six<li>seven</ul>eight</div>") == [
        "One two three", "four", "five", "six", "seven", "eight",
    ]  # fmt: skip


def test_a_line_break_is_a_space_and_two_are_a_new_block() -> None:
    assert texts("<p>Main Street 1<br>Springfield<br> <br>Open daily") == ["Main Street 1 Springfield", "Open daily"]


def test_what_is_never_shown_as_text_is_left_out() -> None:
    assert texts("<title>T</title><script>s</script><style>s</style><p>shown<noscript>n</noscript><svg><text>v") == [
        "shown"
    ]


def test_elements_that_no_standard_knows_stand_in_line() -> None:
    assert texts("<p>a <my-widget>b</my-widget> c") == ["a b c"]


def test_white_space_is_collapsed_and_zero_width_space_is_nothing() -> None:
    assert texts("<p> a\n\t b&nbsp; c&#8203;d ") == ["a b cd"]


def test_a_block_says_where_it_stands_and_how_much_of_it_is_links() -> None:
    first, second = read_page("<div><h2>Head</h2><p>see <a href='/'>here</a></p></div>").blocks
    assert (first.tag, second.tag) == ("h2", "p")
    assert first.path[:-1] == second.path[:-1]
    assert first.link_share == 0
    assert second.link_share == pytest.approx(4 / 8)
    assert only("<li><a href='/'>All of it</a>").link_share == 1


def test_the_head_says_title_and_address() -> None:
    page = read_page('<title> A  title </title><link rel="canonical" href="https://example.org/a"><p>x')
    assert (page.title, page.url) == ("A title", "https://example.org/a")
    assert read_page('<meta property="og:url" content="https://example.org/b"><p>x').url == "https://example.org/b"
    assert (read_page("<p>x").title, read_page("<p>x").url) == ("", "")


def test_bytes_are_decoded_as_they_say_or_as_they_look() -> None:
    assert texts("<p>über".encode()) == ["über"]
    assert texts('<meta charset="windows-1252"><p>über'.encode("cp1252")) == ["über"]
    assert texts("\ufeff<p>über".encode()) == ["über"]


@pytest.mark.parametrize(
    "html", ["", "<", "<html>", "<!-- only a comment -->", "\x00", "<script>x</script>", b"\xff\xfe"]
)
def test_pages_of_nothing_have_no_block_or_what_little_they_have(html: str | bytes) -> None:
    assert all(block.text.strip() for block in read_page(html).blocks)


def test_a_page_nested_deep_is_read() -> None:
    assert texts("<div>" * 3000 + "deep" + "</div>" * 3000 + "<p>after") == ["deep", "after"]


WORDS = st.lists(st.text("abcdefgh", min_size=1, max_size=6), min_size=1, max_size=4).map(" ".join)
TAGS = st.sampled_from(["p", "div", "span", "b", "ul", "section", "x-y"])
TREES = st.recursive(
    WORDS, lambda inner: st.tuples(TAGS, st.lists(inner, min_size=1, max_size=4)).map(
        lambda found: f"<{found[0]}> {' '.join(found[1])} </{found[0]}>"
    ), max_leaves=12,
)  # fmt: skip


@pytest.mark.fuzz
@given(TREES)
@settings(deadline=None, max_examples=60)
def test_law_no_word_is_lost_doubled_or_moved(html: str) -> None:
    import re

    words = re.sub("<[^>]*>", " ", html).split()
    assert " ".join(texts(html)).split() == words
