"""Serialisation of scikit-learn's estimators with skops, restricted to expected types."""

from __future__ import annotations

import importlib
import warnings
from typing import Any

from copydesk.errors import ModelError

PART_PACKAGES = ("sklearn", "numpy", "scipy", "builtins")


def dump_part(estimator: Any) -> bytes:
    """Serialise an estimator with skops."""
    import skops.io

    return bytes(skops.io.dumps(estimator))


def load_part(data: bytes) -> Any:
    """Build an estimator from skops' bytes if every type in it is a class of scikit-learn, NumPy or SciPy.

    Raises
    ------
    ModelError
        Names the other types, or both versions of scikit-learn if they differ.
    """
    import skops.io
    from sklearn.exceptions import InconsistentVersionWarning

    unknown = skops.io.get_untrusted_types(data=data)
    refused = [name for name in unknown if not _is_expected(name)]
    if refused:
        raise ModelError(f"holds {', '.join(refused)}, which copydesk does not load; refused")
    with warnings.catch_warnings():
        warnings.simplefilter("error", InconsistentVersionWarning)
        try:
            return skops.io.loads(data, trusted=unknown)
        except InconsistentVersionWarning as found:
            raise ModelError(
                f"its {found.estimator_name} was made with scikit-learn {found.original_sklearn_version}, this is "
                f"{found.current_sklearn_version}; install that version, or train again"
            ) from None


def _is_expected(name: str) -> bool:
    """Return whether a name resolves to a class that one of the packages defines itself."""
    module_name, _, class_name = name.rpartition(".")
    if module_name.split(".")[0] not in PART_PACKAGES:
        return False
    try:
        found = getattr(importlib.import_module(module_name), class_name, None)
    except ImportError:
        return False
    return isinstance(found, type) and found.__module__.split(".")[0] in PART_PACKAGES[:-1]
