"""Compression of fitted models: the most important terms, rounded weights, fewer hashed columns."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from typing import Any

import numpy as np

from copydesk.classifiers.base import LinearClassifier
from copydesk.classifiers.quantised import quantise
from copydesk.compiled.arrays import Floats
from copydesk.features.tfidf import TfidfFeatures
from copydesk.features.vocabulary import FittedFamily, HashedFamily

BITS = (8, 16, 32)


class Smaller:
    """Builder of smaller pairs of features and classifier from a fitted pair.

    Parameters
    ----------
    features : TfidfFeatures
        Fitted, with a vocabulary, or hashed.
    classifier : LinearClassifier
        Fitted on them.
    bits : {8, 16, 32}, default=8
        Size of a weight: 8 rounds to 255 even steps for each class, 16 to half precision, 32 keeps it as it is.

    Raises
    ------
    TypeError
        ``features`` or ``classifier`` has another type.
    """

    def __init__(self, features: Any, classifier: Any, bits: int = 8) -> None:
        if not isinstance(features, TfidfFeatures):
            raise TypeError(f"its features are {type(features).__name__}, not TfidfFeatures")
        if not isinstance(classifier, LinearClassifier):
            raise TypeError(f"its classifier is {type(classifier).__name__}, not a linear one of copydesk")
        self.features, self.classifier, self.bits = features, classifier, bits
        self.families = features.families_
        self.hashed = all(isinstance(family, HashedFamily) for family in self.families)
        if not self.hashed and not all(isinstance(family, FittedFamily) for family in self.families):
            raise TypeError("some of its n-grams are hashed and some have a vocabulary")
        borders = np.cumsum([0, *(family.n_terms for family in self.families)])
        self.blocks = [classifier.weights_[a:b] for a, b in zip(borders[:-1], borders[1:], strict=True)]

    @property
    def terms(self) -> int:
        """Number of terms or columns, including those of zero weight, which still affect document norms."""
        return sum(map(len, self.blocks))

    def with_terms(self, n: int) -> tuple[TfidfFeatures, LinearClassifier]:
        """Return the pair of the ``n`` most important terms, at least one of each family.

        The importance of a term is the root mean square, over all documents, of the spread between classes of its part
        of the decision values: the spread of its weights, times its idf, times the root of its document share. Weights
        are scaled by the expected loss of the document norm, to which dropped terms no longer contribute.
        """
        importances, lengths = [], []
        for family, block, options in zip(self.families, self.blocks, self.features.family_options(), strict=True):
            share = document_shares(family, options)
            importances.append(
                spread(block, self.classifier.multilabel_) * family.idf_ * np.sqrt(share) * options["weight"]
            )
            lengths.append(share * family.idf_**2)
        kept, norms = [], []
        every = np.concatenate(importances)
        cut = np.partition(every, -n)[-n] if n < len(every) else -np.inf
        for importance, length in zip(importances, lengths, strict=True):
            chosen = np.flatnonzero(importance >= cut)
            chosen = chosen if len(chosen) else np.array([int(importance.argmax())])
            kept.append(chosen)
            norms.append(float(np.sqrt(length[chosen].sum() / length.sum())))
        families, blocks = [], []
        for family, block, chosen, options, norm in zip(
            self.families, self.blocks, kept, self.features.family_options(), norms, strict=True
        ):
            order = chosen[np.argsort(np.asarray(family.strings(chosen), dtype=object), kind="stable")]
            families.append(self._rounded_idf(family.taken(order)))  # alphabetical order compresses best
            blocks.append(block[order] * (norm if options["norm"] is not None else 1.0))
        return self._pair(families, blocks, {})

    def with_columns(self, n: int) -> tuple[TfidfFeatures, LinearClassifier]:
        """Return the pair of a hashed model with ``n`` columns, a power of two below the present number.

        Merged columns get the mean of their weights, weighted by document frequency.
        """
        families, blocks = [], []
        for family, block, options in zip(self.families, self.blocks, self.features.family_options(), strict=True):
            steps = max(1, family.n_terms // n)
            df = family.document_frequency_.astype(np.float64)
            joined = (block * df[:, None]).reshape(-1, steps, block.shape[1]).sum(axis=1)
            total = df.reshape(-1, steps).sum(axis=1)
            families.append(self._rounded_idf(family.folded(steps, options)))
            blocks.append(joined / np.maximum(total, 1)[:, None])
        return self._pair(families, blocks, {"n_features": n})

    def _rounded_idf(self, family: Any) -> Any:
        if self.bits == 8:
            family.idf_ = quantise(family.idf_[:, None])[:, 0]
        return family

    def _pair(
        self, families: list[Any], blocks: Sequence[Floats], options: dict[str, Any]
    ) -> tuple[TfidfFeatures, LinearClassifier]:
        features, classifier = copy(self.features), copy(self.classifier)
        for name in [name for name in vars(features) if name.startswith("_")]:
            delattr(features, name)  # lookup tables of the original
        features.families_ = families
        if options and features.families is not None:
            features.families = [{**each, **options} for each in features.families]
        elif options:
            features.n_features = options["n_features"]
        dtype = self.classifier.weights_.dtype
        weights = np.concatenate(blocks).astype(dtype)
        if self.bits == 8:
            weights = quantise(weights)
        elif self.bits == 16:
            weights = weights.astype(np.float16).astype(dtype) + 0.0
        classifier.weights_ = weights
        classifier.n_features_in_ = len(weights)
        return features, classifier


def spread(weights: Floats, multilabel: bool = False) -> Floats:
    """Return the spread between classes of each term's weights, shape (n_terms,); of independent labels that from 0."""
    apart = weights if multilabel or weights.shape[1] == 1 else weights - weights.mean(axis=1, keepdims=True)
    return np.asarray(np.sqrt(np.square(apart, dtype=np.float64).sum(axis=1)))


def document_shares(family: FittedFamily, options: dict[str, Any]) -> Floats:
    """Return the share of documents that contain each term, from its idf; 1 without idf. Shape (n_terms,)."""
    if not options["use_idf"]:
        return np.ones(family.n_terms)
    n, smooth = family.n_documents_, int(options["smooth_idf"])
    return np.asarray(np.clip((n + smooth) * np.exp(1.0 - family.idf_) - smooth, 1, n) / n)
