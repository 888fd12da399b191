"""Numbers of a page's running text."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copydesk.features.kernels.prose import LARGEST_GAP
from copydesk.features.pages.number_groups import PROSE, PROSE_BOUNDS, STRUCTURE, BoundedProse, Prose, Structure
from copydesk.features.pages.page_rows import PageRows

LONG = "The council said on Monday that the ferry would sail again, " * 3 + "after a wait of four years."
LINK = "Read more"


def numbers(*texts: str) -> dict[str, list[float]]:
    X = {"text": list(texts), "document": [0] * len(texts)}
    rows = PageRows.of(X)
    found = Prose().numbers(X, rows, np.zeros(len(texts)))
    return dict(zip(PROSE, found.T.tolist(), strict=True))


def test_mass_before_and_after() -> None:
    found = numbers(LINK, LONG, LINK, LONG)
    one = np.log1p(len(LONG))
    assert found["prose_before"] == pytest.approx([0, 0, one, one], rel=1e-5)
    assert found["prose_after"] == pytest.approx([np.log1p(2 * len(LONG)), one, one, 0], rel=1e-5)
    assert found["length_in_prose"][1] == pytest.approx(0, abs=1e-4)


def test_islands() -> None:
    found = numbers(LONG, LONG, *[LINK] * (LARGEST_GAP + 1), LONG, LINK)
    assert found["islands"] == pytest.approx([np.log1p(2)] * len(found["islands"]))
    assert found["island_share"][0] == pytest.approx(2 / 3)
    assert found["island_share"][-1] == pytest.approx(1 / 3)
    assert (found["larger_islands"][0], found["larger_islands"][-1]) == (0, 1)
    assert found["to_largest_island"][:2] == [0, 0]
    assert found["to_largest_island"][-1] < 0
    assert found["run_without_sentence"][2] == pytest.approx(np.log1p(LARGEST_GAP + 1))
    assert found["run_without_sentence"][0] == 0
    assert found["length_in_run"][2] == pytest.approx(np.log1p(len(LINK)))


def test_numbers_that_grow_with_the_page_are_bounded() -> None:
    texts = [*[LONG] * 200, *[LINK] * 300]
    X = {"text": texts, "document": [0] * len(texts)}
    rows = PageRows.of(X)
    free, bounded = (group.numbers(X, rows, np.zeros(len(texts))) for group in (Prose(), BoundedProse()))
    for name, own, limited in zip(PROSE, free.T, bounded.T, strict=True):
        bound = PROSE_BOUNDS.get(name, np.inf)
        assert limited.tolist() == np.clip(own, -bound, bound).tolist()
        assert (np.abs(own).max() > bound) == (name in PROSE_BOUNDS)


def test_a_page_without_running_text_has_finite_numbers() -> None:
    found = numbers(LINK, "", "1")
    assert np.isfinite(np.array(list(found.values()))).all()
    assert set(found["islands"]) == {0.0}


def structure(
    paths: list[tuple[int, ...]], texts: list[str], scores: list[float], links: list[float]
) -> dict[str, list[float]]:
    X = {"text": texts, "document": [0] * len(texts), "path": paths, "link_share": links}
    found = Structure().numbers(X, PageRows.of(X), np.array(scores))
    return dict(zip(STRUCTURE, found.T.tolist(), strict=True))


def test_structure_of_a_page() -> None:
    # body 1 > nav 2 > two links; body > article 5 > three paragraphs
    paths = [(1, 2, 3), (1, 2, 4), (1, 5, 6), (1, 5, 7), (1, 5, 8)]
    found = structure(paths, [LINK, LINK, LONG, LONG, LINK], [-2, -2, 3, 3, 1], [1, 1, 0, 0, 0])
    assert found["link_share"] == [1, 1, 0, 0, 0]
    assert found["depth"] == [3] * 5
    assert found["siblings"] == pytest.approx(np.log1p([2, 2, 3, 3, 3]).tolist(), rel=1e-5)
    assert found["to_prose_holder"] == found["to_scored_holder"] == [1, 1, 0, 0, 0]
    assert found["from_prose_holder"] == [2, 2, 1, 1, 1]
    assert found["parent_score"][:2] == pytest.approx([-2, -2])  # the other link's
    assert found["parent_score"][4] == pytest.approx(3)
    assert found["parent_links"] == pytest.approx([1, 1, 0, 0, 0])
    assert found["parent_prose"][2] == pytest.approx(2 * len(LONG) / (2 * len(LONG) + len(LINK)), rel=1e-4)
    assert found["parent_share"][0] == pytest.approx(2 * len(LINK) / (3 * len(LINK) + 2 * len(LONG)), rel=1e-4)
    assert found["third_share"] == pytest.approx([1] * 5)


def test_without_markup_structure_is_missing() -> None:
    X = {"text": [LONG, LINK], "document": [0, 0]}
    assert np.isnan(Structure().numbers(X, PageRows.of(X), np.zeros(2))).all()
    only_text = structure([(), (1,)], [LONG, LINK], [1, 1], [0, 0])
    assert np.isnan(only_text["depth"][0])
    assert only_text["depth"][1] == 1


@pytest.mark.fuzz
@given(st.lists(st.tuples(st.integers(1, 6), st.sampled_from([LONG, LINK, ""]), st.floats(-9, 9)), min_size=1))
@settings(deadline=None)
def test_law_structure_is_finite_where_a_path_is(rows: list[tuple[int, str, float]]) -> None:
    paths, path, n = [], [1], 1
    for depth, _, _ in rows:  # a walk: some elements are left, one is entered
        n += 1
        path = [*path[:depth], n]
        paths.append(tuple(path))
    found = structure(paths, [text for _, text, _ in rows], [score for *_, score in rows], [0.5] * len(rows))
    assert np.isfinite(np.array(list(found.values()))).all()
    assert all(steps >= 0 for steps in found["to_prose_holder"] + found["to_scored_holder"])
