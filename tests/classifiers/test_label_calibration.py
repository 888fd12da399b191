"""Calibration of independent labels."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from copydesk.classifiers import label_calibration
from copydesk.classifiers.label_calibration import LabelCalibrator


def drawn(n: int = 4_000, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    scores = rng.normal(-1, 0.6, (n, 3))
    p = expit(scores * [3.0, 2.5, 4.0] + [1.0, 0.0, 0.5])
    return scores, p, (rng.random(p.shape) < p).astype(np.uint8)


def test_frequent_labels_get_the_curve_of_highest_likelihood() -> None:
    scores, _, Y = drawn()
    found = LabelCalibrator().fit(scores, csr_matrix(Y))
    for label in range(3):
        own = LogisticRegression(C=1e9).fit(scores[:, [label]], Y[:, label])
        expected = own.predict_proba(scores[:, [label]])[:, 1]
        np.testing.assert_allclose(found.predict_proba(scores)[:, label], expected, atol=0.01)


def test_probabilities_are_near_the_true_ones_and_rise_with_the_score() -> None:
    scores, p, Y = drawn()
    found = LabelCalibrator().fit(scores, csr_matrix(Y)).predict_proba(scores)
    assert np.abs(found - p).mean() < 0.02
    order = np.argsort(scores, axis=0)
    assert (np.diff(np.take_along_axis(found, order, 0), axis=0) >= 0).all()


def test_a_label_without_validation_rows_gets_the_shared_curve() -> None:
    scores, _, Y = drawn()
    unseen = np.full((len(Y), 1), -np.inf)
    found = LabelCalibrator().fit(np.hstack([scores, unseen]), csr_matrix(np.hstack([Y, np.zeros_like(Y[:, :1])])))
    assert found.slope_[3] == pytest.approx(found.slope_[:3].mean(), rel=0.01)
    assert found.offset_[3] == pytest.approx(found.offset_[:3].mean(), abs=0.01)


def test_blocks_of_labels_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    scores, _, Y = drawn(500)
    whole = LabelCalibrator().fit(scores, csr_matrix(Y))
    monkeypatch.setattr(label_calibration, "_CELLS", 500)
    parts = LabelCalibrator().fit(scores, csr_matrix(Y))
    np.testing.assert_allclose(whole.slope_, parts.slope_, rtol=1e-9)
    np.testing.assert_allclose(whole.offset_, parts.offset_, rtol=1e-9)


def test_rows_that_a_label_was_not_known_for_do_not_count() -> None:
    scores, _, Y = drawn(1_000)
    some = scores.copy()
    some[::2, 0] = -np.inf
    found = LabelCalibrator().fit(some, csr_matrix(Y))
    assert np.isfinite(found.slope_).all()
    assert np.isfinite(found.offset_).all()
    half = LabelCalibrator().fit(scores, csr_matrix(Y))
    np.testing.assert_allclose(found.predict_proba(scores), half.predict_proba(scores), atol=0.1)


def test_without_rows_scores_are_taken_as_log_odds() -> None:
    found = LabelCalibrator().fit(np.empty((0, 0)), csr_matrix((0, 2), dtype=np.uint8))
    np.testing.assert_allclose(found.predict_proba(np.array([[0.0, 2.0]])), [[0.5, expit(2.0)]])


def test_probabilities_are_never_0_or_1() -> None:
    scores, _, Y = drawn(100)
    found = LabelCalibrator().fit(scores, csr_matrix(Y)).predict_proba(np.array([[1e9, -1e9, 0.0]]))
    assert 0 < found.min() < found.max() < 1
