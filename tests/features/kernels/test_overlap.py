"""A title shares the article's rare words; a teaser of another article does not."""

from __future__ import annotations

import numpy as np
import pandas as pd

from copydesk.features.kernels.overlap import topic_overlap
from copydesk.features.pages.page_rows import PageRows

PAGE = (
    "Home and sport",
    "Harbour ferry returns and sails",
    "Budget vote and tax",
    "The ferry left the harbour and the island cheered.",
    "The harbour master said the ferry sails and returns on Monday.",
    "Read all about it",
)


def of(inside: list[bool], *texts: str) -> np.ndarray:
    rows = PageRows.of(pd.DataFrame({"text": texts, "title": "", "document": "d", "position": 0, "group": ""}))
    return topic_overlap(rows.words, rows.word_starts, rows.starts, np.array(inside))


def test_a_title_is_about_what_the_stretch_is_about() -> None:
    found = of([False, False, False, True, True, False], *PAGE)
    assert found[1, 0] > 0.9 > 0.4 > max(found[[0, 2, 5], 0])
    assert found[:, 1].argmax() in (1, 3, 4)
    np.testing.assert_allclose(found[:3, 3].max(), 1)
    assert found[:, 3].argmax() == 1
    assert (found[3:, 3] == 0).all()


def test_a_paragraph_of_the_stretch_is_compared_with_the_others_only() -> None:
    found = of([False, True, False], "one two", "three four", "five")
    assert (found[:, :3] == 0).all()


def test_a_word_of_all_paragraphs_weighs_next_to_nothing() -> None:
    found = of([False, True, True], "and rare", "and common", "and rare")
    every, once = np.log(4 / 3), np.log(4 / 2)
    np.testing.assert_allclose(found[0, 0], 1)
    np.testing.assert_allclose(found[0, 1], np.log1p(every + once), rtol=1e-6)
    np.testing.assert_allclose(found[0, 2], np.log1p(2 * every + once), rtol=1e-6)


def test_pages_without_words_or_stretch_have_numbers() -> None:
    assert of([False, False], "!", "?").tolist() == [[0, 0, 0, 0]] * 2
