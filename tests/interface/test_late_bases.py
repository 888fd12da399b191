"""Estimators are subclasses of scikit-learn's from the first use of its interface on, whatever that is."""

from __future__ import annotations

import pickle
import subprocess
import sys
from copy import copy

import numpy as np
import pytest
from sklearn import config_context
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin, clone, is_classifier
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import cross_validate
from sklearn.pipeline import make_pipeline

from copydesk.classifiers.linear import LinearSVM
from copydesk.features.tfidf import TfidfFeatures
from copydesk.interface.checks import require_fitted
from copydesk.interface.late_bases import Classifier, Estimator, Transformer

PROGRAM = """
import sys
from copydesk.classifiers.decision import Argmax
from copydesk.classifiers.linear import LinearSVM
from copydesk.features.paragraph_features import ParagraphFeatures
from copydesk.features.tfidf import TfidfFeatures

svm, tfidf, numbers, argmax = LinearSVM(C=2.0), TfidfFeatures(), ParagraphFeatures(), Argmax()
assert "sklearn" not in sys.modules
print({use})
from sklearn import config_context
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin
assert isinstance(svm, ClassifierMixin) and isinstance(svm, BaseEstimator)
assert isinstance(tfidf, TransformerMixin) and isinstance(argmax, BaseEstimator)
assert not isinstance(argmax, ClassifierMixin) and not isinstance(tfidf, ClassifierMixin)
assert "sample_weight" in svm.get_metadata_routing().fit.requests
"""
USES = {
    "svm.get_params()['C']": "2.0",
    "svm.set_params(C=3.0)": "LinearSVM(C=3.0)",
    "svm": "LinearSVM(C=2.0)",
    "argmax": "Argmax()",
    "svm.__sklearn_tags__().estimator_type": "classifier",
    "svm.__sklearn_tags__().input_tags.sparse": "True",
    "tfidf.__sklearn_tags__().transformer_tags is not None": "True",
    "svm.fit([[0.0], [1.0]], [0, 1]).score([[0.0], [1.0]], [0, 1])": "1.0",
    "tfidf.set_output(transform='default') is tfidf": "True",
    "'sk-top-container' in svm._repr_html_()": "True",
    "__import__('sklearn.base').base.clone(svm)": "LinearSVM(C=2.0)",
    "__import__('sklearn.base').base.is_classifier(svm)": "True",
}


@pytest.mark.parametrize("use", USES)
def test_any_first_use_makes_subclasses_of_scikit_learn(use: str) -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM.replace("{use}", use)], capture_output=True, text=True)
    assert (done.returncode, done.stdout.strip()) == (0, USES[use]), done.stderr


def test_classes_are_defined_as_if_scikit_learn_had_been_imported() -> None:
    for late, mixins in ((Estimator, ()), (Classifier, (ClassifierMixin,)), (Transformer, (TransformerMixin,))):
        own = type(late.__name__, (*mixins, BaseEstimator), {})
        assert [cls for cls in late.__mro__[1:] if cls is not Estimator] == list(own.__mro__[1:])
    assert is_classifier(LinearSVM())


def test_outputs_are_wrapped_once() -> None:
    class Columns(Transformer):
        def fit(self, X: object, y: object = None) -> Columns:
            return self

        def transform(self, X: object) -> object:
            return X

        def get_feature_names_out(self, input_features: object = None) -> list[str]:
            return ["a", "b"]

    found = Columns().set_output(transform="pandas").fit_transform(np.ones((3, 2)))
    assert list(found.columns) == ["a", "b"]
    assert not hasattr(TfidfFeatures.transform.__wrapped__, "__wrapped__")


def test_copies_and_pickles_hold_the_state() -> None:
    fitted = LinearSVM(C=2.0).fit([[0.0], [1.0]], ["a", "b"])
    for other in (copy(fitted), pickle.loads(pickle.dumps(fitted))):
        assert vars(other).keys() == vars(fitted).keys()
        assert other.predict([[1.0]]).tolist() == ["b"]
    assert clone(fitted).get_params() == fitted.get_params()


def test_what_is_not_fitted_raises_as_in_scikit_learn() -> None:
    with pytest.raises(NotFittedError, match="LinearSVM"):
        require_fitted(LinearSVM())
    require_fitted(LinearSVM().fit([[0.0], [1.0]], [0, 1]))


def test_sample_weights_are_routed_as_for_estimators_of_scikit_learn() -> None:
    texts, labels = ["goal and match", "vote and tax", "a match", "the vote"] * 3, ["sport", "politics"] * 6
    weight = np.linspace(0.5, 2, 12)
    with config_context(enable_metadata_routing=True):
        svm = LinearSVM().set_fit_request(sample_weight=True).set_score_request(sample_weight=True)
        pipeline = make_pipeline(TfidfFeatures(), svm)
        pipeline.fit(texts, labels, sample_weight=weight)
        scores = cross_validate(pipeline, texts, labels, params={"sample_weight": weight}, cv=3)["test_score"]
    direct = LinearSVM().fit(TfidfFeatures().fit_transform(texts), labels, sample_weight=weight)
    np.testing.assert_array_equal(pipeline[-1].weights_, direct.weights_)
    assert scores.tolist() == [1, 1, 1]
