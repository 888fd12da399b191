"""Logistic function and softmax equal SciPy's."""

from __future__ import annotations

import numpy as np
import scipy.special
from numpy.testing import assert_array_equal, assert_array_max_ulp

from copydesk.classifiers.probability import expit, softmax

DRAWS = np.random.default_rng(0).normal(0, 30, size=(2_000, 7))
EXTREMES = np.array(
    [[0.0, -0.0, 1e-320, 709.0, -709.0, 710.0, -746.0], [np.inf, -np.inf, 1e308, -1e308, 36.0, -36.0, 1]]
)


def test_expit() -> None:
    for x in (DRAWS, EXTREMES):
        assert_array_max_ulp(expit(x), scipy.special.expit(x), maxulp=2)


def test_softmax() -> None:
    for x in (DRAWS, EXTREMES[:1], DRAWS.astype(np.float32)):
        found, expected = softmax(x), scipy.special.softmax(x, axis=1)
        assert found.dtype == expected.dtype
        assert_array_equal(found, expected)
