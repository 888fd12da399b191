"""Base classes of estimators that become subclasses of scikit-learn's only when its interface is used.

Prediction with a saved model needs none of that interface, and importing scikit-learn takes longer than the rest of
a start. So `Estimator`, `Classifier` and `Transformer` begin with placeholders as their bases. The first use of what
scikit-learn defines (``get_params``, ``score``, ``set_output``, ``repr`` …) replaces the placeholders with
``BaseEstimator``, ``ClassifierMixin`` and ``TransformerMixin``. From then on the classes are as if they had been
defined that way; scikit-learn's own checks ask for real subclasses, so that wrapping its functions would not do. Where
scikit-learn is imported before this module, they are subclasses from the start.
"""

from __future__ import annotations

import sys
from threading import RLock
from typing import Any


class _Late:
    """Attribute that a class of scikit-learn defines: the first access makes it a base class and looks again."""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, instance: Any, owner: type) -> Any:
        if owner in (_BaseEstimator, _ClassifierMixin, _TransformerMixin):
            raise AttributeError(self.name)  # the placeholders themselves never have it
        inherit_from_sklearn()
        return getattr(owner if instance is None else instance, self.name)


class _BaseEstimator:
    get_params = _Late()
    set_params = _Late()
    get_metadata_routing = _Late()
    set_fit_request = _Late()
    _get_param_names = _Late()
    _repr_html_ = _Late()
    _repr_mimebundle_ = _Late()
    __repr__ = _Late()
    __sklearn_clone__ = _Late()
    __sklearn_tags__ = _Late()

    def __getstate__(self) -> dict[str, Any]:
        return dict(vars(self))


class _ClassifierMixin:
    score = _Late()
    set_score_request = _Late()


class _TransformerMixin:
    fit_transform = _Late()
    set_output = _Late()


class Estimator(_BaseEstimator):
    """``sklearn.base.BaseEstimator``, imported late."""


class Classifier(_ClassifierMixin, Estimator):
    """``sklearn.base.ClassifierMixin`` and ``BaseEstimator``, imported late."""


class Transformer(_TransformerMixin, Estimator):
    """``sklearn.base.TransformerMixin`` and ``BaseEstimator``, imported late."""


_changing = RLock()


def inherit_from_sklearn() -> None:
    """Replace the placeholders by classes of scikit-learn, once."""
    from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin

    with _changing:
        if issubclass(Estimator, BaseEstimator):
            return
        # Estimator last: until then other threads meet a placeholder, and wait above.
        Classifier.__bases__ = (ClassifierMixin, Estimator)
        Transformer.__bases__ = (TransformerMixin, Estimator)
        Estimator.__bases__ = (BaseEstimator,)
        found = [Estimator]
        for cls in found:  # base classes first, as they would have been defined
            super(cls, cls).__init_subclass__()
            found += [each for each in cls.__subclasses__() if each not in found]


if "sklearn.base" in sys.modules:
    inherit_from_sklearn()
