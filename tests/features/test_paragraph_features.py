"""Numbers of a paragraph say what they are named after."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copydesk.features.kernels.paragraph_shapes import UNSPACED_RANGES, shift_rows
from copydesk.features.pages.page_rows import SHAPE, PageRows
from copydesk.features.paragraph_features import AGREEMENT, POSITION, REPETITION, ParagraphFeatures, page_numbers
from copydesk.features.tfidf import TfidfFeatures

LONG = "The council said on Tuesday that the old bridge over the river would stay closed until the spring of next year."


def page(*texts: str, document: str = "d", group: str = "", title: str = "") -> pd.DataFrame:
    return pd.DataFrame(
        {"text": texts, "title": title, "document": document, "position": range(len(texts)), "group": group}
    )


def number(frame: pd.DataFrame, name: str) -> list[float]:
    names = [*SHAPE, *POSITION, *REPETITION, *AGREEMENT]
    return page_numbers(frame, neighbours=0)[:, names.index(name)].tolist()


def test_shape() -> None:
    shape = shape_of("Previous | Next 12:")
    assert shape["ends_colon"] == 1
    assert shape["mark_|"] == 1
    assert shape["ends_sentence"] == 0
    assert np.isclose(shape["log_words"], np.log1p(3))
    assert shape_of('he said."')["ends_sentence"] == 1
    assert shape_of("See http://example.org now")["url"] == shape_of("www.example.org")["url"] == 1
    assert shape_of("A b. C d! (E f.) Version 1.2")["sentences"] == 3
    assert np.isfinite(list(shape_of("").values())).all()


# In scripts without spaces each letter begins a word, the pair of it and its neighbour.
_UNSPACED = "".join(f"{chr(first)}-{chr(last)}" for first, last in UNSPACED_RANGES)
WORD = re.compile(rf"(?=\w)[{_UNSPACED}]|[^\W{_UNSPACED}]+")


def test_scripts_without_spaces_have_words_and_running_text() -> None:
    assert shape_of("日本語 news")["log_words"] == pytest.approx(np.log1p(4))
    rows = PageRows.of({"text": ["日本語", "本語"], "document": [0, 0]})
    assert set(rows.words[3:].tolist()) < set(rows.words[:3].tolist())  # 本語, and 語 at the end
    assert shape_of("我走。你来。")["sentences"] == 2
    thai = "เจ้าหน้าที่กล่าวว่าการเดินเรือจะเริ่มอีกครั้งในวันจันทร์หลังจากหยุดไปนานสี่ปีเพราะพายุใหญ่ที่ทำลายท่าเรือ"
    assert PageRows.of({"text": [thai, "ข่าวล่าสุด"], "document": [0, 0]}).is_long.tolist() == [True, False]


@pytest.mark.fuzz
@given(st.text(max_size=60))
@settings(deadline=None)
def test_law_shape_counts_what_python_counts(text: str) -> None:
    shape, words = shape_of(text), WORD.findall(text)
    n, n_words = max(len(text), 1), max(len(words), 1)
    letters = sum(map(len, words))
    assert shape["log_characters"] == pytest.approx(np.log1p(len(text)), rel=1e-6)
    assert shape["log_words"] == pytest.approx(np.log1p(len(words)), rel=1e-6)
    assert shape["word_length"] == pytest.approx(letters / n_words, rel=1e-6)
    assert shape["upper_share"] == pytest.approx(sum(c.isupper() for w in words for c in w) / n, rel=1e-6)
    assert shape["digit_share"] == pytest.approx(sum(c.isdigit() for w in words for c in w) / n, rel=1e-6)
    assert shape["punctuation_share"] == pytest.approx((n - letters - sum(map(str.isspace, text))) / n, abs=1e-6)
    assert shape["capitalised_share"] == pytest.approx(sum(w[0].isupper() for w in words) / n_words, rel=1e-6)
    assert shape["starts_small"] == text[:1].islower()
    assert shape["mark_:"] == min(text.count(":"), 3)


def shape_of(text: str) -> dict[str, float]:
    return dict(zip(SHAPE, PageRows.of(page(text)).shapes[0].tolist(), strict=True))


def test_repetition_counts_the_page_and_the_sites_other_pages() -> None:
    frame = pd.concat(
        [
            page("Menu", LONG, "Menu", document="a", group="s"),
            page("menu", "Other", document="b", group="s"),
            page("Menu", document="c", group="t"),
        ],
        ignore_index=True,
    )
    assert number(frame, "copies_in_page") == [1, 0, 1, 0, 0, 0]
    assert number(frame, "site_share") == [1, 0, 1, 1, 0, 0]
    views = pd.concat([page("a", "b", document="d#page", group="s"), page("a", document="d#extract", group="s")])
    assert number(views, "site_share") == [0, 0, 0]  # a page says nothing about itself


def test_agreement_with_the_title_and_the_running_text() -> None:
    frame = page("Bridge closed", LONG, "bridge river council", "zebra", title="Bridge closed")
    assert number(frame, "is_title") == [1, 0, 0, 0]
    overlap = number(frame, "body_overlap")
    assert overlap[2] == 1
    assert overlap[3] == 0


def test_neighbours_do_not_reach_over_the_edge_of_a_page() -> None:
    values = np.arange(5, dtype=np.float32)[:, None]
    assert shift_rows(values, np.array([0, 2, 5]), 1, -1.0)[:, 0].tolist() == [1, -1, 3, 4, -1]
    assert shift_rows(values, np.array([0, 2, 5]), -2, -1.0)[:, 0].tolist() == [-1, -1, -1, -1, 2]


def test_every_group_of_numbers_can_be_left_out_and_pages_do_not_touch_each_other() -> None:
    one, two = page("Menu", LONG, "Share", document="a"), page("Home", LONG, document="b")
    both = pd.concat([one, two], ignore_index=True)
    for left_out in ("shape", "position", "repetition", "agreement"):
        features = ParagraphFeatures(TfidfFeatures(), **{left_out: False}).fit(both)
        alone = features.transform(two).toarray()
        np.testing.assert_allclose(features.transform(both).toarray()[3:], alone, rtol=1e-6)


def test_a_page_of_one_paragraph_and_one_of_many_are_read() -> None:
    features = ParagraphFeatures(TfidfFeatures()).fit(page("Menu", LONG, "Share"))
    assert features.transform(page("alone")).shape[0] == 1
    assert features.transform(page(*["line"] * 20_000)).shape[0] == 20_000
