"""Metadata is what a page states, however badly it writes it; nothing is guessed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copydesk.text.json_ld import read_scripts
from copydesk.text.metadata import Metadata, read_metadata

ARTICLE = (
    '"@type": "NewsArticle", "headline": "Ferry back", "author": {"name": "Ann Lee"}, "datePublished": "2026-01-02"'
)
FOUND = Metadata("Ferry back", "Ann Lee", "2026-01-02")


def page(*scripts: str, head: str = "", body: str = "") -> str:
    inside = "".join(f'<script type="application/ld+json; charset=utf-8">{script}</script>' for script in scripts)
    return f"<html><head>{head}{inside}</head><body>{body}</body></html>"


@pytest.mark.parametrize(
    "script",
    [
        f"{{{ARTICLE}}}",
        f"[{{{ARTICLE}}}]",
        f'{{"@context": "https://schema.org", "@graph": [{{"@type": "WebSite"}}, {{{ARTICLE}}}]}}',
        f'{{"@type": "WebPage", "mainEntity": {{{ARTICLE}}}}}',
        f"{{{ARTICLE},}}",
        f"[{{{ARTICLE}, }}, ]",
        f"/* written by a plug-in */ {{{ARTICLE} // the article\n}}",
        f"<!-- {{{ARTICLE}}} -->",
        f"//<![CDATA[\n{{{ARTICLE}}}\n//]]>",
        f"<![CDATA[{{{ARTICLE}}}]]>",
        f'<!-- {{{ARTICLE}, "text": "a --> b",}} -->',
        f"{{{ARTICLE}}};",
        f'{{"@type": "Person", "name": "x"}}\n{{{ARTICLE}}}',
        f'{{{ARTICLE}, "description": "two\nlines"}}',
        f"{{{ARTICLE}}} {{ broken",
        f"{{{ARTICLE}}}".replace('"', "&quot;"),
        f"\ufeff{{{ARTICLE}}}",
        f"{{{ARTICLE}}}".replace('"NewsArticle"', '["Thing", "https://schema.org/NewsArticle"]'),
        f"{{{ARTICLE}}}".replace('{"name": "Ann Lee"}', '[{"@type": "Person", "name": ["Ann Lee"]}]'),
        f"{{{ARTICLE}}}".replace('{"name": "Ann Lee"}', '"Ann Lee"'),
    ],
)
def test_json_ld_is_read_as_it_is_written(script: str) -> None:
    assert read_metadata(page(script)) == FOUND


def test_strings_that_look_like_comments_stay() -> None:
    (node,) = read_scripts(['{"url": "https://e.com/a", "text": "a /* b */ ,} \\" // c",}'])
    assert node == {"url": "https://e.com/a", "text": 'a /* b */ ,} " // c'}


@pytest.mark.parametrize(
    "script", ["", "null", "{", "[" * 100_000, '{"a":' * 100_000, "7", '"x"', "{'@type': 'Article'}"]
)
def test_what_is_no_json_is_passed_over(script: str) -> None:
    assert read_metadata(page(script, f"{{{ARTICLE}}}")) == FOUND


def test_authors_by_reference_and_several() -> None:
    script = """{"@graph": [
        {"@type": "Article",
         "author": [{"@id": "#ann"}, {"name": "Bo &amp; Co"}, "https://e.com/profile", {"@id": "#no"}]},
        {"@id": "#ann", "@type": "Person", "name": "Ann Lee"}]}"""
    assert read_metadata(page(script)).author == "Ann Lee, Bo & Co"


@pytest.mark.parametrize(
    ("head", "body", "field", "value"),
    [
        ('<meta property="og:title" content="Ferry &amp; back">', "", "title", "Ferry & back"),
        ("<title> Ferry \n back </title>", "", "title", "Ferry back"),
        ('<meta name="Author" content="Ann Lee">', "", "author", "Ann Lee"),
        ('<meta property="article:author" content="https://facebook.com/ann">', "", "author", ""),
        ("", '<a rel="author" href="/ann">Ann Lee</a>', "author", "Ann Lee"),
        ("", '<p itemprop="author"><b itemprop="name">Ann Lee</b></p>', "author", "Ann Lee"),
        ('<meta property="article:published_time" content="2026-01-02T03:04Z">', "", "date", "2026-01-02T03:04Z"),
        ("", '<p itemprop="datePublished" content="2026-01-02">Friday</p><time datetime="2020">', "date", "2026-01-02"),
        ("", '<time pubdate datetime="2026-01-02">Friday</time><time datetime="2020">', "date", "2026-01-02"),
        ("", '<time datetime="2026-01-02">Friday</time><time datetime="2026-01-02">', "date", "2026-01-02"),
        ("", '<time datetime="2026-01-02">Friday</time><time datetime="2020-01-01">', "date", ""),
        ("", "<p>Published on 2 January 2026", "date", ""),
        ('<meta property="og:site_name" content="The Ferry">', "", "site_name", "The Ferry"),
        ('<meta property="og:locale" content="pt_BR">', "", "language", "pt-BR"),
        ('<meta http-equiv="Content-Language" content="fr">', "", "language", "fr"),
        ('<meta property="og:locale" content="not a language">', "", "language", ""),
        ('<link rel="canonical" href="https://e.com/a">', "", "url", "https://e.com/a"),
        ('<meta name="author" content=" ">', "", "author", ""),
    ],
)
def test_elements_state_what_json_ld_does_not(head: str, body: str, field: str, value: str) -> None:
    assert getattr(read_metadata(page(head=head, body=body)), field) == value


def test_names_of_sites_come_from_json_ld_where_no_element_gives_them() -> None:
    publisher = f'{{{ARTICLE}, "publisher": {{"name": "The Ferry Company"}}}}'
    site = '{"@type": "WebSite", "name": "The Ferry"}'
    assert read_metadata(page(publisher)).site_name == "The Ferry Company"
    assert read_metadata(page(publisher, site)).site_name == "The Ferry"
    assert read_metadata(page(publisher, site, head='<meta property="og:site_name" content="F">')).site_name == "F"


def test_the_language_of_the_root_goes_first() -> None:
    assert read_metadata('<html lang="en_GB"><meta property="og:locale" content="de_DE">').language == "en-GB"


@pytest.mark.parametrize("html", ["", b"", "<", b"\xff\xfe", "<title>", "<script type=application/ld+json>", "\x00"])
def test_a_page_of_nothing_states_nothing(html: str | bytes) -> None:
    assert read_metadata(html) == Metadata()


@pytest.mark.fuzz
@given(st.text(alphabet='{}[]",:/*\\<>!-ax \n&;@', max_size=60))
def test_any_script_gives_objects(script: str) -> None:
    assert all(isinstance(node, dict) for node in read_scripts([script]))
    assert isinstance(read_metadata(page(script)), Metadata)


def test_thousands_of_attributes_do_not_hide_what_a_page_states() -> None:
    many = " ".join(f"data-a{number}=x" for number in range(100_000))
    page = f'<head><meta name=author content="Ann Lee"><title>T</title></head><body {many}><p>x</body>'
    assert (read_metadata(page).author, read_metadata(page).title) == ("Ann Lee", "T")
