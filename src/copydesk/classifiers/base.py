"""Base class of linear classifiers: one weight vector per class, or a single one for two classes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from copydesk.compiled.arrays import Array, Floats
from copydesk.interface.checks import require_fitted
from copydesk.interface.late_bases import Classifier


class LinearClassifier(Classifier):
    """Scores and labels from ``weights_``, ``intercept_`` and ``classes_``, which subclasses fit."""

    weights_: Floats
    intercept_: Floats
    classes_: Array
    n_features_in_: int

    def decision_function(self, X: Any) -> Floats:
        """Return scores (n_samples, n_classes); for two classes (n_samples,), positive for ``classes_[1]``."""
        from sklearn.utils.validation import validate_data

        require_fitted(self)
        X = validate_data(self, X, accept_sparse="csr", dtype=[np.float64, np.float32], reset=False)
        scores = np.asarray(X @ self.weights_ + self.intercept_)
        return scores.ravel() if scores.shape[1] == 1 else scores

    def predict(self, X: Any) -> Array:
        """Return the label of the highest score, (n_samples,)."""
        scores = self.decision_function(X)
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
        return tags

    def _set_classes(self, y: Array) -> NDArray[np.intp]:
        """Set ``classes_`` and return each label's number among them, (n_samples,)."""
        self.classes_, target = np.unique(y, return_inverse=True)
        if self.classes_.size < 2:
            raise ValueError(
                f"{type(self).__name__} needs samples of at least 2 classes with positive weight, "
                f"but found {self.classes_.size} class: {self.classes_.tolist()}"
            )
        return np.asarray(target)


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
