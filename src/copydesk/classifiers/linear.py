"""Linear classifiers trained by dual coordinate descent over all classes in one pass."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, Self, TypeVar

import numpy as np
import scipy.sparse as sp
from joblib import Parallel, delayed, effective_n_jobs
from numpy.typing import NDArray
from scipy.special import expit, softmax
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state, compute_class_weight
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from copydesk.classifiers.dual_logistic import solve_multinomial, solve_one_vs_rest
from copydesk.classifiers.dual_rows import DualRows, dual_rows, start_weights, write_weights
from copydesk.classifiers.dual_svm import solve_svm

Floats = NDArray[Any]
Estimator = TypeVar("Estimator", bound="DualLinearClassifier")


class _Problem(NamedTuple):
    """One training set, ready for any ``C``: the matrix, its compacted rows, targets and costs at C = 1."""

    X: Any
    rows: DualRows
    target: NDArray[np.int32]
    n_lanes: int
    """Weight vectors to find: one per class, but a single one where there are two classes."""
    sample_cost: NDArray[np.float64]
    class_cost: NDArray[np.float64]


class DualLinearClassifier(ClassifierMixin, BaseEstimator):
    """What `LinearSVM` and `LogisticRegression` share: checking, blocks of classes, the fitted attributes."""

    C: float
    fit_intercept: bool
    intercept_scaling: float
    class_weight: Any
    tol: float
    max_iter: int
    n_jobs: int | None
    random_state: Any

    weights_: Floats
    intercept_: Floats
    classes_: NDArray[Any]
    n_iter_: int
    n_features_in_: int

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit to ``X`` (n_samples, n_features), sparse or dense, and labels ``y`` (n_samples,).

        Rows of ``sample_weight`` zero are left out. float32 input is trained in float32.

        Raises
        ------
        ValueError
            Fewer than two classes with positive weight, or a parameter out of range.
        """
        self._solve(self._problem(X, y, sample_weight), None)
        return self

    def decision_function(self, X: Any) -> Floats:
        """Return scores: (n_samples,) for two classes, positive for ``classes_[1]``, else (n_samples, n_classes)."""
        check_is_fitted(self)
        X = validate_data(self, X, accept_sparse="csr", dtype=[np.float64, np.float32], reset=False)
        scores = np.asarray(X @ self.weights_ + self.intercept_)
        return scores.ravel() if scores.shape[1] == 1 else scores

    def predict(self, X: Any) -> NDArray[Any]:
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

    def _solver(self, problem: _Problem, first: int, last: int) -> Callable[..., Any]:
        """Return the solver of classes ``first`` to ``last``, to be called with (weights, intercept, dual, n_iter)."""
        raise NotImplementedError

    def _max_blocks(self, n_lanes: int) -> int:
        """Into how many independent blocks the classes may be split."""
        return n_lanes

    def _costs(self, y: NDArray[Any], n_lanes: int, sample_cost: Floats) -> tuple[Floats, Floats]:
        """Return the cost of each sample, and of the rest and the class itself for each weight vector.

        As in LIBLINEAR, a class's weight counts in the class's own problem, not in those of the others.
        """
        if self.class_weight == "balanced":  # by the weight of each class's samples, as scikit-learn
            sizes = np.bincount(np.searchsorted(self.classes_, y), weights=sample_cost)
            weight = sizes.sum() / (len(sizes) * sizes)
        else:
            weight = compute_class_weight(self.class_weight, classes=self.classes_, y=y)
        class_cost = np.ones((n_lanes, 2))
        class_cost[:, 1] = weight[-n_lanes:]
        if n_lanes == 1:
            class_cost[0, 0] = weight[0]
        return sample_cost, class_cost

    def _problem(self, X: Any, y: Any, sample_weight: Any) -> _Problem:
        X, y = validate_data(
            self,
            X,
            y,
            accept_sparse="csr",
            dtype=[np.float64, np.float32],
            order="C",
            accept_large_sparse=False,
        )
        check_classification_targets(y)
        self._check_parameters()
        sample_cost = _check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)
        if not sample_cost.all():
            X, y, sample_cost = X[sample_cost > 0], y[sample_cost > 0], sample_cost[sample_cost > 0]
        X = sp.csr_matrix(X)
        if not X.has_canonical_format:
            X = X.copy()
            X.sum_duplicates()
        self.classes_, target = np.unique(y, return_inverse=True)
        if self.classes_.size < 2:
            raise ValueError(
                f"{type(self).__name__} needs samples of at least 2 classes with positive weight, "
                f"but found {self.classes_.size} class: {self.classes_.tolist()}"
            )
        n_lanes = 1 if self.classes_.size == 2 else self.classes_.size
        if n_lanes == 1:
            target = target - 1  # the only weight vector is that of classes_[1]
        sample_cost, class_cost = self._costs(y, n_lanes, sample_cost)
        return _Problem(X, dual_rows(X), target.astype(np.int32), n_lanes, sample_cost, class_cost)

    def _check_parameters(self) -> None:
        for name in ("C", "tol", "max_iter", "intercept_scaling"):
            value = getattr(self, name)
            if not value > 0 or not np.isfinite(value):
                raise ValueError(f"{name}={value!r} is not valid; it must be a positive number")

    def _solve(self, problem: _Problem, start: Floats | None) -> Floats:
        """Fit from dual variables ``start`` (n_samples, n_lanes) or from zero; return the dual variables found."""
        n_lanes = problem.n_lanes
        n_blocks = min(effective_n_jobs(self.n_jobs), self._max_blocks(n_lanes))
        edges = np.linspace(0, n_lanes, n_blocks + 1).astype(int)
        self.weights_ = np.zeros((problem.X.shape[1], n_lanes), dtype=problem.X.dtype)
        blocks = Parallel(n_jobs=n_blocks, prefer="threads")(
            delayed(self._solve_block)(problem, first, last, start)
            for first, last in zip(edges[:-1], edges[1:], strict=True)
        )
        self.intercept_ = np.concatenate([intercept for intercept, *_ in blocks])
        self.n_iter_ = int(max(n_iter.max() for *_, n_iter, _ in blocks))
        converged = np.concatenate([np.atleast_1d(converged) for *_, converged in blocks])
        if not converged.all():
            warnings.warn(
                f"{type(self).__name__} stopped after max_iter={self.max_iter} passes with "
                f"{np.count_nonzero(~converged)} of {converged.size} problems not within tol={self.tol}; "
                "raise max_iter or tol, lower C, or scale the features to unit length",
                ConvergenceWarning,
                stacklevel=3,
            )
        return np.concatenate([dual for _, dual, *_ in blocks], axis=1)

    def _solve_block(
        self, problem: _Problem, first: int, last: int, start: Floats | None
    ) -> tuple[Floats, Floats, NDArray[np.int32], Any]:
        X, rows, dtype = problem.X, problem.rows, problem.X.dtype
        dual = np.zeros((X.shape[0], last - first), dtype=dtype)
        weights = np.zeros(rows.n_shared * (last - first), dtype=dtype)
        intercept = np.zeros(last - first, dtype=dtype)
        n_iter = np.zeros(last - first, dtype=np.int32)
        if start is not None:
            dual[:] = start[:, first:last]
            start_weights(rows, dual, self._constant, weights, intercept)
        converged = self._solver(problem, first, last)(weights, intercept, dual, n_iter)
        write_weights(X.indptr, X.indices, X.data, rows, weights, dual, first, self.weights_)
        return intercept * self._constant, dual, n_iter, converged

    @property
    def _constant(self) -> float:
        """Value of the constant feature whose weight is the intercept."""
        return float(self.intercept_scaling) if self.fit_intercept else 0.0

    @property
    def _seed(self) -> int:
        return int(check_random_state(self.random_state).randint(np.iinfo(np.int32).max))


class LinearSVM(DualLinearClassifier):
    """Linear support vector machine, each class against the rest, with LIBLINEAR's optimum.

    Minimises ``||w||² / 2 + C Σ max(0, 1 - y f(x))²`` (or the same without the square) for each class.

    Parameters
    ----------
    C : float
        Inverse strength of the L2 penalty.
    loss : {"squared_hinge", "hinge"}
    fit_intercept : bool
        As in LIBLINEAR the intercept is the weight of a constant feature, and penalised with the others.
    intercept_scaling : float
        Value of that feature; the larger, the less the intercept is penalised.
    class_weight : dict, "balanced" or None
        Factor of C for the documents of a class in the class's own problem.
    tol : float
        Stops when the projected gradient's largest and smallest element, over all documents of a class, are this
        close. 0.1 is LIBLINEAR's own default: on text, ten times tighter changes no more than a label in a thousand.
    max_iter : int
        Passes over the documents.
    n_jobs : int or None
        Threads, each with a block of the classes. The result is the same for any number.
    random_state : int, RandomState or None
        Order of the documents. Fixed by default, so that the same data give the same model.

    Attributes
    ----------
    weights_ : array of shape (n_features, n_classes), or (n_features, 1) for two classes; float32 or float64 as ``X``
    intercept_ : array of shape (n_classes,) or (1,)
    classes_ : array of shape (n_classes,)
    n_iter_ : int
        Passes that the slowest class took.

    References
    ----------
    Hsieh, Chang, Lin, Keerthi & Sundararajan, "A Dual Coordinate Descent Method for Large-scale Linear SVM",
    ICML 2008. Fan et al., "LIBLINEAR: A Library for Large Linear Classification", JMLR 9, 2008.
    """

    def __init__(
        self,
        C: float = 1.0,
        *,
        loss: str = "squared_hinge",
        fit_intercept: bool = True,
        intercept_scaling: float = 1.0,
        class_weight: Any = None,
        tol: float = 0.1,
        max_iter: int = 1000,
        n_jobs: int | None = None,
        random_state: Any = 0,
    ) -> None:
        self.C = C
        self.loss = loss
        self.fit_intercept = fit_intercept
        self.intercept_scaling = intercept_scaling
        self.class_weight = class_weight
        self.tol = tol
        self.max_iter = max_iter
        self.n_jobs = n_jobs
        self.random_state = random_state

    def _check_parameters(self) -> None:
        super()._check_parameters()
        if self.loss not in ("squared_hinge", "hinge"):
            raise ValueError(f"loss={self.loss!r} is not valid; choose 'squared_hinge' or 'hinge'")

    def _solver(self, problem: _Problem, first: int, last: int) -> Callable[..., Any]:
        def solve(*state: Any) -> Any:
            cost, class_cost = self.C * problem.sample_cost, problem.class_cost[first:last]
            squared = self.loss == "squared_hinge"
            return solve_svm(
                problem.rows, problem.target - first, cost, class_cost, squared, self._constant, float(self.tol),
                int(self.max_iter), self._seed, *state,
            )  # fmt: skip

        return solve


class LogisticRegression(DualLinearClassifier):
    """L2-regularised logistic regression, multinomial or each class against the rest.

    Minimises ``||w||² / 2 + C Σ log-loss``. Two classes have one weight vector and the binary logistic loss either
    way, as in scikit-learn.

    Parameters
    ----------
    C, fit_intercept, intercept_scaling, max_iter, random_state
        As for `LinearSVM`. scikit-learn's default solver does not penalise the intercept; here it is penalised.
    multi_class : {"multinomial", "ovr"}
        One softmax over all classes, or each class against the rest.
    class_weight : dict, "balanced" or None
        Factor of C for the documents of a class; for "ovr", in the class's own problem.
    tol : float
        Stops when no document's dual variable was further than this from the probability it should be.
    n_jobs : int or None
        Threads for blocks of classes; the softmax ties all classes together and uses one.

    Attributes
    ----------
    weights_, intercept_, classes_, n_iter_
        As for `LinearSVM`.

    References
    ----------
    Yu, Huang & Lin, "Dual coordinate descent methods for logistic regression and maximum entropy models",
    Machine Learning 85, 2011.
    """

    def __init__(
        self,
        C: float = 1.0,
        *,
        multi_class: str = "multinomial",
        fit_intercept: bool = True,
        intercept_scaling: float = 1.0,
        class_weight: Any = None,
        tol: float = 0.01,
        max_iter: int = 1000,
        n_jobs: int | None = None,
        random_state: Any = 0,
    ) -> None:
        self.C = C
        self.multi_class = multi_class
        self.fit_intercept = fit_intercept
        self.intercept_scaling = intercept_scaling
        self.class_weight = class_weight
        self.tol = tol
        self.max_iter = max_iter
        self.n_jobs = n_jobs
        self.random_state = random_state

    def predict_proba(self, X: Any) -> Floats:
        """Return probabilities (n_samples, n_classes): softmax, or for "ovr" each class's, scaled to sum to 1."""
        scores = self.decision_function(X)
        if scores.ndim == 1:
            positive = expit(scores)
            return np.column_stack([1 - positive, positive])
        if self.multi_class == "multinomial":
            return np.asarray(softmax(scores, axis=1))
        # Far from every class all may underflow to zero; the largest score decides then.
        logs = -np.logaddexp(0, -scores)
        return np.asarray(softmax(logs, axis=1))

    def predict_log_proba(self, X: Any) -> Floats:
        """Return the logarithm of `predict_proba`."""
        return np.log(self.predict_proba(X))

    def _check_parameters(self) -> None:
        super()._check_parameters()
        if self.multi_class not in ("multinomial", "ovr"):
            raise ValueError(f"multi_class={self.multi_class!r} is not valid; choose 'multinomial' or 'ovr'")

    def _is_softmax(self, n_lanes: int) -> bool:
        return self.multi_class == "multinomial" and n_lanes > 1

    def _max_blocks(self, n_lanes: int) -> int:
        return 1 if self._is_softmax(n_lanes) else n_lanes

    def _costs(self, y: NDArray[Any], n_lanes: int, sample_cost: Floats) -> tuple[Floats, Floats]:
        if not self._is_softmax(n_lanes):
            return super()._costs(y, n_lanes, sample_cost)
        if self.class_weight == "balanced":  # by the weight of each class's samples, as scikit-learn
            sizes = np.bincount(np.searchsorted(self.classes_, y), weights=sample_cost)
            weight = sizes.sum() / (len(sizes) * sizes)
        else:
            weight = compute_class_weight(self.class_weight, classes=self.classes_, y=y)
        return sample_cost * weight[np.searchsorted(self.classes_, y)], np.ones((n_lanes, 2))

    def _solver(self, problem: _Problem, first: int, last: int) -> Callable[..., Any]:
        def solve(*state: Any) -> Any:
            cost = self.C * problem.sample_cost
            limits = (self._constant, float(self.tol), int(self.max_iter), self._seed)
            if self._is_softmax(problem.n_lanes):
                return solve_multinomial(problem.rows, problem.target, cost, *limits, *state)
            class_cost = problem.class_cost[first:last]
            return solve_one_vs_rest(problem.rows, problem.target - first, cost, class_cost, *limits, *state)

        return solve


START_EXPONENT = 0.5
"""Dual variables grow with C, but slower than C, because the errors shrink; found by counting passes."""


def c_path(
    classifier: Estimator, X: Any, y: Any, Cs: Sequence[float], sample_weight: Any = None
) -> Iterator[Estimator]:
    """Yield ``classifier`` fitted for each of ``Cs`` in ascending order, each started from the one before.

    The training matrix is prepared once, and a start near the optimum saves most passes, so that the path costs
    little more than its largest C.
    """
    problem: _Problem | None = None
    dual: Floats | None = None
    last = 1.0
    for C in sorted(Cs):
        fitted = clone(classifier).set_params(C=C)
        # Everything but the class labels is the same for each C, so the problem is made by the first alone.
        if problem is None:
            first = fitted
            problem = fitted._problem(X, y, sample_weight)
        fitted.classes_, fitted.n_features_in_ = first.classes_, first.n_features_in_
        start = None if dual is None else dual * (C / last) ** START_EXPONENT
        dual = fitted._solve(problem, start)
        last = C
        yield fitted
