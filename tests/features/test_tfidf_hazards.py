"""TfidfFeatures on texts and options of the worst kind."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import unicodedata
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer

from copydesk.features.kernels.hash_table import HASHED
from copydesk.features.ngrams.patterns import backtracking_example
from copydesk.features.ngrams.strings import Strings, self_keyed
from copydesk.features.ngrams.terms import encode_terms
from copydesk.features.option_warnings import SlowPatternWarning
from copydesk.features.tfidf import TfidfFeatures
from helpers.reference import TEXTS, check, same


@pytest.mark.parametrize("analyzer", ["word", "char", "char_wb"])
@pytest.mark.parametrize("lowercase", [False, True])
def test_every_character_there_is(analyzer: str, lowercase: bool) -> None:
    characters = [chr(code) for code in range(0x110000) if unicodedata.category(chr(code)) not in ("Cn", "Co")]
    texts = ["".join(characters[at : at + 500]) + " end" for at in range(0, len(characters), 500)]
    texts += [" ".join(f"x{each}y{each}" for each in characters[at : at + 500]) for at in range(0, 6000, 500)]
    check(texts, analyzer=analyzer, lowercase=lowercase)


@pytest.mark.parametrize("strip_accents", ["unicode", "ascii"])
def test_accents_of_every_script(strip_accents: str) -> None:
    letters = [chr(code) for code in range(0xC0, 0x3000) if chr(code).isalpha()]
    check([" ".join(f"{a}b{a}" for a in letters[at : at + 99]) for at in range(0, len(letters), 99)],
          strip_accents=strip_accents)  # fmt: skip


@pytest.mark.parametrize("bad", [None, 3, 2.5, float("nan"), b"bytes", ["nested"], ("a",)])
@pytest.mark.parametrize("method", ["fit", "fit_transform", "transform", "partial_fit"])
def test_what_is_not_a_string_is_named_by_its_row(bad: Any, method: str) -> None:
    features = TfidfFeatures(n_features=64).fit(["one", "two"])
    with pytest.raises(TypeError, match=r"row 1001: expected a str, found \w+"):
        getattr(features, method)(["text"] * 1001 + [bad] + ["text", None])


def test_strings_of_a_subclass_are_strings() -> None:
    check([np.str_("one two"), "two three"])


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_keys_do_not_change_results(n_jobs: int) -> None:
    results = [
        TfidfFeatures(ngram_range=(1, 3), random_state=key, n_jobs=n_jobs).fit_transform(TEXTS * 5) for key in range(5)
    ]
    for other in results[1:]:
        assert (other != results[0]).nnz == 0


def test_models_of_different_keys_hash_to_different_columns() -> None:
    one, two = (TfidfFeatures(n_features=1 << 20, random_state=key).fit_transform(TEXTS) for key in (1, 2))
    assert set(one.indices.tolist()) != set(two.indices.tolist())


def test_words_of_one_hash_are_different_terms(monkeypatch: pytest.MonkeyPatch) -> None:
    def all_alike(*arguments: Any) -> Any:
        keys, spans, starts = whole(*arguments)
        return np.where(keys >= HASHED, HASHED | np.uint64(5), keys), spans, starts

    from copydesk.features.ngrams import terms

    whole = terms.tokens_of
    texts = ["longerword1 longerword2 longerword1", "longerword2 longerword3 and abbreviations"]
    monkeypatch.setattr(terms, "tokens_of", all_alike)
    features = TfidfFeatures(ngram_range=(1, 2), sort=True)
    found = features.fit_transform(texts)
    theirs = TfidfVectorizer(ngram_range=(1, 2))
    same(found, theirs.fit_transform(texts))
    assert features.get_feature_names_out().tolist() == theirs.get_feature_names_out().tolist()


def test_a_table_of_colliding_strings_grows_and_keeps_them_apart() -> None:
    names = [f"a longer string {n}" for n in range(2000)]
    strings = Strings(np.uint64(3), rows=8)
    text, spans, keys = self_keyed(*encode_terms(names), np.uint64(3))
    keys[:] = HASHED | np.uint64(77)
    assert strings.find(text, spans, keys, frozen=False).tolist() == list(range(2000))
    assert strings.find(text, spans, keys, frozen=True).tolist() == list(range(2000))


@pytest.mark.slow
@pytest.mark.parametrize("options", [{"ngram_range": (1, 2)}, {"analyzer": "char_wb", "ngram_range": (3, 4)}])
def test_one_document_of_100_megabytes_is_the_sum_of_its_parts(options: dict[str, Any]) -> None:
    part = " ".join(f"word{n % 997} and{n % 13}" for n in range(60_000)) + "\n"
    copies = 100_000_000 // len(part)
    ours = TfidfFeatures(sort=True, norm=None, use_idf=False, **options)
    found = ours.fit_transform(["word1 and1", part * copies])
    theirs = TfidfVectorizer(norm=None, use_idf=False, **options).fit(["word1 and1", part * 2])
    assert ours.get_feature_names_out().tolist() == theirs.get_feature_names_out().tolist()
    once, twice = (theirs.transform([part * n]).toarray()[0] for n in (1, 2))
    expected = once + (twice - once) * (copies - 1)
    assert np.array_equal(found[1].toarray()[0], expected)


@pytest.mark.slow
def test_one_word_of_100_megabytes() -> None:
    word = "abcdefgh" * 12_500_000
    features = TfidfFeatures().fit([word, "short"])
    assert sorted(map(len, features.get_feature_names_out())) == [5, 100_000_000]
    assert features.transform([word, "none"]).nnz == 1


@pytest.mark.slow
@pytest.mark.parametrize("n_jobs", [1, 2])
def test_a_million_empty_documents(n_jobs: int) -> None:
    texts = [*[""] * 500_000, "one word", *[""] * 500_000]
    features = TfidfFeatures(ngram_range=(1, 2), n_jobs=n_jobs)
    found = features.fit_transform(texts)
    assert found.shape == (1_000_001, 3)
    assert np.diff(found.indptr).nonzero()[0].tolist() == [500_000]
    assert (features.transform(texts) != found).nnz == 0


@pytest.mark.parametrize("texts", [[], [""], ["", "  "], ["\x00", "\ud800"]])
def test_nothing_to_learn_from_is_said(texts: list[str]) -> None:
    with pytest.raises(ValueError, match="empty vocabulary"):
        TfidfFeatures().fit(texts)


def test_no_documents_have_no_rows() -> None:
    features = TfidfFeatures().fit(TEXTS)
    assert features.transform([]).shape == (0, len(features.get_feature_names_out()))


# --- token patterns -----------------------------------------------------------------------------------------------


def test_a_pattern_of_the_users_own_says_once_that_it_is_slower() -> None:
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("default")
        for _ in range(3):
            features = TfidfFeatures(token_pattern=r"[a-z]+").fit(TEXTS)
            features.transform(TEXTS)
    assert [each.category for each in said] == [SlowPatternWarning]
    assert "[a-z]+" in str(said[0].message)


@pytest.mark.parametrize("pattern", [r"(?u)\b\w\w+\b", r"\w+", r"\w+|[^\w\s]"])
def test_patterns_that_the_kernel_knows_are_not_slow(pattern: str) -> None:
    check(TEXTS, token_pattern=pattern)
    TfidfFeatures(token_pattern=pattern).fit(TEXTS)  # a warning would be an error


@pytest.mark.parametrize("pattern", [r"(?:\w+\s?)+$", r"(a+)+b", r"(?:z|zz)+y", r"(?:\d+,?)+$", r"(?:[a-z]+-?)*!"])
def test_a_pattern_that_never_ends_is_refused_before_a_document_is_read(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"exponential time, as on .*possessive"):
        TfidfFeatures(token_pattern=pattern).fit(TEXTS)


@pytest.mark.parametrize(
    "pattern",
    [r"(?:\w++\s?)+$", r"[A-Za-z]+(?:['-][A-Za-z]+)*", r"\$?\d+(?:[.,]\d+)*|\w+", r"https?://\S+|#?\w+", r"\S+"],
)
def test_patterns_that_end_are_taken(pattern: str) -> None:
    assert backtracking_example(re.compile(pattern)) is None


@pytest.mark.parametrize(
    ("pattern", "said"), [("[a-z", "not a regular expression"), (r"(\w)(\w)", "More than 1 capturing group")]
)
def test_a_pattern_that_is_none_is_said(pattern: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        TfidfFeatures(token_pattern=pattern).fit(TEXTS)


@pytest.mark.parametrize("dtype", ["int64", int, "float16", "text", object])
def test_values_are_floats(dtype: Any) -> None:
    with pytest.raises(ValueError, match="valid are float32 and float64"):
        TfidfFeatures(dtype=dtype).fit(TEXTS)


@pytest.mark.parametrize("vocabulary", [[], {}, ["a", "a"], {"a": 0, "b": 2}, {"a": 0, "b": 0}])
def test_a_vocabulary_with_gaps_is_refused_as_by_scikit_learn(vocabulary: Any) -> None:
    with pytest.raises(ValueError, match="vocabulary"):
        TfidfFeatures(vocabulary=vocabulary).fit(TEXTS)


# --- compilation --------------------------------------------------------------------------------------------------

LOWERED = """
import numpy as np
from copydesk.features.kernels.grams import lower_ascii

for dtype in (np.uint8, np.uint16):
    text = np.frombuffer(b"Abcd", dtype=dtype).copy()
    lower_ascii(text)
print(text.tobytes())
"""


def test_compiling_is_said_once_on_standard_error(tmp_path: Path) -> None:
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    first, later = (
        subprocess.run([sys.executable, "-c", LOWERED], env=environment, capture_output=True, text=True, check=True)
        for _ in range(2)
    )
    assert first.stdout == later.stdout == "b'Abcd'\n"
    assert first.stderr == "copydesk: compiling its kernels for this machine, once; some seconds\n"
    assert later.stderr == ""
