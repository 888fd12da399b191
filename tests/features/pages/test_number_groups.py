"""Numbers of a page's running text."""

from __future__ import annotations

import numpy as np
import pytest

from copydesk.features.kernels.prose import LARGEST_GAP
from copydesk.features.pages.number_groups import PROSE, Prose
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


def test_a_page_without_running_text_has_finite_numbers() -> None:
    found = numbers(LINK, "", "1")
    assert np.isfinite(np.array(list(found.values()))).all()
    assert set(found["islands"]) == {0.0}
