"""Trust-region Newton method for regularised linear classifiers whose rows are spread over shards.

The method needs only sums over all rows: of the loss, of its gradient, and of the product of its Hessian and a vector.
Where the shards lie is the affair of `RowShards`: here they are in this process.

Lin, Weng & Keerthi, "Trust Region Newton Method for Large-Scale Logistic Regression", JMLR 9, 2008; the conjugate
gradients stop at the region's border as in Steihaug, "The Conjugate Gradient Method and Trust Regions in Large Scale
Optimization", SIAM J. Numer. Anal. 20, 1983.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from copydesk.classifiers.losses import RowShard, gradient_on, loss_on, product_on
from copydesk.compiled.arrays import Floats

GAP = 1e-6
"""Relative distance from the optimum that is guaranteed: the objective exceeds it by at most half the squared norm of
the gradient, since the penalty alone has curvature 1."""
MAX_PRODUCTS = 500  # of a step's conjugate gradients
ENOUGH = 0.1  # a step is exact enough when the residual is this share of the gradient
# A step is taken if the objective falls by this share of what the quadratic model promises; it is a poor one below
# FAIR and a good one above GOOD.
TAKEN, FAIR, GOOD = 1e-4, 0.25, 0.75
# Factors by which the region shrinks or grows.
SHRINK_MOST, SHRINK, GROW = 0.25, 0.5, 4.0


class RowShards(Protocol):
    """RowShards of the training rows, wherever they lie.

    Attributes
    ----------
    n_features : int
    """

    n_features: int

    def map(self, function: Callable[[RowShard, Floats], Any], given: Floats) -> Sequence[Any]:
        """Call ``function(shard, given)`` on every shard; return a handle of each result, which stays where it is."""

    def total(self, function: Callable[..., tuple[Floats, ...]], handles: Sequence[Any], *given: Floats) -> Any:
        """Return the sums of the arrays that ``function(shard, result, *given)`` returns for every shard.

        ``handles`` are of ``map``, and the result is that which the shard has there.
        """


class LocalShards:
    """RowShards in the memory of this process.

    Parameters
    ----------
    shards : sequence of RowShard
    """

    def __init__(self, shards: Sequence[RowShard]) -> None:
        self.shards = shards
        self.n_features = int(shards[0].X.shape[1])

    def map(self, function: Callable[[RowShard, Floats], Any], given: Floats) -> Sequence[Any]:
        """Return the results themselves."""
        return [function(shard, given) for shard in self.shards]

    def total(self, function: Callable[..., tuple[Floats, ...]], handles: Sequence[Any], *given: Floats) -> Any:
        """Return the sums."""
        terms = [function(shard, handle, *given) for shard, handle in zip(self.shards, handles, strict=True)]
        return tuple(map(sum, zip(*terms, strict=True)))


class Point(NamedTuple):
    """The objective at some weights: value (n_problems,), gradient (n_features + 1, n_lanes) and losses by shard."""

    weights: Floats
    value: Floats
    gradient: Floats
    losses: Sequence[Any]


class Objective:
    """Half the squared norm of the weights plus the loss of all rows, for independent problems in lanes or a joint one.

    Parameters
    ----------
    shards : RowShards
    joint : bool
        Whether all lanes are a single problem, as with a softmax; else each lane is one.
    """

    def __init__(self, shards: RowShards, joint: bool) -> None:
        self.shards, self.joint = shards, joint

    def dot(self, a: Floats, b: Floats) -> Floats:
        """Return the scalar product of each problem, shape (n_problems,)."""
        by_lane = np.einsum("ij,ij->j", a, b)
        return np.asarray(by_lane.sum(keepdims=True) if self.joint else by_lane)

    def at(self, weights: Floats) -> Point:
        """Return the objective at some weights, (n_features + 1, n_lanes)."""
        losses = self.shards.map(loss_on, weights)
        value, gradient = self.shards.total(gradient_on, losses)
        return Point(weights, value + self.dot(weights, weights) / 2, gradient + weights, losses)

    def product(self, point: Point, vector: Floats) -> Floats:
        """Return the product of the Hessian at a point and a vector of the weights' shape."""
        (product,) = self.shards.total(product_on, point.losses, vector)
        return np.asarray(product + vector)


def minimise(
    objective: Objective, start: Floats, gap: float = GAP, max_iter: int = 1000
) -> tuple[Floats, int, NDArray[np.bool_]]:
    """Return the weights of the minimum, the number of steps, and whether each problem has come within ``gap`` of it.

    Problems advance in lockstep, so that a sum over the shards serves them all; those that are done wait.

    Parameters
    ----------
    objective : Objective
    start : ndarray of float64, shape (n_features + 1, n_lanes)
    gap : float
        Largest excess over the minimum, relative to the objective.
    max_iter : int
        Steps.
    """
    dot = objective.dot
    point = objective.at(start)
    radius = np.sqrt(dot(point.gradient, point.gradient))
    for number in range(max_iter):
        left = dot(point.gradient, point.gradient) / 2 > gap * point.value
        if not left.any():
            return point.weights, number, ~left
        step, residual = conjugate_gradients(objective, point, radius, left)
        trial = objective.at(point.weights + step)
        slope, length = dot(point.gradient, step), np.sqrt(dot(step, step))
        promised = -(slope - dot(step, residual)) / 2
        fallen = point.value - trial.value
        if not number:
            radius = np.minimum(radius, length)
        radius = np.where(left, new_radius(radius, length, slope, fallen, promised), radius)
        taken = left & (fallen > TAKEN * promised)
        if (taken == left).all():
            point = trial
        elif taken.any():
            point = objective.at(np.where(taken, trial.weights, point.weights))
        elif (np.abs(fallen[left]) <= 1e-12 * point.value[left]).all():
            break  # no further to be had in floating point
    return point.weights, number + 1, dot(point.gradient, point.gradient) / 2 <= gap * point.value


def new_radius(radius: Floats, length: Floats, slope: Floats, fallen: Floats, promised: Floats) -> Floats:
    """Return each region's new radius, by how well the quadratic model predicted the fall of the objective."""
    bend = -fallen - slope
    with np.errstate(divide="ignore", invalid="ignore"):
        wanted = np.where(bend <= 0, GROW, np.maximum(SHRINK_MOST, -slope / (2 * bend))) * length
    poor = np.minimum(np.maximum(wanted, SHRINK_MOST * length), SHRINK * radius)
    fair = np.maximum(SHRINK_MOST * radius, np.minimum(wanted, SHRINK * radius))
    good = np.maximum(SHRINK_MOST * radius, np.minimum(wanted, GROW * radius))
    best = np.maximum(radius, np.minimum(wanted, GROW * radius))
    cases = [fallen < TAKEN * promised, fallen < FAIR * promised, fallen < GOOD * promised]
    return np.select(cases, [poor, fair, good], best)


def conjugate_gradients(
    objective: Objective, point: Point, radius: Floats, wanted: NDArray[np.bool_]
) -> tuple[Floats, Floats]:
    """Return an approximate minimum of the quadratic model within each region, and its residual.

    The step of problems that are not ``wanted`` is zero.
    """
    dot = objective.dot
    step = np.zeros_like(point.weights)
    residual = np.where(wanted, -point.gradient, 0.0)
    direction = residual.copy()
    size = dot(residual, residual)
    enough = ENOUGH**2 * size
    going = wanted & (size > 0)
    for _ in range(MAX_PRODUCTS):
        if not going.any():
            break
        product = objective.product(point, direction)
        curvature = dot(direction, product)
        alpha = np.where(going, size / np.where(going, curvature, 1.0), 0.0)
        reached = step + alpha * direction
        outside = going & (dot(reached, reached) > radius**2)
        if outside.any():
            alpha = np.where(outside, to_border(dot, step, direction, radius), alpha)
            reached = step + alpha * direction
        step, residual = reached, residual - alpha * product
        before, size = size, dot(residual, residual)
        going &= ~outside & (size > enough)
        direction = np.where(going, residual + size / np.where(before > 0, before, 1.0) * direction, 0.0)
    return step, residual


def to_border(dot: Callable[[Floats, Floats], Floats], step: Floats, direction: Floats, radius: Floats) -> Floats:
    """Return the factor of each direction that leads from a step inside the region to its border."""
    a, b, c = dot(direction, direction), dot(step, direction), radius**2 - dot(step, step)
    root = np.sqrt(b * b + a * np.maximum(c, 0.0))
    with np.errstate(divide="ignore", invalid="ignore"):  # of the two forms the one that does not cancel
        return np.where(b >= 0, c / (b + root), (root - b) / a)
