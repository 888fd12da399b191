"""Comparison of TfidfFeatures with scikit-learn's TfidfVectorizer."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer

from copydesk.features.tfidf import TfidfFeatures

TEXTS = [
    "The ferry leaves at nine; the FERRY returns at five.",
    "Nine bakers bake nine loaves, and a loaf is a loaf.",
    "Straße und Bäcker: Ärger über Öfen – ǅungla, İstanbul, ΣΊΣΥΦΟΣ",
    "日本語のテキスト。 русский текст  ١٢٣ नमस्ते",
    "a\tb\x00c \x1c d\n\n\ne \u2028 f",
    "",
    "   \n ",
    "x",
    "\ud800 lone surrogate \udfff here",
    "emoji 👩‍🚀 and e\u0301 combining marks under_scores 3.14",
]


def same(ours: Any, theirs: Any, tolerance: float = 1e-12) -> None:
    """Assert that two matrices have the same entries, up to a tolerance."""
    assert ours.shape == theirs.shape
    assert ours.nnz == theirs.nnz
    ours, theirs = ours.sorted_indices(), theirs.sorted_indices()
    assert np.array_equal(ours.indptr, theirs.indptr)
    assert np.array_equal(ours.indices, theirs.indices)
    np.testing.assert_allclose(ours.data, theirs.data, rtol=tolerance, atol=tolerance)


def check(texts: list[str], ours: dict[str, Any] | None = None, **options: Any) -> None:
    """Fit both; compare terms, idf and values, or errors. ``ours`` are options that scikit-learn lacks."""
    tolerance = 1e-6 if options.get("dtype") in ("float32", np.float32) else 1e-12
    with warnings.catch_warnings():
        # scikit-learn's, of options that do not go together; and both take logarithms of 0 where a term is nowhere
        warnings.simplefilter("ignore", UserWarning)
        warnings.simplefilter("ignore", RuntimeWarning)
        reference = TfidfVectorizer(**options)
        features = TfidfFeatures(**{"sort": True, **options, **(ours or {})})
        try:
            expected = reference.fit_transform(texts)
        except ValueError as refusal:
            with pytest.raises(ValueError, match=str(refusal)[:20]):
                features.fit_transform(texts)
            return
        found = features.fit_transform(texts)
        names = features.get_feature_names_out()
        assert names.tolist() == reference.get_feature_names_out().tolist()
        same(found, expected, tolerance)
        again = [*texts[::-1], "and what no text has said before"]
        try:
            expected = reference.transform(again)
        except ValueError:
            with pytest.raises(ValueError, match="infinite idf"):
                features.transform(again)
            return
        same(features.transform(again), expected, tolerance)
        if options.get("use_idf", True):
            np.testing.assert_allclose(features.idf_, reference.idf_, rtol=tolerance)
