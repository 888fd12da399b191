"""Texts split together are split as each is split alone."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copydesk.features.pages import splitting
from copydesk.features.pages.splitting import split_texts
from copydesk.text.paragraphs import NEWLINES, split_paragraphs

WRAPPED = (
    "The ferry between the bay and the outer islands will sail\n"
    "again from the first Monday of March, the council of the\n"
    "town said on the evening of the day on which it had met,\n"
    "after years of doubt.\n\n"
    "Nobody was there to hear it, and nobody wrote it down in\n"
    "the book that is kept for it, which has been lost since.\n"
)
TEXTS = st.lists(st.text(st.sampled_from(f"aZ.7 \t\xa0{NEWLINES}\x1c\x1f\u200bßé中🙂\ud800"), max_size=60), max_size=6)


def check(texts: list[str]) -> None:
    found = split_texts(texts)
    expected = [split_paragraphs(text) for text in texts]
    assert found.texts == [each.text for page in expected for each in page]
    assert found.spans.tolist() == [[each.start, each.end] for page in expected for each in page]
    assert found.sizes.tolist() == list(map(len, expected))


@pytest.mark.fuzz
@given(TEXTS)
@settings(deadline=None)
def test_law_together_as_alone(texts: list[str]) -> None:
    check(texts)


@pytest.mark.fuzz
@given(st.text(max_size=80))
@settings(deadline=None)
def test_law_any_text(text: str) -> None:
    check([text])


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r", "\u2028"])
def test_wrapped_text_among_others(newline: str) -> None:
    texts = ["One.\n\nTwo.", WRAPPED.replace("\n", newline), "", "\n \n", "no\nnor\nyes", "Last"]
    check(texts)
    assert len(split_texts(texts[1:2]).texts) == 2


def test_more_texts_than_are_read_together(monkeypatch: pytest.MonkeyPatch) -> None:
    chunked = splitting.chunked
    monkeypatch.setattr(splitting, "chunked", lambda texts: chunked(texts, 10))
    check(["One.\nTwo.", WRAPPED, "", "Three", "Four\nfive\nsix"] * 3)
    check([])
