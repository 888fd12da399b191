"""Conversion of estimators to data and back: a JSON tree, arrays, and skops parts for classes of scikit-learn.

An estimator of copydesk is stored as its public name, its constructor's parameters and its fitted attributes
(those that end in an underscore). Decoding looks the class up, constructs it and sets the attributes; it runs no
code from the files.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from copydesk.bundle.classes import class_of, public_name
from copydesk.errors import ModelError

# Kinds of NumPy arrays that hold plain numbers or text; objects would need pickle.
PLAIN_KINDS = "biufcUSV"
MAX_TREE_DEPTH = 64

# A float array with at most this many distinct values is stored as one byte per element plus the values.
PALETTE_SIZE = 256
MIN_COMPACTED = 4096  # elements; smaller arrays are stored as they are


class EncodedEstimator:
    """An estimator as data.

    Attributes
    ----------
    tree : JSON-able
    arrays : dict of str to ndarray
    parts : dict of str to estimator
        Estimators of scikit-learn, which skops writes.
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
        if public_name(type(value)) is not None:
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
        state = value.__getstate__() or {}  # not vars: some attributes are computed on first access
        fitted = {k: v for k, v in sorted(state.items()) if k.endswith("_") and not k.startswith("_")}
        return {
            "kind": "estimator",
            "class": public_name(type(value)),
            "params": {k: self._encode(v, f"{where}.{k}") for k, v in sorted(params.items())},
            "fitted": {k: self._encode(v, f"{where}.{k}") for k, v in fitted.items()},
        }


def few_values(array: np.ndarray) -> np.ndarray | None:
    """Return the sorted distinct values of a large float array; None for other arrays or more than 256 values."""
    if array.dtype.kind != "f" or array.size < MIN_COMPACTED:
        return None
    for some in (array.ravel()[:MIN_COMPACTED], array):
        values = np.unique(some)
        # -0.0 would come back as 0.0, and NaN equals nothing
        if len(values) > PALETTE_SIZE or not np.isfinite(values).all() or (np.signbit(some) & (some == 0)).any():
            return None
    return values


def fits_half(array: np.ndarray) -> bool:
    """Return whether half precision stores every value of a large array exactly."""
    if array.dtype.kind != "f" or array.size < MIN_COMPACTED or array.dtype == np.float16:
        return False
    with np.errstate(over="ignore"):
        return all(
            np.array_equal(some.astype(np.float16).astype(array.dtype), some)
            for some in (array.ravel()[:MIN_COMPACTED], array)
        )


_CSR_FIELDS = ("data", "indices", "indptr")


def decode_estimator(tree: Any, arrays: dict[str, np.ndarray], parts: dict[str, Any], depth: int = 0) -> Any:
    """Rebuild the estimator, or the value in it, that an ``EncodedEstimator`` holds.

    Raises
    ------
    ModelError
        The tree names a class that is not an estimator of copydesk, or is not a tree of this format.
    """
    if depth > MAX_TREE_DEPTH:
        raise ModelError("model.json is nested too deep; copydesk did not write this bundle")
    if isinstance(tree, list):
        return [decode_estimator(item, arrays, parts, depth + 1) for item in tree]
    if not isinstance(tree, dict):
        return tree

    def inner(item: Any) -> Any:
        return decode_estimator(item, arrays, parts, depth + 1)

    kind = tree.get("kind")
    if kind == "array":
        return arrays[tree["name"]]
    if kind == "half":
        if tree["dtype"] not in ("float32", "float64"):
            raise ModelError(
                f"{tree['name']} has half precision and the dtype {tree['dtype']!r}; copydesk did not write this bundle"
            )
        return arrays[tree["name"]].astype(tree["dtype"])
    if kind == "palette":
        codes, values = arrays[tree["name"]], arrays[f"{tree['name']}#values"]
        if codes.max(initial=0) >= len(values):
            raise ModelError(f"{tree['name']} names a value that does not exist; copydesk did not write this bundle")
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
            raise ModelError(
                f"model.json holds the dtype {tree['name']!r}, which is neither a number nor text; refused"
            )
        return found.type
    if kind == "csr":
        from scipy.sparse import csr_matrix

        return csr_matrix(tuple(inner(tree[name]) for name in _CSR_FIELDS), shape=tuple(tree["shape"]))
    if kind == "estimator":
        estimator = class_of(tree["class"])(**{k: inner(v) for k, v in tree["params"].items()})
        for name, value in tree["fitted"].items():
            if not name.endswith("_") or name.startswith("_"):
                raise ModelError(f"model.json sets {name!r}, which is not a fitted attribute")
            setattr(estimator, name, inner(value))
        return estimator
    raise ModelError(f"model.json holds a {kind!r}, which this version of copydesk does not know; update copydesk")
