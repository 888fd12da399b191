"""Modes: each has a calibration and a threshold of its own, and a page's scores tell which it takes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from copydesk.classifiers.decision import Keep
from copydesk.classifiers.modes import MODES, Modes, page_signs
from copydesk.errors import DataError

CLASSES = np.array(["boilerplate", "content"], dtype=object)


def pages(n: int = 60, seed: int = 0) -> tuple[np.ndarray, np.ndarray, dict[str, Any]]:
    """Return scores, labels and paragraphs: whole pages with twelve leftovers, extracts with two that look alike."""
    rng = np.random.default_rng(seed)
    scores, labels, documents, views = [], [], [], []
    for number in range(n):
        view = MODES[number % 2]
        for label, count, mean in (("content", 8, 2.0), ("boilerplate", 12, -3.0) if view == "page" else
                                   ("boilerplate", 2, 0.5)):  # fmt: skip
            scores += rng.normal(mean, 1.0, count).tolist()
            labels += [label] * count
            documents += [number] * count
            views += [view] * count
    own = np.array(scores)
    text = ["x" * (200 if label == "content" else 30) for label in labels]
    table = {"text": text, "document": documents, "view": views}
    return np.column_stack([-own, own]), np.array(labels, dtype=object), table


def fitted(**params: Any) -> tuple[Modes, np.ndarray, np.ndarray, dict[str, Any]]:
    scores, y, table = pages()
    modes = Modes(Keep(cut="f1"), Keep(cut=0.05), **params)
    weight = np.array([len(text) for text in table["text"]], dtype=float)
    return modes.fit(scores, y, CLASSES, weight, None, table), scores, y, table


def test_a_page_takes_the_mode_that_its_scores_tell() -> None:
    modes, scores, _, table = fitted()
    found = modes.for_pages(table, scores)
    assert (found.row_modes == np.array(table["view"])).mean() > 0.95
    documents = np.array(table["document"])
    for number in range(60):
        assert len(set(found.row_modes[documents == number])) == 1


def test_a_page_without_any_likely_content_is_no_extract() -> None:
    modes, _, _, _ = fitted()
    modes.signs_ = np.append(np.zeros(len(modes.signs_) - 1), -1.0)  # every page looks like an extract
    own = np.array([-3.0, -2.0, -3.0, 0.0])
    table = {"text": ["x" * 30] * 4, "document": [0, 0, 1, 1]}
    assert modes.for_pages(table, np.column_stack([-own, own])).row_modes.tolist() == ["page"] * 2 + ["extract"] * 2


def test_each_mode_decides_as_its_own_decision() -> None:
    modes, scores, y, table = fitted()
    views = np.array(table["view"], dtype=object)
    weight = np.array([len(text) for text in table["text"]], dtype=float)
    for mode, own in zip(MODES, (Keep(cut="f1"), Keep(cut=0.05)), strict=True):
        rows = views == mode
        part = {key: np.array(value)[rows] for key, value in table.items()}
        alone = own.fit(scores[rows], y[rows], CLASSES, weight[rows], None, part)
        found = modes.within(mode).for_pages(table, scores)
        assert set(found.row_modes) == {mode}
        assert found.threshold_ == pytest.approx(np.full(len(y), alone.threshold_))
        assert found.predict(scores).tolist() == alone.predict(scores).tolist()
        np.testing.assert_allclose(found.predict_proba(scores), alone.predict_proba(scores))
    assert modes.mode == "auto"


def test_the_same_score_means_less_in_an_extract() -> None:
    modes, *_ = fitted()
    page, extract = (modes.within(mode).for_pages({}, np.array([[0.0, 0.0]])) for mode in MODES)
    assert page.predict_proba(np.array([[0.0, 0.0]]))[0, 1] != extract.predict_proba(np.array([[0.0, 0.0]]))[0, 1]
    assert extract.threshold_[0] < page.threshold_[0]


def test_a_promise_is_made_in_each_mode() -> None:
    modes, scores, y, table = fitted()
    weight = np.array([len(text) for text in table["text"]], dtype=float)
    promised = modes.at(0.9)
    for mode in MODES:
        rows = (np.array(table["view"], dtype=object) == mode) & (y == "content")
        stays = promised.within(mode).for_pages(table, scores).predict(scores) == "content"
        assert 0.9 <= weight[rows & stays].sum() / weight[rows].sum() < 0.93


def test_rows_of_unknown_pages_are_decided_as_extracts() -> None:
    modes, scores, _, table = fitted()
    extract = modes.within("extract").for_pages(table, scores)
    assert modes.predict(scores).tolist() == extract.predict(scores).tolist()
    np.testing.assert_array_equal(modes.predict_proba(scores), extract.predict_proba(scores))


def test_rows_of_both_views_are_needed() -> None:
    scores, y, table = pages()
    table["view"] = ["page"] * len(y)
    with pytest.raises(DataError, match=r"^decision=modes: no rows of the view 'extract'; .* decision=threshold$"):
        Modes(Keep(), Keep()).fit(scores, y, CLASSES, pages=table)
    with pytest.raises(DataError, match="no rows of the view 'extract'"):
        Modes(Keep(), Keep()).fit(scores, y, CLASSES)


def test_an_unknown_mode_is_refused() -> None:
    modes, *_ = fitted()
    with pytest.raises(ValueError, match=r"^mode=pages: unknown; valid: auto, page, extract$"):
        modes.within("pages")


def test_signs_of_a_page() -> None:
    own, lengths, page = np.array([1.0, -1.0, -3.0, 2.0]), np.array([80, 10, 10, 5]), np.array([0, 0, 0, 1])
    expected = [2 / 3, 0.2, 1 / 3, 0.1, np.log1p(3), np.log1p(20), np.log1p(80)]
    signs = page_signs(own, lengths, page)
    assert signs[0] == pytest.approx(expected)
    assert signs[1] == pytest.approx([0, 0, 0, 0, np.log1p(1), 0, np.log1p(5)])
