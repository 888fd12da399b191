"""A cleaned page: its article, labelled paragraphs with reasons, and what the page states."""

from __future__ import annotations

from typing import Any

import pytest

from copydesk.models.cleaner import Cleaner
from copydesk.text.html import read_page
from copydesk.text.metadata import Metadata
from helpers import little_desk
from helpers.little_archive import page

HEAD = """<html lang="en"><head><title>Ferry back - The Wave</title><meta property="og:site_name" content="The Wave">
<script type="application/ld+json">{"@type": "NewsArticle", "headline": "Ferry back", "datePublished": "2026-01-02",
"author": {"name": "Ann Lee"},}</script></head><body>"""
HTML = HEAD + "<h1>Ferry back</h1>" + "".join(f"<p>{line}</p>" for line in little_desk.article().splitlines() if line)


def test_a_page_is_cleaned_with_what_it_states() -> None:
    desk = little_desk.desk()
    found = desk.clean_html(HTML, "https://www.wave.example/ferry")
    (cleaned,) = desk.clean_pages([read_page(HTML)])
    assert (found.text, found.paragraphs) == (cleaned.text, cleaned.paragraphs)
    assert {each.kept for each in found.paragraphs} == {True, False}
    stated = {name: getattr(found, name) for name in Metadata.__dataclass_fields__}
    assert stated == {
        "title": "Ferry back", "author": "Ann Lee", "date": "2026-01-02", "site_name": "The Wave", "language": "en",
        "url": "https://www.wave.example/ferry",
    }  # fmt: skip


def test_its_markdown_holds_what_is_kept() -> None:
    found = little_desk.desk().clean_html(HTML)
    lines = found.markdown.split("\n\n")
    assert lines[0] == "# Ferry back"
    assert len(lines) == sum(each.kept for each in found.paragraphs)


def test_every_paragraph_has_its_reasons() -> None:
    found = little_desk.desk().clean_html(HTML)
    reasons = found.explain()
    assert [each.paragraph for each in reasons] == found.paragraphs
    for each in reasons:
        assert each.start + sum(each.groups.values()) == pytest.approx(each.score, abs=1e-6)


@pytest.mark.parametrize(
    ("url", "canonical", "site"),
    [
        ("https://www.wave.example/1", "", "wave.example"),
        (None, '<link rel="canonical" href="https://wave.example/1">', "wave.example"),
        (None, "", ""),
        ("not an address [", "", ""),
    ],
)
def test_the_site_is_the_host_of_the_address(
    monkeypatch: pytest.MonkeyPatch, url: str | None, canonical: str, site: str
) -> None:
    clean_pages, sites = Cleaner.clean_pages, []

    def noted(cleaner: Cleaner, pages: Any, given: Any = None) -> Any:
        sites.extend(given)
        return clean_pages(cleaner, pages, given)

    monkeypatch.setattr(Cleaner, "clean_pages", noted)
    little_desk.desk().clean_html(page(1).replace("<head>", f"<head>{canonical}"), url)
    assert sites == [site]


@pytest.mark.parametrize("html", ["", b"", "<title>x</title>", b"\xff\xfe"])
def test_a_page_without_text_has_none(html: bytes | str) -> None:
    found = little_desk.desk().clean_html(html)
    assert (found.text, found.markdown, found.paragraphs, found.explain()) == ("", "", [], [])


@pytest.mark.parametrize("html", [None, 7, ["<p>a"]])
def test_what_is_no_html_is_refused(html: object) -> None:
    with pytest.raises(TypeError):
        little_desk.desk().clean_html(html)  # type: ignore[arg-type]
