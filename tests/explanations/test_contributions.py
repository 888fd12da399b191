"""Contributions are exact: with the intercept they sum to the decision value, and they stand where they say."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import TfidfVectorizer

from copydesk.classifiers.decision import Argmax
from copydesk.classifiers.linear import LinearSVM
from copydesk.classifiers.nb import NBWeighted
from copydesk.errors import ModelError
from copydesk.estimator import TextClassifier
from copydesk.explanations.contributions import explain
from copydesk.features.tfidf import TfidfFeatures

TEXTS = [
    "The goal came late in the match.", "A match of two halves, and a late goal!", "Keeper saves a match, keeper hurt",
    "Shares fell as the bank cut its rate.", "The bank's shares rose; a rate cut helps.", "Rate rise hurts shares",
    "Straße für Bücher in İstanbul", "Bücher und noch mehr Bücher", "Neue Bücher für die Straße",
]  # fmt: skip
LABELS = ["sport"] * 3 + ["business"] * 3 + ["books"] * 3
FAMILIES = [
    {"analyzer": "word", "ngram_range": (1, 2), "sublinear_tf": True, "concentration": 0.5},
    {"part": "title", "bm25_k1": 1.5},
    {"analyzer": "char_wb", "ngram_range": (2, 4), "weight": 0.5},
    {"analyzer": "char", "ngram_range": (1, 3), "part": "first_line"},
]


def fitted(labels: list[str] = LABELS, classifier: Any = None, **options: Any) -> TextClassifier:
    features = TfidfFeatures(families=FAMILIES, **options)
    return TextClassifier(features, classifier or LinearSVM(tol=1e-6), Argmax()).fit(TEXTS, labels)


MODELS = {
    "several": fitted(),
    "two": fitted(["sport" if label == "sport" else "other" for label in LABELS]),
    "accents": fitted(strip_accents="unicode"),
    "ascii": fitted(strip_accents="ascii"),
    "as_is": fitted(lowercase=False),
    "naive Bayes": fitted(classifier=NBWeighted(LinearSVM(tol=1e-6))),
}


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("text", [*TEXTS, "", "İİ  \n\t goal", "e\u0301 Bücher", "nothing known 12345"])
def test_contributions_and_intercept_sum_to_the_decision_value(name: str, text: str) -> None:
    model = MODELS[name]
    for number, label in enumerate(model.classes_):
        told = explain(model, text, label)
        total = told.intercept + sum(each.value for each in told.contributions)
        assert total == pytest.approx(model.scores([text])[0, number], abs=1e-9)
        assert told.score == pytest.approx(total, abs=1e-9)


@pytest.mark.parametrize("name", MODELS)
@given(text=st.text(alphabet="bücher BÜCHERgoalİıßΣσς\u0301 \n\tratе.", max_size=60))
@settings(max_examples=50, deadline=None)
def test_every_known_ngram_has_its_places(name: str, text: str) -> None:
    for each in explain(MODELS[name], text).contributions:
        assert each.spans, (each.term, text)
        assert all(0 <= start <= end <= len(text) for start, end in each.spans)


def test_places_are_those_of_the_words() -> None:
    text = "A late GOAL,  the goal of İstanbul"
    places = {
        each.term: each.spans for each in explain(MODELS["several"], text, "sport").contributions if not each.family
    }
    assert [text[start:end] for start, end in places["goal"]] == ["GOAL", "goal"]
    assert [text[start:end] for start, end in places["late goal"]] == ["late GOAL"]


def test_the_likeliest_label_is_explained_largest_first() -> None:
    told = explain(MODELS["several"], "The bank cut its rate")
    sizes = [abs(each.value) for each in told.contributions]
    assert told.label == "business"
    assert sizes == sorted(sizes, reverse=True)


def test_what_can_not_be_explained_is_said() -> None:
    with pytest.raises(ValueError, match="no label 'weather'; the model knows books, business, sport"):
        explain(MODELS["several"], "goal", "weather")
    plain = TextClassifier(TfidfVectorizer(), LinearSVM(), Argmax()).fit(TEXTS, LABELS)
    with pytest.raises(ModelError, match="TfidfVectorizer with LinearSVM"):
        explain(plain, "goal")
