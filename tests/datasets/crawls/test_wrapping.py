"""Main texts come back out of the leftovers that they are wrapped in, word for word."""

from __future__ import annotations

import pytest

pytest.importorskip("resiliparse", reason="needs the extra html")

from copydesk.datasets.crawls.wrapping import MainText, wrapped

STORY = [f"The council said on day {number} that the old bridge would stay closed." for number in range(12)]
TEXTS = [
    MainText(f"one/{site}{page}", f"site{site}", "", "\n\n".join([f"Bridge {site}{page} closed", *STORY]), language)
    for site, language in enumerate(["en", "de", "xx"])
    for page in range(8)
]


def test_every_article_stands_there_whole_and_broken_off_and_leftovers_beside_it() -> None:
    rows = list(wrapped(TEXTS))
    for each in TEXTS:
        for view in ("wrapped", "short"):
            page = [row for row in rows if row["document"] == f"{each.document}#{view}"]
            assert [row["position"] for row in page] == list(range(len(page)))
            assert {row["group"] for row in page} == {each.site}
            content = " ".join(row["text"] for row in page if row["label"] == "content")
            found = [f"day {number} that" in content for number in range(12)]
            assert content.startswith(each.text.split("\n")[0])
            # a style with captions takes up to three sentences out of the story
            assert (sum(found) >= 9) if view == "wrapped" else (sum(found) <= 6)
    rows = [row for row in rows if not row["document"].endswith("#bare")]
    share = sum(row["label"] == "boilerplate" for row in rows) / len(rows)
    assert 0.1 < share < 0.9


def test_leftovers_stand_there_alone_too_and_weigh_less() -> None:
    rows = list(wrapped(TEXTS, weight=2.0, bare=0.5))
    bare = [row for row in rows if row["document"].endswith("#bare")]
    assert {row["label"] for row in bare} == {"boilerplate"}
    assert {row["weight"] for row in bare} == {0.5}
    assert {row["weight"] for row in rows if row not in bare} == {2.0}
    for each in TEXTS:
        positions = [row["position"] for row in bare if row["document"] == f"{each.document}#bare"]
        assert positions == list(range(len(positions)))
    assert len({row["document"] for row in bare}) > len(TEXTS) / 2
    assert not [row for row in wrapped(TEXTS, bare=0) if row["document"].endswith("#bare")]


def test_leftovers_are_in_the_articles_language_where_the_grammar_has_it() -> None:
    words = {
        site: {word for row in wrapped(TEXTS) if row["group"] == site for word in row["text"].split()}
        for site in ("site1", "site2")
    }
    german = {"von", "bei", "auf", "Kommentar", "Artikel", "Newsletter"}
    assert german & words["site1"]
    assert not german - {"Newsletter"} & words["site2"]


def test_the_same_seed_gives_the_same_pages_and_another_gives_others() -> None:
    assert list(wrapped(TEXTS, seed=1)) == list(wrapped(TEXTS, seed=1))
    assert list(wrapped(TEXTS, seed=1)) != list(wrapped(TEXTS, seed=2))


def test_a_text_without_paragraphs_is_passed_over() -> None:
    assert list(wrapped([MainText("one/a", "a", "", "A title alone", "en")])) == []


def test_half_of_the_articles_come_as_blocks_of_lines_too_where_the_language_has_such() -> None:
    by_seed = [[row for row in wrapped(TEXTS, seed=seed) if row["document"].endswith("#lines")] for seed in range(4)]
    number = sum(len({row["document"] for row in rows}) for rows in by_seed)
    assert len(by_seed) * len(TEXTS) / 3 < number < len(by_seed) * len(TEXTS) * 2 / 3
    rows = by_seed[0]
    for each in TEXTS:
        content = [
            row["text"] for row in rows if row["document"] == f"{each.document}#lines" and row["label"] == "content"
        ]
        if content:
            assert content[0] == each.text.split("\n")[0]
            assert sum(line in STORY for line in content) <= 2 < len(content)
