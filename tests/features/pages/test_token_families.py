"""Token families: tokens, columns, scores and names agree; neighbours' words are those of the neighbours."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copydesk.features.pages.page_rows import PageRows
from copydesk.features.pages.token_families import NeighbourWords

PAGES = {
    "text": ["Home", "The ferry sails again on Monday.", "Share this story", "Only line", "日本語"],
    "document": [0, 0, 0, 1, 1],
}


def named(text: list[str], document: list[int]) -> list[set[str]]:
    X = {"text": text, "document": document}
    family, rows = NeighbourWords(), PageRows.of(X)
    found = family.contributions(X, rows, np.ones(family.n_features, dtype=np.float32))
    return [{name for name, _ in each} for each in found]


def test_names_of_neighbours_words() -> None:
    home, ferry, share, only, japanese = named(PAGES["text"], PAGES["document"])
    assert {"begins “The ferry sails”", "ends “on Monday”", "[-1] ends “Home”", "[+1] begins “Share this”"} <= ferry
    assert {"begins “The” and length", "[+1] length beside its own", "[+2] no paragraph"} <= ferry
    assert "[+2] begins “Share”" in home
    assert "[-2] begins “Home”" in share
    assert not any("story" in name for name in only)  # another page
    assert {"begins “日 本”", "ends “語”", "[-1] ends “Only line”"} <= japanese


def test_a_paragraph_without_neighbours_differs_only_where_they_would_stand() -> None:
    alone = named(["Read more"], [0])[0]
    first = named(["Read more", "Next"], [0, 0])[0]
    assert alone - first == {"[+1] no paragraph"}
    assert {name for name in first - alone if not name.startswith("[+1]")} == set()


@pytest.mark.fuzz
@given(st.lists(st.tuples(st.text(max_size=30), st.booleans()), min_size=1, max_size=12))
@settings(deadline=None)
def test_law_scores_matrix_and_contributions_agree(paragraphs: list[tuple[str, bool]]) -> None:
    X = {"text": [text for text, _ in paragraphs], "document": np.cumsum([new for _, new in paragraphs]).tolist()}
    family, rows = NeighbourWords(reach=1, n_features=64, weight=0.5), PageRows.of(X)
    weights = np.random.default_rng(0).normal(size=64).astype(np.float32)
    scores = np.zeros(len(paragraphs))
    family.add_scores(X, rows, weights, scores)
    np.testing.assert_allclose(scores, family.matrix(X, rows) @ weights, atol=1e-4)
    sums = [sum(value for _, value in each) for each in family.contributions(X, rows, weights)]
    np.testing.assert_allclose(scores, sums, atol=1e-4)
