"""Why a paragraph went or stayed: what its words said, and what its surroundings made of that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from copydesk.classifiers.sequence import EDGES, SequenceClassifier
from copydesk.errors import ModelError
from copydesk.explanations.contributions import Contribution, ngram_contributions
from copydesk.features.paragraph_features import ParagraphFeatures
from copydesk.features.tfidf import TfidfFeatures

if TYPE_CHECKING:
    from copydesk.estimator import TextClassifier
    from copydesk.models.cleaner import LabelledParagraph, Table

Floats = NDArray[np.floating[Any]]
WORDS = "words"  # the group of what a paragraph's own text says


class Number(NamedTuple):
    """A number of a paragraph or its surroundings, and what it adds to the score."""

    group: str
    name: str
    value: float
    added: float


@dataclass(frozen=True, slots=True)
class Reasons:
    """A paragraph's score, taken apart: ``start`` and ``groups`` sum to it.

    Attributes
    ----------
    paragraph : LabelledParagraph
    score : float
        The decision value of "content".
    threshold : float or None
        From which score on a paragraph stays; None where the likelier label is taken.
    start : float
        The score before anything is known of the paragraph.
    groups : dict of str to float
        What each group adds: its words, its neighbours, its shape, its position …
    numbers : list of Number
        What the groups are made of, the largest first, for or against; of "words" there are n-grams.
    ngrams : list of Contribution
        N-grams of its text in the score of its words alone, the largest first.
    """

    paragraph: LabelledParagraph
    score: float
    threshold: float | None
    start: float
    groups: dict[str, float]
    numbers: list[Number]
    ngrams: list[Contribution]


class Reader(NamedTuple):
    """The linear part that reads a paragraph's text.

    Attributes
    ----------
    features : transformer
    weights : ndarray of shape (n_ngrams,)
        For the second class.
    edges : (str, str)
        What a paragraph stands between when it is read.
    """

    features: Any
    weights: Floats
    edges: tuple[str, str] = ("", "")


class TakenApart(NamedTuple):
    """The scores of a page's paragraphs as sums."""

    start: float
    names: list[tuple[str, str]]
    numbers: Floats
    added: Floats


def explain_paragraphs(
    estimator: TextClassifier, table: Table, paragraphs: Sequence[LabelledParagraph], label: str
) -> list[Reasons]:
    """Take the decision value of ``label`` apart for every paragraph of a text.

    Raises
    ------
    ModelError
        The model's parts are of a kind whose scores are no sums.
    """
    reader = reader_of(estimator)
    parts = take_apart(estimator, reader, table)
    sign = 1.0 if list(estimator.classes_).index(label) == 1 else -1.0
    threshold = getattr(estimator.decision_, "threshold_", None)
    found = []
    for row, paragraph in enumerate(paragraphs):
        added = (sign * parts.added[row]).tolist()
        groups: dict[str, float] = {}
        for (group, _), value in zip(parts.names, added, strict=True):
            groups[group] = groups.get(group, 0.0) + value
        columns = zip(parts.names, parts.numbers[row].tolist(), added, strict=True)
        numbers = [Number(*name, value, moved) for name, value, moved in columns if moved and name[0] != WORDS]
        found.append(
            Reasons(
                paragraph,
                score=sign * parts.start + sum(added),
                threshold=threshold,
                start=sign * parts.start,
                groups=groups,
                numbers=sorted(numbers, key=lambda each: -abs(each.added)),
                ngrams=word_contributions(reader, paragraph.text, sign),
            )
        )
    return found


def take_apart(estimator: TextClassifier, reader: Reader, table: Table) -> TakenApart:
    """Return the scores of paragraphs as sums over words and numbers."""
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
    said = words @ reader.weights
    names = [(WORDS, "score"), *features.number_names()]
    numbers = np.column_stack([said, features.numbers(table)])
    start = float(np.ravel(classifier.intercept_)[0])
    return TakenApart(start, names, numbers, np.column_stack([said, moved]))


def reader_of(estimator: TextClassifier) -> Reader:
    """Return the part that reads a paragraph's text.

    Raises
    ------
    ModelError
        The model's parts are of a kind whose scores are no sums.
    """
    features, classifier = estimator.features_, estimator.classifier_
    if isinstance(classifier, SequenceClassifier):
        weights = np.ravel(getattr(classifier.first_, "coef_", ()))
        return Reader(classifier.text_, weights, EDGES if classifier.edges else ("", ""))
    if (
        not isinstance(features, ParagraphFeatures)
        or np.atleast_2d(getattr(classifier, "coef_", [[], []])).shape[0] > 1
    ):
        raise ModelError(
            f"{type(features).__name__} with {type(classifier).__name__}: the scores are no sums that could be "
            "explained; train with classifier=sequence, or features=paragraphs and a linear classifier"
        )
    # of two classes there is one row
    return Reader(features.text_, np.ravel(classifier.coef_)[: -features.edges_.shape[0] * features.bins])


def word_contributions(reader: Reader, text: str, sign: float) -> list[Contribution]:
    """Return what each n-gram of a paragraph adds to the score of its words, the largest first.

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
    """Return places in a text of ``length`` that was read with ``before`` characters in front of it and some behind."""
    moved = [(max(start - before, 0), min(end - before, length)) for start, end in spans]
    return [(start, end) for start, end in moved if start < end]
