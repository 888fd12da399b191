"""Linear support vector machine and logistic regression, trained by dual coordinate descent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from copydesk.classifiers.dual import DualLinearClassifier, Problem
from copydesk.classifiers.probability import expit, softmax
from copydesk.compiled.arrays import Array, Floats

if TYPE_CHECKING:
    from copydesk.classifiers.solvers.training_rows import Limits, Solution


class LinearSVM(DualLinearClassifier):
    """Linear support vector machine, each class against the rest, with LIBLINEAR's optimum.

    Minimises ``||w||² / 2 + C Σ max(0, 1 - y f(x))²`` (or the same without the square) for each class.

    Parameters
    ----------
    C : float, default=1.0
        Inverse strength of the L2 penalty.
    loss : {"squared_hinge", "hinge"}
    fit_intercept : bool
        As in LIBLINEAR the intercept is the weight of a constant feature and penalised like the others.
    intercept_scaling : float
        Value of that feature; the larger it is, the less the intercept is penalised.
    class_weight : dict, "balanced" or None
        Factor of C for the documents of a class in the class's own problem. With an indicator matrix the keys are
        numbers of columns, and balanced labels weigh as much as the documents without them.
    tol : float
        Stops when the largest and the smallest element of a class's projected gradient differ by at most this. 0.1
        is LIBLINEAR's default: on text, a ten times smaller value changes at most one label in a thousand.
    max_iter : int
        Passes over the documents.
    n_jobs : int or None
        Threads, each with a block of the classes. The result is the same for any number.
    random_state : int, RandomState or None
        Seed of the order of the documents, fixed by default for reproducible models.

    Attributes
    ----------
    weights_ : array of shape (n_features, n_classes), or (n_features, 1) for two classes
        float32 or float64, as ``X``.
    intercept_ : array of shape (n_classes,) or (1,)
    classes_ : array of shape (n_classes,)
    n_iter_ : int
        Passes of the slowest class.

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

    def shard_loss(self) -> str:
        """Return the loss, as ``fit_shards`` needs it."""
        if self.loss != "squared_hinge":
            raise ValueError(f"loss={self.loss!r} has no second derivatives to spread over shards; use 'squared_hinge'")
        return self.loss

    def _objective_terms(self, scores: Floats, positive: Array, dual: Floats, bounds: Floats) -> tuple[Floats, Floats]:
        sign = np.where(positive, 1.0, -1.0)
        errors, alpha = np.maximum(0.0, 1.0 - sign * scores), sign * dual
        if self.loss == "hinge":
            return (bounds * errors).sum(axis=0), alpha.sum(axis=0)
        return (bounds * errors**2).sum(axis=0), (alpha - alpha**2 / (4.0 * bounds)).sum(axis=0)

    def _run_solver(self, problem: Problem, first: int, last: int, limits: Limits, solution: Solution) -> Any:
        from copydesk.classifiers.solvers.svm import solve_svm

        cost, class_cost = self.C * problem.sample_cost, problem.class_cost[first:last]
        squared = self.loss == "squared_hinge"
        return solve_svm(problem.rows, problem.target.block(first), cost, class_cost, squared, limits, solution)


class LogisticRegression(DualLinearClassifier):
    """L2-regularised logistic regression, multinomial or each class against the rest.

    Minimises ``||w||² / 2 + C Σ log-loss``. Two classes have one weight vector and the binary logistic loss
    either way, as in scikit-learn.

    Parameters
    ----------
    C, fit_intercept, intercept_scaling, max_iter, random_state
        As for `LinearSVM`. scikit-learn's default solver leaves the intercept unpenalised; here it is penalised.
    multi_class : {"multinomial", "ovr"}
        One softmax over all classes, or each class against the rest. Labels of an indicator matrix are always fitted
        each against the rest.
    class_weight : dict, "balanced" or None
        Factor of C for the documents of a class; for "ovr", in the class's own problem.
    tol : float
        Stops when no document's dual variable differs by more than this from its probability at the optimum.
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
        """Return probabilities (n_samples, n_classes): softmax; for "ovr" each class's, scaled to sum to 1.

        With several labels they are independent, (n_samples, n_labels).
        """
        scores = self.decision_function(X)
        if self.multilabel_:
            return expit(scores.reshape(len(scores), -1))
        if scores.ndim == 1:
            positive = expit(scores)
            return np.column_stack([1 - positive, positive])
        if self.multi_class == "multinomial":
            return np.asarray(softmax(scores))
        # Logarithms, because all probabilities may underflow to zero far from every class.
        logs = -np.logaddexp(0, -scores)
        return np.asarray(softmax(logs))

    def predict_log_proba(self, X: Any) -> Floats:
        """Return the logarithm of `predict_proba`."""
        return np.log(self.predict_proba(X))

    def _check_parameters(self) -> None:
        super()._check_parameters()
        if self.multi_class not in ("multinomial", "ovr"):
            raise ValueError(f"multi_class={self.multi_class!r} is not valid; choose 'multinomial' or 'ovr'")

    def _is_softmax(self, n_lanes: int) -> bool:
        return self.multi_class == "multinomial" and n_lanes > 1 and not self.multilabel_

    def _max_blocks(self, n_lanes: int) -> int:
        return 1 if self._is_softmax(n_lanes) else n_lanes

    def _costs(self, y: Array, n_lanes: int, sample_cost: Floats) -> tuple[Floats, Floats]:
        if not self._is_softmax(n_lanes):
            return super()._costs(y, n_lanes, sample_cost)
        weight = self._class_weights(y, sample_cost)
        return sample_cost * weight[np.searchsorted(self.classes_, y)], np.ones((n_lanes, 2))

    def shard_loss(self) -> str:
        """Return the loss, as ``fit_shards`` needs it; that of two classes before ``classes_`` are known."""
        return "softmax" if hasattr(self, "classes_") and self._is_softmax(self._n_outputs) else "logistic"

    def _objective_terms(self, scores: Floats, positive: Array, dual: Floats, bounds: Floats) -> tuple[Floats, Floats]:
        if not self._is_softmax(scores.shape[1]):
            sign = np.where(positive, 1.0, -1.0)
            share = np.clip(sign * dual / bounds, 0.0, 1.0)
            entropy = -xlogx(share) - xlogx(1.0 - share)
            return (bounds * np.logaddexp(0.0, -sign * scores)).sum(axis=0), (bounds * entropy).sum(axis=0)
        largest = scores.max(axis=1, keepdims=True)
        logs = scores - largest - np.log(np.exp(scores - largest).sum(axis=1, keepdims=True))
        shares = np.clip(positive - dual / bounds, 0.0, 1.0)
        loss, entropy = -(bounds * positive * logs).sum(), -(bounds * xlogx(shares)).sum()
        return np.array([loss]), np.array([entropy])

    def _run_solver(self, problem: Problem, first: int, last: int, limits: Limits, solution: Solution) -> Any:
        from copydesk.classifiers.solvers.logistic import solve_multinomial, solve_one_vs_rest

        cost = self.C * problem.sample_cost
        if self._is_softmax(problem.n_lanes):
            return solve_multinomial(problem.rows, problem.target.indices, cost, limits, solution)
        class_cost = problem.class_cost[first:last]
        return solve_one_vs_rest(problem.rows, problem.target.block(first), cost, class_cost, limits, solution)


def xlogx(share: Floats) -> Floats:
    """Return ``share * log(share)``, 0 at 0."""
    return np.asarray(share * np.log(np.maximum(share, 1e-300)))
