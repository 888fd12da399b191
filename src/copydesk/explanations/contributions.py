"""Contributions of n-grams: the exact share of each in a decision value, with its places in the text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from copydesk.compiled.arrays import Floats
from copydesk.errors import ModelError
from copydesk.features.places import ngram_places
from copydesk.features.tfidf import TfidfFeatures
from copydesk.interface.checks import require_fitted

if TYPE_CHECKING:
    from copydesk.estimator import TextClassifier


@dataclass(frozen=True, slots=True)
class Contribution:
    """Contribution of one n-gram to a decision value.

    Attributes
    ----------
    term : str
    family : int
        Number of the family of n-grams it belongs to.
    value : float
        Its TF-IDF value times its weight.
    spans : list of tuple of int
        Start and end of each occurrence, in characters of the text.
    """

    term: str
    family: int
    value: float
    spans: list[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Explanation:
    """Decomposition of a decision value: intercept and contributions sum to it.

    Attributes
    ----------
    label : str
        The label of the decision value.
    score : float
    intercept : float
    contributions : list of Contribution
        By absolute value, largest first.
    """

    label: str
    score: float
    intercept: float
    contributions: list[Contribution]


def explain(model: TextClassifier, text: str, label: Any = None) -> Explanation:
    """Decompose the decision value of a label, by default the likeliest, for one text.

    Raises
    ------
    ModelError
        The scores of features and classifier are not sums over n-grams.
    ValueError
        The model does not know the label.
    """
    require_fitted(model)
    features = explainable(model)
    scores = model.scores([text])[0]
    classes = model.classes_.tolist()
    if label is None:
        label = classes[int(scores.argmax())]
    weights, intercept = linear_part(model, label)
    contributions = ngram_contributions(features, text, weights)
    return Explanation(str(label), float(scores[classes.index(label)]), intercept, contributions)


def contrast(model: TextClassifier, text: str, label: Any, other: Any) -> list[Contribution]:
    """Return the contribution of each n-gram to the lead of one label over another, largest first.

    Raises
    ------
    ModelError, ValueError
        See ``explain``.
    """
    features = explainable(model)
    (toward, _), (away, _) = linear_part(model, label), linear_part(model, other)
    return ngram_contributions(features, text, toward, away)


def explainable(model: TextClassifier) -> TfidfFeatures:
    """Return the features of a model whose scores are sums over n-grams.

    Raises
    ------
    ModelError
        The scores are not sums over n-grams.
    """
    features, classifier = model.features_, model.classifier_
    if not isinstance(features, TfidfFeatures) or not hasattr(classifier, "coef_"):
        raise ModelError(
            f"{type(features).__name__} with {type(classifier).__name__}: only copydesk's own features with a linear "
            "classifier can be explained; train with features=word or word_char"
        )
    return features


def linear_part(model: TextClassifier, label: Any) -> tuple[Floats, float]:
    """Return the weights, shape (n_features,), and the intercept of a label's decision value.

    Raises
    ------
    ValueError
        The model does not know the label.
    """
    classes = model.classes_.tolist()
    if label not in classes:
        raise ValueError(f"no label {label!r}; the model knows {', '.join(map(str, classes))}")
    number = classes.index(label)
    weights, intercept = np.atleast_2d(model.classifier_.coef_), np.atleast_1d(model.classifier_.intercept_)
    if len(weights) == 1:  # binary: one row, for the second class
        sign = 1.0 if number else -1.0
        return sign * weights[0], float(sign * intercept[0])
    return weights[number], float(intercept[number])


def ngram_contributions(
    features: TfidfFeatures, text: str, weights: Floats, less: Floats | None = None
) -> list[Contribution]:
    """Return the contributions of a text's n-grams to weights, or to the difference of two, largest first."""
    values = features.transform([text])
    values.sum_duplicates()
    used = weights[values.indices] if less is None else weights[values.indices] - less[values.indices]
    products = dict(zip(values.indices.tolist(), (values.data * used).tolist(), strict=True))
    contributions = [
        Contribution(" | ".join(terms), family, products[column], spans)
        for family, column, terms, spans in known_ngrams(features, text)
    ]
    return sorted(contributions, key=lambda each: -abs(each.value))


def known_ngrams(features: TfidfFeatures, text: str) -> Iterator[tuple[int, int, list[str], list[tuple[int, int]]]]:
    """Yield family, column, n-grams and places of every nonzero column of a text.

    With a vocabulary a column is one n-gram; hashed n-grams may share a column.
    """
    first = 0
    for number, (family, options) in enumerate(zip(features.families_, features.family_options(), strict=True)):
        places = ngram_places(text, options, lowercase=features.lowercase, strip_accents=features.strip_accents)
        found: dict[int, list[str]] = {}
        columns = family.columns_of(list(places), features.fitted_cuts()[number]).tolist()
        for term, column in zip(places, columns, strict=True):
            if column >= 0:
                found.setdefault(first + column, []).append(term)
        for column, terms in found.items():
            yield number, column, terms, sorted(span for term in terms for span in places[term])
        first += family.n_terms
