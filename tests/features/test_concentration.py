"""Supervised term weights: concentration of terms in few classes."""

import numpy as np
import pytest
import scipy.sparse as sp

from copydesk.features.concentration import SMOOTHING, concentration
from copydesk.features.tfidf import TfidfFeatures

TEXTS = ["ball goal match", "goal match win", "vote law win", "vote poll win"] * 3
LABELS = np.array(["sport", "sport", "politics", "politics"] * 3)


def plain_concentration(X, y):
    """The definition, one term after the other."""
    classes = np.unique(y)
    out = []
    for term in range(X.shape[1]):
        has = X[:, term] != 0
        df = has.sum()
        shares = np.array([has[y == each].mean() for each in classes])
        shares = shares / shares.sum() if df else np.full(len(classes), 1 / len(classes))
        shares = (df * shares + SMOOTHING / len(classes)) / (df + SMOOTHING)
        out.append(1 + (shares * np.log(shares)).sum() / np.log(len(classes)))
    return np.array(out)


def test_equals_its_definition():
    rng = np.random.default_rng(0)
    X, y = rng.random((60, 30)) * (rng.random((60, 30)) < 0.2), rng.integers(5, size=60)
    X[:, 7] = 0
    assert concentration(sp.csr_matrix(X), y) == pytest.approx(plain_concentration(X, y), abs=1e-6)


def test_more_documents_in_one_class_are_more_concentrated_and_an_even_spread_is_not_at_all():
    y = np.array([0, 0, 0, 1, 1, 1])
    X = sp.csr_matrix(np.array([[1, 1, 1], [0, 1, 1], [0, 1, 1], [0, 0, 1], [0, 0, 1], [0, 0, 1]]))
    one, three, everywhere = concentration(X, y)
    assert 0 < one < three < 1
    assert everywhere == pytest.approx(0, abs=1e-12)


def test_features_are_tfidf_with_columns_rescaled_and_rows_of_the_same_length():
    options = {"sublinear_tf": True, "ngram_range": (1, 2), "weight": 0.5}
    plain, weighed = TfidfFeatures(**options), TfidfFeatures(**options, concentration=0.8)
    before, after = plain.fit_transform(TEXTS), weighed.fit_transform(TEXTS, LABELS)
    factor = 0.2 + 0.8 * concentration(before, LABELS)
    expected = before.toarray() * factor
    expected *= 0.5 / np.linalg.norm(expected, axis=1, keepdims=True)
    np.testing.assert_allclose(after.toarray(), expected, rtol=1e-12)
    np.testing.assert_allclose(weighed.idf_, plain.idf_ * factor)


@pytest.mark.parametrize("norm", [None, "l1", "l2"])
def test_fit_and_transform_is_fit_transform(norm):
    families = [{"concentration": 0.7}, {"analyzer": "char_wb", "ngram_range": [2, 3], "bm25_k1": 1.5}]
    features = TfidfFeatures(families=families, norm=norm, weight=0.7)
    fitted = features.fit_transform(TEXTS, LABELS)
    np.testing.assert_allclose(fitted.toarray(), features.transform(TEXTS).toarray())
    np.testing.assert_allclose(
        TfidfFeatures(families=families, norm=norm, weight=0.7).fit(TEXTS, LABELS).transform(TEXTS).toarray(),
        fitted.toarray(),
    )


def test_needs_labels_and_all_texts_at_once():
    with pytest.raises(ValueError, match="needs labels"):
        TfidfFeatures(concentration=0.5).fit(TEXTS)
    with pytest.raises(ValueError, match="all texts at once"):
        TfidfFeatures(concentration=0.5, n_features=1024).partial_fit(TEXTS)
    with pytest.raises(ValueError, match="a share from"):
        TfidfFeatures(concentration=1.5).fit(TEXTS, LABELS)


def test_documents_count_in_each_of_their_labels_and_those_without_are_a_class():
    rng = np.random.default_rng(1)
    X, Y = rng.random((60, 30)) * (rng.random((60, 30)) < 0.2), rng.random((60, 3)) < 0.3
    rows, classes = np.nonzero(np.column_stack([Y, ~Y.any(axis=1)]))
    repeated = plain_concentration(X[rows], classes)
    for form in (Y, sp.csr_matrix(Y.astype(np.uint8))):
        assert concentration(sp.csr_matrix(X), form) == pytest.approx(repeated, abs=1e-6)
