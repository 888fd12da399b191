"""NB-SVM: a linear classifier of features weighted by naive Bayes."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from copydesk.classifiers.base import LinearClassifier, narrow_csr
from copydesk.classifiers.regularization_path import fit_path
from copydesk.compiled.arrays import Floats
from copydesk.compiled.threads import thread_count
from copydesk.features.parameters import check_n_jobs
from copydesk.labels.indicator import is_indicator

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import scipy.sparse as sp


class NBWeighted(LinearClassifier):
    """Linear classifier of features weighted by naive Bayes log-count ratios (NB-SVM).

    For each class against the rest a feature is multiplied by ``r = log((p / |p|) / (q / |q|))``, where ``p`` counts
    the class's documents that have the feature and ``q`` the others. The fitted weights contain the ratios, so that
    the result is a linear classifier of the original features.

    Parameters
    ----------
    classifier : estimator with ``coef_`` and ``intercept_`` once fitted
        Fitted for every class against the rest; ``class_weight`` is None or "balanced".
    alpha : float
        Added to every count.
    beta : float
        Interpolates between the classifier's weights (1) and their mean magnitude, which is naive Bayes (0). The
        paper found 0.25 safe with two balanced classes; with many classes 1 is better.
    n_jobs : int or None
        Threads for blocks of classes.

    Attributes
    ----------
    weights_ : array of shape (n_features, n_classes), or (n_features, 1) for two classes
        For features without the ratios.
    intercept_ : array of shape (n_classes,) or (1,)
    classes_ : array of shape (n_classes,)

    References
    ----------
    Wang & Manning, "Baselines and Bigrams: Simple, Good Sentiment and Topic Classification", ACL 2012. Counts are
    of documents, as in the paper; the ratios multiply the values of ``X``.
    """

    def __init__(self, classifier: Any, *, alpha: float = 1.0, beta: float = 1.0, n_jobs: int | None = None) -> None:
        self.classifier = classifier
        self.alpha = alpha
        self.beta = beta
        self.n_jobs = n_jobs

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit to ``X`` (n_samples, n_features), sparse or dense, and labels ``y`` (n_samples,).

        Where documents have several labels, ``y`` is an indicator matrix (n_samples, n_labels), sparse or dense.

        Raises
        ------
        ValueError
            Fewer than two classes with positive weight, or a parameter out of range.
        """
        X, target, weight = self._problem(X, y, sample_weight)
        self.weights_, self.intercept_ = self._one_against_rest(X, target, weight, None)[0]
        return self

    def fit_path(self, X: Any, y: Any, Cs: Sequence[float], sample_weight: Any = None) -> Iterator[Self]:
        """Yield copies fitted for each ``C`` of the classifier in ascending order; see `path.fit_path`."""
        from sklearn.base import clone

        first = clone(self)
        X, target, weight = first._problem(X, y, sample_weight)
        for C, (weights, intercept) in zip(
            sorted(Cs), first._one_against_rest(X, target, weight, sorted(Cs)), strict=True
        ):
            fitted = clone(self).set_params(classifier__C=C)
            fitted.weights_, fitted.intercept_ = weights, intercept
            fitted._take_targets(first)
            yield fitted

    def _check_parameters(self) -> None:
        if not self.alpha > 0 or not np.isfinite(self.alpha):
            raise ValueError(f"alpha={self.alpha!r} is not valid; it must be a positive number")
        if not 0 <= self.beta <= 1:
            raise ValueError(f"beta={self.beta!r} is not valid; it must be from 0 to 1")
        check_n_jobs(self.n_jobs)

    def _problem(self, X: Any, y: Any, sample_weight: Any) -> tuple[sp.csr_matrix, sp.csr_matrix, Floats]:
        from sklearn.utils.multiclass import check_classification_targets
        from sklearn.utils.validation import _check_sample_weight, validate_data

        y = np.asarray(y) if isinstance(y, list) else y
        X, y = validate_data(
            self, X, y, accept_sparse="csr", dtype=[np.float64, np.float32], multi_output=is_indicator(y)
        )
        check_classification_targets(y)
        self._check_parameters()
        weight = _check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)
        if not weight.all():
            X, y, weight = X[weight > 0], y[weight > 0], weight[weight > 0]
        return narrow_csr(X), self._set_classes(y)[1], weight

    def _one_against_rest(
        self, X: sp.csr_matrix, target: sp.csr_matrix, weight: Floats, Cs: Sequence[float] | None
    ) -> list[tuple[Floats, Floats]]:
        """Return weights and intercepts of all classes, once or for each of ``Cs``."""
        import scipy.sparse as sp
        from joblib import Parallel, delayed
        from sklearn.base import clone

        lanes = list(range(self.classes_.size))[-self._n_outputs :]  # of two classes the second
        found = [
            (np.zeros((X.shape[1], len(lanes)), dtype=X.dtype), np.zeros(len(lanes), dtype=X.dtype))
            for _ in range(1 if Cs is None else len(Cs))
        ]
        ratios = log_count_ratios(X, target, weight, self.alpha).astype(X.dtype)
        columns = target.tocsc()

        def fit_lanes(first: int, last: int) -> None:
            for lane in range(first, last):
                ratio = ratios[lanes[lane]]
                weighed = sp.csr_matrix((X.data * ratio[X.indices], X.indices, X.indptr), shape=X.shape)
                positive = columns[:, [lanes[lane]]].toarray().ravel().astype(np.int32)
                if positive.min() == positive.max():  # a label that no document has, or every one
                    for _, intercept in found:
                        intercept[lane] = 2 * positive[0] - 1
                    continue
                inner = clone(self.classifier)
                steps = (
                    [inner.fit(weighed, positive, sample_weight=weight)]
                    if Cs is None
                    else fit_path(inner, weighed, positive, Cs, sample_weight=weight)
                )
                for (weights, intercept), fitted in zip(found, steps, strict=True):
                    own = np.ravel(fitted.coef_)
                    weights[:, lane] = (self.beta * own + (1 - self.beta) * np.abs(own).mean()) * ratio
                    intercept[lane] = np.ravel(fitted.intercept_)[0]

        n_blocks = min(thread_count(self.n_jobs), len(lanes))
        edges = np.linspace(0, len(lanes), n_blocks + 1).astype(int)
        Parallel(n_jobs=n_blocks, require="sharedmem")(delayed(fit_lanes)(a, b) for a, b in pairwise(edges))
        return found


def log_count_ratios(X: sp.csr_matrix, target: sp.csr_matrix, weight: Floats, alpha: float) -> Floats:
    """Return the log-count ratio of every feature for every class against the rest, (n_classes, n_features).

    ``target`` is an indicator matrix (n_samples, n_classes). A feature counts in a document where its value is
    positive, by the document's ``weight``.
    """
    import scipy.sparse as sp

    present = sp.csr_matrix(((X.data > 0).astype(np.float64), X.indices, X.indptr), shape=X.shape)
    members = sp.csr_matrix((weight[target.tocoo().row], target.indices, target.indptr), shape=target.shape).T
    own = (members @ present).toarray()
    rest = weight @ present - own
    own += alpha
    rest += alpha
    return np.asarray(np.log(own / own.sum(axis=1, keepdims=True)) - np.log(rest / rest.sum(axis=1, keepdims=True)))
