"""Strongest n-grams of each class, those of characters listed under the word that they come from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from copydesk.errors import ModelError
from copydesk.explanations.contributions import explainable, linear_part
from copydesk.explanations.reasons import reader_of
from copydesk.features.tfidf import TfidfFeatures

if TYPE_CHECKING:
    from collections.abc import Collection

    from copydesk.estimator import TextClassifier

_STRONGEST = 12  # listed of each class
_POOL = 8  # times as many n-grams are grouped
_HOSTS = 2_000  # words of a class, the strongest, that its character n-grams can come from
_CHARACTERS = "character n-gram"
_SPACE = "␣"  # marks the space at the edge of a character n-gram


class TermPart(NamedTuple):
    """An n-gram of a term: name of its family, the n-gram, its weight."""

    family: str
    ngram: str
    weight: float


class StrongTerm(NamedTuple):
    """A word or phrase with the n-grams that stand for it, the largest weight first."""

    term: str
    parts: list[TermPart]

    @property
    def weight(self) -> float:
        """The largest weight of its n-grams."""
        return self.parts[0].weight

    @property
    def note(self) -> str:
        """The families of its n-grams, each with its largest weight and, if above one, the number of its n-grams."""
        families: dict[str, list[float]] = {}
        for part in self.parts:
            families.setdefault(part.family, []).append(part.weight)
        return " · ".join(
            f"{name} {weights[0]:.2f}" if len(weights) == 1 else f"{len(weights)} {name}s up to {weights[0]:.2f}"
            for name, weights in families.items()
        )


def strongest_ngrams(
    model: TextClassifier, n: int = _STRONGEST, labels: Collection[str] | None = None
) -> dict[str, list[StrongTerm]]:
    """Return the ``n`` most important terms of each class, largest weight first; empty if none are known.

    ``labels`` limits the classes, of which there may be thousands.
    """
    try:
        if getattr(model.features_ or model.classifier_, "takes_paragraphs", False):
            features, weights, _ = reader_of(model)
            of_class = dict(zip(model.classes_, (-weights, weights), strict=True))
        else:
            features = explainable(model)
            chosen = [label for label in model.classes_ if labels is None or str(label) in labels]
            of_class = {label: linear_part(model, label)[0] for label in chosen}
    except ModelError:
        return {}
    if not isinstance(features, TfidfFeatures):
        return {}
    found = {str(label): grouped(features, weights, n) for label, weights in of_class.items()}
    return {label: terms for label, terms in found.items() if terms}


def grouped(features: TfidfFeatures, weights: np.ndarray, n: int) -> list[StrongTerm]:
    """Return the ``n`` strongest terms of one class.

    A character n-gram joins the strongest word that contains it. One that is in no word known to the features joins
    the first group whose leading n-gram contains it or is contained in it.
    """
    pool = strongest(features, weights, _POOL * n)
    words = {part.ngram: part for part in strongest(features, weights, _HOSTS, words=True)[::-1]}
    padded = "\n".join(f" {word} " for word in reversed(words))
    groups: dict[str, list[TermPart]] = {}
    for part in pool:
        if not is_of_characters(part):
            groups.setdefault(part.ngram, []).append(part)
            continue
        at = padded.find(part.ngram)
        if at >= 0:
            host = padded[padded.rfind("\n", 0, at) + 1 :].split("\n", 1)[0].strip()
            groups.setdefault(host, [])
        else:
            host = next((name for name in groups if part.ngram in name or name in part.ngram), part.ngram)
        groups.setdefault(host, []).append(part)
    for name, parts in groups.items():
        if name in words and words[name] not in parts:
            parts.append(words[name])
        parts.sort(key=lambda part: -part.weight)
    terms = [StrongTerm(name.replace(" ", _SPACE) if all(map(is_of_characters, parts)) else name, parts)
             for name, parts in groups.items()]  # fmt: skip
    return sorted(terms, key=lambda term: (-term.weight, term.term))[:n]


def is_of_characters(part: TermPart) -> bool:
    """Return whether an n-gram is one of characters."""
    return part.family.endswith(_CHARACTERS)


def strongest(features: TfidfFeatures, weights: np.ndarray, n: int, *, words: bool = False) -> list[TermPart]:
    """Return the ``n`` n-grams of the largest positive weights of each family, largest first; none of hashed families.

    With ``words``, only single words of the families of words.
    """
    found: list[TermPart] = []
    first = 0
    for family, options in zip(features.families_, features.family_options(), strict=True):
        own = weights[first : first + family.n_terms]
        first += family.n_terms
        name = family_name(options)
        if not hasattr(family, "terms_") or not len(own) or (words and name.endswith(_CHARACTERS)):
            continue
        top = np.argpartition(-own, min(n, len(own) - 1))[:n]
        top = top[own[top] > 0]
        found += map(TermPart, [name] * len(top), family.strings(top.tolist()), own[top].tolist())
    if words:
        found = [part for part in found if " " not in part.ngram]
    return sorted(found, key=lambda part: (-part.weight, part.ngram))


def family_name(options: dict[str, Any]) -> str:
    """Return the name of a family of n-grams, such as "word" or "title word"."""
    kind = "word" if options["analyzer"] == "word" else _CHARACTERS
    return kind if options["part"] == "text" else f"{options['part'].replace('_', ' ')} {kind}"
