"""Laws of LinearSVM and LogisticRegression; the reference is LIBLINEAR's and L-BFGS's optimum."""

from __future__ import annotations

import io

import joblib
import numpy as np
import pytest
import scipy.sparse as sp
import skops.io
from sklearn import linear_model, svm
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import cross_val_score
from sklearn.utils.estimator_checks import parametrize_with_checks

from copydesk.classifiers.linear import LinearSVM, LogisticRegression
from copydesk.classifiers.nb import NBWeighted
from helpers.text_like import documents

# The equivalence of weights and repetitions holds at the optimum, so the checks run near it.
EXACT = {"tol": 1e-9, "max_iter": 20_000}


# Some checks cap max_iter, or give data on which rounding stops the solver before so small a tol.
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@parametrize_with_checks(
    [LinearSVM(**EXACT), LogisticRegression(**EXACT), LogisticRegression(multi_class="ovr", **EXACT)]
)
def test_follows_the_scikit_learn_api(estimator, check):
    check(estimator)


@pytest.mark.parametrize("loss", ["squared_hinge", "hinge"])
@pytest.mark.parametrize("n_classes", [2, 5])
@pytest.mark.parametrize("class_weight", [None, "balanced"])
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_linear_svm_finds_the_optimum_of_liblinear(loss, n_classes, class_weight, fit_intercept):
    X, y = documents(n_classes)
    options = {"loss": loss, "C": 3.0, "class_weight": class_weight, "fit_intercept": fit_intercept}
    weight = np.random.default_rng(0).uniform(0.5, 2, y.size)
    ours = LinearSVM(tol=1e-10, max_iter=100_000, **options).fit(X, y, sample_weight=weight)
    theirs = svm.LinearSVC(tol=1e-10, max_iter=1_000_000, **options).fit(X, y, sample_weight=weight)
    np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=1e-7)
    np.testing.assert_allclose(ours.intercept_, theirs.intercept_ if fit_intercept else 0, atol=1e-7)
    np.testing.assert_allclose(ours.decision_function(X), theirs.decision_function(X), atol=1e-7)


@pytest.mark.parametrize("n_classes", [2, 4])
@pytest.mark.parametrize("C", [0.3, 30.0])
@pytest.mark.parametrize("class_weight", [None, "balanced"])
def test_logistic_regression_finds_the_optimum_of_lbfgs(n_classes, C, class_weight):
    X, y = documents(n_classes)
    ours = LogisticRegression(C=C, tol=1e-9, max_iter=100_000, class_weight=class_weight).fit(X, y)
    # The reference penalises no intercept of its own, so it gets ours: a constant feature.
    theirs = linear_model.LogisticRegression(
        C=C, tol=1e-10, max_iter=10_000, class_weight=class_weight, fit_intercept=False
    ).fit(sp.hstack([X, np.ones((y.size, 1))]), y)
    np.testing.assert_allclose(ours.coef_, theirs.coef_[:, :-1], atol=1e-5)
    np.testing.assert_allclose(ours.intercept_, theirs.coef_[:, -1], atol=1e-5)
    proba = theirs.predict_proba(sp.hstack([X, np.ones((y.size, 1))]))
    np.testing.assert_allclose(ours.predict_proba(X), proba, atol=1e-6)


def test_logistic_regression_one_vs_rest_is_a_binary_problem_per_class():
    X, y = documents(4)
    ours = LogisticRegression(multi_class="ovr", tol=1e-9, max_iter=100_000).fit(X, y)
    for c in range(4):
        alone = linear_model.LogisticRegression(
            solver="liblinear", tol=1e-10, max_iter=10_000, C=1.0, random_state=0
        ).fit(X, y == c)
        np.testing.assert_allclose(ours.coef_[c], alone.coef_[0], atol=1e-5)


@pytest.mark.parametrize("model", [LinearSVM(), LinearSVM(loss="hinge"), LogisticRegression(multi_class="ovr")])
def test_threads_change_nothing(model):
    X, y = documents(7, dtype=np.float32)
    alone = clone(model).fit(X, y)
    for n_jobs in (2, 3, 7):
        together = clone(model).set_params(n_jobs=n_jobs).fit(X, y)
        assert together.weights_.tobytes() == alone.weights_.tobytes()
        assert together.intercept_.tobytes() == alone.intercept_.tobytes()


def test_hinge_converges_in_float32_where_all_documents_are_at_the_bound():
    X, y = documents(5, dtype=np.float32)
    fitted = LinearSVM(loss="hinge", C=0.01, max_iter=50).fit(X, y)  # 0.01 is no float32
    assert fitted.n_iter_ < 50


@pytest.mark.parametrize("model", [LinearSVM(), LogisticRegression(), LogisticRegression(multi_class="ovr")])
def test_float32_stays_float32_and_agrees_with_float64(model):
    X, y = documents(5)
    double = clone(model).fit(X, y)
    single = clone(model).fit(X.astype(np.float32), y)
    assert single.weights_.dtype == np.float32
    assert double.weights_.dtype == np.float64
    np.testing.assert_allclose(single.decision_function(X.astype(np.float32)), double.decision_function(X), atol=0.02)


def test_labels_of_any_type_come_back():
    X, y = documents(3)
    for labels in (np.array(["sport", "arts", "news"]), np.array([7, -1, 3]), np.array([0.0, 2.0, 1.0])):
        model = LinearSVM().fit(X, labels[y])
        np.testing.assert_array_equal(model.classes_, np.unique(labels))
        assert (model.predict(X) == labels[y]).mean() > 0.95
        assert model.predict(X).dtype == labels.dtype


def test_dense_sparse_and_split_entries_are_the_same_data():
    X, y = documents(3)
    twice = sp.csr_matrix((np.repeat(X.data / 2, 2), np.repeat(X.indices, 2), X.indptr * 2), shape=X.shape)
    sparse = LinearSVM(tol=1e-10, max_iter=100_000).fit(X, y)
    np.testing.assert_allclose(clone(sparse).fit(X.toarray(), y).weights_, sparse.weights_, atol=1e-8)
    np.testing.assert_allclose(clone(sparse).fit(twice, y).weights_, sparse.weights_, atol=1e-8)
    assert twice.nnz == 2 * X.nnz, "the caller's matrix must not change"


def test_not_converging_says_what_to_change():
    X, y = documents(3)
    for model in (LinearSVM(tol=1e-9, max_iter=2), LogisticRegression(tol=1e-9, max_iter=2)):
        with pytest.warns(ConvergenceWarning, match="raise max_iter or tol, lower C"):
            model.fit(X, y)


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"C": 0}, "C=0 is not valid"),
        ({"C": float("nan")}, "C=nan is not valid"),
        ({"tol": -1}, "tol=-1 is not valid"),
        ({"loss": "log"}, "loss='log' is not valid; choose 'squared_hinge' or 'hinge'"),
    ],
)
def test_parameters_out_of_range_are_refused(options, complaint):
    X, y = documents(3)
    with pytest.raises(ValueError, match=complaint):
        LinearSVM(**options).fit(X, y)


def test_one_class_is_refused():
    with pytest.raises(ValueError, match=r"at least 2 classes .* found 1 class: \['news'\]"):
        LinearSVM().fit(np.eye(3), ["news"] * 3)


def test_works_within_cross_validation():
    X, y = documents(3)
    assert cross_val_score(LogisticRegression(C=10), X, y, cv=3).mean() > 0.8


@pytest.mark.parametrize("model", [LinearSVM(), LogisticRegression()])
def test_survives_joblib_and_skops(model):
    X, y = documents(3)
    fitted = clone(model).fit(X, y)
    buffer = io.BytesIO()
    joblib.dump(fitted, buffer)
    buffer.seek(0)
    data = skops.io.dumps(fitted)
    for loaded in (
        joblib.load(buffer),
        skops.io.loads(data, trusted=skops.io.get_untrusted_types(data=data)),
    ):
        assert loaded.decision_function(X).tobytes() == fitted.decision_function(X).tobytes()


@pytest.mark.parametrize("model", [LinearSVM(), LogisticRegression(), NBWeighted(LinearSVM())])
def test_indices_of_64_bits_that_fit_32_train_the_same_model(model):
    X, y = documents(3)
    X = sp.csr_matrix(X)
    wide = X.copy()
    wide.indices, wide.indptr = wide.indices.astype(np.int64), wide.indptr.astype(np.int64)
    assert np.array_equal(clone(model).fit(wide, y).weights_, clone(model).fit(X, y).weights_)


def label_sets(n_labels: int = 5) -> tuple[sp.csr_matrix, np.ndarray]:
    """Return documents with an indicator of several labels, one of them with every label's documents, one with none."""
    X, y = documents(n_labels)
    Y = np.eye(n_labels, dtype=np.int64)[y] | np.eye(n_labels, dtype=np.int64)[(y * y + 1) % n_labels]
    Y[::7] = 0
    return X, np.column_stack([Y, Y.any(axis=1), np.zeros(len(Y), dtype=np.int64)])


@pytest.mark.parametrize("form", [np.asarray, sp.csr_matrix])
@pytest.mark.parametrize("class_weight", [None, "balanced"])
def test_labels_of_an_indicator_are_problems_of_their_own(form, class_weight):
    X, Y = label_sets()
    options = {"C": 3.0, "class_weight": class_weight}
    ours = LinearSVM(tol=1e-10, max_iter=100_000, **options).fit(X, form(Y))
    assert ours.coef_.shape == (7, X.shape[1])
    for label in range(6):
        theirs = svm.LinearSVC(tol=1e-10, max_iter=1_000_000, **options).fit(X, Y[:, label])
        np.testing.assert_allclose(ours.coef_[label], theirs.coef_[0], atol=1e-7)
        np.testing.assert_allclose(ours.intercept_[label], theirs.intercept_[0], atol=1e-7)
    assert (ours.decision_function(X)[:, 6] < 0).all()  # no document has the label
    np.testing.assert_array_equal(ours.predict(X), ours.decision_function(X) > 0)
    assert ours.classes_.tolist() == list(range(7))


def test_logistic_labels_of_an_indicator_have_independent_probabilities():
    X, Y = label_sets()
    ours = LogisticRegression(C=3.0, tol=1e-9, max_iter=100_000).fit(X, Y)
    for label in range(6):
        alone = LogisticRegression(C=3.0, tol=1e-9, max_iter=100_000).fit(X, Y[:, label])
        np.testing.assert_allclose(ours.predict_proba(X)[:, label], alone.predict_proba(X)[:, 1], atol=1e-6)


def test_labels_do_not_depend_on_those_solved_beside_them_nor_on_threads():
    X, Y = documents(2, n=120, dtype=np.float32)[0], np.random.default_rng(0).random((120, 70)) < 0.1
    one, two = (LinearSVM(n_jobs=n).fit(X, Y) for n in (1, 2))
    np.testing.assert_array_equal(one.weights_, two.weights_)
    np.testing.assert_array_equal(LinearSVM().fit(X, Y[:, 30:]).weights_, one.weights_[:, 30:])


def test_weights_of_labels_by_column():
    X, Y = label_sets()
    ours = LinearSVM(tol=1e-10, max_iter=100_000, class_weight={1: 4.0}).fit(X, Y)
    theirs = svm.LinearSVC(tol=1e-10, max_iter=1_000_000, class_weight={1: 4.0}).fit(X, Y[:, 1])
    np.testing.assert_allclose(ours.coef_[1], theirs.coef_[0], atol=1e-7)
    plain = LinearSVM(tol=1e-10, max_iter=100_000).fit(X, Y)
    np.testing.assert_allclose(ours.coef_[0], plain.coef_[0], atol=1e-7)


def test_a_path_over_indicators_and_a_refit_with_one_label_for_each():
    X, Y = label_sets()
    steps = list(LinearSVM(tol=1e-10, max_iter=100_000).fit_path(X, Y, [3.0, 0.3]))
    alone = LinearSVM(C=0.3, tol=1e-10, max_iter=100_000).fit(X, Y)
    np.testing.assert_allclose(steps[0].coef_, alone.coef_, atol=1e-7)
    assert steps[1].predict(X).shape == Y.shape
    assert steps[1].fit(X, Y[:, 0]).predict(X).shape == (len(Y),)
