"""Lists are told by lines that begin, end and look alike."""

from __future__ import annotations

import numpy as np
import pandas as pd

from copydesk.features.kernels.likeness import likeness
from copydesk.features.pages.page_rows import SHAPE, PageRows


def of(*texts: str) -> np.ndarray:
    rows = PageRows.of(pd.DataFrame({"text": texts, "title": "", "document": "d", "position": 0, "group": ""}))
    ends = rows.shapes[:, SHAPE.index("ends_sentence")]
    return likeness(rows.words, rows.word_starts, rows.starts, rows.shapes[:, 0], ends)


def test_paragraphs_with_the_same_first_or_last_word_are_counted() -> None:
    found = of("Read more", "read less", "Something else, more", "!!")
    np.testing.assert_allclose(found[:, 0], np.log1p([1, 1, 0, 0]), rtol=1e-6)
    np.testing.assert_allclose(found[:, 1], np.log1p([1, 0, 1, 0]), rtol=1e-6)


def test_near_paragraphs_of_one_length_and_kind_of_end_are_alike() -> None:
    long = "A sentence that is a good deal longer than all of the others in this list of lines."
    found = of("aa bb", "cc dd", "ee ff", long)
    np.testing.assert_allclose(found[:, 2], [2 / 3, 2 / 3, 2 / 3, 0], rtol=1e-6)
    np.testing.assert_allclose(found[:, 3], [0.5, 0, 1, 1], rtol=1e-6)


def test_a_paragraph_alone_is_like_none() -> None:
    assert of("alone").tolist() == [[0, 0, 0, 0]]
