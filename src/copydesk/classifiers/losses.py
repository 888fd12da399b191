"""Losses of a shard of rows, their gradients and Hessian products, as sums for `trust_region`."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from copydesk.classifiers.probability import expit, softmax
from copydesk.compiled.arrays import Floats


class RowTargets(NamedTuple):
    """RowTargets of all rows.

    Attributes
    ----------
    members : csr_matrix, shape (n_rows, n_lanes)
        Whether a row is of a lane's class.
    cost : ndarray of float64, shape (n_rows,)
    class_cost : ndarray of float64, shape (n_lanes, 2)
        Factors for the rest and for the class; not of a softmax.
    loss : {"squared_hinge", "logistic", "softmax"}
    constant : float
        Value of the constant feature whose weight is the intercept.
    """

    members: Any
    cost: Floats
    class_cost: Floats
    loss: str
    constant: float

    def of(self, rows: slice) -> RowTargets:
        """Return the targets of some rows."""
        return self._replace(members=self.members[rows], cost=self.cost[rows])


class RowShard(NamedTuple):
    """Rows of the training set with their targets.

    Attributes
    ----------
    X : csr_matrix of float64, shape (n_rows, n_features)
    constant : float
        Value of the constant feature whose weight is the intercept.
    signs : ndarray of float64, shape (n_rows, n_lanes)
        1 for rows of a lane's class, else -1; of a softmax 1 and 0.
    cost : ndarray of float64, shape (n_rows, n_lanes)
        Factor of each row's loss; of a softmax (n_rows, 1).
    loss : str
    """

    X: Any
    constant: float
    signs: Floats
    cost: Floats
    loss: str

    @classmethod
    def of(cls, X: Any, targets: RowTargets) -> RowShard:
        """Return rows of features with their targets."""
        members, cost = targets.members.toarray().astype(bool), targets.cost[:, None]
        X = X.astype(np.float64)
        if targets.loss == "softmax":
            return cls(X, targets.constant, members.astype(np.float64), cost, targets.loss)
        cost = cost * np.where(members, targets.class_cost[:, 1], targets.class_cost[:, 0])
        return cls(X, targets.constant, np.where(members, 1.0, -1.0), cost, targets.loss)


class ShardLoss(NamedTuple):
    """Loss of a shard at some weights.

    Attributes
    ----------
    value : ndarray of shape (n_problems,)
    slope : ndarray of shape (n_rows, n_lanes)
        First derivatives by the scores.
    curvature : ndarray of shape (n_rows, n_lanes)
        Second derivatives by a row's scores; of a softmax its probabilities.
    """

    value: Floats
    slope: Floats
    curvature: Floats


def loss_on(shard: RowShard, weights: Floats) -> ShardLoss:
    """Return the loss of a shard at some weights, (n_features + 1, n_lanes)."""
    return ShardLoss(*LOSSES[shard.loss](scores_on(shard, weights), shard.signs, shard.cost))


def gradient_on(shard: RowShard, loss: ShardLoss) -> tuple[Floats, Floats]:
    """Return the value of a shard's loss and its gradient by the weights."""
    return loss.value, back(shard, loss.slope)


def product_on(shard: RowShard, loss: ShardLoss, vector: Floats) -> tuple[Floats]:
    """Return the product of the Hessian of a shard's loss and a vector."""
    change = scores_on(shard, vector)
    if shard.loss == "softmax":
        change -= (loss.curvature * change).sum(axis=1, keepdims=True)
        return (back(shard, shard.cost * loss.curvature * change),)
    return (back(shard, loss.curvature * change),)


def scores_on(shard: RowShard, weights: Floats) -> Floats:
    """Return the scores of a shard's rows, (n_rows, n_lanes)."""
    scores: Floats = shard.X @ weights[:-1]
    scores += shard.constant * weights[-1]
    return scores


def back(shard: RowShard, by_score: Floats) -> Floats:
    """Return derivatives by the weights from those by the scores."""
    return np.vstack([shard.X.T @ by_score, shard.constant * by_score.sum(axis=0)])


def squared_hinge(scores: Floats, signs: Floats, cost: Floats) -> tuple[Floats, Floats, Floats]:
    """Return the summed squared hinge loss of each lane, and its first and second derivatives by the scores."""
    short = np.maximum(0.0, 1.0 - signs * scores)
    slope = -2.0 * cost * signs * short
    return (cost * short * short).sum(axis=0), slope, 2.0 * cost * (short > 0)


def logistic(scores: Floats, signs: Floats, cost: Floats) -> tuple[Floats, Floats, Floats]:
    """Return the summed logistic loss of each lane, and its first and second derivatives by the scores."""
    margins = signs * scores
    wrong = expit(-margins)
    return (cost * np.logaddexp(0.0, -margins)).sum(axis=0), -cost * signs * wrong, cost * wrong * (1.0 - wrong)


def softmax_loss(scores: Floats, members: Floats, cost: Floats) -> tuple[Floats, Floats, Floats]:
    """Return the summed multinomial logistic loss, its derivatives by the scores, and the probabilities."""
    probabilities: Floats = np.asarray(softmax(scores))
    top = scores.max(axis=1, keepdims=True)
    logs = np.log(np.exp(scores - top).sum(axis=1)) + top[:, 0] - (scores * members).sum(axis=1)
    value = (cost[:, 0] * logs).sum(keepdims=True)
    return value, cost * (probabilities - members), probabilities


LOSSES = {"squared_hinge": squared_hinge, "logistic": logistic, "softmax": softmax_loss}
