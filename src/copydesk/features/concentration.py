"""Supervised term weights: how much a term keeps to few classes."""

from __future__ import annotations

from typing import Any

import numpy as np

from copydesk.compiled.arrays import Array
from copydesk.compiled.kernel import kernel
from copydesk.features.kernels.weights import NORMS
from copydesk.features.learner import Part, tfidf_matrix
from copydesk.labels.indicator import as_indicator, is_indicator

SMOOTHING = 2.0
"""Documents that a term is taken to have in addition, spread evenly over the classes: a term of one document would
otherwise be as concentrated as can be. Found by cross-validation; between 1 and 5 little changes."""


def supervised_matrix(
    parts: list[list[Part]], families: list[Any], options: list[dict[str, Any]], y: Any, dtype: Any
) -> Any:
    """Return the features of training texts, as ``tfidf_matrix``, after weighing terms by their concentration."""
    import scipy.sparse as sp

    matrices = []
    for part, family, each in zip(parts, families, options, strict=True):
        matrices.append(tfidf_matrix([part], [family], [each], dtype))
        if each["concentration"]:
            concentrate(family, matrices[-1], y, each)
    return sp.hstack(matrices, format="csr")


def concentrate(family: Any, X: Any, y: Any, options: dict[str, Any]) -> Any:
    """Weigh a family's terms by their concentration: its ``idf_``, and features ``X`` of the training texts, in place.

    Raises
    ------
    ValueError
        There are no labels.
    """
    if y is None:
        raise ValueError(f"concentration={options['concentration']} needs labels: fit(texts, y)")
    share = options["concentration"]
    factor = 1.0 - share + share * concentration(X, y)
    family.idf_ = family.idf_ * factor
    rescale(X.indptr, X.indices, X.data, factor, NORMS[options["norm"]], float(options["weight"]))
    return X


def concentration(X: Any, y: Any) -> Array:
    """Return how much each term keeps to few classes, float64 (n_terms,): 0 as classes are, 1 in a single one.

    One less the entropy of a term's documents over the classes, each class scaled to the same size, in units of the
    entropy of an even spread. Wang et al., "Entropy-based Term Weighting Schemes for Text Categorization in VSM",
    ICTAI 2015, equation 6 (bdc), of documents instead of occurrences, and smoothed.

    Parameters
    ----------
    X : csr_matrix of shape (n_documents, n_terms)
        A term is in a document where it has an entry.
    y : array-like of shape (n_documents,), or indicator matrix of shape (n_documents, n_labels)
        Documents with several labels count in each; those with none are a class of their own.
    """
    membership = membership_of(y)
    return concentration_of(class_documents(X, membership), np.diff(membership.indptr))


def class_documents(X: Any, membership: Any) -> Any:
    """Return the number of documents of each class that have each term, CSR of shape (n_classes, n_terms)."""
    import scipy.sparse as sp

    return membership @ sp.csr_matrix((np.ones(X.nnz, np.float32), X.indices, X.indptr), shape=X.shape)


def concentration_of(documents: Any, sizes: Array) -> Array:
    """Return the concentration of each term from ``class_documents`` and the documents of each class."""
    if len(sizes) < 2:
        return np.ones(documents.shape[1])
    columns = documents.tocsc()
    found: Array = _concentration(columns.indptr, columns.indices, columns.data, 1.0 / sizes, SMOOTHING)
    return found


def membership_of(y: Any) -> Any:
    """Return the documents of each class that has any, a CSR matrix of float32, (n_classes, n_documents)."""
    import scipy.sparse as sp

    if not is_indicator(y):
        classes, codes = np.unique(np.asarray(y), return_inverse=True)
        rows = np.ones(len(codes), np.float32), (codes, np.arange(len(codes)))
        return sp.csr_matrix(rows, shape=(len(classes), len(codes)))
    indicator = as_indicator(y)
    none = sp.csr_matrix((np.diff(indicator.indptr) == 0)[:, None])
    members = sp.csr_matrix(sp.hstack([indicator, none]).T, dtype=np.float32)
    return members[np.diff(members.indptr) > 0]


@kernel
def _concentration(indptr: Array, classes: Array, documents: Array, scale: Array, smoothing: float) -> Array:
    n_classes = scale.shape[0]
    even = 1.0 / n_classes
    out = np.empty(indptr.shape[0] - 1)
    for term in range(out.shape[0]):
        total = df = 0.0
        for at in range(indptr[term], indptr[term + 1]):
            total += documents[at] * scale[classes[at]]
            df += documents[at]
        entropy = 0.0
        for at in range(indptr[term], indptr[term + 1]):
            share = (documents[at] * scale[classes[at]] / total * df + smoothing * even) / (df + smoothing)
            entropy -= share * np.log(share)
        rest = smoothing * even / (df + smoothing)
        entropy -= (n_classes - (indptr[term + 1] - indptr[term])) * rest * np.log(rest)
        out[term] = max(0.0, 1.0 - entropy / np.log(n_classes))
    return out


@kernel
def rescale(indptr: Array, indices: Array, data: Array, factor: Array, norm: int, length: float) -> None:
    """Multiply columns of a CSR matrix by ``factor``, then bring its rows back to ``length``, in place.

    Parameters
    ----------
    norm : int
        0 for none (``length`` is not used), 1 (sum of absolute values) or 2 (Euclidean).
    """
    for row in range(indptr.shape[0] - 1):
        size = 0.0
        for at in range(indptr[row], indptr[row + 1]):
            data[at] *= factor[indices[at]]
            size += abs(data[at]) if norm == 1 else data[at] * data[at]
        if norm and size > 0.0:
            scale = length / (size if norm == 1 else np.sqrt(size))
            for at in range(indptr[row], indptr[row + 1]):
                data[at] *= scale
