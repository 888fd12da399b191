"""Dual coordinate descent for L2-regularised logistic regression, all classes in one pass over the documents.

One against rest: Yu, Huang & Lin, "Dual coordinate descent methods for logistic regression and maximum
entropy models", Machine Learning 85, 2011. Multinomial: the same, a document's classes solved together; the
optimum over one document is where ``log p + q C p`` differs from a known vector by a constant (Lapin, Hein &
Schiele, "Analysis and Optimization of Loss Functions for Multiclass, Top-k, and Multilabel Classification",
PAMI 2018).
"""

from __future__ import annotations

import numpy as np

from copydesk.classifiers.solvers.training_rows import add_row, mark_classes, score_row, shuffle
from copydesk.compiled.kernel import kernel

SMALLEST_LOG = -700.0
"""A logarithm whose exponential is still a normal float64."""


@kernel
def solve_one_vs_rest(rows, target, cost, class_cost, limits, solution):
    """Solve a block of binary problems in place; return whether each class has converged.

    Parameters as in `solve_svm`. At the optimum a dual variable is ``cost`` times the probability of
    the wrong side; a class has converged when none is further than ``tol`` from that, as a share of ``cost``.
    """
    weights, intercept, dual, n_iter = solution
    intercept_scaling, tol, max_iter, seed = limits
    n_samples, n_classes = dual.shape
    order = np.arange(n_samples)
    state = np.uint64(seed)
    converged = np.zeros(n_classes, dtype=np.bool_)
    scores = np.zeros(n_classes, dtype=weights.dtype)
    steps = np.zeros(n_classes, dtype=weights.dtype)
    own = np.zeros(n_classes, dtype=np.bool_)
    for iteration in range(max_iter):
        state = shuffle(order, state)
        violation = np.zeros(n_classes)
        for i in order:
            mark_classes(target, i, own, True)
            score_row(rows, solution, i, scores)
            curvature = rows.squared_norm[i] + intercept_scaling * intercept_scaling
            for c in range(n_classes):
                steps[c] = 0
                if converged[c]:
                    continue
                sign = 1.0 if own[c] else -1.0
                bound = cost[i] * class_cost[c, 1 if own[c] else 0]
                alpha = sign * dual[i, c]
                score = scores[c] + dual[i, c] * rows.own_square[i] + intercept[c] * intercept_scaling
                changed = bound * _binary_optimum(sign * score - curvature * alpha, curvature * bound)
                violation[c] = max(violation[c], abs(alpha / bound - 1.0 / (1.0 + np.exp(sign * score))))
                steps[c] = sign * (changed - alpha)
                dual[i, c] = sign * changed
                intercept[c] += steps[c] * intercept_scaling
            mark_classes(target, i, own, False)
            add_row(rows, weights, i, steps)
        for c in range(n_classes):
            if not converged[c]:
                n_iter[c] = iteration + 1
                converged[c] = violation[c] <= tol
        if converged.all():
            break
    return converged


@kernel
def _binary_optimum(margin, strength):
    """Return p in (0, 1) with ``logit(p) + margin + strength * p = 0``.

    By Newton's method on the logit, kept within the bracket that p in (0, 1) implies.
    """
    low = -margin - strength
    high = -margin
    logit = min(max(0.0, low), high)
    p = 0.5
    for _ in range(100):
        p = 1.0 / (1.0 + np.exp(-logit)) if logit >= 0 else np.exp(logit) / (1.0 + np.exp(logit))
        residual = logit + margin + strength * p
        if residual > 0:
            high = logit
        else:
            low = logit
        if abs(residual) <= 1e-12 * (1.0 + abs(logit)):
            break
        logit -= residual / (1.0 + strength * p * (1.0 - p))
        if not low < logit < high:
            logit = 0.5 * (low + high)
    return p


@kernel
def solve_multinomial(rows, target, cost, limits, solution):
    """Solve the softmax problem of all classes in place; return whether it has converged.

    Parameters as in `solve_svm`, but ``target`` is the class of each document, int32 (n_samples,), ``dual[i, c]`` is
    ``cost[i]`` times (1 for the document's class, else 0, less its probability), and ``n_iter`` is filled with one
    number.
    """
    weights, intercept, dual, n_iter = solution
    intercept_scaling, tol, max_iter, seed = limits
    n_samples, n_classes = dual.shape
    order = np.arange(n_samples)
    state = np.uint64(seed)
    scores = np.zeros(n_classes, dtype=weights.dtype)
    steps = np.zeros(n_classes, dtype=weights.dtype)
    levels = np.zeros(n_classes)
    logs = np.zeros(n_classes)
    for iteration in range(max_iter):
        state = shuffle(order, state)
        violation = 0.0
        for i in order:
            score_row(rows, solution, i, scores)
            strength = cost[i] * (rows.squared_norm[i] + intercept_scaling * intercept_scaling)
            for c in range(n_classes):
                one = 1.0 if target[i] == c else 0.0
                p = one - dual[i, c] / cost[i]
                score = scores[c] + dual[i, c] * rows.own_square[i] + intercept[c] * intercept_scaling
                levels[c] = score + strength * p
                logs[c] = max(np.log(p), SMALLEST_LOG) if p > 0.0 else SMALLEST_LOG
            violation = max(violation, _softmax_violation(levels, strength, logs))
            _softmax_optimum(levels, strength, logs)
            for c in range(n_classes):
                one = 1.0 if target[i] == c else 0.0
                changed = cost[i] * (one - np.exp(logs[c]))
                steps[c] = changed - dual[i, c]
                dual[i, c] = changed
                intercept[c] += steps[c] * intercept_scaling
            add_row(rows, weights, i, steps)
        n_iter[:] = iteration + 1
        if violation <= tol:
            return True
    return False


@kernel
def _softmax_violation(levels, strength, logs):
    """Return the largest difference between ``exp(logs)``, from the dual, and the softmax of the scores."""
    top = -np.inf
    for c in range(levels.size):
        top = max(top, levels[c] - strength * np.exp(logs[c]))
    total = 0.0
    for c in range(levels.size):
        total += np.exp(levels[c] - strength * np.exp(logs[c]) - top)
    largest = 0.0
    for c in range(levels.size):
        p = np.exp(logs[c])
        largest = max(largest, abs(p - np.exp(levels[c] - strength * p - top) / total))
    return largest


@kernel
def _softmax_optimum(levels, strength, logs):
    """Find ``logs`` with ``logs + strength * exp(logs) = levels - shift`` and ``exp(logs)`` summing to 1.

    By Newton's method on all of them and the shift at once, from the ``logs`` given.
    """
    n_classes = levels.size
    shift = 0.0
    for attempt in range(100):
        total = 0.0
        slope = 0.0
        drop = 0.0
        for c in range(n_classes):
            p = np.exp(logs[c])
            share = p / (1.0 + strength * p)
            total += p
            slope += share
            drop += share * (levels[c] - logs[c] - strength * p)
        # The shift for which the linearised probabilities sum to 1.
        new_shift = (drop + total - 1.0) / slope
        largest = 0.0
        for c in range(n_classes):
            p = np.exp(logs[c])
            step = (levels[c] - logs[c] - strength * p - new_shift) / (1.0 + strength * p)
            moved = min(logs[c] + step, 0.0)
            largest = max(largest, abs(moved - logs[c]) * p + abs(np.exp(moved) - p))
            logs[c] = max(moved, SMALLEST_LOG)
        if attempt > 0 and largest <= 1e-12 and abs(new_shift - shift) <= 1e-12 * (1.0 + abs(shift)):
            break
        shift = new_shift
