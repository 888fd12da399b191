"""Dual coordinate descent for linear support vector machines, all classes in one pass over the documents.

Hsieh, Chang, Lin, Keerthi & Sundararajan, "A Dual Coordinate Descent Method for Large-scale Linear SVM",
ICML 2008, algorithm 3. Each class against the rest is a problem with its own shrinking and stopping; they share
the order of the documents, so that the result of a class does not depend on the classes solved beside it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from copydesk.classifiers.solvers.training_rows import (
    add_row,
    add_row_at,
    mark_classes,
    score_row,
    score_row_at,
    shuffle,
)
from copydesk.compiled.arrays import Array
from copydesk.compiled.kernel import kernel

FEW_ACTIVE = 8
"""A row of which fewer than one in so many classes is active visits these alone; found by timing 90 labels."""


class Shrinking(NamedTuple):
    """Documents that each class still visits, and bounds of their projected gradients.

    Attributes
    ----------
    active : bool array of shape (n_samples, n_classes)
    active_classes : int32 array of shape (n_samples,)
    active_rows : int64 array of shape (n_classes,)
    upper, lower : float64 arrays of shape (n_classes,)
        Extremes of the projected gradient in the previous pass, beyond which a document is dropped.
    largest, smallest : float64 arrays of shape (n_classes,)
        Extremes of the projected gradient in this pass.
    """

    active: Array
    active_classes: Array
    active_rows: Array
    upper: Array
    lower: Array
    largest: Array
    smallest: Array


@kernel
def solve_svm(rows, target, cost, class_cost, squared_hinge, limits, solution):
    """Solve a block of one-against-rest problems in place; return whether each class has converged.

    Parameters
    ----------
    rows : DualRows
    target : RowClasses
    cost : float64 array (n_samples,)
        C times the sample weight, > 0.
    class_cost : float64 array (n_classes, 2)
        Factor of the cost of the rest, and of the class's own documents.
    squared_hinge : bool
    limits : Limits
    solution : Solution
    """
    n_samples, n_classes = solution.dual.shape
    order = np.arange(n_samples)
    state = np.uint64(limits.seed)
    converged = np.zeros(n_classes, dtype=np.bool_)
    shrinking = Shrinking(
        np.ones((n_samples, n_classes), dtype=np.bool_),
        np.full(n_samples, n_classes, dtype=np.int32),
        np.full(n_classes, n_samples, dtype=np.int64),
        np.full(n_classes, np.inf),
        np.full(n_classes, -np.inf),
        np.empty(n_classes),
        np.empty(n_classes),
    )
    active, active_classes, active_rows, upper, lower, largest, smallest = shrinking
    for iteration in range(limits.max_iter):
        state = shuffle(order, state)
        largest[:] = -np.inf
        smallest[:] = np.inf
        _svm_pass(rows, target, cost, class_cost, squared_hinge, limits.intercept_scaling, solution, order, shrinking)
        for c in range(n_classes):
            if converged[c]:
                continue
            solution.n_iter[c] = iteration + 1
            if active_rows[c] == 0 or largest[c] - smallest[c] <= limits.tol:
                converged[c] = active_rows[c] == n_samples
                upper[c] = np.inf
                lower[c] = -np.inf
                active_rows[c] = n_samples
                for i in range(n_samples):
                    if active[i, c] == converged[c]:
                        active[i, c] = not converged[c]
                        active_classes[i] += -1 if converged[c] else 1
            else:
                upper[c] = largest[c] if largest[c] > 0 else np.inf
                lower[c] = smallest[c] if smallest[c] < 0 else -np.inf
        if converged.all():
            break
    return converged


@kernel
def _svm_pass(rows, target, cost, class_cost, squared_hinge, intercept_scaling, solution, order, shrinking):
    weights, intercept, dual, _ = solution
    active, active_classes, active_rows, upper, lower, largest, smallest = shrinking
    n_classes = dual.shape[1]
    scores = np.zeros(n_classes, dtype=weights.dtype)
    steps = np.zeros(n_classes, dtype=weights.dtype)
    own = np.zeros(n_classes, dtype=np.bool_)
    lanes = np.zeros(n_classes, dtype=np.uint64)
    for i in order:
        if active_classes[i] == 0:
            continue
        mark_classes(target, i, own, True)
        few = active_classes[i] * FEW_ACTIVE < n_classes
        n_lanes = 0
        for c in range(n_classes):
            steps[c] = 0
            lanes[n_lanes] = c
            n_lanes += active[i, c]
        if few:
            score_row_at(rows, solution, i, lanes, n_lanes, scores)
        else:
            score_row(rows, solution, i, scores)
        curvature = rows.squared_norm[i] + intercept_scaling * intercept_scaling
        n_moved = 0
        for k in range(n_lanes):
            c = lanes[k]
            sign = 1.0 if own[c] else -1.0
            bound = cost[i] * class_cost[c, 1 if own[c] else 0]
            if squared_hinge:
                diagonal = 0.5 / bound
                bound = np.inf
            else:
                diagonal = 0.0
                steps[c] = bound  # rounded like the variable, which might never reach it otherwise
                bound = np.float64(steps[c])
                steps[c] = 0
            alpha = sign * dual[i, c]
            score = scores[c] + dual[i, c] * rows.own_square[i] + intercept[c] * intercept_scaling
            gradient = sign * score - 1.0 + diagonal * alpha
            at_bound = (alpha <= 0.0 and gradient >= 0.0) or (alpha >= bound and gradient <= 0.0)
            if at_bound and (gradient > upper[c] if alpha <= 0.0 else gradient < lower[c]):
                active[i, c] = False
                active_classes[i] -= 1
                active_rows[c] -= 1
                continue
            projected = 0.0 if at_bound else gradient
            largest[c] = max(largest[c], projected)
            smallest[c] = min(smallest[c], projected)
            if abs(projected) > 1e-12:
                if curvature + diagonal > 0.0:
                    changed = min(max(alpha - gradient / (curvature + diagonal), 0.0), bound)
                else:  # an empty row under the hinge loss: only the bound limits the variable
                    changed = bound
                steps[c] = sign * (changed - alpha)
                dual[i, c] = sign * changed
                intercept[c] += steps[c] * intercept_scaling
                lanes[n_moved] = c
                n_moved += 1
        mark_classes(target, i, own, False)
        if n_moved * FEW_ACTIVE < n_classes:
            add_row_at(rows, weights, i, lanes, n_moved, steps)
        else:
            add_row(rows, weights, i, steps)
