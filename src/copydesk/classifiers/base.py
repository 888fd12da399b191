"""Base class of linear classifiers: one weight vector per class, or a single one for two classes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from copydesk.compiled.arrays import Array, Floats
from copydesk.interface.checks import require_fitted
from copydesk.interface.late_bases import Classifier
from copydesk.labels.indicator import as_indicator, is_indicator

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix


class LinearClassifier(Classifier):
    """Scores and labels from ``weights_``, ``intercept_`` and ``classes_``, which subclasses fit."""

    weights_: Floats
    intercept_: Floats
    classes_: Array
    n_features_in_: int
    multilabel_: bool = False  # whether a document may have several labels, or none

    def decision_function(self, X: Any) -> Floats:
        """Return scores (n_samples, n_classes); for two classes (n_samples,), positive for ``classes_[1]``."""
        from sklearn.utils.validation import validate_data

        require_fitted(self)
        X = validate_data(self, X, accept_sparse="csr", dtype=[np.float64, np.float32], reset=False)
        scores = np.asarray(X @ self.weights_ + self.intercept_)
        return scores.ravel() if scores.shape[1] == 1 else scores

    def predict(self, X: Any) -> Array:
        """Return the label of the highest score, (n_samples,); with several labels an indicator of scores above 0."""
        scores = self.decision_function(X)
        if self.multilabel_:
            return np.asarray(scores.reshape(len(scores), -1) > 0, dtype=np.int64)
        best = (scores > 0).astype(np.intp) if scores.ndim == 1 else scores.argmax(axis=1)
        return np.asarray(self.classes_[best])

    @property
    def coef_(self) -> Floats:
        """Weights as scikit-learn lays them out, (n_classes, n_features), or (1, n_features) for two classes.

        A view: ``weights_``, [feature, class], is what is stored.
        """
        return self.weights_.T

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.classifier_tags.multi_label = True
        return tags

    @property
    def _n_outputs(self) -> int:
        """Number of weight vectors: one per class or label, but a single one for two classes."""
        return 1 if self.classes_.size == 2 and not self.multilabel_ else int(self.classes_.size)

    def _take_targets(self, other: LinearClassifier) -> None:
        """Take the classes and features that another classifier was fitted to."""
        for name in ("classes_", "multilabel_", "n_features_in_", "feature_names_in_"):
            if name in vars(other):
                setattr(self, name, getattr(other, name))

    def _set_classes(self, y: Any) -> tuple[Any, csr_matrix]:
        """Set ``classes_``; return the targets, and as an indicator matrix (n_samples, n_classes)."""
        if is_indicator(y):
            y = as_indicator(y)
            self.classes_, self.multilabel_ = np.arange(y.shape[1]), True
            return y, y
        from scipy.sparse import csr_matrix

        vars(self).pop("multilabel_", None)  # of an earlier fit
        self.classes_, target = np.unique(y, return_inverse=True)
        if self.classes_.size < 2:
            raise ValueError(
                f"{type(self).__name__} needs samples of at least 2 classes with positive weight, "
                f"but found {self.classes_.size} class: {self.classes_.tolist()}"
            )
        members = (np.ones(len(target), np.uint8), target.astype(np.int32), np.arange(len(target) + 1))
        return y, csr_matrix(members, shape=(len(target), self.classes_.size))


def narrow_csr(X: Any) -> Any:
    """Return a matrix as CSR with 32-bit indices.

    Raises
    ------
    ValueError
        The matrix is too large for them.
    """
    from scipy.sparse import csr_matrix

    X = csr_matrix(X)
    if X.indices.dtype != np.int32:
        largest = np.iinfo(np.int32).max
        if max(X.nnz, *X.shape) > largest:
            raise ValueError(f"X has {X.nnz} entries and shape {X.shape}: valid are at most {largest} of each")
        X = csr_matrix((X.data, X.indices.astype(np.int32), X.indptr.astype(np.int32)), shape=X.shape, copy=False)
    return X
