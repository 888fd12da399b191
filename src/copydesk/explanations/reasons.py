"""Reasons for a paragraph's label: its score as a sum over words, shape and surroundings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from copydesk.classifiers.sequence import EDGES, SequenceClassifier
from copydesk.compiled.arrays import Floats
from copydesk.errors import ModelError
from copydesk.explanations.contributions import Contribution, ngram_contributions
from copydesk.features.pages.page_rows import PageRows
from copydesk.features.paragraph_features import ParagraphFeatures
from copydesk.features.tfidf import TfidfFeatures

if TYPE_CHECKING:
    from copydesk.estimator import TextClassifier
    from copydesk.text.paragraphs import LabelledParagraph, ParagraphTable

WORD_GROUP = "words"  # the group of a paragraph's own text
TOKENS = -1  # the family of tokens beside the n-grams


class Number(NamedTuple):
    """A numeric feature of a paragraph or its surroundings, and its contribution to the score."""

    group: str
    name: str
    value: float
    added: float


@dataclass(frozen=True, slots=True)
class Reasons:
    """Decomposition of a paragraph's score: ``start`` and ``groups`` sum to it.

    Attributes
    ----------
    paragraph : LabelledParagraph
    score : float
        The decision value of "content".
    threshold : float or None
        Lowest score of a kept paragraph; None if the likelier label is taken.
    start : float
        The intercept.
    groups : dict of str to float
        Contribution of each group: words, neighbours, shape, position …
    numbers : list of Number
        Contributions within the groups other than "words", by absolute value, largest first.
    ngrams : list of Contribution
        Contributions of n-grams, and of tokens such as its neighbours' words, to the score of its words, by absolute
        value, largest first.
    """

    paragraph: LabelledParagraph
    score: float
    threshold: float | None
    start: float
    groups: dict[str, float]
    numbers: list[Number]
    ngrams: list[Contribution]


class TextPart(NamedTuple):
    """The linear model of a paragraph's text.

    Attributes
    ----------
    features : transformer
    weights : ndarray of shape (n_ngrams,)
        For the second class.
    edges : (str, str)
        Markers put before and after a paragraph.
    """

    features: Any
    weights: Floats
    edges: tuple[str, str] = ("", "")


class TakenApart(NamedTuple):
    """Scores of a page's paragraphs as sums: ``start`` plus the columns of ``added``."""

    start: float
    names: list[tuple[str, str]]
    numbers: Floats
    added: Floats


def explain_paragraphs(
    estimator: TextClassifier, table: ParagraphTable, paragraphs: Sequence[LabelledParagraph], label: str
) -> list[Reasons]:
    """Decompose the decision value of ``label`` for every paragraph of a text.

    Raises
    ------
    ModelError
        The scores of the model's parts are not sums.
    """
    reader = reader_of(estimator)
    parts = take_apart(estimator, reader, table)
    tokens = token_contributions(estimator, table)
    sign = 1.0 if list(estimator.classes_).index(label) == 1 else -1.0
    thresholds = paragraph_thresholds(estimator, table)
    found = []
    for row, paragraph in enumerate(paragraphs):
        added = (sign * parts.added[row]).tolist()
        groups: dict[str, float] = {}
        for (group, _), value in zip(parts.names, added, strict=True):
            groups[group] = groups.get(group, 0.0) + value
        columns = zip(parts.names, parts.numbers[row].tolist(), added, strict=True)
        numbers = [Number(*name, value, moved) for name, value, moved in columns if moved and name[0] != WORD_GROUP]
        found.append(
            Reasons(
                paragraph,
                score=sign * parts.start + sum(added),
                threshold=thresholds[row],
                start=sign * parts.start,
                groups=groups,
                numbers=sorted(numbers, key=lambda each: -abs(each.added)),
                ngrams=strongest_first(
                    word_contributions(reader, paragraph.text, sign)
                    + [Contribution(name, TOKENS, sign * value, []) for name, value in tokens[row] if value]
                ),
            )
        )
    return found


def paragraph_thresholds(estimator: TextClassifier, table: ParagraphTable) -> list[float | None]:
    """Return the lowest score of a kept paragraph for each, None if the likelier label is taken."""
    decision = estimator.decision_for(table, estimator.scores(table))
    threshold = getattr(decision, "threshold_", None)
    n = len(table["text"])
    return [None] * n if threshold is None else np.broadcast_to(threshold, n).tolist()


def token_contributions(estimator: TextClassifier, table: ParagraphTable) -> list[list[tuple[str, float]]]:
    """Return for each paragraph the tokens beside its n-grams, with what they add to the score of its words."""
    classifier = estimator.classifier_
    found: list[list[tuple[str, float]]] = [[] for _ in table["text"]]
    if isinstance(classifier, SequenceClassifier):
        for family, weights in classifier.token_weights():
            here = family.contributions(table, PageRows.of(table), weights)
            found = [before + own for before, own in zip(found, here, strict=True)]
    return found


def strongest_first(contributions: list[Contribution]) -> list[Contribution]:
    """Sort by absolute value, largest first."""
    return sorted(contributions, key=lambda each: -abs(each.value))


def take_apart(estimator: TextClassifier, reader: TextPart, table: ParagraphTable) -> TakenApart:
    """Decompose the scores of paragraphs into sums over words and numbers."""
    features: Any = estimator.features_
    classifier = estimator.classifier_
    if isinstance(classifier, SequenceClassifier):
        return TakenApart(*classifier.contributions(table))
    matrix = features.transform(table)
    n_indicators = features.edges_.shape[0] * features.bins
    words, indicators = matrix[:, :-n_indicators], matrix[:, -n_indicators:]
    # one indicator of each number is on, in the order of the numbers
    weights = np.ravel(classifier.coef_)[-n_indicators:]
    moved = (indicators.data * weights[indicators.indices]).reshape(matrix.shape[0], -1)
    score = words @ reader.weights
    names = [(WORD_GROUP, "score"), *features.number_names()]
    numbers = np.column_stack([score, features.numbers(table)])
    start = float(np.ravel(classifier.intercept_)[0])
    return TakenApart(start, names, numbers, np.column_stack([score, moved]))


def reader_of(estimator: TextClassifier) -> TextPart:
    """Return the linear model of a paragraph's text.

    Raises
    ------
    ModelError
        The scores of the model's parts are not sums.
    """
    features, classifier = estimator.features_, estimator.classifier_
    if isinstance(classifier, SequenceClassifier):
        weights = np.ravel(getattr(classifier.first_, "coef_", ()))
        return TextPart(classifier.text_, weights, EDGES if classifier.edges else ("", ""))
    if (
        not isinstance(features, ParagraphFeatures)
        or np.atleast_2d(getattr(classifier, "coef_", [[], []])).shape[0] > 1
    ):
        raise ModelError(
            f"{type(features).__name__} with {type(classifier).__name__}: the scores are no sums that could be "
            "explained; train with classifier=sequence, or features=paragraphs and a linear classifier"
        )
    # of two classes there is one row
    return TextPart(features.text_, np.ravel(classifier.coef_)[: -features.edges_.shape[0] * features.bins])


def word_contributions(reader: TextPart, text: str, sign: float) -> list[Contribution]:
    """Return the contribution of each n-gram to the score of a paragraph's words, by absolute value, largest first.

    Parameters
    ----------
    sign : float
        1 for the second class, -1 for the first.
    """
    if not isinstance(reader.features, TfidfFeatures) or not len(reader.weights):
        return []
    begin, end = reader.edges
    found = ngram_contributions(reader.features, f"{begin}{text}{end}", sign * reader.weights)
    return [replace(each, spans=inside(each.spans, len(begin), len(text))) for each in found] if begin else found


def inside(spans: list[tuple[int, int]], before: int, length: int) -> list[tuple[int, int]]:
    """Shift spans by ``before`` characters and clip them to a text of ``length``."""
    moved = [(max(start - before, 0), min(end - before, length)) for start, end in spans]
    return [(start, end) for start, end in moved if start < end]
