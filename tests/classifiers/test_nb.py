"""NB-SVM: the classifier sees features times log-count ratios, the model speaks of the features as they are."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.base import clone
from sklearn.linear_model import RidgeClassifier
from sklearn.svm import LinearSVC
from sklearn.utils.estimator_checks import parametrize_with_checks

from copydesk.classifiers.linear import LinearSVM, LogisticRegression
from copydesk.classifiers.nb import NBWeighted
from copydesk.classifiers.regularization_path import fit_path
from helpers.text_like import documents

INNER = [
    LinearSVM(),
    LinearSVM(loss="hinge"),
    LogisticRegression(),
    LinearSVC(random_state=0),
    RidgeClassifier(tol=1e-13),
]


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@parametrize_with_checks([NBWeighted(LinearSVM(tol=1e-9, max_iter=20_000))])
def test_follows_the_scikit_learn_api(estimator, check):
    check(estimator)


def ratios_by_hand(X: np.ndarray, positive: np.ndarray, alpha: float) -> np.ndarray:
    p = alpha + (X[positive] > 0).sum(axis=0)
    q = alpha + (X[~positive] > 0).sum(axis=0)
    return np.log((p / np.abs(p).sum()) / (q / np.abs(q).sum()))


@pytest.mark.parametrize("inner", INNER, ids=str)
@pytest.mark.parametrize("n_classes", [2, 4])
@pytest.mark.parametrize("beta", [1.0, 0.25])
def test_scores_are_those_of_the_classifier_on_weighted_features(inner, n_classes, beta):
    X, y = documents(n_classes)
    dense = X.toarray()
    fitted = NBWeighted(inner, alpha=0.5, beta=beta).fit(X, y)
    scores = fitted.decision_function(X).reshape(y.size, -1)
    for lane, label in enumerate([1] if n_classes == 2 else range(n_classes)):
        weighed = dense * ratios_by_hand(dense, y == label, 0.5)
        alone = clone(inner).fit(sp.csr_matrix(weighed), (y == label).astype(int))
        own = np.ravel(alone.coef_)
        blended = beta * own + (1 - beta) * np.abs(own).mean()
        np.testing.assert_allclose(scores[:, lane], weighed @ blended + np.ravel(alone.intercept_), atol=1e-9)


def test_weights_of_documents_are_repetitions():
    X, y = documents(3)
    times = np.random.default_rng(0).integers(0, 3, y.size)
    model = NBWeighted(LinearSVM(tol=1e-9, max_iter=20_000))
    weighted = clone(model).fit(X, y, sample_weight=times)
    repeated = clone(model).fit(X[np.repeat(np.arange(y.size), times)], np.repeat(y, times))
    np.testing.assert_allclose(weighted.weights_, repeated.weights_, atol=1e-6)


def test_threads_change_nothing():
    X, y = documents(5, dtype=np.float32)
    alone, together = (NBWeighted(LinearSVM(), n_jobs=n).fit(X, y) for n in (1, 3))
    assert alone.weights_.dtype == np.float32
    assert together.weights_.tobytes() == alone.weights_.tobytes()


@pytest.mark.parametrize("n_classes", [2, 4])
def test_a_path_over_C_ends_where_single_fits_end(n_classes):
    X, y = documents(n_classes)
    model = NBWeighted(LinearSVM(tol=1e-9, max_iter=20_000))
    path = list(fit_path(model, X, y, [3.0, 0.3]))
    assert [fitted.classifier.C for fitted in path] == [0.3, 3.0]
    for fitted in path:
        np.testing.assert_allclose(fitted.weights_, clone(fitted).fit(X, y).weights_, atol=1e-5)


@pytest.mark.parametrize(
    ("options", "complaint"), [({"alpha": 0}, "alpha=0 is not valid"), ({"beta": 2}, "beta=2 is not valid")]
)
def test_parameters_out_of_range_are_refused(options, complaint):
    X, y = documents(3)
    with pytest.raises(ValueError, match=complaint):
        NBWeighted(LinearSVM(), **options).fit(X, y)


def test_labels_of_an_indicator_are_problems_of_their_own():
    X, y = documents(3)
    Y = np.column_stack([y != 0, y == 1, y < 0])
    ours = NBWeighted(LinearSVM(tol=1e-9, max_iter=20_000)).fit(X, sp.csr_matrix(Y.astype(np.uint8)))
    for label in range(2):
        alone = NBWeighted(LinearSVM(tol=1e-9, max_iter=20_000)).fit(X, Y[:, label])
        np.testing.assert_allclose(ours.coef_[label], alone.coef_[0], atol=1e-9)
    assert (ours.decision_function(X)[:, 2] == -1).all()  # no document has the label
    np.testing.assert_array_equal(ours.predict(X), ours.decision_function(X) > 0)
    first, *_ = fit_path(NBWeighted(LinearSVM(tol=1e-9, max_iter=20_000)), X, Y.astype(int), [1.0])
    np.testing.assert_allclose(first.coef_, ours.coef_, atol=1e-9)
