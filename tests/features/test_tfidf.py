"""TfidfFeatures gives what scikit-learn's TfidfVectorizer gives."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import make_union

from copydesk.features.kernels.hash_table import HASHED
from copydesk.features.ngrams.strings import Strings, self_keyed
from copydesk.features.ngrams.terms import decode_terms, encode_terms
from copydesk.features.option_warnings import SlowPatternWarning, StopWordsWarning
from copydesk.features.tfidf import TfidfFeatures
from helpers.reference import TEXTS, check, same

WORDS = r"(?u)\b\w\w+\b"
# one of each parameter, together with each other and with texts of any kind
OPTIONS = st.fixed_dictionaries(
    {
        "analyzer": st.sampled_from(["word", "char", "char_wb"]),
        "ngram_range": st.integers(1, 5).flatmap(lambda n: st.integers(n, min(n + 2, 6)).map(lambda m: (n, m))),
        "lowercase": st.booleans(),
        "strip_accents": st.sampled_from([None, "unicode", "ascii"]),
        "stop_words": st.sampled_from([None, "english", ["the", "nine", "a"], ["b", "é", "日"]]),
        "token_pattern": st.sampled_from(
            [WORDS, r"(?u)\b\w+\b", r"(?u)\w+|[^\w\s]", r"[a-z]+", r"\S+", r"(\w)\w*", r"\b\d*"]
        ),
        "min_df": st.sampled_from([1, 2, 0.1, 0.5]),
        "max_df": st.sampled_from([1.0, 0.7, 3, 1]),
        "max_features": st.sampled_from([None, 1, 5, 20]),
        "vocabulary": st.none()
        | st.lists(
            st.sampled_from(["the", "nine", "a", "ab", "a b", " a", "é", "nowhere", ""]), min_size=1, unique=True
        ),
        "binary": st.booleans(),
        "sublinear_tf": st.booleans(),
        "use_idf": st.booleans(),
        "smooth_idf": st.booleans(),
        "norm": st.sampled_from([None, "l1", "l2"]),
        "dtype": st.sampled_from(["float32", "float64"]),
    }
)
OURS = st.fixed_dictionaries(
    {
        "n_jobs": st.sampled_from([None, 2, 3]),
        "random_state": st.integers(0, 3),
        "max_memory": st.sampled_from([None, "1GB"]),
    }
)
UNICODE = st.text(max_size=40) | st.text(st.characters(codec=None), max_size=20) | st.text("ab \n.É日", max_size=60)


@pytest.mark.fuzz
@settings(max_examples=400)
@given(st.lists(UNICODE | st.sampled_from(TEXTS), min_size=1, max_size=12), OPTIONS, OURS)
def test_law_every_combination_of_options_on_any_text_gives_scikit_learns_features(
    texts: list[str], options: dict[str, Any], ours: dict[str, Any]
) -> None:
    check(texts, ours, **options)


@pytest.mark.fuzz
@settings(max_examples=100)
@given(OPTIONS)
def test_law_every_combination_of_options_gives_scikit_learns_features(options: dict[str, Any]) -> None:
    check(TEXTS, **options)


@pytest.mark.fuzz
@settings(max_examples=100)
@given(st.lists(UNICODE, max_size=8), st.sampled_from(["word", "char", "char_wb"]))
def test_law_unsorted_columns_are_the_same_ones_in_order_of_appearance(texts: list[str], analyzer: str) -> None:
    options = {"analyzer": analyzer, "ngram_range": (1, 3)}
    ours, theirs = TfidfFeatures(**options), TfidfVectorizer(**options)
    texts = [*texts, "ab ba"]
    found, expected = ours.fit_transform(texts), theirs.fit_transform(texts)
    names = ours.get_feature_names_out().tolist()
    assert sorted(names) == theirs.get_feature_names_out().tolist()
    same(found[:, [names.index(name) for name in sorted(names)]], expected)
    analyze = theirs.build_analyzer()
    appeared = list(dict.fromkeys(term for text in texts for term in analyze(text)))
    if analyzer == "word":
        assert names == sorted(appeared, key=lambda term: term.count(" "))
    else:
        assert sorted(names[:1]) == sorted(appeared[:1])


def test_a_pattern_of_the_users_own_gives_the_same_and_says_that_it_is_slow() -> None:
    with pytest.warns(SlowPatternWarning, match="slower"):
        features = TfidfFeatures(token_pattern=r"[a-z]+", ngram_range=(1, 2), sort=True).fit(TEXTS)
    reference = TfidfVectorizer(token_pattern=r"[a-z]+", ngram_range=(1, 2)).fit(TEXTS)
    with pytest.warns(SlowPatternWarning):
        clone(features).fit(TEXTS)
    same(features.transform(TEXTS), reference.transform(TEXTS))


@pytest.mark.parametrize(
    ("stop_words", "options", "expected"),
    [
        (["isn't", "they'll"], {}, "\"isn't\", \"they'll\" never match; .* such as 'isn', 'll', 'they': add these"),
        (["THIS", "cat"], {}, "'THIS' never matches; .* 'this'"),
        (["possible said"], {"ngram_range": (1, 2)}, "'possible said' never matches; .* 'possible', 'said'"),
        (["été"], {"strip_accents": "ascii"}, "'été' never matches; .* 'ete'"),
    ],
)
def test_stop_words_that_never_match_are_named(stop_words: list[str], options: dict[str, Any], expected: str) -> None:
    with pytest.warns(StopWordsWarning, match=f"stop_words: {expected}"):
        TfidfFeatures(stop_words=stop_words, **options).fit(TEXTS)


@pytest.mark.parametrize(
    "options",
    [
        {"stop_words": "english"},
        {"stop_words": ["isn't"], "analyzer": "char"},
        {"stop_words": ["isn't", "isn"]},
        {"stop_words": ["a", "i"]},
        {"stop_words": ["THIS"], "lowercase": False},
    ],
)
def test_stop_words_that_match_or_are_not_used_give_no_warning(options: dict[str, Any]) -> None:
    TfidfFeatures(**options).fit(TEXTS)


@pytest.mark.parametrize("vocabulary", [["ferry", "nine", "never seen"], {"loaf": 1, "nine": 0}, {"a loaf", "loaf"}])
def test_a_given_vocabulary_is_used_as_it_is(vocabulary: Any) -> None:
    options = {"vocabulary": vocabulary, "ngram_range": (1, 2), "token_pattern": r"(?u)\b\w+\b"}
    reference, features = TfidfVectorizer(**options), TfidfFeatures(**options)
    same(features.fit_transform(TEXTS), reference.fit_transform(TEXTS))
    assert features.get_feature_names_out().tolist() == reference.get_feature_names_out().tolist()


def test_families_stand_side_by_side_as_in_a_feature_union() -> None:
    families = [{"ngram_range": (1, 2)}, {"analyzer": "char_wb", "ngram_range": (2, 4), "weight": 0.5}]
    ours = TfidfFeatures(families=families, sort=True, sublinear_tf=True)
    words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
    characters = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), sublinear_tf=True)
    union = make_union(words, characters)
    union.set_params(transformer_weights={"tfidfvectorizer-2": 0.5})
    same(ours.fit_transform(TEXTS), sp.csr_matrix(union.fit_transform(TEXTS)))
    same(ours.transform(TEXTS[:4]), sp.csr_matrix(union.transform(TEXTS[:4])))


@pytest.mark.fuzz
@pytest.mark.parametrize("analyzer", ["word", "char_wb"])
def test_law_threads_change_nothing(analyzer: str) -> None:
    texts = [f"{TEXTS[i % 4]} number{i} {'word' * (i % 7)}" for i in range(200)]
    one = TfidfFeatures(analyzer=analyzer, ngram_range=(1, 2))
    expected = one.fit_transform(texts)
    for n_jobs in (2, 3):
        more = TfidfFeatures(analyzer=analyzer, ngram_range=(1, 2), n_jobs=n_jobs)
        found = more.fit_transform(texts)
        assert (found != expected).nnz == 0
        assert more.get_feature_names_out().tolist() == one.get_feature_names_out().tolist()
        assert (more.transform(texts) != expected).nnz == 0


def test_columns_stand_in_the_order_of_first_appearance_unless_sorted() -> None:
    assert TfidfFeatures().fit(["b a b", "zebra apple"]).get_feature_names_out().tolist() == ["zebra", "apple"]
    assert TfidfFeatures(sort=True).fit(["zebra apple"]).get_feature_names_out().tolist() == ["apple", "zebra"]


def test_the_first_line_alone_can_be_read() -> None:
    features = TfidfFeatures(part="first_line", sort=True).fit(["Title here\n\nBody text", "Another title\nmore"])
    assert features.get_feature_names_out().tolist() == ["another", "here", "title"]


@pytest.mark.parametrize("bad", [None, 3, b"bytes", float("nan"), ["nested"]])
def test_what_is_not_a_string_is_named_by_its_row(bad: Any) -> None:
    with pytest.raises(TypeError, match="row 2: expected a str"):
        TfidfFeatures().fit(["one", "two", bad])


def test_one_string_is_not_a_list_of_documents() -> None:
    with pytest.raises(ValueError, match="string object received"):
        TfidfFeatures().fit("one text")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"analyzer": "words"}, "analyzer='words'"),
        ({"ngram_range": (2, 1)}, "ngram_range"),
        ({"min_df": 1.5}, "min_df=1.5"),
        ({"norm": "l3"}, "norm='l3'"),
        ({"stop_words": "german"}, "stop_words='german'"),
        ({"families": [{"analyser": "word"}]}, "analyser"),
        ({"max_features": 0}, "max_features=0"),
        ({"min_df": 5}, "no terms remain|max_df corresponds"),
    ],
)
def test_a_bad_option_is_named_with_what_is_valid(options: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        TfidfFeatures(**options).fit(["one two", "two three"])


def test_float32_is_within_a_millionth() -> None:
    expected = TfidfVectorizer(ngram_range=(1, 2)).fit_transform(TEXTS)
    found = TfidfFeatures(ngram_range=(1, 2), sort=True, dtype="float32").fit_transform(TEXTS)
    assert found.dtype == np.float32
    same(found, expected, 1e-6)


def test_a_pickle_holds_no_more_than_the_fitted_arrays_and_gives_the_same() -> None:
    features = TfidfFeatures(ngram_range=(1, 2)).fit(TEXTS)
    expected = features.transform(TEXTS)
    assert len(features.vocabulary_) == expected.shape[1]
    restored = pickle.loads(pickle.dumps(features))
    assert not [name for name in vars(restored) if name.startswith("_")]
    assert (restored.transform(TEXTS) != expected).nnz == 0


def test_strings_whose_hashes_collide_are_told_apart_by_their_bytes() -> None:
    strings = Strings(np.uint64(3))
    text, spans, keys = self_keyed(
        *encode_terms(["longer word", "longer wort", "longer word", "longer words"]), np.uint64(3)
    )
    assert (keys >= HASHED).all()
    keys[:] = HASHED | np.uint64(77)
    assert strings.find(text, spans, keys, frozen=False).tolist() == [0, 1, 0, 2]


@pytest.mark.fuzz
@given(st.lists(st.text(max_size=12), max_size=20))
def test_law_strings_are_numbered_as_they_first_appear(texts: list[str]) -> None:
    strings = Strings(np.uint64(0x9E3779B97F4A7C15), rows=4)
    first = list(dict.fromkeys(texts))
    found = strings.find(*self_keyed(*encode_terms(texts), strings.multiplier), frozen=False)
    assert found.tolist() == [first.index(text) for text in texts]
    assert decode_terms(*strings.as_terms(np.arange(strings.n))) == first


def test_many_empty_documents_and_a_long_one() -> None:
    texts = ["", *["word"] * 3, "abc " * 500_000] + [""] * 100_000
    found = TfidfFeatures(ngram_range=(1, 2)).fit_transform(texts)
    assert found.shape[0] == len(texts)
    assert found.nnz == 3 + 2


def test_inverse_transform_gives_the_terms_of_each_row() -> None:
    features = TfidfFeatures()
    rows = features.inverse_transform(features.fit_transform(["the sea", "the ship the sea"]))
    assert [sorted(row) for row in rows] == [["sea", "the"], ["sea", "ship", "the"]]
