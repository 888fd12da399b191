"""Token families: tokens, columns, scores and names agree; neighbours' words are those of the neighbours."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copydesk.features.pages.page_rows import PageRows
from copydesk.features.pages.token_families import Markup, NeighbourWords

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


MARKUP = ["tag:p .entry in:p", "tag:li .menu in:nav", "", "tag:p", "tag:p  in:p"]


def test_tokens_of_markup_are_its_words() -> None:
    X = PAGES | {"markup": MARKUP}
    found = Markup().contributions(X, PageRows.of(X), np.ones(65536, dtype=np.float32))
    assert [[name for name, _ in each] for each in found] == [
        [f"<{token}>" for token in each.split()] for each in MARKUP
    ]


def test_equal_tokens_of_markup_share_a_column_and_texts_without_markup_have_none() -> None:
    X = PAGES | {"markup": MARKUP}
    matrix = Markup().matrix(X, PageRows.of(X)).toarray()
    assert set(np.flatnonzero(matrix[3])) <= set(np.flatnonzero(matrix[0])) & set(np.flatnonzero(matrix[4]))
    np.testing.assert_allclose(np.linalg.norm(matrix, axis=1), [1, 1, 0, 1, 1], rtol=1e-6)
    assert Markup().matrix(PAGES, PageRows.of(PAGES)).nnz == 0


@pytest.mark.parametrize(("unnamed", "left"), [(0.0, 3), (1.0, 2)])
def test_training_leaves_out_classes_and_ids_of_a_share_of_the_pages(unnamed: float, left: int) -> None:
    X = PAGES | {"markup": MARKUP}
    family, rows = Markup(unnamed=unnamed), PageRows.of(PAGES)
    _, borders = family.training_tokens(X, rows)
    assert np.diff(borders)[0] == left
    assert np.diff(family.tokens(X, rows)[1])[0] == 3
    assert family.matrix(X, rows, training=True)[0].nnz == left


@pytest.mark.fuzz
@given(st.lists(st.lists(st.text(st.characters(exclude_characters=" "), min_size=1), max_size=5), min_size=1))
@settings(deadline=None)
def test_law_markup_of_any_tokens_has_as_many(rows: list[list[str]]) -> None:
    texts = [" ".join(row) for row in rows]
    X = {"text": texts, "document": [0] * len(texts), "markup": texts}
    tokens, borders = Markup().tokens(X, PageRows.of(X))
    assert np.diff(borders).tolist() == [len(row) for row in rows]
    flat = [token for row in rows for token in row]
    assert len(set(tokens.tolist())) == len(set(flat))
