"""Lines that stand together: repeated, counted, and content where they are an article's."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from copydesk.datasets.composed_crawl import page_rows
from copydesk.datasets.crawls.grammar import Language, Style, repeat
from copydesk.datasets.crawls.sites import CrawlPage, Site
from copydesk.datasets.crawls.stories import draw_typography, typeset
from copydesk.datasets.crawls.story_blocks import story_block

SLOTS = {"first": ["Ann", "Bo"], "last": ["Lee", "Ray"], "city": ["Hull"], "month": ["May"], "agency": ["AP"]}
TABLE = ("Results", "4-6x {num}. {who} [won|lost] {count} to {count2} in {year} after {time}")
PAGE = CrawlPage("Title", ["One.", "Two."], [], ["Mary Lee"])


def language(*blocks: tuple[str, ...], related: tuple[str, ...] = ("{other}",)) -> Language:
    return Language("xx", {"related": [related]}, SLOTS, blocks=list(blocks))


def test_lines_joined_by_a_line_break_are_repeated_together_and_counted() -> None:
    found = list(repeat(["Top", "3-3x a\nb", "End"], random.Random(0)))
    assert found == [(0, "Top"), (1, "a"), (1, "b"), (2, "a"), (2, "b"), (3, "a"), (3, "b"), (0, "End")]


@pytest.mark.parametrize("seed", range(5))
def test_a_block_is_numbered_from_one_and_has_no_row_twice(seed: int) -> None:
    head, *rows = story_block(language(TABLE), ["Mary Lee"], random.Random(seed)).split("\n")
    assert head == "Results"
    assert 4 <= len(rows) <= 6
    assert [row.split(".")[0] for row in rows] == [str(number) for number in range(1, len(rows) + 1)]
    assert len(set(rows)) == len(rows)


def test_rows_that_come_out_alike_are_left_out() -> None:
    assert story_block(language(("5-9x {city}",)), [], random.Random(0)) == "Hull"


def test_blocks_stand_whole_between_paragraphs_and_at_the_end_and_are_content() -> None:
    often = replace(
        draw_typography(language(TABLE), random.Random(0)), block_chance=1.0, subhead_chance=0.0, line_chance=0.0
    )
    blocks = language(("Scores", "Hull 1", "York 2"))
    story = list(
        typeset(["A one.", "B two."], replace(often, list_chance=0, dateline=""), blocks, [], random.Random(0))
    )
    assert story == ["A one.", "Scores\nHull 1\nYork 2", "B two.", "Scores\nHull 1\nYork 2"]
    never = replace(often, list_chance=0, dateline="", block_chance=0.0)
    assert list(typeset(["A one.", "B two."], never, blocks, [], random.Random(0))) == ["A one.", "B two."]


def test_nothing_comes_between_the_lines_of_a_block() -> None:
    style = Style("one", "train", inside={"related": 1.0})
    made = Site("Hull Post key", language(), style, ["Other"], ["Teaser."], random.Random(0))
    made.dropped = set()
    page = CrawlPage("Title", ["One.", "Scores\nHull 1\nYork 2", "Two."], [], [])
    rows = page_rows(made, page, document="d", split="train")
    assert [(row["text"], row["label"]) for row in rows] == [
        ("Title", "content"), ("One.", "content"), ("Other", "boilerplate"), ("Scores", "content"),
        ("Hull 1", "content"), ("York 2", "content"), ("Other", "boilerplate"), ("Two.", "content"),
    ]  # fmt: skip


def test_blocks_are_in_the_digits_of_the_site() -> None:
    digits = "٠١٢٣٤٥٦٧٨٩"
    text = story_block(language(("2-2x {num} {count}",)), [], random.Random(0), digits)
    assert set(text) <= {*digits, " ", "\n"}


def site(glue: float, related: tuple[str, ...]) -> Site:
    style = Style("one", "train", after={"related": (1, 1)}, glue=glue)
    made = Site("Hull Post key", language(related=related), style, ["Other"], ["Teaser."], random.Random(0))
    made.dropped = set()
    return made


def test_a_list_of_leftovers_is_numbered_from_one() -> None:
    lines = list(site(0.0, ("Most read", "3-3x {num}. {year} {count} {time}")).lines("related", 1, PAGE))
    assert [line.split()[0] for line in lines] == ["Most", "1.", "2.", "3."]


def test_lines_that_run_together_are_repeated_first() -> None:
    lines = list(site(1.0, ("Pages", "3-3x {num}", "Next")).lines("related", 1, PAGE))
    assert len(lines) == 1
    assert "3x" not in lines[0]
    assert [digit for digit in lines[0] if digit.isdigit()] == ["1", "2", "3"]


def test_a_single_repeated_line_can_run_together_too() -> None:
    (line,) = site(1.0, ("4-4x {num}",)).lines("related", 1, PAGE)
    assert [digit for digit in line if digit.isdigit()] == ["1", "2", "3", "4"]
