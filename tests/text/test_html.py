"""Every word that a browser shows is in one block, in document order; what it never shows is in none."""

from __future__ import annotations

import pytest

pytest.importorskip("resiliparse", reason="needs the extra html")

from hypothesis import given, settings
from hypothesis import strategies as st

from copydesk.text.blocks import Block
from copydesk.text.html import LONG_TAG, cut_tag, page_text, read_page


def texts(html: str | bytes) -> list[str]:
    return [block.text for block in read_page(html).blocks]


def only(html: str) -> Block:
    (block,) = read_page(html).blocks
    return block


def test_blocks_begin_where_a_browser_breaks_the_line() -> None:
    assert texts("<p>One <b>two</b> three<p>four<div>five<ul><li>six<li>seven</ul>eight</div>") == [
        "One two three", "four", "five", "six", "seven", "eight",
    ]  # fmt: skip


def test_line_breaks_make_lines_and_two_make_a_paragraph() -> None:
    html = "<p>Main Street 1<br>Springfield<br> <br>Open daily"
    assert texts(html) == ["Main Street 1", "Springfield", "Open daily"]
    assert page_text(html) == "Main Street 1\nSpringfield\n\nOpen daily"


def test_lines_of_a_heading_are_one_headline() -> None:
    assert texts("<h1>Harbour wall<br>gives way</h1>") == ["Harbour wall gives way"]


def test_lines_wrapped_by_breaks_are_one_paragraph() -> None:
    assert texts(
        "<div>The ferry that crosses the strait twice a day has been<br>withdrawn for repairs until the end of the "
        "month, and<br>"
        "the islanders have to wait for the mail boat, which sails<br>on Tuesdays and takes no cars at all.</div>"
    ) == [
        "The ferry that crosses the strait twice a day has been withdrawn for repairs until the end of the month, and "
        "the islanders have to wait for the mail boat, which sails on Tuesdays and takes no cars at all."
    ]


@pytest.mark.parametrize("tag", ["<pre>", "<div style='white-space: pre-wrap'>"])
def test_blank_lines_of_preformatted_text_separate_paragraphs_and_wrapped_lines_join(tag: str) -> None:
    wrapped = "Rain fell on the valley for eleven days,\nand on the twelfth the river came over the\nwall by the mill."
    assert texts(f"{tag}{wrapped}\n\nNobody was hurt.") == [wrapped.replace("\n", " "), "Nobody was hurt."]


def test_wrapped_paragraphs_of_two_lines_join_and_verse_tables_and_code_stay_in_lines() -> None:
    story = "The mill by the weir will be sold in the autumn, though nobody\nknows who would want it."
    assert texts(f"<pre>{story}\n\n{story}</pre>") == [story.replace("\n", " ")] * 2
    for lines in (
        ["Slowly the ferry leaves the quay behind,", "Slowly the gulls come after in the wind,", "And no one waves."],
        ["Harbour      41 points   after 12 matches", "Mill         39 points   after 12 matches"],
        ["for name in sorted(names_of_all_the_boats):", "print(name)"],
        ["1. the mill by the weir, and the house beside it", "2. the house by the mill, and the weir beside it"],
    ):
        assert texts(f"<pre>{chr(10).join(lines)}</pre>") == [" ".join(line.split()) for line in lines]
        assert texts(f"<p>{'<br>'.join(lines)}") == [" ".join(line.split()) for line in lines]


def test_a_row_of_a_table_is_a_block_unless_it_is_layout() -> None:
    table = "<table><tr><th>Club<th>Points<tr><td><p>Harbour</p><td>41</table>"
    assert texts(table) == ["Club\tPoints", "Harbour\t41"]
    first, _ = read_page(table.replace("Club", "<a href='/'>Club</a>")).blocks
    assert (first.tag, first.link_share) == ("tr", pytest.approx(4 / 11))
    for cells in (["Menu", "One.<p>Two."], ["Menu", "A long cell of text. " * 6], ["Logo", "<h1>Head</h1>"]):
        assert len(texts(f"<table><tr><td>{'<td>'.join(cells)}</table>")) > 1


def test_tables_in_cells_keep_their_rows() -> None:
    inner = "<table><tr><td>a<td>b<tr><td>c<td>d</table>"
    assert texts(f"<table><tr><td>{inner}<td>side</table>") == ["a\tb", "c\td", "side"]


def test_readings_of_ruby_are_left_out() -> None:
    assert texts("<p><ruby>漢<rp>(</rp><rt>かん</rt><rp>)</rp></ruby>字") == ["漢字"]


@pytest.mark.parametrize(
    "hidden",
    [
        "<p hidden>no", "<p hidden='hidden'>no", "<div style='color:red; DISPLAY : none !important'><p>no</p></div>",
        "<p style='visibility:hidden'>no", "<template>no</template>", "<dialog>no</dialog>", "<video>no</video>",
    ],
)  # fmt: skip
def test_text_that_a_browser_hides_is_left_out(hidden: str) -> None:
    assert texts(f"<p>Shown to readers.</p>{hidden}") == ["Shown to readers."]


@pytest.mark.parametrize(
    "shown", ["<p hidden=until-found>yes", "<p style='display:nonesuch'>yes", "<dialog open>yes", "<p class=hidden>yes"]
)
def test_what_only_looks_hidden_is_kept(shown: str) -> None:
    assert texts(f"<p>Shown to readers.</p>{shown}") == ["Shown to readers.", "yes"]


def test_a_page_that_hides_most_of_its_text_until_a_script_runs_is_read_whole() -> None:
    assert texts("<p>Loading<div style='display:none'><p>The whole story stands here.") == [
        "Loading", "The whole story stands here.",
    ]  # fmt: skip
    assert texts("<body style='display:none' hidden><p>All.") == ["All."]


def test_elements_of_no_standard_beside_each_other_are_blocks() -> None:
    assert texts("<div><x-part>One.</x-part><x-part>Two.</x-part> <x-card>Three</x-card></div>") == [
        "One.", "Two.", "Three",
    ]  # fmt: skip
    assert texts("<div><p>One.</p><x-card>Two</x-card></div>") == ["One.", "Two"]
    assert texts("<p>By <x-who>Ann</x-who> <x-who>Bo</x-who>, in <x-a><x-b>Rye</x-b></x-a> today") == [
        "By Ann Bo, in Rye today"
    ]


def test_marks_inside_words_join_them() -> None:
    assert texts("<p>harb&shy;our long<wbr>word <nobr>12 000</nobr> کتاب&zwnj;ها") == ["harbour longword 12 000 کتاب‌ها"]


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


@given(
    st.lists(
        st.sampled_from(
            ["<div", ">", "</p>", "<x-y>", "</x-z>", "<br>", "<pre>", "\n\n", "<table><tr><td>", "<td>", "</table>",
             "<!--", "-->", "<script>", "</script>", "<template>", " style='display:none'>", " hidden>", "<svg>",
             "<math><mi>", "<ruby><rt>", "<a href=", "\"'", "&#0;", "&#xd800;", "\x00", "\ufffe", "word", "wörd",
             "<body>", "</body>", "</html>", "<frameset>", "<select><option>", "<h1>",
             "<title>", "<plaintext>", "<noscript>", "\ud800"]
        ),
        max_size=30,
    ).map("".join)
)  # fmt: skip
@settings(deadline=None)
def test_law_broken_markup_is_a_page(html: str) -> None:
    page = read_page(html)
    assert all(block.text and len(block.path) > 0 for block in page.blocks)
    assert page.text.split() == " ".join(block.text for block in page.blocks).split()


@given(st.binary(max_size=300), st.sampled_from(["", "utf-8", "gb18030", "iso-2022-jp", "utf-16", "no-such"]))
@settings(deadline=None)
def test_law_any_bytes_are_a_page(data: bytes, charset: str) -> None:
    page = read_page(f"<meta charset={charset}>".encode() + data)
    page.text.encode()
    assert all(block.text for block in page.blocks)


def test_pages_nested_deep_at_every_level_take_memory_in_proportion() -> None:
    n = 20_000
    blocks = read_page("<div>x" * n).blocks
    assert len(blocks) == n
    assert max(len(block.path) for block in blocks) <= 256
    assert len(read_page("<b>x" * n).blocks) == 1
    assert len(read_page("<x-y>x</x-y>" * n).blocks) == n


def test_a_script_within_a_comment_of_a_script_does_not_end_it() -> None:
    assert texts("<body><script><!-- <script></script> --></script><p>Shown.") == ["Shown."]
    assert texts("<body><script><!--> x</script><p>Shown.") == ["Shown."]


def test_white_space_before_a_block_is_no_indent_of_its_first_line() -> None:
    lines = "Fetch introduces three interfaces. These are Headers, Request and <br>\nResponse. They map to the concepts"
    assert len(texts(f"<div>\n <p>{lines}</p></div>")) == len(texts(f"<p>{lines}</p>"))


def test_text_that_is_serialised_as_it_is_and_names_with_brackets_are_read() -> None:
    assert texts("<xmp><p>&amp;</xmp>b") == ["<p>&amp;", "b"]
    assert texts("<p>x<plaintext>a</plaintext></body>") == ["x", "a</plaintext></body>"]
    assert texts('<a<b>x</a<b><div <p a"b=1>y') == ["x", "y"]
    assert texts("<svg><style>&lt;/style>x</style></svg>z") == ["z"]
    assert texts("a &lt;b&gt; &amp;amp; &quot;") == ['a <b> &amp; "']


@pytest.mark.parametrize("n_attributes", [1_900, 20_000, 300_000])
def test_thousands_of_attributes_do_not_hide_the_text(n_attributes: int) -> None:
    many = " ".join(f"data-a{number}=x" for number in range(n_attributes))
    page = read_page(f"<p class=first {many}>One.</p><p>Two.</p>")
    assert [block.text for block in page.blocks] == ["One.", "Two."]


def test_an_embedded_image_keeps_its_other_attributes() -> None:
    image = f'<img src="data:image/png;base64,{"A" * 50_000}" alt="x">'
    assert cut_tag(LONG_TAG.search(image)) == image[:-1]  # type: ignore[arg-type]
