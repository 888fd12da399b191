"""Hashing without a vocabulary is the counts of a vocabulary, folded; streams add up; memory has a bound."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer, TfidfVectorizer

from copydesk.classifiers.fused import FusedScorer
from copydesk.classifiers.linear import LinearSVM
from copydesk.features.tfidf import TfidfFeatures

TEXTS = [
    "The old bridge is closed, the council says.", "A bridge too far? The bridge is open again!", "Goal after goal",
    "No goal: the keeper was the wall.", "", "Rates rise; shares fall, the bank says", "Café crème für zwei, bitte",
]  # fmt: skip
DOCUMENTS = st.lists(st.text(alphabet="abcdé \n.", max_size=30), min_size=1, max_size=8)


def folded(features: TfidfFeatures, texts: list[str], **options: object) -> sp.csr_matrix:
    """Return scikit-learn's counts, columns added up as the hashes say, weighed by its transformer."""
    counter = CountVectorizer(ngram_range=(1, 2), **options)
    counts = counter.fit_transform(texts)
    columns = features.families_[0].columns_of(list(counter.get_feature_names_out()), features.fitted_cuts()[0])
    fold = sp.csr_matrix(
        (np.ones(len(columns)), (np.arange(len(columns)), columns)), shape=(len(columns), features.n_features)
    )
    return TfidfTransformer().fit_transform(counts @ fold)


@pytest.mark.parametrize("n_features", [8, 64, 2**20])
@pytest.mark.parametrize("analyzer", ["word", "char_wb"])
def test_hashing_folds_the_columns_of_a_vocabulary(n_features: int, analyzer: str) -> None:
    features = TfidfFeatures(analyzer=analyzer, ngram_range=(1, 2), n_features=n_features)
    found = features.fit_transform(TEXTS)
    difference = abs(found - folded(features, TEXTS, analyzer=analyzer))
    assert difference.max() < 1e-12
    assert abs(features.transform(TEXTS) - found).max() < 1e-12


@pytest.mark.fuzz
@given(texts=DOCUMENTS, cut=st.integers(0, 8))
@settings(max_examples=50, deadline=None)
def test_law_a_stream_in_parts_is_the_whole(texts: list[str], cut: int) -> None:
    families = [{"ngram_range": (1, 2), "n_features": 64}, {"analyzer": "char", "n_features": 16, "bm25_k1": 1.2}]
    whole = TfidfFeatures(families=families).fit(texts)
    parts = TfidfFeatures(families=families)
    for part in (texts[:cut], texts[cut:]):
        if part:
            parts.partial_fit(part)
    assert np.array_equal(parts.idf_, whole.idf_)
    assert abs(parts.transform(texts) - whole.transform(texts)).max() == 0


def test_threads_change_nothing() -> None:
    texts = TEXTS * 20
    one, two = (TfidfFeatures(n_features=256, n_jobs=n).fit_transform(texts) for n in (1, 2))
    assert abs(one - two).max() == 0


def test_fused_scores_are_those_of_the_matrix() -> None:
    features = TfidfFeatures(families=[{"n_features": 64}, {"analyzer": "char_wb", "ngram_range": (2, 3)}])
    matrix = features.fit_transform(TEXTS)
    model = LinearSVM().fit(matrix, [0, 0, 1, 1, 2, 2, 2])
    scorer = FusedScorer.from_fitted(features, model)
    assert scorer is not None
    assert np.allclose(scorer.decision_function(TEXTS), model.decision_function(matrix), atol=1e-12)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_features": 1000}, "n_features=1000: a power of two"),
        ({"n_features": True}, "a power of two"),
        ({"n_features": 64, "min_df": 2}, "min_df=2 needs a vocabulary"),
        ({"n_features": 64, "vocabulary": ["a"]}, "needs a vocabulary, and n_features=64 has none"),
        ({"max_memory": "lots"}, "max_memory='lots': a size from 1MB"),
    ],
)
def test_bad_options_are_said(options: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message.replace("*", r"\*")):
        TfidfFeatures(**options).fit(TEXTS)  # type: ignore[arg-type]


def test_a_vocabulary_takes_no_stream() -> None:
    with pytest.raises(ValueError, match="partial_fit needs hashing"):
        TfidfFeatures().partial_fit(TEXTS)


def long_tail() -> list[str]:
    """Return documents with 60,000 words that occur once, and a few that occur everywhere."""
    return [" ".join(["common", "words", "here", *(f"rare{n}x{k}" for k in range(300))]) for n in range(200)]


def test_bounded_memory_keeps_what_is_frequent_and_counts_it_exactly() -> None:
    texts = long_tail()
    features = TfidfFeatures(max_memory="1MB").fit(texts)
    names = features.get_feature_names_out()
    assert {"common", "words", "here"} <= set(names)
    assert len(names) < 30_000
    exact = TfidfVectorizer(vocabulary=list(names)).fit(texts)
    assert np.allclose(features.idf_, exact.idf_, atol=1e-12)
    assert abs(features.transform(texts) - exact.transform(texts)).max() < 1e-12


@pytest.mark.parametrize("analyzer", ["word", "char_wb"])
def test_memory_enough_changes_nothing(analyzer: str) -> None:
    options = {"analyzer": analyzer, "ngram_range": (1, 2), "min_df": 2}
    bounded, free = (TfidfFeatures(**options, max_memory=memory) for memory in ("1GB", None))  # type: ignore[arg-type]
    assert abs(bounded.fit_transform(TEXTS) - free.fit_transform(TEXTS)).max() == 0
    assert list(bounded.get_feature_names_out()) == list(free.get_feature_names_out())
