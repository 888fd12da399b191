"""Fit of TF-IDF features and a linear classifier whose texts are spread over the workers of a cluster."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from typing import Any

import numpy as np

from copydesk.classifiers.losses import RowShard, RowTargets
from copydesk.compiled.arrays import Array
from copydesk.engines.cluster_sums import ClusterShards, ClusterSums, add_arrays
from copydesk.engines.stored import Stored
from copydesk.features.concentration import class_documents, concentration_of, membership_of
from copydesk.features.term_counts import TermCounts
from copydesk.features.tfidf import TfidfFeatures

SHARD_CHARACTERS = 64_000_000  # of texts, at most


def fit_on_shards(
    sums: ClusterSums, features: Any, classifier: Any, X: Any, y: Any, groups: Any, weight: Any
) -> tuple[Any, Any]:
    """Fit features and classifier, as ``estimator.fit_parts`` does, on texts that are cut into shards.

    Workers count document frequencies, which are merged as a tree; then they keep the features of their shards, over
    which the solver sums.

    Parameters
    ----------
    sums : ClusterSums
    features : TfidfFeatures
    classifier : DualLinearClassifier
    X : list of str
    y, groups, weight : as for ``estimator.fit_parts``
    """
    from sklearn.base import clone

    rows = list(cut_texts(X, sums.threads))
    texts = [sums.store.keep(X[part]) for part in rows]
    fitted = fit_features(sums, features, texts, rows, y.values)
    stored = sums.store.keep(fitted)
    n_features = sum(family.n_terms for family in fitted.families_)

    def place(targets: RowTargets) -> ClusterShards:
        shards = [
            sums.submit(row_shard, stored, some, targets.of(part)) for some, part in zip(texts, rows, strict=True)
        ]
        return ClusterShards(sums, shards, n_features)

    solved = clone(classifier).fit_shards(place, np.dtype(fitted.dtype), y.values, weight)
    for each in (stored, *texts):
        each.drop()
    return fitted, solved


def cut_texts(texts: list[str], threads: int) -> Iterator[slice]:
    """Yield the rows of each shard, of about the same number of characters."""
    ends = np.cumsum([len(text) for text in texts])
    n_shards = max(min(threads, len(texts)), int(np.ceil(ends[-1] / SHARD_CHARACTERS)))
    edges = np.unique([0, *np.searchsorted(ends, ends[-1] * np.arange(1, n_shards) / n_shards), len(texts)])
    for begin, end in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        yield slice(begin, end)


def fit_features(
    sums: ClusterSums, features: TfidfFeatures, texts: list[Stored], rows: list[slice], y: Any
) -> TfidfFeatures:
    """Return features fitted to all texts, equal to those of one machine."""
    from sklearn.base import clone

    fitted: TfidfFeatures = clone(features)
    options = fitted.family_options()
    shares = [each["concentration"] for each in options]
    empty = TermCounts(without_concentration(fitted))
    counts = count_shards(sums, empty, texts)
    if counts.pruned:
        counts = count_shards(sums, counts.recount(), texts)
    fitted.families_ = counts.fitted().families_
    if any(shares):
        membership = membership_of(y)
        stored = sums.store.keep(fitted)
        (documents,) = sums.merged(
            add_arrays,
            [
                sums.submit(documents_of, stored, some, membership[:, part])
                for some, part in zip(texts, rows, strict=True)
            ],
        )
        stored.drop()
        factor = concentration_of(documents, np.diff(membership.indptr))
        begin = 0
        for family, share in zip(fitted.families_, shares, strict=True):
            mine = factor[begin : begin + family.n_terms]
            begin += family.n_terms
            family.idf_ = family.idf_ * (1.0 - share + share * mine)
    return fitted


def without_concentration(features: TfidfFeatures) -> TfidfFeatures:
    """Return unfitted features that need no labels."""
    from sklearn.base import clone

    families = features.families and [{**each, "concentration": 0.0} for each in features.families]
    plain: TfidfFeatures = clone(features).set_params(concentration=0.0, families=families)
    return plain


def count_shards(sums: ClusterSums, empty: TermCounts, texts: list[Stored]) -> TermCounts:
    """Return document frequencies of all texts, merged as a tree."""
    stored = sums.store.keep(empty)
    merged: TermCounts = sums.merged(merge_counts, [sums.submit(count_texts, stored, some) for some in texts])
    stored.drop()
    return merged


# --- on a worker -----------------------------------------------------------------------------------------------------


def count_texts(empty: Stored, texts: Stored) -> TermCounts:
    """Return the document frequencies of a shard's texts."""
    counts = copied(empty.load())
    counts.add(texts.load())
    return counts


def merge_counts(several: list[TermCounts]) -> TermCounts:
    """Return the counts of consecutive shards merged; those given stay as they are, as Dask may need them again."""
    first, *later = map(copied, several)
    for each in later:
        first.merge(each)
    return first


def copied(counts: TermCounts) -> TermCounts:
    """Return a copy."""
    copy: TermCounts = pickle.loads(pickle.dumps(counts))
    return copy


def documents_of(features: Stored, texts: Stored, membership: Any) -> tuple[Array]:
    """Return the number of a shard's documents of each class that have each term, as ``class_documents``."""
    return (class_documents(features.load().transform(texts.load()), membership),)


def row_shard(features: Stored, texts: Stored, targets: RowTargets) -> RowShard:
    """Return the features of a shard's texts with their targets."""
    return RowShard.of(features.load().transform(texts.load()), targets)
