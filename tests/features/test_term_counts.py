"""Counts of chunks, merged, give the features that all texts give at once."""

from __future__ import annotations

import pickle
import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copydesk.features.option_warnings import SlowPatternWarning
from copydesk.features.term_counts import TermCounts
from copydesk.features.tfidf import TfidfFeatures
from helpers.reference import TEXTS

WORDS = r"(?u)\b\w\w+\b"
OPTIONS: list[dict[str, Any]] = [
    {"ngram_range": (1, 2)},
    {"ngram_range": (2, 3), "stop_words": ["the", "nine"], "token_pattern": r"(?u)\b\w+\b"},
    {"analyzer": "char", "ngram_range": (2, 3)},
    {"analyzer": "char_wb", "ngram_range": (1, 4), "min_df": 2},
    {"token_pattern": r"[a-z]+", "ngram_range": (1, 2)},
    {"max_features": 7, "bm25_k1": 1.2},
    {"vocabulary": ["the", "nine", "a b", "nowhere"], "token_pattern": r"(?u)\b\w+\b", "ngram_range": (1, 2)},
    {"n_features": 64, "ngram_range": (1, 2)},
    {"max_memory": "1GB", "max_df": 0.9},
    {"families": [{"ngram_range": (1, 2)}, {"analyzer": "char_wb", "ngram_range": (2, 4), "n_features": 256}]},
]


def counted(features: TfidfFeatures, texts: list[str], store: bool) -> TermCounts:
    counts = TermCounts(features)
    counts.add(texts)
    return pickle.loads(pickle.dumps(counts)) if store else counts


def same_features(one: TfidfFeatures, other: TfidfFeatures, texts: list[str]) -> None:
    for mine, theirs in zip(one.families_, other.families_, strict=True):
        assert np.array_equal(mine.idf_, theirs.idf_)
        assert mine.mean_length_ == theirs.mean_length_
    assert list(one.get_feature_names_out()) == list(other.get_feature_names_out())
    found, expected = one.transform(texts), other.transform(texts)
    assert np.array_equal(found.indices, expected.indices)
    assert np.array_equal(found.data, expected.data)


@settings(max_examples=60)
@given(
    st.lists(st.sampled_from(TEXTS) | st.text("ab \n.É日", max_size=60), min_size=3, max_size=12),
    st.lists(st.tuples(st.integers(0, 12), st.booleans()), max_size=4),
    st.sampled_from(OPTIONS),
    st.booleans(),
)
def test_law_any_cut_of_the_texts_gives_the_features_of_all(
    texts: list[str], cuts: list[tuple[int, bool]], options: dict[str, Any], as_a_tree: bool
) -> None:
    texts = [*texts, "the nine a b", "the nine"]
    edges = sorted({0, len(texts), *(min(at, len(texts)) for at, _ in cuts)})
    stored = [store for _, store in cuts] + [True] * len(edges)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SlowPatternWarning)
        features = TfidfFeatures(dtype="float32", **options)
        parts = [
            counted(features, texts[a:b], store) for a, b, store in zip(edges[:-1], edges[1:], stored, strict=False)
        ]
        if as_a_tree and len(parts) > 2:
            parts[-2].merge(parts.pop())
        for part in parts[1:]:
            parts[0].merge(part)
        assert parts[0].n_documents == len(texts)
        same_features(parts[0].fitted(), TfidfFeatures(dtype="float32", **options).fit(texts), texts)


def test_what_memory_does_not_hold_is_dropped_and_the_rest_counted_again() -> None:
    texts = [" ".join(["common", "words", "here", *(f"rare{n}x{k}" for k in range(300))]) for n in range(200)]
    counts = counted(TfidfFeatures(max_memory="1MB"), texts[:100], store=True)
    counts.merge(counted(TfidfFeatures(max_memory="1MB"), texts[100:], store=True))
    assert counts.pruned
    assert counts.nbytes <= 1_000_000
    with pytest.raises(ValueError, match="lower bounds: count again"):
        counts.fitted()
    again = counts.recount()
    again.add(texts[:50])
    more = pickle.loads(pickle.dumps(counts.recount()))
    more.add(texts[50:])
    again.merge(more)
    features = again.fitted()
    names = list(features.get_feature_names_out())
    assert {"common", "words", "here"} <= set(names)
    assert len(names) < 30_000
    same_features(features, TfidfFeatures(vocabulary=names).fit(texts), texts)


def test_stored_counts_are_compact() -> None:
    counts = counted(TfidfFeatures(ngram_range=(1, 2)), [f"word{n} word{n + 1}" for n in range(20_000)], store=False)
    assert len(pickle.dumps(counts)) < 0.6 * counts.nbytes


def test_what_needs_labels_is_refused() -> None:
    with pytest.raises(ValueError, match="concentration: terms are counted without labels"):
        TermCounts(TfidfFeatures(concentration=0.5))
