"""Check that an estimator is fitted."""

from __future__ import annotations

from typing import Any


def require_fitted(estimator: Any) -> None:
    """Check for fitted attributes as ``sklearn.utils.validation.check_is_fitted`` does, which it imports to raise.

    Raises
    ------
    NotFittedError
        The estimator has none.
    """
    if not any(name.endswith("_") and not name.startswith("_") for name in vars(estimator)):
        from sklearn.utils.validation import check_is_fitted

        check_is_fitted(estimator)
