"""TfidfFeatures gives what scikit-learn's TfidfVectorizer gives."""

from __future__ import annotations

import gzip
import json
import pickle
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import make_union

from copydesk.features.numbering import Strings, self_keyed
from copydesk.features.table import HASHED
from copydesk.features.terms import decode_terms, encode_terms
from copydesk.features.tfidf import SlowPatternWarning, TfidfFeatures

WORDS = r"(?u)\b\w\w+\b"
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
    assert ours.shape == theirs.shape
    assert abs(ours - theirs).max() <= tolerance if theirs.nnz else ours.nnz == 0


def check(texts: list[str], **options: Any) -> None:
    reference = TfidfVectorizer(**options)
    try:
        expected = reference.fit_transform(texts)
    except ValueError as refusal:
        with pytest.raises(ValueError, match=str(refusal)[:20]):
            TfidfFeatures(**options).fit_transform(texts)
        return
    features = TfidfFeatures(sort=True, **options)
    same(features.fit_transform(texts), expected)
    assert features.get_feature_names_out().tolist() == reference.get_feature_names_out().tolist()
    same(features.transform(texts[::-1]), reference.transform(texts[::-1]))
    if options.get("use_idf", True):
        np.testing.assert_allclose(features.idf_, reference.idf_, rtol=1e-12)


OPTIONS = st.fixed_dictionaries(
    {
        "analyzer": st.sampled_from(["word", "char", "char_wb"]),
        "ngram_range": st.sampled_from([(1, 1), (1, 2), (2, 2), (1, 3), (2, 4), (3, 5)]),
        "lowercase": st.booleans(),
        "strip_accents": st.sampled_from([None, "unicode", "ascii"]),
        "stop_words": st.sampled_from([None, "english", ["the", "nine", "a"]]),
        "token_pattern": st.sampled_from([WORDS, r"(?u)\b\w+\b", r"(?u)\w+|[^\w\s]"]),
        "min_df": st.sampled_from([1, 2, 0.1]),
        "max_df": st.sampled_from([1.0, 0.7, 3]),
        "max_features": st.sampled_from([None, 1, 5, 20]),
        "binary": st.booleans(),
        "sublinear_tf": st.booleans(),
        "use_idf": st.booleans(),
        "smooth_idf": st.just(True),
        "norm": st.sampled_from([None, "l1", "l2"]),
    }
)


@settings(max_examples=150, deadline=None)
@given(OPTIONS)
def test_law_every_combination_of_options_gives_scikit_learns_features(options: dict[str, Any]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # scikit-learn's, on stop words that other options drop
        check(TEXTS, **options)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.text(max_size=60) | st.text("ab \n.É", max_size=60), min_size=1, max_size=6),
    st.sampled_from(["word", "char", "char_wb"]),
    st.sampled_from([(1, 1), (1, 2), (2, 4)]),
)
def test_law_any_unicode_text_gives_scikit_learns_features(
    texts: list[str], analyzer: str, ngram_range: tuple[int, int]
) -> None:
    check(texts, analyzer=analyzer, ngram_range=ngram_range)


def test_a_pattern_of_the_users_own_gives_the_same_and_says_that_it_is_slow() -> None:
    with pytest.warns(SlowPatternWarning, match="slower"):
        features = TfidfFeatures(token_pattern=r"[a-z]+", ngram_range=(1, 2), sort=True).fit(TEXTS)
    reference = TfidfVectorizer(token_pattern=r"[a-z]+", ngram_range=(1, 2)).fit(TEXTS)
    with pytest.warns(SlowPatternWarning):
        clone(features).fit(TEXTS)
    same(features.transform(TEXTS), reference.transform(TEXTS))


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


@pytest.mark.parametrize("name", ["newsgroups", "reuters_r52"])
def test_real_texts_give_scikit_learns_features(shared_datasets: Path, name: str) -> None:
    with gzip.open(shared_datasets / "topics" / f"{name}.jsonl.gz", "rt", encoding="utf-8") as rows:
        texts = [json.loads(row)["text"] for _, row in zip(range(800), rows, strict=False)]
    for options in ({"ngram_range": (1, 2), "min_df": 2}, {"analyzer": "char_wb", "ngram_range": (2, 4)}):
        check(texts, **options)
