"""Base class of classifiers trained by dual coordinate descent: checks, blocks of classes, a path over C."""

from __future__ import annotations

import warnings
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from copydesk.classifiers.base import LinearClassifier, narrow_csr
from copydesk.classifiers.losses import RowTargets
from copydesk.compiled.arrays import Array, Floats
from copydesk.compiled.threads import thread_count
from copydesk.features.parameters import check_class_weight, check_n_jobs
from copydesk.labels.indicator import is_indicator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from copydesk.classifiers.solvers.training_rows import DualRows, Limits, RowClasses, Solution
    from copydesk.classifiers.trust_region import RowShards


START_EXPONENT = 0.5
"""Dual variables grow more slowly than C because the errors shrink; found by counting passes."""


class Problem(NamedTuple):
    """One training set, ready for any ``C``: the matrix, its compacted rows, targets and costs at C = 1."""

    X: Any
    rows: DualRows
    target: RowClasses
    n_lanes: int
    """Number of weight vectors: one per class or label, but a single one for two classes."""
    sample_cost: Floats
    class_cost: Floats


class DualLinearClassifier(LinearClassifier):
    """Base class of `LinearSVM` and `LogisticRegression`."""

    C: float
    fit_intercept: bool
    intercept_scaling: float
    class_weight: Any
    tol: float
    max_iter: int
    n_jobs: int | None
    random_state: Any

    n_iter_: int

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit to ``X`` (n_samples, n_features), sparse or dense, and labels ``y`` (n_samples,).

        Where documents have several labels, ``y`` is an indicator matrix (n_samples, n_labels), sparse or dense; each
        label is then a problem of its own, and ``classes_`` numbers them. Rows of ``sample_weight`` zero are left out.
        float32 input is trained in float32.

        Raises
        ------
        ValueError
            Fewer than two classes with positive weight, or a parameter out of range.
        """
        self._solve(self._problem(X, y, sample_weight), None)
        return self

    def fit_path(self, X: Any, y: Any, Cs: Sequence[float], sample_weight: Any = None) -> Iterator[Self]:
        """Yield copies fitted for each of ``Cs`` in ascending order, each started from the previous solution.

        The training matrix is prepared once and a warm start saves passes, so that the path costs little more than
        its largest C.
        """
        from sklearn.base import clone

        problem: Problem | None = None
        dual: Floats | None = None
        last = 1.0
        for C in sorted(Cs):
            fitted = clone(self).set_params(C=C)
            # The problem does not depend on C.
            if problem is None:
                first = fitted
                problem = fitted._problem(X, y, sample_weight)
            fitted._check_parameters()
            fitted._take_targets(first)
            start = None if dual is None else dual * (C / last) ** START_EXPONENT
            dual = fitted._solve(problem, start)
            last = C
            yield fitted

    def fit_shards(
        self, place: Callable[[RowTargets], RowShards], dtype: Any, y: Any, sample_weight: Any = None
    ) -> Self:
        """Fit to rows that are spread over shards, by the trust-region Newton method: the same optimum as by ``fit``.

        Parameters
        ----------
        place : callable
            Gives shards their rows' targets; returns the shards.
        dtype : dtype
            Of the weights.
        y, sample_weight : as for ``fit``

        Raises
        ------
        ValueError
            As ``fit``; or the loss has no second derivatives.
        """
        from sklearn.utils.validation import _check_sample_weight

        from copydesk.classifiers.trust_region import Objective, minimise

        self._check_parameters()
        sample_cost = _check_sample_weight(sample_weight, y, dtype=np.float64, ensure_non_negative=True)
        if not sample_cost.all():
            raise ValueError("rows of weight zero can't be spread over shards; leave them out")
        y, members = self._set_classes(y)
        loss = self.shard_loss()
        members = members[:, -self._n_outputs :]  # of two classes the second
        cost, class_cost = self._costs(y, self._n_outputs, sample_cost)
        shards = place(RowTargets(members, self.C * cost, class_cost, loss, self._constant))
        self.n_features_in_ = shards.n_features
        start = np.zeros((shards.n_features + 1, self._n_outputs))
        weights, self.n_iter_, converged = minimise(Objective(shards, loss == "softmax"), start, max_iter=self.max_iter)
        self.weights_ = np.ascontiguousarray(weights[:-1], dtype=dtype)
        self.intercept_ = np.asarray(weights[-1] * self._constant, dtype=dtype)
        self._warn_of_convergence(converged)
        return self

    def shard_loss(self) -> str:
        """Return the name of the loss among ``losses.LOSSES``; "softmax" depends on the classes too.

        Raises
        ------
        ValueError
            The loss has no second derivatives.
        """
        raise NotImplementedError

    def partial_fit(self, X: Any, y: Any, classes: Any = None) -> Self:
        """Learn from further rows, once each: minimise over their dual variables, those of earlier rows fixed.

        Parameters
        ----------
        X, y : as for ``fit``, without several labels
        classes : array-like of shape (n_classes,)
            All labels that will come; needed at the first call.

        Raises
        ------
        ValueError
            ``classes`` is not given, lacks a label, or rows weigh by the sizes of classes, which no stream knows.
        """
        from sklearn.utils.multiclass import check_classification_targets, unique_labels
        from sklearn.utils.validation import validate_data

        from copydesk.classifiers.block_descent import BlockDescent, RowBlock

        first = not hasattr(self, "weights_")
        X, y = validate_data(self, X, y, accept_sparse="csr", dtype=[np.float64, np.float32], reset=first)
        check_classification_targets(y)
        if self.class_weight == "balanced":
            raise ValueError("class_weight='balanced' needs the sizes of classes, which partial_fit does not know")
        if first and classes is None:
            raise ValueError("classes: partial_fit needs all labels at its first call")
        known = unique_labels(classes) if first else self.classes_
        strange = np.setdiff1d(y, known)
        if len(strange):
            raise ValueError(f"y has labels that are not in classes: {strange[:5].tolist()}")
        dtype = X.dtype if first else self.weights_.dtype
        X = narrow_csr(X).astype(dtype)
        X.sum_duplicates()
        descent = BlockDescent(self, known, np.ones(len(known)), X.shape[1] if first else 0, dtype)
        if not first:
            descent.weights, descent.intercept = self.weights_, self.intercept_ / (self._constant or 1.0)
        block = RowBlock.of(X, np.searchsorted(known, y))
        descent.visit(block, descent.new_dual(len(block)), int(self.max_iter), self._seed)
        descent.finish(1)
        return self

    def _solve_lanes(
        self,
        rows: DualRows,
        target: RowClasses,
        sample_cost: Floats,
        class_cost: Floats,
        lanes: tuple[int, int],
        limits: Limits,
        solution: Solution,
    ) -> None:
        """Improve a solution of some of the weight vectors on some of the rows."""
        problem = Problem(None, rows, target, self._n_outputs, sample_cost, class_cost)
        self._run_solver(problem, *lanes, limits, solution)

    def _objective_terms(self, scores: Floats, positive: Array, dual: Floats, bounds: Floats) -> tuple[Floats, Floats]:
        """Return what rows add to the primal and to the dual objective of each problem.

        Parameters
        ----------
        scores, dual : ndarray of shape (n_rows, n_lanes)
            Dual variables times the signs of labels.
        positive : bool ndarray of shape (n_rows, n_lanes)
            Whether a row is of the class.
        bounds : ndarray of shape (n_rows, n_lanes)
            C times the weights of row and class.
        """
        raise NotImplementedError

    def _run_solver(self, problem: Problem, first: int, last: int, limits: Limits, solution: Solution) -> Any:
        """Solve classes ``first`` to ``last``; return whether each has converged."""
        raise NotImplementedError

    def _max_blocks(self, n_lanes: int) -> int:
        """Return the largest number of independent blocks of classes."""
        return n_lanes

    def _costs(self, y: Array, n_lanes: int, sample_cost: Floats) -> tuple[Floats, Floats]:
        """Return the cost of each sample, and for each weight vector the factors for the rest and for the class.

        As in LIBLINEAR, a class's weight counts in its own problem only. Labels of an indicator matrix are balanced
        against the documents without them, as scikit-learn balances two classes.
        """
        if is_indicator(y):
            return sample_cost, self._label_costs(y, sample_cost)
        weight = self._class_weights(y, sample_cost)
        class_cost = np.ones((n_lanes, 2))
        class_cost[:, 1] = weight[-n_lanes:]
        if n_lanes == 1:
            class_cost[0, 0] = weight[0]
        return sample_cost, class_cost

    def _label_costs(self, y: Any, sample_cost: Floats) -> Floats:
        """Return the factors for the documents without and with each label, shape (n_labels, 2)."""
        class_cost = np.ones((y.shape[1], 2))
        if self.class_weight == "balanced":
            own = np.asarray(y.T @ sample_cost)
            total = sample_cost.sum()
            # a label of no document or of all has nothing to be balanced against
            both = (own > 0) & (own < total)
            class_cost[both] = total / (2 * np.column_stack([total - own, own])[both])
        elif self.class_weight is not None:
            for label, weight in self.class_weight.items():
                class_cost[np.flatnonzero(self.classes_ == label), 1] = weight
        return class_cost

    def _class_weights(self, y: Array, sample_cost: Floats) -> Floats:
        """Return the weight of each class, shape (n_classes,)."""
        if self.class_weight == "balanced":  # by the total weight of each class, as in scikit-learn
            sizes = np.bincount(np.searchsorted(self.classes_, y), weights=sample_cost)
            return np.asarray(sizes.sum() / (len(sizes) * sizes))
        from sklearn.utils import compute_class_weight

        return np.asarray(compute_class_weight(self.class_weight, classes=self.classes_, y=y))

    def _problem(self, X: Any, y: Any, sample_weight: Any) -> Problem:
        from sklearn.utils.multiclass import check_classification_targets
        from sklearn.utils.validation import _check_sample_weight, validate_data

        from copydesk.classifiers.solvers.training_rows import RowClasses, dual_rows

        y = np.asarray(y) if isinstance(y, list) else y
        X, y = validate_data(
            self,
            X,
            y,
            accept_sparse="csr",
            dtype=[np.float64, np.float32],
            order="C",
            multi_output=is_indicator(y),
        )
        check_classification_targets(y)
        self._check_parameters()
        sample_cost = _check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)
        if not sample_cost.all():
            X, y, sample_cost = X[sample_cost > 0], y[sample_cost > 0], sample_cost[sample_cost > 0]
        X = narrow_csr(X)
        y, target = self._set_classes(y)
        n_lanes = self._n_outputs
        rows = dual_rows(X, n_lanes)
        if rows is None:
            X = X.copy()  # leaves the caller's matrix alone
            X.sum_duplicates()
            rows = dual_rows(X, n_lanes)
            assert rows is not None
        sample_cost, class_cost = self._costs(y, n_lanes, sample_cost)
        lanes = target.indices
        if n_lanes == 1 and not self.multilabel_:
            lanes = lanes - 1  # the only weight vector is that of classes_[1]
        targets = RowClasses(target.indptr.astype(np.int64), lanes.astype(np.int32))
        return Problem(X, rows, targets, n_lanes, sample_cost, class_cost)

    def _check_parameters(self) -> None:
        for name in ("C", "tol", "max_iter", "intercept_scaling"):
            value = getattr(self, name)
            if not value > 0 or not np.isfinite(value):
                raise ValueError(f"{name}={value!r} is not valid; it must be a positive number")
        check_n_jobs(self.n_jobs)
        check_class_weight(self.class_weight)

    def _solve(self, problem: Problem, start: Floats | None) -> Floats:
        """Fit from dual variables ``start`` (n_samples, n_lanes) or from zero; return the final ones."""
        from joblib import Parallel, delayed

        n_lanes = problem.n_lanes
        n_blocks = min(thread_count(self.n_jobs), self._max_blocks(n_lanes))
        edges = np.linspace(0, n_lanes, n_blocks + 1).astype(int)
        self.weights_ = np.zeros((problem.X.shape[1], n_lanes), dtype=problem.X.dtype)
        blocks = Parallel(n_jobs=n_blocks, require="sharedmem")(
            delayed(self._solve_block)(problem, first, last, start) for first, last in pairwise(edges)
        )
        self.intercept_ = np.concatenate([intercept for intercept, *_ in blocks])
        self.n_iter_ = int(max(n_iter.max() for *_, n_iter, _ in blocks))
        converged = np.concatenate([np.atleast_1d(converged) for *_, converged in blocks])
        self._warn_of_convergence(converged)
        return np.concatenate([dual for _, dual, *_ in blocks], axis=1)

    def _warn_of_convergence(self, converged: NDArray[np.bool_]) -> None:
        from sklearn.exceptions import ConvergenceWarning

        if not converged.all():
            warnings.warn(
                f"{type(self).__name__} stopped after max_iter={self.max_iter} passes with "
                f"{np.count_nonzero(~converged)} of {converged.size} problems not within tol={self.tol}; "
                "raise max_iter or tol, lower C, or scale the features to unit length",
                ConvergenceWarning,
                stacklevel=4,
            )

    def _solve_block(
        self, problem: Problem, first: int, last: int, start: Floats | None
    ) -> tuple[Floats, Floats, NDArray[np.int32], Any]:
        from copydesk.classifiers.solvers.training_rows import Limits, Solution, start_weights, write_weights

        X, rows, dtype = problem.X, problem.rows, problem.X.dtype
        dual = np.zeros((X.shape[0], last - first), dtype=dtype)
        weights = np.zeros(rows.n_weighted * (last - first), dtype=dtype)
        intercept = np.zeros(last - first, dtype=dtype)
        n_iter = np.zeros(last - first, dtype=np.int32)
        solution = Solution(weights, intercept, dual, n_iter)
        if start is not None:
            dual[:] = start[:, first:last]
            start_weights(rows, self._constant, solution)
        limits = Limits(self._constant, float(self.tol), int(self.max_iter), self._seed)
        converged = self._run_solver(problem, first, last, limits, solution)
        write_weights(X.indptr, X.indices, X.data, rows, solution, first, self.weights_)
        return intercept * self._constant, dual, n_iter, converged

    @property
    def _constant(self) -> float:
        """Value of the constant feature whose weight is the intercept."""
        return float(self.intercept_scaling) if self.fit_intercept else 0.0

    @property
    def _seed(self) -> int:
        from sklearn.utils import check_random_state

        return int(check_random_state(self.random_state).randint(np.iinfo(np.int32).max))
