"""The reasons for a paragraph sum to its score, and name what stands in the text."""

from __future__ import annotations

from copy import copy
from typing import Any

import numpy as np
import pytest
from sklearn.naive_bayes import MultinomialNB

from copydesk.classifiers.boosting import BoostedTrees
from copydesk.classifiers.chain import LinearChain
from copydesk.classifiers.decision import Keep
from copydesk.classifiers.linear import LinearSVM
from copydesk.classifiers.sequence import SequenceClassifier
from copydesk.errors import ModelError
from copydesk.estimator import TextClassifier
from copydesk.explanations.reasons import reader_of, word_contributions
from copydesk.features.pages.number_groups import Prose
from copydesk.features.pages.token_families import NeighbourWords
from copydesk.features.paragraph_features import ParagraphFeatures, number_names, page_numbers
from copydesk.features.tfidf import TfidfFeatures
from copydesk.models.cleaner import Cleaner, paragraph_table
from helpers import little_desk


def fitted(features: Any, classifier: Any) -> Cleaner:
    rows = little_desk.frame(12)
    model = TextClassifier(features, classifier, Keep(), folds=2)
    model.fit(rows, rows["label"].to_numpy(object), groups=rows["group"].to_numpy(object))
    return Cleaner(model, {"task": "boilerplate"})


def text() -> TfidfFeatures:
    return TfidfFeatures(sublinear_tf=True)


KINDS = {
    "trees": lambda: (None, SequenceClassifier(text(), LinearSVM(), BoostedTrees(20, min_samples_leaf=3), folds=2)),
    "chain": lambda: (None, SequenceClassifier(text(), LinearSVM(), LinearChain(), folds=2)),
    "words alone": lambda: (None, SequenceClassifier(text(), LinearSVM(), None, folds=2)),
    "one stage": lambda: (ParagraphFeatures(text()), LinearSVM()),
    "numbers alone": lambda: (ParagraphFeatures(None), LinearSVM()),
}


@pytest.mark.parametrize("kind", KINDS)
def test_start_and_groups_sum_to_the_score_that_decides(kind: str) -> None:
    desk, page = fitted(*KINDS[kind]()), little_desk.article()
    reasons = desk.explain(page)
    assert [each.paragraph for each in reasons] == desk.clean(page).paragraphs
    table, _ = desk._table([page], None, None)
    scores = desk.estimator.scores(table)[:, list(desk.classes_).index("content")]
    np.testing.assert_allclose([each.score for each in reasons], scores, rtol=1e-5, atol=1e-5)
    for each in reasons:
        assert each.start + sum(each.groups.values()) == pytest.approx(each.score)
        assert sum(n.added for n in each.numbers) == pytest.approx(sum(each.groups.values()) - each.groups["words"])
        assert each.paragraph.kept == (each.score >= each.threshold)


def test_ngrams_sum_to_what_the_words_alone_say() -> None:
    desk = little_desk.desk()
    classifier = desk.estimator.classifier_
    for each in desk.explain(little_desk.article()):
        (said,) = classifier.first_scores({"text": [each.paragraph.text]})
        total = sum(n.value for n in each.ngrams) + float(np.ravel(classifier.first_.intercept_)[0])
        assert total == pytest.approx(said, abs=1e-4)
        for ngram in each.ngrams:
            shown = {each.paragraph.text[a:b].lower() for a, b in ngram.spans}
            assert shown == set(ngram.term.split(" | ")) or " | " not in ngram.term or len(ngram.spans) > 1


def test_ngrams_at_the_edge_of_a_paragraph_are_named_and_shown_within_it() -> None:
    text = TfidfFeatures(ngram_range=(1, 2), token_pattern=r"\w+|[^\w\s]", n_features=2**12)
    desk = fitted(None, SequenceClassifier(text, LinearSVM(), edges=True, folds=2))
    reader, line = reader_of(desk.estimator), "Previous article"
    found = {each.term: each.spans for each in word_contributions(reader, line, 1.0)}
    assert found["^ previous"] == [(0, 8)]
    assert found["article $"] == [(9, 16)]
    assert (found["^"], found["previous article"]) == ([], [(0, 16)])
    (said,) = desk.estimator.classifier_.first_scores({"text": [line]})
    total = sum(each.value for each in word_contributions(reader, line, 1.0))
    assert total + float(np.ravel(desk.estimator.classifier_.first_.intercept_)[0]) == pytest.approx(said, abs=1e-4)


def test_tokens_of_neighbours_are_among_the_reasons() -> None:
    second = BoostedTrees(20, min_samples_leaf=3)
    parts: dict[str, Any] = {"families": {"neighbours": NeighbourWords()}, "numbers": {"prose": Prose()}}
    desk = fitted(None, SequenceClassifier(text(), LinearSVM(), second, folds=2, **parts))
    classifier = desk.estimator.classifier_
    page = "Menu\n\nThe council said on Tuesday that the old bridge would stay closed.\n\nShare this:"
    table, _ = paragraph_table([page])
    for each, first in zip(desk.explain(page), classifier.first_scores(table), strict=True):
        assert any(ngram.term.startswith("[") for ngram in each.ngrams)
        total = sum(ngram.value for ngram in each.ngrams) + float(np.ravel(classifier.first_.intercept_)[0])
        assert total == pytest.approx(first, abs=1e-4)
    assert ("page", "prose_before") in classifier.number_names()


def test_every_number_has_its_name() -> None:
    rows = little_desk.frame(2)
    assert len(number_names()) == page_numbers(rows).shape[1]
    assert len(number_names(shape=False, neighbours=0)) == page_numbers(rows, shape=False, neighbours=0).shape[1]
    classifier = little_desk.desk().estimator.classifier_
    _, names, numbers, added = classifier.contributions(rows)
    assert numbers.shape == added.shape == (len(rows), len(names))
    assert len(set(names)) == len(names)


def test_what_is_no_sum_is_not_explained() -> None:
    desk = little_desk.desk()
    estimator = copy(desk.estimator)
    estimator.classifier_ = MultinomialNB()
    with pytest.raises(ModelError, match="classifier=sequence"):
        reader_of(estimator)


def test_a_text_without_paragraphs_has_no_reasons() -> None:
    assert little_desk.desk().explain(" \n ") == []
