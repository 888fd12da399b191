"""TfidfFeatures keeps the contract of a scikit-learn transformer, so far as it can be kept on texts."""

from __future__ import annotations

import copy
import io
import pickle
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import scipy.sparse as sp
import skops.io
from sklearn.base import clone
from sklearn.exceptions import NotFittedError, SkipTestWarning
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.utils import estimator_checks as checks

from copydesk.bundle.encoding import EncodedEstimator, decode_estimator
from copydesk.features.tfidf import TfidfFeatures
from helpers.reference import TEXTS

# scikit-learn's check_estimator leaves all but a few out for text; these need no X, or fail before they look at it.
WITHOUT_X = [
    checks.check_estimator_cloneable, checks.check_estimator_repr, checks.check_no_attributes_set_in_init,
    checks.check_parameters_default_constructible, checks.check_get_params_invariance, checks.check_set_params,
    checks.check_do_not_raise_errors_in_init_or_set_params, checks.check_mixin_order, checks.check_valid_tag_types,
    checks.check_estimator_tags_renamed,
]  # fmt: skip
MODELS: dict[str, dict[str, Any]] = {
    "words": {"ngram_range": (1, 2), "dtype": np.float32},
    "characters": {"analyzer": "char", "ngram_range": (1, 3), "stop_words": "english"},
    "families": {"families": [{"ngram_range": (2, 3)}, {"analyzer": "char_wb", "ngram_range": (2, 4), "weight": 0.5}]},
    "hashed": {"n_features": 1 << 10, "ngram_range": (1, 2)},
    "given": {"vocabulary": {"nine": 1, "loaf": 0, "x": 2}, "token_pattern": r"\w+"},
    "sorted": {"sort": True, "stop_words": ["nine", "the"], "use_idf": False, "norm": None},
}


@pytest.fixture(params=MODELS.values(), ids=MODELS)
def features(request: pytest.FixtureRequest) -> TfidfFeatures:
    return TfidfFeatures(**request.param)


@pytest.mark.parametrize("check", WITHOUT_X, ids=lambda check: check.__name__)
def test_scikit_learns_checks_that_apply_to_text(check: Any) -> None:
    check("TfidfFeatures", TfidfFeatures())


def test_check_estimator_itself_passes() -> None:
    with pytest.warns(SkipTestWarning, match="requires input"):
        outcome = checks.check_estimator(TfidfFeatures(), on_skip=None)
    assert outcome
    assert {each["status"] for each in outcome} == {"passed"}


def test_fitting_changes_no_parameter_and_fitting_again_changes_nothing(features: TfidfFeatures) -> None:
    before = copy.deepcopy(features.get_params())
    assert features.fit(TEXTS) is features
    assert features.get_params() == before
    once = features.transform(TEXTS)
    assert (features.fit(TEXTS).transform(TEXTS) != once).nnz == 0
    assert (features.fit_transform(TEXTS) != once).nnz == 0
    assert (clone(features).fit(pd.Series(TEXTS, dtype=object)).transform(np.array(TEXTS, object)) != once).nnz == 0


def test_a_row_does_not_depend_on_the_rows_beside_it(features: TfidfFeatures) -> None:
    whole = features.fit(TEXTS).transform(TEXTS)
    order = np.random.default_rng(0).permutation(len(TEXTS))
    assert (features.transform([TEXTS[i] for i in order]) != whole[order]).nnz == 0
    alone = sp.vstack([features.transform([text]) for text in TEXTS])
    assert (alone != whole).nnz == 0


def test_transform_leaves_the_fitted_state_as_it_was(features: TfidfFeatures) -> None:
    features.fit(TEXTS)
    before = joblib.hash(features)
    features.transform(["other words", *TEXTS])
    features.get_feature_names_out()
    assert joblib.hash(features) == before


@pytest.mark.parametrize("method", ["transform", "inverse_transform", "get_feature_names_out"])
def test_what_is_not_fitted_says_so(method: str) -> None:
    arguments = [] if method == "get_feature_names_out" else [["a text"]]
    with pytest.raises(NotFittedError, match="not fitted yet"):
        getattr(TfidfFeatures(), method)(*arguments)


def through_skops(model: Any) -> Any:
    data = skops.io.dumps(model)
    own = skops.io.get_untrusted_types(data=data)
    assert all(name.startswith("copydesk.features.") for name in own)
    return skops.io.loads(data, trusted=own)


def through_joblib(model: Any) -> Any:
    file = io.BytesIO()
    joblib.dump(model, file)
    file.seek(0)
    return joblib.load(file)


def through_a_bundle(model: Any) -> Any:
    encoded = EncodedEstimator(model)
    assert not encoded.parts
    for array in encoded.arrays.values():
        array.flags.writeable = False  # as arrays of a file that is mapped
    return decode_estimator(encoded.tree, encoded.arrays, {})


@pytest.mark.parametrize(
    "travel", [through_skops, through_joblib, lambda model: pickle.loads(pickle.dumps(model)), through_a_bundle]
)
def test_what_is_stored_and_read_again_gives_the_same(features: TfidfFeatures, travel: Any) -> None:
    expected = features.fit_transform(TEXTS)
    restored = travel(features)
    assert repr(restored.get_params()) == repr(features.get_params())
    assert (restored.transform(TEXTS) != expected).nnz == 0
    assert restored.get_feature_names_out().tolist() == features.get_feature_names_out().tolist()
    assert (restored.fit(TEXTS).transform(TEXTS) != expected).nnz == 0


def test_a_stored_model_is_mapped_into_memory(tmp_path: Path) -> None:
    features = TfidfFeatures(ngram_range=(1, 2)).fit(TEXTS)
    joblib.dump(features, tmp_path / "features.joblib")
    mapped = joblib.load(tmp_path / "features.joblib", mmap_mode="r")
    assert (mapped.transform(TEXTS) != features.transform(TEXTS)).nnz == 0


def test_a_data_frame_is_refused_as_the_sparse_matrix_it_would_need() -> None:
    features = TfidfFeatures().set_output(transform="default")
    assert sp.issparse(features.fit_transform(TEXTS))
    with pytest.raises(ValueError, match="sparse matrix"):
        features.set_output(transform="pandas").fit_transform(TEXTS)


def test_it_is_searched_in_a_pipeline() -> None:
    texts = [f"{'sea ship' if n % 2 else 'land horse'} n{n % 5}" for n in range(40)]
    search = GridSearchCV(
        make_pipeline(TfidfFeatures(), LogisticRegression()),
        {"tfidffeatures__ngram_range": [(1, 1), (1, 2)], "tfidffeatures__sublinear_tf": [False, True]},
        cv=2,
    )
    assert search.fit(texts, [n % 2 for n in range(40)]).best_score_ == 1.0
    assert search.best_estimator_[:-1].get_feature_names_out().tolist()


@pytest.mark.parametrize("dense", [False, True])
def test_inverse_transform_is_scikit_learns(dense: bool) -> None:
    ours, theirs = TfidfFeatures(sort=True, ngram_range=(1, 2)), TfidfVectorizer(ngram_range=(1, 2))
    found, expected = ours.fit_transform(TEXTS), theirs.fit_transform(TEXTS)
    found.data[::3] = expected.data[::3] = 0  # what is there and 0 is no term of the row
    expected = sp.csr_matrix(expected)
    matrix = expected.toarray() if dense else expected
    for mine, other in zip(ours.inverse_transform(matrix), theirs.inverse_transform(matrix), strict=True):
        assert mine.tolist() == other.tolist()


def test_vocabulary_and_names_say_the_same() -> None:
    features = TfidfFeatures(ngram_range=(1, 2)).fit(TEXTS)
    names = features.get_feature_names_out()
    assert features.vocabulary_ == {name: column for column, name in enumerate(names)}
    assert features.vocabulary_ is features.vocabulary_
    features.fit(["other words"])
    assert sorted(features.vocabulary_) == ["other", "other words", "words"]


def test_names_of_several_families_tell_them_apart() -> None:
    features = TfidfFeatures(families=[{}, {"analyzer": "char"}]).fit(["ab"])
    assert features.get_feature_names_out().tolist() == ["family0__ab", "family1__a", "family1__b"]


@pytest.mark.parametrize("make", [lambda texts: {"text": texts}, lambda texts: pd.DataFrame({"text": texts})])
def test_a_table_in_place_of_a_column_is_refused(make):
    features = TfidfFeatures().fit(["one text", "another text"])
    for method in (features.fit, features.fit_transform, features.transform):
        with pytest.raises(TypeError, match=r"pass a column, such as table\['text'\]"):
            method(make(["one text"]))


def test_chunked_arrays_and_generators_are_read_like_lists():
    texts = ["one text", "another text", "a third"]
    expected = TfidfFeatures().fit_transform(texts)
    chunked = pa.chunked_array([texts[:1], texts[1:]])
    for given in (chunked, chunked.combine_chunks(), iter(texts), pd.Series(texts)):
        assert (TfidfFeatures().fit_transform(given) != expected).nnz == 0
