"""Training targets of one label for each document, or of a set of labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from copydesk.labels.indicator import as_indicator, indicator_of, is_indicator
from copydesk.labels.stratification import stratify

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix


class OneLabel:
    """One label for each document.

    Parameters
    ----------
    values : ndarray of shape (n_documents,)
        As features and classifiers take it.
    """

    def __init__(self, values: NDArray[np.object_]) -> None:
        self.values = values

    def take(self, rows: NDArray[Any]) -> OneLabel:
        """Return the targets of some documents, by position or mask."""
        return OneLabel(self.values[rows])

    def classes(self, classifier: Any) -> NDArray[Any]:
        """Return the labels of a classifier that was fitted to them."""
        return np.asarray(classifier.classes_)

    def teach(self, weight: NDArray[Any] | None) -> bool:
        """Return whether documents of positive weight have at least two labels."""
        return len(set(self.values if weight is None else self.values[weight > 0])) > 1

    def align(self, scores: NDArray[Any], classifier: Any, classes: NDArray[Any]) -> NDArray[Any]:
        """Return scores of a classifier that was fitted to them, in the columns of ``classes``; -inf of others."""
        return aligned(scores, classifier.classes_, classes)

    def judged(self, scores: NDArray[Any], classes: NDArray[Any]) -> NDArray[np.bool_]:
        """Return which documents have a score for their own label and for another one."""
        known = np.isfinite(scores)
        own = known & (self.values[:, None] == classes[None, :])
        return np.asarray(own.any(axis=1) & (known.sum(axis=1) > 1))

    def folds(self, groups: Any, n_folds: int, random_state: int) -> NDArray[np.intp]:
        """Return the fold in which each document is held out, shape (n_documents,).

        Groups stay whole; with fewer than two, or none given, each label is spread over the folds.
        """
        n_groups = _n_groups(groups)
        fold_of = np.zeros(len(self.values), dtype=np.intp)
        if n_groups > 1:
            from sklearn.model_selection import GroupKFold

            splitter = GroupKFold(min(n_folds, n_groups), shuffle=True, random_state=random_state)
            for fold, (_, held_out) in enumerate(splitter.split(self.values, groups=groups)):
                fold_of[held_out] = fold
            return fold_of
        order = np.random.default_rng(random_state).permutation(len(self.values))
        _, codes = np.unique(self.values.astype(str), return_inverse=True)
        fold_of[order[np.argsort(codes[order], kind="stable")]] = np.arange(len(self.values)) % n_folds
        return fold_of


class LabelSets:
    """A set of labels for each document; see ``OneLabel`` for the methods.

    Parameters
    ----------
    values : csr_matrix of uint8, shape (n_documents, n_labels)
        Indicator, as features and classifiers take it.
    names : ndarray of shape (n_labels,)
    """

    def __init__(self, values: csr_matrix, names: NDArray[Any]) -> None:
        self.values = values
        self.names = names

    def take(self, rows: NDArray[Any]) -> LabelSets:
        """Return the targets of some documents, by position or mask."""
        return LabelSets(self.values[rows], self.names)

    def classes(self, classifier: Any) -> NDArray[Any]:
        """Return the names; a classifier numbers them."""
        return self.names

    def teach(self, weight: NDArray[Any] | None) -> bool:
        """Return whether any document of positive weight has a label."""
        return bool((self.values if weight is None else self.values[weight > 0]).nnz)

    def align(self, scores: NDArray[Any], classifier: Any, classes: NDArray[Any]) -> NDArray[Any]:
        """Return scores of a classifier that was fitted to them; -inf of labels that no document has."""
        found = scores[:, -len(self.names) :]  # a single label may have been scored as two classes
        return np.where(np.asarray(self.values.sum(axis=0)).ravel() > 0, found, -np.inf)

    def judged(self, scores: NDArray[Any], classes: NDArray[Any]) -> NDArray[np.bool_]:
        """Return which documents have a score for any label."""
        return np.asarray(np.isfinite(scores).any(axis=1))

    def folds(self, groups: Any, n_folds: int, random_state: int) -> NDArray[np.intp]:
        """Return the fold in which each document is held out, shape (n_documents,).

        Every label is spread over the folds; groups stay whole.
        """
        n_groups = _n_groups(groups)
        units = np.unique(np.asarray(groups).astype(str), return_inverse=True)[1] if n_groups > 1 else None
        n_folds = min(n_folds, n_groups) if n_groups > 1 else n_folds
        rng = np.random.default_rng(random_state)
        return stratify(self.values, [1 / n_folds] * n_folds, rng, units).astype(np.intp)


Targets: TypeAlias = OneLabel | LabelSets


def training_targets(y: Any, classes: NDArray[Any] | None = None) -> Targets:
    """Return targets from labels, sets of labels, or an indicator matrix.

    Parameters
    ----------
    y : array-like of shape (n_documents,) of labels or of lists, tuples or sets of labels; or indicator matrix
    classes : ndarray of shape (n_labels,), optional
        Labels of the columns, for sets of labels and indicator matrices; by default those found, sorted, and the
        numbers of the columns.
    """
    if isinstance(y, OneLabel | LabelSets):
        return y
    if is_indicator(y):
        indicator = as_indicator(y)
        return LabelSets(indicator, np.arange(indicator.shape[1]) if classes is None else classes)
    if len(y) and isinstance(next(iter(y)), list | tuple | set | frozenset):
        return LabelSets(*indicator_of(y, None if classes is None else classes.tolist()))
    return OneLabel(np.asarray(y, dtype=object))


def aligned(scores: NDArray[Any], classes: Any, all_classes: Any) -> NDArray[np.float64]:
    """Return scores with a column for each of ``all_classes``, -inf of those that are not among ``classes``."""
    column = {label: at for at, label in enumerate(classes)}
    known = np.array([label in column for label in all_classes], dtype=bool)
    found = np.full((len(scores), len(all_classes)), -np.inf)
    found[:, known] = scores[:, [column[label] for label in np.asarray(all_classes, dtype=object)[known]]]
    return found


def _n_groups(groups: Any) -> int:
    return 0 if groups is None else len(set(np.asarray(groups).tolist()))
