"""What says most stays, scores keep their scale, and folded columns are those of a smaller hash."""

from __future__ import annotations

import random

import numpy as np
import pytest
from sklearn.linear_model import RidgeClassifier

from copydesk.classifiers.compression import Smaller
from copydesk.classifiers.linear import LinearSVM
from copydesk.features.tfidf import TfidfFeatures

TOPICS = {"boats": "ferry harbour sail tide", "bread": "oven flour yeast crust", "chess": "bishop castle check gambit"}


def corpus(n: int = 240) -> tuple[list[str], np.ndarray]:
    draw, texts, labels = random.Random(1), [], []
    for number in range(n):
        label = sorted(TOPICS)[number % 3]
        words = draw.choices(TOPICS[label].split(), k=5) + draw.choices("the of and said it was".split(), k=8)
        texts.append(" ".join([*words, f"rare{number}", f"odd{number}"]))
        labels.append(label)
    return texts, np.asarray(labels, dtype=object)


def fitted(**options: object) -> tuple[TfidfFeatures, LinearSVM, list[str], np.ndarray]:
    texts, y = corpus()
    features = TfidfFeatures(sublinear_tf=True, dtype=np.float32, **options)  # type: ignore[arg-type]
    return features, LinearSVM().fit(features.fit_transform(texts, y), y), texts, y


def test_the_terms_that_tell_classes_apart_stay() -> None:
    features, classifier, texts, y = fitted()
    small, weights = Smaller(features, classifier).with_terms(12)
    assert sorted(small.get_feature_names_out()) == sorted(" ".join(TOPICS.values()).split())
    assert (weights.predict(small.transform(texts)) == y).all()
    assert len(np.unique(weights.weights_[:, 0])) <= 255
    assert features.get_feature_names_out().size > 400


def test_scores_keep_their_scale_though_documents_get_shorter() -> None:
    features, classifier, texts, _ = fitted()
    small, weights = Smaller(features, classifier, bits=32).with_terms(12)
    before = np.abs(classifier.decision_function(features.transform(texts))).mean()
    after = np.abs(weights.decision_function(small.transform(texts))).mean()
    assert after == pytest.approx(before, rel=0.3)


def test_with_all_terms_and_bits_nothing_changes_but_their_order() -> None:
    features, classifier, texts, _ = fitted(ngram_range=(1, 2))
    same = Smaller(features, classifier, bits=32)
    small, weights = same.with_terms(same.terms)
    expected = classifier.decision_function(features.transform(texts))
    np.testing.assert_allclose(weights.decision_function(small.transform(texts)), expected, atol=1e-5)


def test_every_family_keeps_a_term() -> None:
    features, classifier, texts, _ = fitted(
        families=[{}, {"analyzer": "char_wb", "ngram_range": (2, 3), "weight": 1e-6}]
    )
    small, weights = Smaller(features, classifier).with_terms(3)
    assert all(family.n_terms >= 1 for family in small.families_)
    assert weights.decision_function(small.transform(texts)).shape == (240, 3)


def test_folded_columns_count_what_a_smaller_hash_counts() -> None:
    features, classifier, texts, y = fitted(n_features=2**12)
    small, weights = Smaller(features, classifier).with_columns(2**8)
    fresh = TfidfFeatures(sublinear_tf=True, dtype=np.float32, n_features=2**8).fit(texts)
    folded, learnt = small.families_[0].document_frequency_, fresh.families_[0].document_frequency_
    assert small.transform(texts).nnz == fresh.transform(texts).nnz
    assert (folded >= learnt).all()  # two terms of one document in one column count twice
    assert (weights.predict(small.transform(texts)) == y).mean() > 0.9


@pytest.mark.parametrize("bits", [8, 16])
def test_rounded_weights_are_close(bits: int) -> None:
    features, classifier, texts, _ = fitted()
    smaller = Smaller(features, classifier, bits)
    small, weights = smaller.with_terms(smaller.terms)
    exact = classifier.decision_function(features.transform(texts))
    assert np.abs(weights.decision_function(small.transform(texts)) - exact).max() < 0.05


def test_other_kinds_are_refused_by_name() -> None:
    features, classifier, texts, y = fitted()
    with pytest.raises(TypeError, match="its classifier is RidgeClassifier"):
        Smaller(features, RidgeClassifier().fit(features.transform(texts), y))
    with pytest.raises(TypeError, match="its features are NoneType"):
        Smaller(None, classifier)
