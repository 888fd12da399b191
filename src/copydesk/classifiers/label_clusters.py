"""Balanced clusters of labels by the texts that have them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from copydesk.compiled.arrays import Floats

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

FEATURES = 512  # kept of each label's vector, the largest; bounds memory
VECTORS_AT_ONCE = 256  # whose whole vectors are in memory
ITERATIONS = 20
LEAST_GAIN = 1e-4  # of the mean similarity, below which a division is final


def label_vectors(X: csr_matrix, y: csr_matrix, features: int = FEATURES) -> csr_matrix:
    """Return the mean of each label's documents, its largest features alone, scaled to unit length.

    Parameters
    ----------
    X : csr_matrix of shape (n_documents, n_features)
    y : csr_matrix of uint8, shape (n_documents, n_labels)

    Returns
    -------
    csr_matrix of float32, shape (n_labels, n_features)
        Zero for labels without documents.
    """
    from scipy.sparse import vstack

    documents = y.T.tocsr().astype(np.float32)
    blocks = [
        _largest(documents[first : first + VECTORS_AT_ONCE] @ X, features)
        for first in range(0, y.shape[1], VECTORS_AT_ONCE)
    ]
    return vstack(blocks).tocsr()


def _largest(sums: csr_matrix, features: int) -> csr_matrix:
    """Return the ``features`` largest entries of each row, scaled to unit length."""
    from scipy.sparse import csr_matrix

    kept = np.ones(sums.nnz, dtype=bool)
    for row in np.flatnonzero(np.diff(sums.indptr) > features):
        first, last = sums.indptr[row], sums.indptr[row + 1]
        smallest = np.argpartition(np.abs(sums.data[first:last]), last - first - features)[: last - first - features]
        kept[first + smallest] = False
    rows = np.repeat(np.arange(sums.shape[0]), np.diff(sums.indptr))[kept]
    data = sums.data[kept].astype(np.float32)
    norm = np.sqrt(np.bincount(rows, np.square(data, dtype=np.float64), sums.shape[0]))
    scaled = (data / np.maximum(norm, np.finfo(np.float32).tiny)[rows]).astype(np.float32)
    return csr_matrix((scaled, (rows, sums.indices[kept])), shape=sums.shape)


def balanced_clusters(
    vectors: csr_matrix | None, labels: NDArray[np.int64], halvings: int, rng: np.random.Generator
) -> list[NDArray[np.int64]]:
    """Divide labels into ``2 ** halvings`` clusters whose sizes differ by one at most; empty ones are left out.

    Each division is balanced spherical 2-means (Prabhu et al. 2018, section 3.2).
    """
    clusters = [labels]
    for _ in range(halvings):
        clusters = [half for cluster in clusters for half in _halves(vectors, cluster, rng) if len(half)]
    return clusters


def _halves(
    vectors: Any, labels: NDArray[np.int64], rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    if len(labels) < 3:
        return labels[: len(labels) // 2], labels[len(labels) // 2 :]
    own = vectors[labels]
    used, columns = np.unique(own.indices, return_inverse=True)
    own = type(own)((own.data, columns.astype(np.int32), own.indptr), shape=(len(labels), len(used)))
    first, second = rng.choice(len(labels), size=2, replace=False)
    centres = own[[first, second]].toarray()
    half, best = len(labels) // 2, -np.inf
    order = np.arange(len(labels))
    for _ in range(ITERATIONS):
        similarity = own @ centres.T
        order = np.argsort(similarity[:, 1] - similarity[:, 0], kind="stable")
        mean = float(similarity[order[:half], 0].sum() + similarity[order[half:], 1].sum()) / len(labels)
        if mean <= best + LEAST_GAIN:
            break
        best = mean
        centres = np.vstack([_centre(own, order[:half]), _centre(own, order[half:])])
    return np.sort(labels[order[:half]]), np.sort(labels[order[half:]])


def _centre(own: Any, members: NDArray[np.int64]) -> Floats:
    total = np.asarray(own[members].sum(axis=0)).ravel()
    return np.asarray(total / max(float(np.linalg.norm(total)), np.finfo(np.float32).tiny))
