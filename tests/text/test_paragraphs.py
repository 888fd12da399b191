"""A text is split where a reader would split it, and nothing of it is lost."""

from __future__ import annotations

import gzip
import json
import textwrap
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copydesk.datasets.bbc import BBC
from copydesk.text.paragraphs import split_paragraphs

CRAWLED = """Council agrees to mend the bridge

The bridge over the Wend will be closed from May, the council said on Tuesday.

"It was that or lose it," said the mayor.
Share this:FacebookTwitter
Previous articleA quiet night at the fire station
Next articleRain again
Please enter your comment!
Please enter your name here
"""

WRAPPED = """    Coffee prices rose for the third week running as buyers in
the north laid in stock ahead of the strike, traders said.
    Exporters expect shipments of 40,000 bags in the week to
come, against 35,000 a year ago, and no shortage
before the summer.

Prices in the port stood at 93 cents a pound on the evening
of the same day.
"""


def texts(text: str) -> list[str]:
    return [paragraph.text for paragraph in split_paragraphs(text)]


def test_single_newlines_between_leftovers_separate_them() -> None:
    assert texts(CRAWLED)[2:] == [
        '"It was that or lose it," said the mayor.',
        "Share this:FacebookTwitter",
        "Previous articleA quiet night at the fire station",
        "Next articleRain again",
        "Please enter your comment!",
        "Please enter your name here",
    ]


def test_single_newlines_in_wrapped_text_mean_nothing() -> None:
    found = texts(WRAPPED)
    assert len(found) == 3
    assert found[0].endswith("buyers in the north laid in stock ahead of the strike, traders said.")
    assert found[1].endswith("no shortage before the summer.")


def test_wrapped_text_keeps_its_place_with_its_line_breaks() -> None:
    first = split_paragraphs(WRAPPED)[0]
    assert WRAPPED[first.start : first.end].replace("\n", " ") == first.text


LEFTOVERS = [
    "Share this:",
    "facebook",
    "twitter",
    "read more",
    "Previous articleA quiet night at the fire station",
    "Next articleRain again",
    "Please enter your comment!",
    "Please enter your name here",
]


def test_leftovers_after_wrapped_text_stay_apart() -> None:
    assert texts(WRAPPED + "\n" + "\n".join(LEFTOVERS))[3:] == LEFTOVERS


def test_leftovers_in_small_letters_do_not_make_an_article_wrapped_text() -> None:
    story = [f"Paragraph {n} stands on one line, as long as it is, and it ends with a full stop. So." for n in range(5)]
    lines = [*story, "facebook", "twitter", "whatsapp", "email", "print", "read more", "leave a reply"]
    assert texts("\n".join(lines)) == lines


@pytest.mark.parametrize(
    "lines",
    [
        ["topics:", "politics", "election results in the north of the country", "local council", "roads of the county"],
        ["A headline that is as long as headlines are on this site", "read more"] * 3,
        ["Storm leaves thousands in the dark", "Mayor wants more trees", "Two held after raid on a bank in town"],
        ["the sea was wide and grey and cold", "and all the ships were far away", "no one had a word to say"],
    ],
    ids=["tags", "teasers", "headlines", "poem"],
)
def test_lists_stay_lists(lines: list[str]) -> None:
    assert texts("\n".join(lines)) == lines


@pytest.mark.parametrize("width", [50, 65, 72, 80, 100])
def test_wrapped_news_is_unwrapped(width: int) -> None:
    articles = BBC().load().frame["text"].tolist()[::50]
    right = total = 0
    for article in articles:
        paragraphs = [line for line in article.split("\n") if line.strip()]
        wrapped = "\n\n".join(textwrap.fill(p, width, break_on_hyphens=False) for p in paragraphs)
        right += len(set(texts(wrapped)) & set(paragraphs))
        total += len(set(paragraphs))
    assert right >= 0.9 * total


def test_unwrapped_news_is_left_as_it_is() -> None:
    for article in BBC().load().frame["text"].tolist()[::50]:
        assert texts(article) == [line.strip() for line in article.split("\n") if line.strip()]


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r", "\u2028", "\u2029", "\x85"])
def test_every_kind_of_line_end_ends_a_line(newline: str) -> None:
    assert texts(f"One.{newline}{newline}Two.{newline}Three.") == ["One.", "Two.", "Three."]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (" \n\t\n ", []),
        ("one line only", ["one line only"]),
        ("- first\n- second\n- third", ["- first", "- second", "- third"]),
        ("第一段。\n第二段。", ["第一段。", "第二段。"]),
        ("Roses are red,\nViolets are blue,\nSugar is sweet,\nAnd so are you.", None),
    ],
)
def test_small_and_strange_texts(text: str, expected: list[str] | None) -> None:
    assert texts(text) == (text.split("\n") if expected is None else expected)


@pytest.mark.fuzz
@given(st.text(alphabet=st.sampled_from("aB. \n\r\t\u2028-,"), max_size=300) | st.text(max_size=300))
def test_law_paragraphs_are_ordered_apart_and_hold_all_that_is_not_white_space(text: str) -> None:
    found = split_paragraphs(text)
    at = 0
    for paragraph in found:
        assert text[at : paragraph.start].strip() == ""
        assert at <= paragraph.start < paragraph.end <= len(text)
        assert "".join(text[paragraph.start : paragraph.end].split()) == "".join(paragraph.text.split())
        assert paragraph.text == paragraph.text.strip()
        at = paragraph.end
    assert text[at:].strip() == ""


def test_a_million_paragraphs_and_an_endless_line_are_split() -> None:
    assert len(split_paragraphs("Line.\n" * 1_000_000)) == 1_000_000
    assert len(split_paragraphs("word " * 2_000_000)) == 1


def test_newswire_becomes_paragraphs_of_sentences(shared_datasets: Path) -> None:
    lines = paragraphs = 0
    with gzip.open(shared_datasets / "topics" / "reuters_r52.jsonl.gz", "rt", encoding="utf-8") as rows:
        for _, row in zip(range(500), rows, strict=False):
            text = json.loads(row)["text"]
            if text.count("\n") < 5 or "   " in text.replace("\n    ", "\n"):
                continue  # tables are lines
            lines += len([line for line in text.split("\n") if line.strip()])
            paragraphs += len(split_paragraphs(text))
    assert lines > 1000
    assert paragraphs < lines / 2
