"""Markdown shows the text as it is: no character of it means anything, and the structure is that of the markup."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from copydesk.text.blocks import Block
from copydesk.text.html import read_page
from copydesk.text.markdown import blocks_markdown, escape


def markdown(html: str, cut: str = "") -> str:
    blocks = read_page(html).blocks
    return blocks_markdown(blocks, [not cut or cut not in block.text for block in blocks])


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<h1>One</h1><h2>Two</h2><h6>Six</h6><p>Text", "# One\n\n## Two\n\n###### Six\n\nText"),
        ("<ul><li>a<li>b</ul><p>after", "- a\n- b\n\nafter"),
        ("<p>before<ol><li>a<li>b</ol>", "before\n\n1. a\n2. b"),
        ("<ul><li>a<ul><li>b<li>c</ul><li>d</ul>", "- a\n  - b\n  - c\n- d"),
        ("<ol><li>a<ul><li>b</ul><li>c</ol>", "1. a\n   - b\n2. c"),
        ("<ul><li><p>a</p><p>b</p></li><li>c</ul>", "- a\n\n  b\n\n- c"),
        ("<ul><li>a<ul><li>b</ul>tail<li>c</ul>", "- a\n  - b\n\n  tail\n\n- c"),
        ("<ul><li><ul><li>alone</ul></ul>", "- alone"),
        ("<ul><li>a</ul><ol><li>b</ol>", "- a\n\n1. b"),
        ("<blockquote><p>one<p>two</blockquote><p>after", "> one\n>\n> two\n\nafter"),
        ("<blockquote><ul><li>a<li>b</ul></blockquote>", "> - a\n> - b"),
        ("<table><tr><th>A<th>B<tr><td>1<td>2|3</table>", "| A | B |\n| --- | --- |\n| 1 | 2\\|3 |"),
        ("<table><tr><td>A<td>B<tr><td>1<td>2<td>3</table>", "| A | B |  |\n| --- | --- | --- |\n| 1 | 2 | 3 |"),
        ("<table><thead><tr><th>A<th>B<tbody><tr><td>1<td>2</table>", "| A | B |\n| --- | --- |\n| 1 | 2 |"),
        ("<p>Roses are red<br>violets blue<br>sugar is sweet", "Roses are red\\\nviolets blue\\\nsugar is sweet"),
        ("<h2>C #</h2>", "## C \\#"),
        ("", ""),
    ],
)
def test_structure_is_that_of_the_markup(html: str, expected: str) -> None:
    assert markdown(html) == expected


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<ol><li>a<li>CUT<li>c</ol>", "1. a\n3. c"),
        ("<ul><li>CUT<ul><li>b</ul></ul>", "- b"),
        ("<table><tr><td>CUT<td>B<tr><td>1<td>2</table>", "| 1 | 2 |\n| --- | --- |"),
        ("<p>one<br>CUT<br>three", "one\n\nthree"),
        ("<p>before</p><p>CUT</p><p>after", "before\n\nafter"),
        ("<ul><li>a<ol><li>CUT<li>c</ol></ul>", "- a\n\n  2. c"),
    ],
)
def test_what_is_cut_leaves_no_trace(html: str, expected: str) -> None:
    assert markdown(html, "CUT") == expected


def shown(text: str) -> list[tuple[str, str]]:
    """Return the texts that a Markdown text shows, each with the kind of its block."""
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    return [
        (tokens[at - 1].type, plain(token)) for at, token in enumerate(tokens) if token.type == "inline"
    ]  # fmt: skip


def plain(token: Any) -> str:
    assert {child.type for child in token.children} <= {"text", "text_special", "hardbreak"}
    return "".join("\n" if child.type == "hardbreak" else child.content for child in token.children)


SPECIAL = st.text(alphabet="\\`*_[]()<>#+-=.!|~&;:123 ab", min_size=1, max_size=30)


@pytest.mark.fuzz
@given(texts=st.lists(SPECIAL, min_size=1, max_size=3))
def test_any_paragraphs_are_shown_as_they_are(texts: list[str]) -> None:
    texts = [" ".join(text.split()) for text in texts]
    texts = [text for text in texts if text]
    found = shown("\n\n".join(map(escape, texts)))
    assert found == [("paragraph_open", text) for text in texts]


def test_lines_like_the_head_of_a_table_are_text() -> None:
    lines = ["|", "-|"]
    blocks = [Block(line, "p", (1, 2), 0.0, is_line=bool(number)) for number, line in enumerate(lines)]
    assert shown(blocks_markdown(blocks, [True] * 2)) == [("paragraph_open", "\n".join(lines))]


@pytest.mark.fuzz
@given(cells=st.lists(SPECIAL, min_size=2, max_size=3), title=SPECIAL, lines=st.lists(SPECIAL, min_size=2, max_size=3))
def test_any_blocks_are_shown_as_they_are(cells: list[str], title: str, lines: list[str]) -> None:
    cells, (title,), lines = ([" ".join(text.split()) or "x" for text in texts] for texts in (cells, [title], lines))
    blocks = [
        Block(title, "h2", (1, 2), 0.0),
        Block("\t".join(cells), "tr", (1, 3, 4, 5), 0.0),
        Block(lines[0], "li", (1, 6, 7), 0.0, markup="in:li path:li<ul<body"),
        *(Block(line, "p", (1, 8), 0.0, is_line=bool(number)) for number, line in enumerate(lines)),
        Block(title, "p", (1, 9), 0.0, markup="in:blockquote"),
    ]
    found = shown(blocks_markdown(blocks, [True] * len(blocks)))
    assert found == [
        ("heading_open", title),
        *(("th_open", cell) for cell in cells),
        ("paragraph_open", lines[0]),
        ("paragraph_open", "\n".join(lines)),
        ("paragraph_open", title),
    ]
