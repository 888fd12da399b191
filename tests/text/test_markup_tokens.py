"""Markup as tokens: names are split into words; a block has those of its elements, ancestors and inline elements."""

from __future__ import annotations

import pytest

pytest.importorskip("resiliparse", reason="needs the extra html")

from copydesk.text.html import read_page
from copydesk.text.markup_tokens import MOST_TOKENS, name_words


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("post-body", ("post", "body")), ("articleBody entry_content", ("article", "body", "entry", "content")),
        ("css-1x2y3z", ("css",)), ("RelatedPosts related", ("related", "posts")), ("HTMLBlock", ("html", "block")),
        ("статья-текст", ("статья", "текст")), ("12 3", ()),
    ],
)  # fmt: skip
def test_names_are_split_into_words(name: str, words: tuple[str, ...]) -> None:
    assert name_words(name) == words


def markups(html: str) -> list[set[str]]:
    return [set(block.markup.split()) for block in read_page(html).blocks]


def test_a_block_has_the_tokens_of_its_elements() -> None:
    heading, paragraph, link = markups(
        '<article class="post" itemprop=articleBody><h1>T</h1><p id=lead>One <b class=dropCap>x</b></p></article>'
        "<aside role=complementary><li><a href=/ rel=author>Next</a></aside>"
    )
    assert {"tag:h1", "after:p", "parent:article", "path:h1<article<body", ".post", "itemprop=articlebody"} <= heading
    assert {"tag:p", "before:h1", "own.lead", ".lead", "parent.post", "in:article", "has:b", "has.drop"} <= paragraph
    assert {"in:aside", "role=complementary", "all:a", "all.author", "parent:aside"} <= link
    assert not link & {".post", "in:article"}


def test_markup_of_pages_nested_deep_is_bounded() -> None:
    letters = "abcdefghij"
    words = [f"{a}{b}{c}" for a in letters for b in letters for c in letters]
    blocks = read_page("".join(f"<div class={word}>x" for word in words)).blocks
    assert len(blocks) == 1000
    assert max(len(block.markup.split()) for block in blocks) < MOST_TOKENS + 20
    inline = read_page("".join(f"<b class={word}>x" for word in words)).blocks
    assert len(inline[0].markup.split()) < 2 * MOST_TOKENS + 20


def test_names_of_any_length_make_short_tokens() -> None:
    long = "x" * 100_000
    blocks = read_page(f"<{long} role={long} itemprop={long} class={long} id={long}>" + "<p>x" * 100).blocks
    assert len(blocks) == 100
    assert max(len(token) for block in blocks for token in block.markup.split()) < 500


def test_values_that_read_like_attributes_are_none() -> None:
    (tokens,) = markups('<p data-a=" class=" sidebar" id=lead>One')
    assert "own.lead" in tokens
    assert not {"own.sidebar", ".sidebar"} & tokens
