"""What a decision is made of: the exact share of every n-gram in a decision value, with its places in the text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from copydesk.errors import ModelError
from copydesk.features.places import ngram_places
from copydesk.features.tfidf import TfidfFeatures

if TYPE_CHECKING:
    from copydesk.estimator import TextClassifier


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one n-gram adds to a decision value.

    Attributes
    ----------
    term : str
    family : int
        Number of the family of n-grams it belongs to.
    value : float
        Its TF-IDF value times its weight.
    spans : list of tuple of int
        Start and end of each place where it stands, in characters of the text.
    """

    term: str
    family: int
    value: float
    spans: list[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Explanation:
    """A decision value, taken apart: intercept and contributions sum to it.

    Attributes
    ----------
    label : str
        Whose decision value it is.
    score : float
    intercept : float
    contributions : list of Contribution
        The largest first, for or against.
    """

    label: str
    score: float
    intercept: float
    contributions: list[Contribution]


def explain(model: TextClassifier, text: str, label: Any = None) -> Explanation:
    """Take apart the decision value of a label, by default the likeliest, for one text.

    Raises
    ------
    ModelError
        Features or classifier are of a kind whose scores are no sum over n-grams.
    ValueError
        The model does not know the label.
    """
    features, classifier = model.features_, model.classifier_
    if not isinstance(features, TfidfFeatures) or not hasattr(classifier, "coef_"):
        raise ModelError(
            f"{type(features).__name__} with {type(classifier).__name__}: only copydesk's own features with a linear "
            "classifier can be explained; train with features=word or word_char"
        )
    scores = model.scores([text])[0]
    classes = model.classes_.tolist()
    if label is None:
        label = classes[int(scores.argmax())]
    if label not in classes:
        raise ValueError(f"no label {label!r}; the model knows {', '.join(map(str, classes))}")
    number = classes.index(label)
    weights, intercept = np.atleast_2d(classifier.coef_), np.atleast_1d(classifier.intercept_)
    sign = -1.0 if len(weights) == 1 and number == 0 else 1.0
    row = 0 if len(weights) == 1 else number
    values = features.transform([text])
    values.sum_duplicates()
    products = dict(
        zip(values.indices.tolist(), (sign * values.data * weights[row, values.indices]).tolist(), strict=True)
    )
    contributions = [
        Contribution(" | ".join(terms), family, products[column], spans)
        for family, column, terms, spans in known_ngrams(features, text)
    ]
    contributions.sort(key=lambda each: -abs(each.value))
    return Explanation(str(label), float(scores[number]), float(sign * intercept[row]), contributions)


def known_ngrams(features: TfidfFeatures, text: str) -> Iterator[tuple[int, int, list[str], list[tuple[int, int]]]]:
    """Yield family, column, n-grams and places of every column that a text has a value in.

    With a vocabulary a column is one n-gram; where n-grams are hashed, several may share it.
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
