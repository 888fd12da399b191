"""A cleaned text is the kept paragraphs as they stood; nothing else is lost or changed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copydesk.classifiers.decision import Argmax
from copydesk.errors import ModelError
from copydesk.models.cleaner import Cleaner
from copydesk.models.paragraph_tables import paragraph_table
from copydesk.text.paragraphs import LabelledParagraph, join_kept
from helpers import little_desk


def labelled(text: str, kept: list[bool]) -> list[LabelledParagraph]:
    """Label the space-separated words of a text as if they were its paragraphs."""
    found, at = [], 0
    for word, keep in zip(text.split(" "), kept, strict=True):
        label = "content" if keep else "boilerplate"
        found.append(LabelledParagraph(word, at, at + len(word), label, float(keep)))
        at += len(word) + 1
    return found


def test_neighbours_keep_what_stood_between_them_and_a_cut_leaves_a_blank_line() -> None:
    assert join_kept("a b c d", labelled("a b c d", [True, True, False, True])) == "a b\n\nd"


@pytest.mark.fuzz
@given(st.lists(st.tuples(st.text("xyz", min_size=1, max_size=4), st.booleans()), min_size=1))
def test_law_what_is_kept_is_exactly_the_kept_paragraphs_in_order(words: list[tuple[str, bool]]) -> None:
    text = " ".join(word for word, _ in words)
    joined = join_kept(text, labelled(text, [keep for _, keep in words]))
    assert joined.split() == [word for word, keep in words if keep]
    if all(keep for _, keep in words):
        assert joined == text


def test_the_table_of_paragraphs_knows_document_place_title_and_site() -> None:
    table, spans = paragraph_table(["One.\n\nTwo.", "", "Three."], titles=["A", "B", "C"], sites=["x", "y", "z"])
    assert table["text"] == ["One.", "Two.", "Three."]
    assert table["document"].tolist() == [0, 0, 2]
    assert table["position"].tolist() == [0, 1, 0]
    assert table["title"] == ["A", "A", "C"]
    assert table["group"] == ["x", "x", "z"]
    assert spans.tolist() == [[0, 4], [6, 10], [0, 6]]


def test_what_is_cut_is_returned_and_places_fit_the_text() -> None:
    text = little_desk.article()
    cleaned = little_desk.desk().clean(text)
    assert [p.text for p in cleaned.paragraphs] == [text[p.start : p.end] for p in cleaned.paragraphs]
    assert [p.text for p in cleaned.paragraphs] == text.split("\n\n")
    assert cleaned.text == "\n\n".join(p.text for p in cleaned.paragraphs if p.kept)
    assert not all(p.kept for p in cleaned.paragraphs)


def test_texts_cleaned_together_are_cleaned_as_each_alone() -> None:
    texts = [little_desk.article(seed) for seed in range(5)] + ["", "  \n\n ", "One."]
    together = little_desk.desk().clean_many(texts)
    assert together == [little_desk.desk().clean(text) for text in texts]
    assert little_desk.desk().clean_many([]) == []
    assert together[5] == together[6] == ("", [], None)


@pytest.mark.fuzz
@given(st.text(max_size=200))
@settings(deadline=None, max_examples=50)
def test_law_any_text_is_kept_or_returned_as_cut(text: str) -> None:
    cleaned = little_desk.desk().clean(text)
    assert (
        "".join(p.text for p in cleaned.paragraphs).split()
        == "".join(text[p.start : p.end] for p in cleaned.paragraphs).split()
    )
    outside = np.ones(len(text), dtype=bool)
    for paragraph in cleaned.paragraphs:
        outside[paragraph.start : paragraph.end] = False
    assert all(character.isspace() for character, left in zip(text, outside, strict=True) if left)
    assert all(0 <= p.probability <= 1 for p in cleaned.paragraphs)


@pytest.mark.parametrize(
    "text", ["Ὁ δῆμος ἐψήφισε. Τὸ πλοῖον ἀπέπλευσε.", "市议会星期二表示，旧桥将关闭。", "ᚠᚢᚦᚨᚱᚲ", "…" * 50]
)
def test_a_script_never_seen_is_answered(text: str) -> None:
    (paragraph,) = little_desk.desk().clean(text).paragraphs
    assert 0 <= paragraph.probability <= 1


@pytest.mark.parametrize(
    ("text", "paragraphs"),
    [
        ("Sign in", ["Sign in"]),
        (" ".join(little_desk.article().split()), [" ".join(little_desk.article().split())]),  # no newline at all
        ("\n".join([*little_desk.HEAD, *little_desk.TAIL]), [*little_desk.HEAD, *little_desk.TAIL]),
        ("\n\n.\n\n", ["."]),
    ],
)
def test_one_paragraph_or_leftovers_alone_are_answered(text: str, paragraphs: list[str]) -> None:
    cleaned = little_desk.desk().clean(text)
    assert [p.text for p in cleaned.paragraphs] == paragraphs
    assert list(filter(None, cleaned.text.split("\n"))) == [p.text for p in cleaned.paragraphs if p.kept]


@pytest.mark.parametrize("newline", ["\r\n", "\r", "\u2029"])
def test_line_ends_of_other_systems_change_nothing(newline: str) -> None:
    text = little_desk.article()
    ours, theirs = (little_desk.desk().clean(each) for each in (text, text.replace("\n", newline)))
    assert [p._replace(start=0, end=0) for p in theirs.paragraphs] == [
        p._replace(start=0, end=0) for p in ours.paragraphs
    ]
    assert theirs.text == ours.text.replace("\n", newline)


def test_a_text_of_many_paragraphs_is_answered() -> None:
    cleaned = little_desk.desk().clean("\n\n".join(["Menu"] * 100_000))
    assert len(cleaned.paragraphs) == 100_000


def test_lines_of_a_site_are_remembered() -> None:
    desk = Cleaner(little_desk.desk().estimator, {"task": "boilerplate"})
    line = "Waves of the week are chosen by our readers every Friday."
    pages = [f"{line}\n\n{little_desk.article(seed)}" for seed in range(6)]
    assert desk.fit_site(pages, site="wave") is desk
    table, _ = desk._table(pages[:1], None, ["wave"])
    assert table["site_share"][0] == 1
    assert "site_share" not in desk._table(pages[:1], None, ["other"])[0]
    assert "site_share" not in desk._table(pages[:1], None, None)[0]
    alone, _ = desk._table([f"{line.upper()}\n\nA line of one page."], None, ["wave"])
    assert alone["site_share"].tolist() == [1, 0]
    assert len(desk.clean(pages[0], site="wave").paragraphs) == len(desk.clean(pages[0]).paragraphs)


def test_the_promise_can_be_changed_and_the_cleaner_stays_as_it_was() -> None:
    desk = little_desk.desk()
    before = desk.estimator.decision_.threshold_
    all_kept, half = desk.at(1.0), desk.at(0.5)
    assert half.estimator.decision_.threshold_ >= before >= all_kept.estimator.decision_.threshold_
    assert desk.estimator.decision_.threshold_ == before
    text = little_desk.article()
    assert half.estimator.decision_.threshold_ > all_kept.estimator.decision_.threshold_
    assert len(half.clean(text).text) <= len(all_kept.clean(text).text)
    with pytest.raises(ValueError, match="keep=2: a share above 0"):
        desk.at(2)


def test_a_model_without_a_promise_says_so() -> None:
    from copy import copy

    estimator = copy(little_desk.desk().estimator)
    estimator.decision_ = Argmax().fit(np.zeros((2, 2)), None, estimator.classes_)
    with pytest.raises(ModelError, match="makes no promise"):
        Cleaner(estimator, {"task": "boilerplate"}).at(0.9)


def test_titles_and_sites_are_as_many_as_texts() -> None:
    with pytest.raises(ValueError, match="sites: 1 for 2 texts"):
        little_desk.desk().clean_many(["a", "b"], sites=["x"])


def test_the_pages_own_headline_is_content_whatever_the_model_has_it_for() -> None:
    text = little_desk.article()
    desk = little_desk.desk()
    plain = desk.clean(text)
    cut = next(each for each in plain.paragraphs if not each.kept)
    for cleaned in (
        desk.clean(text, headline=f"{cut.text} | A Site"),
        desk.clean_many([text], None, None, [cut.text])[0],
    ):
        (headline,) = [each for each in cleaned.paragraphs if each.headline]
        assert headline.text == cut.text
        assert headline.kept
        assert cut.text in cleaned.text
        others = [each for each in cleaned.paragraphs if each.start != headline.start]
        assert others == [each for each in plain.paragraphs if each.start != headline.start]
    assert [each.paragraph for each in desk.explain(text, headline=cut.text)] == cleaned.paragraphs


def test_a_headline_that_no_paragraph_repeats_changes_nothing() -> None:
    text, desk = little_desk.article(), little_desk.desk()
    assert desk.clean(text, headline="Nobody wrote this") == desk.clean(text) == desk.clean(text, headline="")
    assert not any(each.headline for each in desk.clean(text).paragraphs)
    with pytest.raises(ValueError, match="headlines: 2 for 1 texts"):
        desk.clean_many([text], headlines=["a", "b"])


def test_a_title_is_also_the_headline() -> None:
    text, desk = little_desk.article(), little_desk.desk()
    cut = next(each for each in desk.clean(text).paragraphs if not each.kept)
    assert cut.text in {each.text for each in desk.clean(text, title=cut.text).paragraphs if each.headline}


TABLES = [pd.DataFrame({"text": ["A text."]}), {"text": ["A text."]}]


@pytest.mark.parametrize("table", TABLES, ids=["frame", "dict"])
def test_a_table_is_no_text_and_no_list_of_texts(table: Any) -> None:
    desk = little_desk.desk()
    for method in (desk.clean, desk.clean_many, desk.explain, desk.explain_many, desk.fit_site):
        with pytest.raises(TypeError, match="pass a column"):
            method(table)
    with pytest.raises(TypeError, match="pass a column"):
        desk.clean_many(["A text."], titles=table)


def test_one_string_is_no_list_of_texts_or_titles() -> None:
    desk = little_desk.desk()
    with pytest.raises(TypeError, match=r"pass \[text\]"):
        desk.clean_many("A text.")
    with pytest.raises(TypeError, match="titles: expected a list"):
        desk.clean_many(["A text."], titles="A")
    with pytest.raises(TypeError, match="titles: row 0: expected a str, found int"):
        desk.clean_many(["A text."], titles=[3])


@pytest.mark.parametrize("missing", [None, float("nan"), pd.NA])
def test_columns_of_pandas_and_arrow_are_read_and_missing_titles_are_empty(missing: Any) -> None:
    desk, text = little_desk.desk(), little_desk.article()
    wanted = desk.clean_many([text, text], ["", "A title"], ["x", ""])
    titles = pd.Series([missing, "A title"], dtype="object")
    assert desk.clean_many(pd.Series([text, text], dtype="string"), titles, pa.chunked_array([["x"], [None]])) == wanted


# --- modes -----------------------------------------------------------------------------------------------------------


def test_a_text_takes_a_mode_and_another_can_be_asked_for() -> None:
    desk, page = little_desk.desk(modes=True), little_desk.article()
    lines = page.split("\n\n")
    extract = "\n\n".join(lines[2:-3])
    assert desk.clean(page).mode == "page"
    assert [each.mode for each in desk.clean_many([page, extract, ""])] == ["page", "extract", None]
    for mode in ("page", "extract"):
        assert desk.clean(page, mode=mode).mode == desk.within(mode).clean(page).mode == mode
    kept = [sum(p.kept for p in desk.clean(page, mode=mode).paragraphs) for mode in ("extract", "page")]
    assert kept[0] >= kept[1]
    assert desk.clean(page, mode="auto") == desk.clean(page)


def test_reasons_have_the_threshold_of_the_mode() -> None:
    desk, page = little_desk.desk(modes=True), little_desk.article()
    decisions = desk.estimator.decision_.decisions_
    for mode, decision in zip(("page", "extract"), decisions, strict=True):
        for each in desk.explain(page, mode=mode):
            assert each.threshold == decision.threshold_
            assert each.paragraph.kept == (each.score >= each.threshold)


def test_a_promise_holds_in_both_modes() -> None:
    desk = little_desk.desk(modes=True).at(1.0)
    for mode in ("page", "extract"):
        story = [p for p in desk.clean(little_desk.article(), mode=mode).paragraphs if len(p.text) > 100]
        assert story
        assert all(p.kept for p in story)


def test_a_model_without_modes_says_so() -> None:
    assert little_desk.desk().clean(little_desk.article()).mode is None
    with pytest.raises(ModelError, match=r"^mode=page: decision Keep has no modes; .* decision=modes$"):
        little_desk.desk().clean("Some text.", mode="page")
    with pytest.raises(ValueError, match=r"^mode=pages: unknown"):
        little_desk.desk(modes=True).clean("Some text.", mode="pages")


HTML = """<html><head><title>A ferry returns - The Daily</title></head><body>
<nav><a href=/>Home</a> <a href=/news>News</a></nav>
<h1>A ferry returns</h1><p>The ferry between the bay and the islands will sail again from Monday, the council said.</p>
<pre>First line
Second line</pre><table><tr><td>Bay</td><td>7</td></tr></table><p>Share this: Facebook Twitter</p></body></html>"""


def test_pages_are_cleaned_by_their_blocks_which_keep_their_places() -> None:
    from copydesk.models.loading import load
    from copydesk.text.html import read_page

    pages = [read_page(HTML), read_page(""), read_page("<p>One.<p>Two.")]
    cleaned = load("boilerplate").clean_pages(pages)
    assert [[each.text for each in one.paragraphs] for one in cleaned] == [
        [block.text for block in page.blocks] for page in pages
    ]
    for page, one in zip(pages, cleaned, strict=True):
        assert [page.text[each.start : each.end] for each in one.paragraphs] == [block.text for block in page.blocks]
    assert cleaned[0].paragraphs[1].headline
    assert cleaned[1].text == ""


def test_pages_without_markup_are_cleaned_as_their_texts_are() -> None:
    from copydesk.models.loading import load
    from copydesk.text.html import read_page

    page, cleaner = read_page(HTML), load("boilerplate")
    assert cleaner.clean_pages([page])[0] == cleaner.clean(page.text, headline=page.headline)
