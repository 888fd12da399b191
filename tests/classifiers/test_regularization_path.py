"""A path over C ends where single fits end, with less work."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.naive_bayes import ComplementNB
from sklearn.svm import LinearSVC

from copydesk.classifiers.linear import LinearSVM, LogisticRegression
from copydesk.classifiers.regularization_path import fit_path
from helpers.text_like import documents

MODELS = [LinearSVM(), LinearSVM(loss="hinge"), LogisticRegression(), LogisticRegression(multi_class="ovr")]


@pytest.mark.parametrize("model", MODELS)
def test_each_step_is_the_single_fit(model):
    X, y = documents(4)
    weight = np.random.default_rng(0).uniform(0.5, 2, y.size)
    model = clone(model).set_params(tol=1e-8, max_iter=100_000)
    path = list(fit_path(model, X, y, [10.0, 0.1, 1.0], sample_weight=weight))
    assert [fitted.C for fitted in path] == [0.1, 1.0, 10.0]
    for fitted in path:
        alone = clone(fitted).fit(X, y, sample_weight=weight)
        np.testing.assert_allclose(fitted.weights_, alone.weights_, atol=1e-5)
        np.testing.assert_array_equal(fitted.predict(X), alone.predict(X))
    assert not hasattr(model, "weights_"), "the classifier that was given must not change"


def test_a_path_takes_fewer_passes_than_single_fits():
    X, y = documents(6)
    Cs = [0.1, 0.3, 1.0, 3.0, 10.0]
    model = LinearSVM(tol=1e-3)
    path = sum(fitted.n_iter_ for fitted in fit_path(model, X, y, Cs))
    assert path < sum(clone(model).set_params(C=C).fit(X, y).n_iter_ for C in Cs)


def test_any_classifier_with_a_C_has_a_path():
    X, y = documents(3)
    path = list(fit_path(LinearSVC(random_state=0), X, y, [1.0, 0.1]))
    assert [fitted.C for fitted in path] == [0.1, 1.0]
    with pytest.raises(ValueError, match="Invalid parameter 'C'"):
        list(fit_path(ComplementNB(), X, y, [1.0]))


def test_a_bad_C_anywhere_on_the_path_is_refused():
    X, y = documents(3)
    path = fit_path(LinearSVM(), X, y, [1.0, float("inf")])
    next(path)
    with pytest.raises(ValueError, match="C=inf is not valid"):
        next(path)
