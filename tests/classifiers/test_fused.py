"""Scoring without a matrix gives what features and classifier give one after the other."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.svm import LinearSVC

from copydesk.classifiers.fused import FusedScorer
from copydesk.classifiers.linear import LinearSVM
from copydesk.classifiers.nb import NBWeighted
from copydesk.features.tfidf import TfidfFeatures

WORDS = ["sea", "ship", "sail", "oven", "bread", "flour", "pawn", "queen", "rook"]
rng = np.random.default_rng(0)
TEXTS = [
    " ".join(rng.choice(WORDS[3 * (i % 3) : 3 * (i % 3) + 3], 6)) + f" n{i} " + str(rng.choice(WORDS))
    for i in range(90)
]
LABELS = np.array(["boats", "bread", "chess"])[np.arange(90) % 3]

FAMILIES: list[dict[str, Any]] = [
    {},
    {"ngram_range": (1, 2), "sublinear_tf": True},
    {"norm": None, "binary": True},
    {"norm": "l1", "bm25_k1": 1.2},
    {"families": [{}, {"analyzer": "char_wb", "ngram_range": (2, 4), "weight": 0.5}, {"part": "first_line"}]},
    {"families": [{"concentration": 0.7, "bm25_k1": 1.5}, {"part": "title", "weight": 0.5}]},
]


@pytest.mark.parametrize("options", FAMILIES)
@pytest.mark.parametrize("classifier", [LinearSVM(), NBWeighted(LinearSVM()), LinearSVC(random_state=0)])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_scores_are_those_of_the_two_steps(options: dict[str, Any], classifier: Any, n_classes: int) -> None:
    rows = np.arange(90) % 3 < n_classes
    texts, labels = [t for t, r in zip(TEXTS, rows, strict=True) if r], LABELS[rows]
    features = TfidfFeatures(**options)
    classifier.fit(features.fit_transform(texts, labels), labels)
    scorer = FusedScorer.from_fitted(features, classifier)
    assert scorer is not None
    unseen = [*texts[:20], "", "unknown terms only", "sea\nship"]
    expected = classifier.decision_function(features.transform(unseen))
    for n_jobs in (1, 2, 3):
        found = scorer.decision_function(unseen, n_jobs=n_jobs)
        assert found.shape == expected.shape
        np.testing.assert_allclose(found, expected, atol=1e-9)


@pytest.mark.fuzz
def test_law_threads_and_company_change_no_bit() -> None:
    features = TfidfFeatures(ngram_range=(1, 2))
    scorer = FusedScorer.from_fitted(features, LinearSVM().fit(features.fit_transform(TEXTS), LABELS))
    assert scorer is not None
    expected = scorer.decision_function(TEXTS)
    np.testing.assert_array_equal(scorer.decision_function(TEXTS, n_jobs=3), expected)
    alone = np.vstack([scorer.decision_function([text]) for text in TEXTS])
    np.testing.assert_array_equal(alone, expected)


def test_other_pairs_are_left_to_the_two_steps() -> None:
    assert FusedScorer.from_fitted(TfidfVectorizer(), LinearSVC()) is None
