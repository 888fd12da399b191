"""The strongest n-grams of each class: whole terms, by family, with the weights of the model."""

from __future__ import annotations

from typing import Any

import pytest
from sklearn.feature_extraction.text import TfidfVectorizer

from copydesk.classifiers.decision import Argmax
from copydesk.classifiers.linear import LinearSVM
from copydesk.estimator import TextClassifier
from copydesk.explanations.contributions import linear_part
from copydesk.features.tfidf import TfidfFeatures
from copydesk.reports.strong_terms import StrongTerm, TermPart, strongest_ngrams

TEXTS = [
    "Harbour news\nthe ferry left the harbour", "Ferry\nin the harbour the ferry waits", "Oven\nthe oven bakes bread",
    "Bread\nbread from a hot oven", "Castle\nthe knight takes the castle", "Knight\na castle and a knight",
]  # fmt: skip
LABELS = ["boats", "boats", "bread", "bread", "chess", "chess"]
WORDS = {"analyzer": "word", "ngram_range": (1, 2)}
CHARACTERS = {"analyzer": "char_wb", "ngram_range": (2, 4)}
TITLE = {"analyzer": "word", "part": "title"}


def fitted(*families: dict[str, Any], n: int = len(TEXTS)) -> TextClassifier:
    features = TfidfFeatures(families=list(families))
    return TextClassifier(features, LinearSVM(), Argmax()).fit(TEXTS[:n], LABELS[:n])


def test_each_class_has_its_own_terms_the_largest_weight_first() -> None:
    found = strongest_ngrams(fitted(WORDS), 3)
    assert set(found) == {"boats", "bread", "chess"}
    assert {found[label][0].term for label in found} <= {"harbour", "ferry", "oven", "bread", "castle", "knight"}
    for terms in found.values():
        weights = [term.weight for term in terms]
        assert weights == sorted(weights, reverse=True)
        assert weights[-1] > 0


def test_of_two_classes_each_has_its_own() -> None:
    found = strongest_ngrams(fitted(WORDS, n=4), 4)
    assert {"harbour", "ferry"} <= {term.term for term in found["boats"]}
    assert {"oven", "bread"} <= {term.term for term in found["bread"]}


def test_character_ngrams_are_listed_under_the_word_that_they_come_from() -> None:
    model = fitted(WORDS, CHARACTERS, TITLE)
    for terms in strongest_ngrams(model).values():
        names = [term.term for term in terms]
        assert len(names) == len(set(names))
        for term in terms:
            for part in term.parts:
                assert part.ngram == term.term or (
                    part.family == "character n-gram" and part.ngram in f" {term.term} "
                ), (term.term, part)
    ferry = next(term for term in strongest_ngrams(model)["boats"] if term.term == "ferry")
    assert {part.family for part in ferry.parts} == {"word", "title word", "character n-gram"}


def test_weights_are_those_of_the_model() -> None:
    model = fitted(WORDS, TITLE)
    weights, _ = linear_part(model, "chess")
    first = model.features_.families_[0]
    expected = {("word", name): w for name, w in zip(first.strings(), weights, strict=False)}
    expected |= {
        ("title word", name): w
        for name, w in zip(model.features_.families_[1].strings(), weights[first.n_terms :], strict=True)
    }
    parts = [part for term in strongest_ngrams(model)["chess"] for part in term.parts]
    assert len(parts) >= 5
    for part in parts:
        assert part.weight == pytest.approx(expected[part.family, part.ngram])


def test_without_a_family_of_words_character_ngrams_that_contain_each_other_are_one_term() -> None:
    found = strongest_ngrams(fitted(CHARACTERS))["boats"]
    names = [term.term for term in found]
    assert len(names) == len(set(names))
    assert any(len(term.parts) > 1 for term in found)
    assert all(" " not in name for name in names)


def test_a_note_has_every_family_with_its_largest_weight() -> None:
    term = StrongTerm(
        "oil",
        [
            TermPart("title word", "oil", 1.5),
            TermPart("character n-gram", " oil", 0.9),
            TermPart("character n-gram", "il", 0.4),
        ],
    )
    assert term.note == "title word 1.50 · 2 character n-grams up to 0.90"
    assert term.weight == 1.5


def test_hashed_ngrams_and_features_of_other_packages_have_no_names() -> None:
    assert strongest_ngrams(fitted({"n_features": 2**8})) == {}
    assert strongest_ngrams(TextClassifier(TfidfVectorizer(), LinearSVM(), Argmax()).fit(TEXTS, LABELS)) == {}
