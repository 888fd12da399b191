"""Estimators as data: a JSON tree, numeric arrays, and, for scikit-learn's own classes, skops parts.

An estimator of copydesk is its class name, its constructor's parameters and its fitted attributes (those that
end in an underscore). Decoding looks the class up, constructs it and sets the attributes: nothing that the
files bring is run.
"""

from __future__ import annotations

import importlib
import math
from typing import Any

import numpy as np

from copydesk.errors import ModelError

# Kinds of numpy arrays that are plain numbers or text; objects would need pickle.
PLAIN_KINDS = "biufcUSV"
MAX_DEPTH = 64

# An array of floats with at most so many different values is stored as one byte each, and the values.
PALETTE = 256
WORTH_A_PALETTE = 4096  # elements; below, nothing is saved


class Encoded:
    """What an estimator was turned into.

    Attributes
    ----------
    tree : JSON-able
    arrays : dict of str to ndarray
    parts : dict of str to estimator
        Objects of scikit-learn's classes, for skops.
    """

    def __init__(self, estimator: Any) -> None:
        self.arrays: dict[str, np.ndarray] = {}
        self.parts: dict[str, Any] = {}
        self.tree = self._encode(estimator, "model")

    def _encode(self, value: Any, where: str) -> Any:
        if value is None or isinstance(value, bool | str):
            return value
        if isinstance(value, int | float | np.integer | np.floating | np.bool_):
            return self._number(value)
        if isinstance(value, np.ndarray):
            return self._array(value, where)
        if isinstance(value, list | tuple):
            items = [self._encode(item, f"{where}.{i}") for i, item in enumerate(value)]
            return items if isinstance(value, list) else {"kind": "tuple", "items": items}
        if isinstance(value, dict):
            return self._mapping(value, where)
        if isinstance(value, type) and issubclass(value, np.generic):
            return {"kind": "dtype", "name": np.dtype(value).name}
        if isinstance(value, np.dtype):
            return {"kind": "dtype", "name": value.name}
        if _is_own(type(value)):
            return self._estimator(value, where)
        if hasattr(value, "tocsr") and value.format == "csr":
            fields = {name: self._array(getattr(value, name), f"{where}.{name}") for name in _CSR_FIELDS}
            return {"kind": "csr", "shape": list(value.shape), **fields}
        if type(value).__module__.startswith("sklearn.") and hasattr(value, "get_params"):
            self.parts[where] = value
            return {"kind": "part", "name": where}
        raise TypeError(f"{where}: a {type(value).__name__} can't be saved as data")

    @staticmethod
    def _number(value: Any) -> Any:
        plain = value.item() if isinstance(value, np.generic) else value
        if isinstance(plain, float) and not math.isfinite(plain):
            return {"kind": "float", "text": repr(plain)}
        return plain

    def _array(self, value: np.ndarray, where: str) -> dict[str, Any]:
        if value.dtype == object:
            return {"kind": "objects", "items": [self._encode(item, where) for item in value.tolist()]}
        if value.dtype.kind not in PLAIN_KINDS or value.dtype.hasobject:
            raise TypeError(f"{where}: an array of {value.dtype} can't be saved as data")
        values = few_values(value)
        if values is None and fits_half(value):
            self.arrays[where] = value.astype(np.float16)
            return {"kind": "half", "name": where, "dtype": value.dtype.name}
        if values is None:
            self.arrays[where] = np.ascontiguousarray(value)
            return {"kind": "array", "name": where}
        self.arrays[where] = np.searchsorted(values, value).astype(np.uint8)
        self.arrays[f"{where}#values"] = values
        return {"kind": "palette", "name": where}

    def _mapping(self, value: dict[Any, Any], where: str) -> dict[str, Any]:
        items = [[self._encode(k, where), self._encode(v, f"{where}.{i}")] for i, (k, v) in enumerate(value.items())]
        return {"kind": "dict", "items": items}

    def _estimator(self, value: Any, where: str) -> dict[str, Any]:
        params = value.get_params(deep=False)
        state = value.__getstate__() or {}  # not vars: some attributes are made when they are first asked for
        fitted = {k: v for k, v in sorted(state.items()) if k.endswith("_") and not k.startswith("_")}
        return {
            "kind": "estimator",
            "class": f"{type(value).__module__}.{type(value).__qualname__}",
            "params": {k: self._encode(v, f"{where}.{k}") for k, v in sorted(params.items())},
            "fitted": {k: self._encode(v, f"{where}.{k}") for k, v in fitted.items()},
        }


def few_values(array: np.ndarray) -> np.ndarray | None:
    """Return an array's different values, sorted, if a byte can tell them apart; None if not, or if it is small."""
    if array.dtype.kind != "f" or array.size < WORTH_A_PALETTE:
        return None
    for some in (array.ravel()[:WORTH_A_PALETTE], array):
        values = np.unique(some)
        # the smaller of two zeros would come back as the other, and what is no number is equal to nothing
        if len(values) > PALETTE or not np.isfinite(values).all() or (np.signbit(some) & (some == 0)).any():
            return None
    return values


def fits_half(array: np.ndarray) -> bool:
    """Say whether half precision holds every value of an array as it is, and saves anything."""
    if array.dtype.kind != "f" or array.size < WORTH_A_PALETTE or array.dtype == np.float16:
        return False
    with np.errstate(over="ignore"):
        return all(
            np.array_equal(some.astype(np.float16).astype(array.dtype), some)
            for some in (array.ravel()[:WORTH_A_PALETTE], array)
        )


_CSR_FIELDS = ("data", "indices", "indptr")


def decode(tree: Any, arrays: dict[str, np.ndarray], parts: dict[str, Any], depth: int = 0) -> Any:
    """Build what ``Encoded`` took apart.

    Raises
    ------
    ModelError
        The tree names a class that is not an estimator of copydesk, or is not a tree of this format.
    """
    if depth > MAX_DEPTH:
        raise ModelError("model.json is nested too deep; the bundle is not one that copydesk wrote")
    if isinstance(tree, list):
        return [decode(item, arrays, parts, depth + 1) for item in tree]
    if not isinstance(tree, dict):
        return tree

    def inner(item: Any) -> Any:
        return decode(item, arrays, parts, depth + 1)

    kind = tree.get("kind")
    if kind == "array":
        return arrays[tree["name"]]
    if kind == "half":
        if tree["dtype"] not in ("float32", "float64"):
            raise ModelError(f"{tree['name']} is of half precision and {tree['dtype']!r}; not one copydesk wrote")
        return arrays[tree["name"]].astype(tree["dtype"])
    if kind == "palette":
        codes, values = arrays[tree["name"]], arrays[f"{tree['name']}#values"]
        if codes.max(initial=0) >= len(values):
            raise ModelError(f"{tree['name']} names a value that is not there; the bundle is not one copydesk wrote")
        return values[codes]
    if kind == "part":
        return parts[tree["name"]]
    if kind == "tuple":
        return tuple(inner(item) for item in tree["items"])
    if kind == "dict":
        return {inner(k): inner(v) for k, v in tree["items"]}
    if kind == "objects":
        items = np.empty(len(tree["items"]), dtype=object)
        items[:] = [inner(item) for item in tree["items"]]
        return items
    if kind == "float":
        return float(tree["text"])
    if kind == "dtype":
        found = np.dtype(tree["name"])
        if found.kind not in PLAIN_KINDS:
            raise ModelError(f"model.json holds the dtype {tree['name']!r}, which is no number or text; refused")
        return found.type
    if kind == "csr":
        from scipy.sparse import csr_matrix

        return csr_matrix(tuple(inner(tree[name]) for name in _CSR_FIELDS), shape=tuple(tree["shape"]))
    if kind == "estimator":
        estimator = own_class(tree["class"])(**{k: inner(v) for k, v in tree["params"].items()})
        for name, value in tree["fitted"].items():
            if not name.endswith("_") or name.startswith("_"):
                raise ModelError(f"model.json sets {name!r}, which is no fitted attribute")
            setattr(estimator, name, inner(value))
        return estimator
    raise ModelError(f"model.json holds a {kind!r}, which this version of copydesk does not know; update copydesk")


def _is_own(cls: type) -> bool:
    return cls.__module__.split(".")[0] == "copydesk" and hasattr(cls, "get_params")


def own_class(name: str) -> type:
    """Return the estimator class of copydesk that ``name`` is the full name of.

    Raises
    ------
    ModelError
        It names anything else. The judgement falls on the resolved object: a class, defined in the module
        named, with an estimator's parameters.
    """
    refusal = f"model.json names {name!r}, which is not an estimator of copydesk; refused"
    module_name, _, class_name = str(name).rpartition(".")
    if module_name.split(".")[0] != "copydesk" or not class_name.isidentifier():
        raise ModelError(refusal)
    try:
        found = vars(importlib.import_module(module_name)).get(class_name)
    except ImportError:
        raise ModelError(f"{refusal}; or it is from another version: update copydesk") from None
    if not isinstance(found, type) or found.__module__ != module_name or not _is_own(found):
        raise ModelError(refusal)
    return found
