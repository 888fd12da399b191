"""Calibration of decision values: probabilities from curves fitted on out-of-fold scores."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from copydesk.classifiers.probability import expit, softmax
from copydesk.compiled.arrays import Array, Floats
from copydesk.interface.late_bases import Estimator

METHODS = ("shared", "sigmoid", "isotonic", "temperature")
ORDER_KEEPING = ("shared", "temperature")  # one curve for all classes: the highest score is the likeliest label
# Decision values are far from 0 and 1 in both directions; a probability of exactly 0 would be a claim
# that no finite sample supports.
SMALLEST = 1e-6
_SLOPES = (1e-3, 1e3)  # of scores of unit variance
_ROWS = 5_000  # at most, evenly spaced: enough for two parameters
_FARTHEST = 30.0  # beyond it a sigmoid is an exponential function or a constant


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
    """Map decision values to calibrated probabilities.

    Parameters
    ----------
    method : {"shared", "sigmoid", "isotonic", "temperature"}, default="shared"
        Shared: one logistic curve for all classes, normalised over classes, of the highest likelihood. It never
        changes which class is the likeliest, and its two parameters need few examples of each class; without rows it
        is the softmax. Sigmoid: one logistic curve per class (Platt 1999, with the smoothed targets of Lin, Lin and
        Weng 2007), normalised over classes. Isotonic: one rising step function per class (Zadrozny and Elkan 2002),
        normalised. Temperature: the softmax of scores divided by one number (Guo et al. 2017).

    Attributes
    ----------
    slope_, offset_ : ndarray of shape (n_classes,)
        Of the sigmoids; equal for all classes if shared. For temperature the offset is 0.
    knots_ : list of (scores, probabilities)
        Of the step functions.
    """

    def __init__(self, method: str = "shared") -> None:
        self.method = method

    def fit(self, scores: Floats, y: Array, classes: Array) -> Calibrator:
        """Fit on scores of shape (n, n_classes) and true labels of shape (n,).

        A score is -inf where the model that scored the row did not know the class; that of the true label is finite.

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
        if self.method == "shared":
            some = np.unique(np.linspace(0, len(scores) - 1, min(len(scores), _ROWS)).astype(int))
            slope, offset = _shared_sigmoid(scores[some], onehot[some])
            self.slope_ *= slope
            self.offset_ += offset
            return self
        if self.method == "temperature":
            self.slope_ *= _inverse_temperature(scores, onehot)
            return self
        unknown = ~np.isfinite(scores)
        scores = np.where(unknown, np.where(unknown, np.inf, scores).min(axis=1, keepdims=True), scores)
        if self.method == "isotonic":
            self.knots_ = [_steps(scores[:, k], onehot[:, k]) for k in range(len(classes))]
        else:
            fits = [_platt(scores[:, k], onehot[:, k]) for k in range(len(classes))]
            self.slope_, self.offset_ = map(np.array, zip(*fits, strict=True))
        return self

    def predict_proba(self, scores: Floats) -> Floats:
        """Return probabilities, shape (n, n_classes), float64; rows sum to 1."""
        scores = np.asarray(scores, dtype=np.float64)
        if self.method == "shared":
            likelihood = np.exp(_below_highest(_log_sigmoid(scores * self.slope_ + self.offset_)))
            return np.asarray(likelihood / likelihood.sum(axis=1, keepdims=True))
        if self.method == "temperature":
            return np.asarray(softmax(scores * self.slope_))
        if self.method == "isotonic":
            single: Floats = np.column_stack([np.interp(scores[:, k], *knots) for k, knots in enumerate(self.knots_)])
        else:
            single = expit(scores * self.slope_ + self.offset_)
        single = np.clip(single, SMALLEST, 1 - SMALLEST)
        return np.asarray(single / single.sum(axis=1, keepdims=True))

    def likeliest(self, scores: Floats) -> NDArray[np.intp]:
        """Return the column of the likeliest class, shape (n,)."""
        keeps_order = self.method in ORDER_KEEPING  # probabilities near 1 may be equal where scores are not
        return np.asarray(np.argmax(scores if keeps_order else self.predict_proba(scores), axis=1))


def _log_sigmoid(z: Floats) -> Floats:
    return np.asarray(-np.logaddexp(0, -z))


def _below_highest(z: Floats) -> Floats:
    return np.asarray(z - z.max(axis=1, keepdims=True, initial=-np.inf))


def _shared_sigmoid(scores: Floats, onehot: NDArray[np.bool_]) -> tuple[float, float]:
    """Find slope and offset of the sigmoid that, normalised over classes, makes the labels likeliest.

    Targets are smoothed as Platt's: one example in n + 2 is taken to have another label, so that labels without an
    error do not lead to certainty.
    """
    from scipy.optimize import minimize

    if not len(scores):
        return 1.0, -_FARTHEST  # the softmax
    known = np.isfinite(scores)
    scores = np.where(known, scores, 0.0)
    scale = float(scores[known].std()) or 1.0
    scores = scores / scale
    doubt = 1 / (len(scores) + 2)
    target = (1 - doubt) * onehot + doubt * known / known.sum(axis=1, keepdims=True)

    def loss(parameters: Floats) -> tuple[float, Floats]:
        slope = np.exp(parameters[0])
        z = slope * scores + parameters[1]
        log_p = _below_highest(np.where(known, _log_sigmoid(z), -np.inf))
        p = np.exp(log_p)
        total = p.sum(axis=1, keepdims=True)
        log_p = np.where(known, log_p, 0.0) - np.log(total)
        pull = (p / total - target) * -np.expm1(_log_sigmoid(z))
        gradient = np.array([(pull * scores).sum() * slope, pull.sum()])
        return float(-(target * log_p).sum() / len(z)), gradient / len(z)

    bounds = [(np.log(_SLOPES[0]), np.log(_SLOPES[1])), (-_FARTHEST, _FARTHEST)]
    found = minimize(loss, np.zeros(2), jac=True, method="L-BFGS-B", bounds=bounds)
    return float(np.exp(found.x[0])) / scale, float(found.x[1])


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
