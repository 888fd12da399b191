"""Linear-chain model of the labels of a page's paragraphs."""

from __future__ import annotations

from typing import Any

import numpy as np

from copydesk.compiled.arrays import Array
from copydesk.compiled.kernel import kernel
from copydesk.interface.checks import require_fitted
from copydesk.interface.late_bases import Estimator


class LinearChain(Estimator):
    """Posterior of each label in a two-state chain, by the forward-backward algorithm (Rabiner 1989).

    The evidence of a paragraph is a calibrated score; transition probabilities are estimated from the training pages.

    Parameters
    ----------
    smoothing : float, default=1.0
        Added to every transition count.

    Attributes
    ----------
    slope_, offset_ : float
        Of the linear map from score to log likelihood ratio.
    transition_ : ndarray of shape (2, 2)
        Probability of the next label, by row.
    start_ : ndarray of shape (2,)
    """

    def __init__(self, smoothing: float = 1.0) -> None:
        self.smoothing = smoothing

    def fit(self, X: Array, y: Array, sample_weight: Array | None = None, starts: Any = None) -> LinearChain:
        """Fit to scores, the first column of ``X``, and booleans ``y``, both in the order of pages.

        Parameters
        ----------
        starts : ndarray of int64
            Where each page's rows begin, with the number of rows at the end.
        """
        from sklearn.linear_model import LogisticRegression

        calibration = LogisticRegression(C=1e6).fit(X[:, :1], y, sample_weight=sample_weight)
        truth = y.astype(int)
        prior = np.average(truth, weights=sample_weight)
        self.slope_ = float(calibration.coef_[0, 0])
        # the transitions contain the prior; the evidence must not count it twice
        self.offset_ = float(calibration.intercept_[0] - np.log(prior / (1 - prior)))
        starts = np.array([0, len(truth)]) if starts is None else starts
        first = np.zeros(len(truth) + 1, dtype=bool)
        first[starts] = True
        within = ~first[1:-1]
        pairs = 2 * truth[:-1][within] + truth[1:][within]
        counts = np.bincount(pairs, minlength=4).reshape(2, 2) + self.smoothing
        begins = np.bincount(truth[starts[:-1][np.diff(starts) > 0]], minlength=2) + self.smoothing
        self.transition_ = counts / counts.sum(axis=1, keepdims=True)
        self.start_ = begins / begins.sum()
        return self

    def decision_function(self, X: Array, starts: Any = None) -> Array:
        """Return log posterior odds of True, float64 (n_samples,)."""
        require_fitted(self)
        evidence = self.evidence(X)
        starts = np.array([0, len(evidence)]) if starts is None else starts
        return np.asarray(posterior_odds(evidence, starts, np.log(self.transition_), np.log(self.start_)))

    def evidence(self, X: Array) -> Array:
        """Return each paragraph's own log likelihood ratio, float64 (n_samples,)."""
        return np.asarray(self.slope_ * X[:, 0].astype(np.float64) + self.offset_)


@kernel
def posterior_odds(evidence: Array, starts: Array, transition: Array, start: Array) -> Array:
    """Return log posterior odds of state 1 from log likelihood ratios, page by page, in the log domain."""
    n = evidence.shape[0]
    forward = np.zeros((n, 2))
    odds = np.zeros(n)
    for page in range(starts.shape[0] - 1):
        first, end = starts[page], starts[page + 1]
        for at in range(first, end):
            for state in range(2):
                own = evidence[at] * state
                if at == first:
                    forward[at, state] = start[state] + own
                else:
                    stay = forward[at - 1, 0] + transition[0, state]
                    change = forward[at - 1, 1] + transition[1, state]
                    forward[at, state] = np.logaddexp(stay, change) + own
        later0 = later1 = 0.0
        for at in range(end - 1, first - 1, -1):
            odds[at] = forward[at, 1] + later1 - forward[at, 0] - later0
            into0, into1 = later0, later1 + evidence[at]
            later0 = np.logaddexp(transition[0, 0] + into0, transition[0, 1] + into1)
            later1 = np.logaddexp(transition[1, 0] + into0, transition[1, 1] + into1)
    return odds
