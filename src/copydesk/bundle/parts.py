"""scikit-learn's own estimators inside a bundle, through skops, and only of types that are expected there."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from copydesk.errors import ModelError

if TYPE_CHECKING:
    from pathlib import Path

TRUSTED_PACKAGES = ("sklearn", "numpy", "scipy", "builtins")


def dump_part(estimator: Any) -> bytes:
    """Return an estimator as skops' bytes."""
    import skops.io

    return bytes(skops.io.dumps(estimator))


def load_part(data: bytes, folder: Path) -> Any:
    """Build an estimator from skops' bytes, if every type in it is a class of scikit-learn, numpy or scipy.

    Raises
    ------
    ModelError
        Names the types that are not.
    """
    import skops.io

    unknown = skops.io.get_untrusted_types(data=data)
    refused = [name for name in unknown if not _is_expected(name)]
    if refused:
        raise ModelError(f"{folder}: holds {', '.join(refused)}, which copydesk does not load; refused")
    return skops.io.loads(data, trusted=unknown)


def _is_expected(name: str) -> bool:
    """Judge a type by what its name resolves to: a class that the trusted packages define themselves."""
    module_name, _, class_name = name.rpartition(".")
    if module_name.split(".")[0] not in TRUSTED_PACKAGES:
        return False
    try:
        found = getattr(importlib.import_module(module_name), class_name, None)
    except ImportError:
        return False
    return isinstance(found, type) and found.__module__.split(".")[0] in TRUSTED_PACKAGES[:-1]
