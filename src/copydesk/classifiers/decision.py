"""Decisions that turn scores into labels: most likely, calibrated, at a target, or abstaining.

Decisions that need validation are fitted on out-of-fold scores, so that their targets hold for unseen texts.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from copydesk.classifiers.calibration import ORDER_KEEPING, Calibrator, check_method
from copydesk.classifiers.probability import softmax
from copydesk.compiled.arrays import Array, Floats
from copydesk.errors import ConfigError, DataError
from copydesk.interface.late_bases import Estimator

_CONFIDENCE = 0.95
_RESAMPLES = 1000
_CURVE_POINTS = 512

_AS_GOOD = 0.0005
CUTS = ("promise", "f1", "auto")

ENOUGH_DOCUMENTS = 400
"""Held-out documents that a promise needs. Drawn thirty times from 1,900 documents, a promise to lose 0.5 % of the
article lost at most 0.76 % of unseen documents in nine draws of ten; set on 200 documents 0.94 %, on 50 1.6 %. The best
F1 of 50 documents is as good on unseen ones as that of 800."""

ENOUGH_ROWS = 2_000
"""For one curve shared by all classes: on folds of three corpora, further rows changed the calibration error by at most
half a point."""


class Argmax(Estimator):
    """The label with the highest score; probabilities are the softmax of the scores, not calibrated."""

    needs_validation = False

    def fit(self, scores: Floats, y: Array, classes: Array, weight: Any = None, groups: Any = None) -> Argmax:
        """Remember the classes; there is nothing to learn."""
        self.classes_ = np.asarray(classes, dtype=object)
        self.summary_: dict[str, Any] = {"decision": "argmax", "calibrated": False}
        return self

    def predict_proba(self, scores: Floats) -> Floats:
        """Return the softmax of the scores, shape (n, n_classes)."""
        return np.asarray(softmax(np.asarray(scores, dtype=np.float64)))

    def predict(self, scores: Floats) -> NDArray[np.object_]:
        """Return the label with the highest score, shape (n,)."""
        return np.asarray(self.classes_[np.argmax(scores, axis=1)], dtype=object)


class Calibrated(Estimator):
    """The likeliest label, with probabilities that were fitted on texts the classifier had not seen.

    Parameters
    ----------
    method : {"shared", "sigmoid", "isotonic", "temperature"}, default="shared"
        See ``Calibrator``.
    """

    needs_validation = True
    # Whether held-out scores of a cross-validation's other folds will do, in place of folds of its own.
    shares_folds = True

    def __init__(self, method: str = "shared") -> None:
        self.method = method

    @property
    def enough_rows(self) -> int | None:
        """Number of out-of-fold rows beyond which more change little; None where each class needs its own."""
        return ENOUGH_ROWS if self.method in ORDER_KEEPING else None

    def _check_parameters(self) -> None:
        check_method(self.method)

    def fit(self, scores: Floats, y: Array, classes: Array, weight: Any = None, groups: Any = None) -> Calibrated:
        """Fit the calibration on out-of-fold scores, shape (n, n_classes), and labels, shape (n,).

        A score is -inf where the model that scored the row did not know the class. Without rows, probabilities are
        the softmax of the scores.
        """
        self.classes_ = np.asarray(classes, dtype=object)
        self.calibrator_ = Calibrator(self.method if len(y) else "shared").fit(scores, y, classes)
        self.summary_: dict[str, Any] = {
            "decision": "likeliest label",
            "calibrated": self.method if len(y) else False,
            "validation_rows": len(y),
            "labels_not_validated": sorted({str(label) for label in self.classes_} - {str(label) for label in y}),
        }
        return self

    def predict_proba(self, scores: Floats) -> Floats:
        """Return calibrated probabilities, shape (n, n_classes)."""
        return self.calibrator_.predict_proba(scores)

    def predict(self, scores: Floats) -> NDArray[np.object_]:
        """Return the label with the highest probability, shape (n,)."""
        return np.asarray(self.classes_[self.calibrator_.likeliest(scores)], dtype=object)


class Abstain(Calibrated):
    """The likeliest label, or none where its calibrated probability is too low.

    Parameters
    ----------
    min_confidence : float, default=0.5
        Below it the label is None.
    method : {"shared", "sigmoid", "isotonic", "temperature"}, default="shared"
    """

    def __init__(self, min_confidence: float = 0.5, method: str = "shared") -> None:
        super().__init__(method)
        self.min_confidence = min_confidence

    def _check_parameters(self) -> None:
        super()._check_parameters()
        if not 0 <= self.min_confidence <= 1:
            raise ValueError(f"decision.min_confidence={self.min_confidence}: a probability is from 0 to 1")

    def fit(self, scores: Floats, y: Array, classes: Array, weight: Any = None, groups: Any = None) -> Abstain:
        """Fit the calibration; report how many texts would be labelled, and how well."""
        self._check_parameters()
        super().fit(scores, y, classes)
        said = self.predict(scores)
        answered = said != None  # noqa: E711 (elementwise)
        accuracy = float((said[answered] == y[answered]).mean()) if answered.any() else None
        self.summary_ |= {
            "decision": f"none below {self.min_confidence:g}",
            "validation_coverage": float(answered.mean()) if len(y) else None,
            "validation_accuracy_where_labelled": accuracy,
        }
        return self

    def predict(self, scores: Floats) -> NDArray[np.object_]:
        """Return labels, shape (n,); None where the probability is below ``min_confidence``."""
        probabilities = self.predict_proba(scores)
        labels = super().predict(scores)
        labels[probabilities.max(axis=1) < self.min_confidence] = None
        return labels


class Keep(Calibrated):
    """Cut what scores below a threshold: one that keeps a promised share of ``label``, or one of another rule.

    For two classes. A promise's threshold is the highest at which, on out-of-fold scores, at least ``keep`` of the
    weight (characters) of ``label`` scores above it.

    Parameters
    ----------
    keep : float, default=0.995
        Share of the weight of ``label`` that must stay.
    label : str, default="content"
    method : {"shared", "sigmoid", "isotonic", "temperature"}, default="sigmoid"
        Of the probabilities; they do not move the threshold of a promise.
    cut : {"promise", "f1", "auto"} or float, default="promise"
        Rule of the threshold: the promise; the best F1 of the kept weight, as a mean over documents; the promise
        where ``ENOUGH_DOCUMENTS`` are held out, else the best F1; or the score of this probability.

    Attributes
    ----------
    threshold_ : float
        On the score of ``label``.
    curve_ : ndarray of shape (n_points, 2)
        Kept share and threshold, from which ``at`` finds the threshold of another promise.
    """

    shares_folds = False
    enough_rows = None
    reads_pages = True  # ``fit`` takes the table of the paragraphs, too

    def __init__(
        self, keep: float = 0.995, label: str = "content", method: str = "sigmoid", cut: str | float = "promise"
    ) -> None:
        super().__init__(method)
        self.keep = keep
        self.label = label
        self.cut = cut

    def _check_parameters(self) -> None:
        super()._check_parameters()
        check_keep(self.keep)
        if not (self.cut in CUTS or (isinstance(self.cut, float) and 0 < self.cut < 1)):
            raise ValueError(f"decision.cut={self.cut!r}: valid: {', '.join(CUTS)}, or a probability, such as 0.5")

    def fit(
        self, scores: Floats, y: Array, classes: Array, weight: Any = None, groups: Any = None, pages: Any = None
    ) -> Keep:
        """Find the threshold; report the share kept with its interval over groups, and the share cut.

        Parameters
        ----------
        pages : table of paragraphs, optional
            Their ``document``; without it each row is one. Rows of weight 0 are left out.

        Raises
        ------
        ConfigError
            There are not two classes, or ``label`` is none of them.
        DataError
            The validation rows do not have both classes.
        ValueError
            ``keep`` is not between 0 and 1, or ``cut`` is unknown.
        """
        self._check_parameters()
        if len(classes) != 2 or self.label not in list(classes):
            raise ConfigError(
                f"decision.label={self.label!r}: a threshold is between two classes and {self.label!r} must be one; "
                f"the data has {', '.join(map(repr, classes))}"
            )
        weight = np.ones(len(y)) if weight is None else np.asarray(weight, dtype=np.float64)
        used = np.flatnonzero(weight > 0)
        y, weight = y[used], weight[used]
        documents = used if pages is None else np.asarray(pages["document"])[used]
        wanted = y == self.label
        if not wanted.any() or wanted.all():
            have = "only one label has" if len(y) else "no label has"
            raise DataError(
                f"decision={type(self).__name__}: {have} rows that can be held out; give each label rows of at least "
                "two groups (sites), or use decision=argmax"
            )
        scores = np.asarray(scores, dtype=np.float64)[used]
        super().fit(scores, y, classes)
        own = scores[:, list(classes).index(self.label)]
        self.curve_ = _promises(own[wanted], weight[wanted])
        self.threshold_, how = self._threshold(own, wanted, weight, np.unique(documents, return_inverse=True)[1])
        stays = own >= self.threshold_
        low, high = _interval(stays[wanted], weight[wanted], groups[used][wanted] if groups is not None else None)
        self.summary_ = {
            "decision": how,
            "calibrated": self.method,
            "threshold": self.threshold_,
            "validation_kept": _share(stays[wanted], weight[wanted]),
            "validation_kept_low": low,
            "validation_kept_high": high,
            "validation_cut_of_the_rest": _share(~stays[~wanted], weight[~wanted]),
        }
        return self

    def _threshold(self, own: Floats, wanted: Array, weight: Floats, documents: Array) -> tuple[float, str]:
        """Return the threshold by the rule, and the rule in words."""
        n = int(documents.max()) + 1
        if self.cut == "promise" or (self.cut == "auto" and n >= ENOUGH_DOCUMENTS):
            return self._promised(self.keep), f"cut {self.label} as long as {self.keep:.2%} of its characters stay"
        if self.cut in ("f1", "auto"):
            how = f"cut at the best F1 of {self.label}, a mean over {n:,} documents"
            if self.cut == "auto":
                how += f"; a promise needs {ENOUGH_DOCUMENTS:,}"
            return best_f1(own, wanted, weight, documents), how
        at = list(self.classes_).index(self.label)
        grid = np.linspace(own.min(), own.max(), _CURVE_POINTS)
        pairs = np.column_stack([grid, grid]) * np.where(np.arange(2) == at, 1, -1)
        reached = self.predict_proba(pairs)[:, at] >= float(self.cut)
        threshold = float(grid[np.argmax(reached)]) if reached.any() else float("inf")
        return threshold, f"cut {self.label} below a probability of {self.cut:g}"

    def at(self, keep: float) -> Keep:
        """Return a copy with another promise, from the same validation scores.

        Raises
        ------
        ValueError
            ``keep`` is not between 0 and 1.
        """
        from copy import copy

        changed = copy(self)
        changed.keep, changed.cut = keep, "promise"
        changed.threshold_ = changed._promised(keep)
        return changed

    def _promised(self, keep: float) -> float:
        check_keep(keep)
        place = int(np.searchsorted(self.curve_[:, 0], keep - 1e-12))
        return float(self.curve_[min(place, len(self.curve_) - 1), 1])

    def predict(self, scores: Floats) -> NDArray[np.object_]:
        """Return ``label`` where its score reaches the threshold, the other label elsewhere; shape (n,)."""
        at = list(self.classes_).index(self.label)
        stays = np.asarray(scores, dtype=np.float64)[:, at] >= self.threshold_
        return np.asarray(np.where(stays, self.label, self.classes_[1 - at]), dtype=object)


def best_f1(own: Floats, wanted: Array, weight: Floats, documents: Array) -> float:
    """Return the threshold of the best F1 of the kept weight, a mean over documents.

    A document without wanted rows counts as 1 where nothing of it is kept, else as 0. Thresholds within ``_AS_GOOD`` of
    the best are as good: the middle of them is taken.
    """
    tried = np.unique(np.quantile(own, np.linspace(0, 1, _CURVE_POINTS)))
    n = int(documents.max()) + 1
    relevant = np.bincount(documents, weight * wanted, n)
    judged = np.bincount(documents, weight, n) > 0
    f1 = np.empty(len(tried))
    for number, threshold in enumerate(tried):
        stays = own >= threshold
        kept = np.bincount(documents, weight * stays, n)
        hit = np.bincount(documents, weight * (stays & wanted), n)
        overlap = np.where(relevant > 0, 2 * hit / np.maximum(kept + relevant, 1e-12), kept == 0)
        f1[number] = overlap[judged].mean()
    good = np.flatnonzero(f1 >= f1.max() - _AS_GOOD)
    return float(tried[good[len(good) // 2]])


def _promises(ranked: Floats, weight: Floats) -> Floats:
    """Return kept share and threshold, dense where promises are made: at the last few kept."""
    order = np.argsort(-ranked, kind="stable")
    ranked, kept = ranked[order], np.cumsum(weight[order]) / weight.sum()
    points = np.unique(np.append(np.geomspace(1, len(ranked), _CURVE_POINTS), len(ranked)).astype(int)) - 1
    return np.asarray(np.column_stack([kept, ranked])[np.unique(len(ranked) - 1 - points)])


def check_keep(keep: float) -> None:
    """Check the share to keep.

    Raises
    ------
    ValueError
        It is not above 0 and at most 1.
    """
    if not 0 < keep <= 1:
        raise ValueError(f"keep={keep}: a share above 0 and at most 1, such as 0.995")


class Precise(Calibrated):
    """The likeliest label where a target precision is reached, class by class; none elsewhere.

    Each class gets the lowest probability threshold above which, on out-of-fold scores, the lower confidence
    bound of its precision (Clopper and Pearson 1934, one-sided, 95 %) reaches the target.

    Parameters
    ----------
    precision : float, default=0.98
    method : {"shared", "sigmoid", "isotonic", "temperature"}, default="shared"

    Attributes
    ----------
    thresholds_ : ndarray of shape (n_classes,)
        Infinite for a class whose validation rows do not show the precision.
    """

    enough_rows = None  # a threshold for each class

    def __init__(self, precision: float = 0.98, method: str = "shared") -> None:
        super().__init__(method)
        self.precision = precision

    def _check_parameters(self) -> None:
        super()._check_parameters()
        if not 0 < self.precision < 1:
            raise ValueError(f"decision.precision={self.precision}: a share between 0 and 1, such as 0.98")

    def fit(self, scores: Floats, y: Array, classes: Array, weight: Any = None, groups: Any = None) -> Precise:
        """Find a threshold for every class."""
        self._check_parameters()
        super().fit(scores, y, classes)
        probabilities = self.predict_proba(scores)
        said, confidence = self.calibrator_.likeliest(scores), probabilities.max(axis=1)
        self.thresholds_ = np.array(
            [
                _precise_from(confidence[said == k], y[said == k] == label, self.precision)
                for k, label in enumerate(self.classes_)
            ]
        )
        answered = confidence >= self.thresholds_[said]
        self.summary_ |= {
            "decision": f"none where a precision of {self.precision:.1%} is not shown",
            "validation_coverage": float(answered.mean()) if len(y) else None,
            "unreachable": [str(c) for c, t in zip(self.classes_, self.thresholds_, strict=True) if np.isinf(t)],
        }
        return self

    def predict(self, scores: Floats) -> NDArray[np.object_]:
        """Return labels, shape (n,); None below the threshold of the likeliest."""
        probabilities = self.predict_proba(scores)
        likeliest = self.calibrator_.likeliest(scores)
        labels = np.asarray(self.classes_[likeliest], dtype=object)
        labels[probabilities.max(axis=1) < self.thresholds_[likeliest]] = None
        return labels


def _share(chosen: NDArray[np.bool_], weight: Floats) -> float:
    return float(weight[chosen].sum() / weight.sum()) if weight.sum() else 1.0


def _interval(chosen: NDArray[np.bool_], weight: Floats, groups: Any) -> tuple[float, float]:
    """Return the 95 % percentile bootstrap interval of a weighted share, resampling whole groups."""
    _, codes = np.unique(np.arange(len(chosen)) if groups is None else groups.astype(str), return_inverse=True)
    total = np.bincount(codes, weight)
    part = np.bincount(codes, weight * chosen)
    rng = np.random.default_rng(0)
    draws = rng.multinomial(len(total), np.full(len(total), 1 / len(total)), size=_RESAMPLES)
    shares = (draws @ part) / np.maximum(draws @ total, 1e-12)
    low, high = np.quantile(shares, [(1 - _CONFIDENCE) / 2, (1 + _CONFIDENCE) / 2])
    return float(low), float(high)


def _precise_from(confidence: Floats, right: NDArray[np.bool_], target: float) -> float:
    """Return the lowest confidence from which on the lower bound of the precision reaches the target."""
    from scipy.stats import beta

    if not len(confidence):
        return float("inf")
    order = np.argsort(-confidence, kind="stable")
    n = np.arange(1, len(order) + 1)
    hits = np.cumsum(right[order])
    bound = np.where(hits > 0, beta.ppf(1 - _CONFIDENCE, np.maximum(hits, 1), n - hits + 1), 0.0)
    reached = np.flatnonzero(bound >= target)
    return float(confidence[order][reached[-1]]) if len(reached) else float("inf")
