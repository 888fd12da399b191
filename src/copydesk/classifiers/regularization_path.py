"""Regularisation path: classifiers for several strengths of regularisation, with warm starts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any


def fit_path(classifier: Any, X: Any, y: Any, Cs: Sequence[float], sample_weight: Any = None) -> Iterator[Any]:
    """Yield copies of ``classifier`` fitted for each of ``Cs``, in ascending order.

    Classifiers with a ``fit_path`` of their own (`LinearSVM`, `LogisticRegression`, `NBWeighted`) start each fit
    from the dual variables of the one before; others are fitted anew.

    Parameters
    ----------
    classifier : estimator with a parameter ``C``
        Left as it is.
    X : array or sparse matrix of shape (n_samples, n_features)
    y : array-like of shape (n_samples,)
    Cs : sequence of float
        Inverse strengths of the penalty, in any order.
    sample_weight : array-like of shape (n_samples,), optional

    Raises
    ------
    ValueError
        The classifier has no parameter ``C``, or one of ``Cs`` is out of range.
    """
    from sklearn.base import clone

    if hasattr(classifier, "fit_path"):
        yield from classifier.fit_path(X, y, Cs, sample_weight=sample_weight)
        return
    weight = {} if sample_weight is None else {"sample_weight": sample_weight}
    for C in sorted(Cs):
        yield clone(classifier).set_params(C=C).fit(X, y, **weight)
