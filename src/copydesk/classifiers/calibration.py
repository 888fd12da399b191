"""Decision values to probabilities: sigmoid, isotonic or temperature, fitted on out-of-fold scores."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from copydesk.classifiers.probability import expit, softmax
from copydesk.compiled.arrays import Array, Floats
from copydesk.interface.late_bases import Estimator

METHODS = ("sigmoid", "isotonic", "temperature")
# Decision values are far from 0 and 1 in both directions; a probability of exactly 0 would be a claim
# that no finite sample supports.
SMALLEST = 1e-6


def check_method(method: str) -> None:
    """Check the name of a method of calibration.

    Raises
    ------
    ValueError
        It is unknown.
    """
    if method not in METHODS:
        raise ValueError(f"decision.method={method!r}: unknown; valid: {', '.join(METHODS)}")


class Calibrator(Estimator):
    """Map decision values to probabilities that can be taken at their word.

    Parameters
    ----------
    method : {"sigmoid", "isotonic", "temperature"}, default="sigmoid"
        Sigmoid: one logistic curve per class (Platt 1999, with the smoothed targets of Lin, Lin and Weng 2007),
        normalised over classes. Isotonic: one rising step function per class (Zadrozny and Elkan 2002),
        normalised. Temperature: the softmax of scores divided by one number (Guo et al. 2017).

    Attributes
    ----------
    slope_, offset_ : ndarray of shape (n_classes,)
        Of the sigmoids; for temperature the slope is one number for all and the offset 0.
    knots_ : list of (scores, probabilities)
        Of the step functions.
    """

    def __init__(self, method: str = "sigmoid") -> None:
        self.method = method

    def fit(self, scores: Floats, y: Array, classes: Array) -> Calibrator:
        """Fit on scores of shape (n, n_classes) and true labels of shape (n,).

        Raises
        ------
        ValueError
            The method is unknown.
        """
        check_method(self.method)
        scores = np.asarray(scores, dtype=np.float64)
        onehot = y[:, None] == np.asarray(classes, dtype=object)[None, :]
        self.slope_, self.offset_ = np.ones(len(classes)), np.zeros(len(classes))
        self.knots_: list[tuple[Floats, Floats]] = []
        if self.method == "temperature":
            self.slope_ *= _inverse_temperature(scores, onehot)
        elif self.method == "isotonic":
            self.knots_ = [_steps(scores[:, k], onehot[:, k]) for k in range(len(classes))]
        else:
            fits = [_platt(scores[:, k], onehot[:, k]) for k in range(len(classes))]
            self.slope_, self.offset_ = map(np.array, zip(*fits, strict=True))
        return self

    def predict_proba(self, scores: Floats) -> Floats:
        """Return probabilities, shape (n, n_classes), float64; rows sum to 1."""
        scores = np.asarray(scores, dtype=np.float64)
        if self.method == "temperature":
            return np.asarray(softmax(scores * self.slope_))
        if self.method == "isotonic":
            single: Floats = np.column_stack([np.interp(scores[:, k], *knots) for k, knots in enumerate(self.knots_)])
        else:
            single = expit(scores * self.slope_ + self.offset_)
        single = np.clip(single, SMALLEST, 1 - SMALLEST)
        return np.asarray(single / single.sum(axis=1, keepdims=True))


def _platt(scores: Floats, positive: NDArray[np.bool_]) -> tuple[float, float]:
    """Fit slope and offset of a sigmoid by maximum likelihood, with Platt's smoothed targets."""
    from scipy.optimize import minimize
    from scipy.special import expit

    n_positive, n_negative = int(positive.sum()), int((~positive).sum())
    target = np.where(positive, (n_positive + 1) / (n_positive + 2), 1 / (n_negative + 2))

    def loss(parameters: Floats) -> tuple[float, Floats]:
        z = parameters[0] * scores + parameters[1]
        error = expit(z) - target
        return float(np.mean(np.logaddexp(0, z) - target * z)), np.array([np.mean(error * scores), np.mean(error)])

    prior = np.log((n_positive + 1) / (n_negative + 1))
    found = minimize(loss, np.array([1.0, prior]), jac=True, method="BFGS", options={"gtol": 1e-9})
    return float(found.x[0]), float(found.x[1])


def _steps(scores: Floats, positive: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    from sklearn.isotonic import IsotonicRegression

    fitted = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip").fit(scores, positive.astype(float))
    return np.asarray(fitted.X_thresholds_, np.float64), np.asarray(fitted.y_thresholds_, np.float64)


def _inverse_temperature(scores: Floats, onehot: NDArray[np.bool_]) -> float:
    """Find the factor of the scores under whose softmax the labels are likeliest."""
    from scipy.optimize import minimize_scalar
    from scipy.special import log_softmax

    def loss(log_factor: float) -> float:
        return float(-log_softmax(scores * np.exp(log_factor), axis=1)[onehot].mean())

    return float(np.exp(minimize_scalar(loss, bounds=(-7.0, 7.0), method="bounded").x))
