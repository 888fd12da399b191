"""Decision on sets of labels: those whose calibrated probability reaches the label's own threshold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from copydesk.classifiers import decision_thresholds
from copydesk.classifiers.label_calibration import LabelCalibrator
from copydesk.compiled.arrays import Array, Floats
from copydesk.errors import ConfigError
from copydesk.interface.late_bases import Estimator
from copydesk.labels.hierarchy import close_decisions, close_probabilities, parents_of
from copydesk.labels.indicator import is_indicator

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

THRESHOLD_METRICS = ("micro_macro_f1", "micro_f1", "macro_f1", "precision", "recall")
AT_TARGET = THRESHOLD_METRICS[3:]
_UNCALIBRATED = 0.5  # threshold without validation rows


class LabelDecision(Estimator):
    """Labels above their thresholds, which are set on texts that the classifier had not seen.

    Parameters
    ----------
    metric : {"micro_macro_f1", "micro_f1", "macro_f1", "precision", "recall"}, default="micro_macro_f1"
        What the thresholds maximise: the sum of micro and macro F1, or one of them; or what each label reaches,
        if it can: the lowest threshold with a precision of ``target``, the highest with such a recall.
    target : float or None
        For precision and recall.
    fbr : float, default=0.1
        With macro F1: a label whose F1 stays below it is given to its likeliest document alone.
    at_least_one : bool or None, default=None
        Give the likeliest label to a document without any. None: yes, if every validation document has a label.
    at_most : int or None
        Give only so many labels, the likeliest.
    top_k : int or None
        Give always so many labels, the likeliest, whatever their thresholds.
    separator : str or None
        Between the steps of a label's path, such as ``/`` in ``sport/football``. Wherever a label holds, its
        ancestors do, beyond ``at_most`` or ``top_k`` if need be.

    Attributes
    ----------
    calibrator_ : LabelCalibrator
    thresholds_ : ndarray of float64, shape (n_labels,)
        Probabilities; above 1 for a label that is never given.
    at_least_one_ : bool
    parents_ : ndarray of int64, shape (n_labels,)
        Column of each label's parent, -1 for none.
    """

    takes_several = True
    needs_validation = True
    shares_folds = True
    enough_rows = None  # a threshold for each label

    def __init__(
        self,
        metric: str = "micro_macro_f1",
        target: float | None = None,
        fbr: float = 0.1,
        at_least_one: bool | None = None,
        at_most: int | None = None,
        top_k: int | None = None,
        separator: str | None = None,
    ) -> None:
        self.metric = metric
        self.target = target
        self.fbr = fbr
        self.at_least_one = at_least_one
        self.at_most = at_most
        self.top_k = top_k
        self.separator = separator

    def _check_parameters(self) -> None:
        if self.metric not in THRESHOLD_METRICS:
            raise ValueError(f"metric={self.metric!r}: unknown; valid: {', '.join(THRESHOLD_METRICS)}")
        if self.metric in AT_TARGET and (self.target is None or not 0 < self.target < 1):
            raise ValueError(f"target={self.target!r}: {self.metric} needs a share between 0 and 1, such as 0.9")
        if self.metric not in AT_TARGET and self.target is not None:
            raise ValueError(f"target={self.target!r}: only precision and recall have one; metric={self.metric}")
        if not 0 <= self.fbr <= 1:
            raise ValueError(f"fbr={self.fbr!r}: an F1 from 0 to 1, such as 0.1")
        for name in ("at_most", "top_k"):
            value = getattr(self, name)
            if value is not None and (isinstance(value, bool) or value < 1):
                raise ValueError(f"{name}={value!r}: a whole number from 1, or null")

    def fit(self, scores: Floats, y: Any, classes: Array, weight: Any = None, groups: Any = None) -> LabelDecision:
        """Fit calibration and thresholds on out-of-fold scores and an indicator matrix, both (n, n_labels).

        A score is -inf where the model that scored the row did not know the label.

        Raises
        ------
        ConfigError
            ``y`` has one label for each document.
        ValueError
            A parameter is not valid.
        """
        self._check_parameters()
        if not is_indicator(y):
            raise ConfigError(
                "decision=labels: the data has one label for each document; use decision=calibrated, or "
                "experiment=labels for data with several"
            )
        self.classes_ = np.asarray(classes, dtype=object)
        self.parents_ = parents_of([str(label) for label in self.classes_], self.separator)
        self.calibrator_ = LabelCalibrator().fit(scores, y)
        n_given = np.diff(y.indptr)
        everyone = bool(len(n_given)) and bool(n_given.all())
        self.at_least_one_ = everyone if self.at_least_one is None else self.at_least_one
        self.thresholds_ = np.full(len(self.classes_), _UNCALIBRATED)
        if len(n_given):
            known = np.isfinite(scores)
            probabilities = self.calibrator_.predict_proba(np.where(known, scores, 0.0))
            found = decision_thresholds.candidates(probabilities, y.tocsc(), known)
            self.thresholds_ = found.threshold[np.arange(len(self.classes_)), self._best(found)]
        never = np.asarray(y.sum(axis=0)).ravel() == 0
        self.summary_: dict[str, Any] = {
            "decision": self._shown(),
            "calibrated": "by label" if len(n_given) else False,
            "validation_rows": len(n_given),
            "labels_not_validated": [str(label) for label in self.classes_[never]],
        }
        return self

    def _best(self, found: decision_thresholds.Candidates) -> Any:
        if self.metric == "micro_f1":
            return decision_thresholds.micro_f1(found)
        if self.metric == "macro_f1":
            return decision_thresholds.macro_f1(found, self.fbr)
        if self.metric == "micro_macro_f1":
            return decision_thresholds.micro_macro_f1(found, self.fbr)
        assert self.target is not None
        reach = decision_thresholds.at_precision if self.metric == "precision" else decision_thresholds.at_recall
        return reach(found, self.target)

    def _shown(self) -> str:
        if self.top_k is not None:
            return f"the {self.top_k} likeliest labels"
        target = "" if self.target is None else f" of {self.target:g}"
        parts = [f"labels above thresholds of their own, set for {self.metric.replace('_', ' ')}{target}"]
        parts += ["at least one"] * self.at_least_one_
        parts += [f"at most {self.at_most}"] * (self.at_most is not None)
        return ", ".join(parts)

    def predict_proba(self, scores: Floats) -> Floats:
        """Return independent probabilities, shape (n, n_labels); none is below that of a child."""
        return close_probabilities(self.calibrator_.predict_proba(scores), self.parents_)

    def predict(self, scores: Floats) -> csr_matrix:
        """Return an indicator matrix of the labels, CSR of uint8, shape (n, n_labels)."""
        return self.select(self.predict_proba(scores))

    def select(self, probabilities: Floats, threshold: float | None = None, top_k: int | None = None) -> csr_matrix:
        """Return an indicator matrix of the labels to give, CSR of uint8, shape (n, n_labels).

        Parameters
        ----------
        probabilities : ndarray of shape (n, n_labels)
            As ``predict_proba`` returns them.
        threshold : float, optional
            Of all labels, in place of their own, and without a label for documents below it.
        top_k : int, optional
            Give always so many labels, in place of the parameters of that name.
        """
        top_k = self.top_k if top_k is None and threshold is None else top_k
        if top_k is not None:
            return close_decisions(_likeliest(probabilities, top_k), self.parents_)
        given = probabilities >= (self.thresholds_ if threshold is None else threshold)
        if threshold is None and self.at_least_one_:
            none = np.flatnonzero(~given.any(axis=1))
            given[none, probabilities[none].argmax(axis=1)] = True
        if self.at_most is not None:
            given &= _likeliest(np.where(given, probabilities, -1.0), self.at_most)
        return close_decisions(given, self.parents_)


def _likeliest(probabilities: Floats, count: int) -> Array:
    """Mark the ``count`` largest of each row, the first of equal ones; bool, shape (n, n_labels)."""
    order = np.argsort(-probabilities, axis=1, kind="stable")[:, :count]
    marks = np.zeros(probabilities.shape, dtype=bool)
    np.put_along_axis(marks, order, True, axis=1)
    return marks
