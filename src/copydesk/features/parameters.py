"""Checks of parameters that several estimators share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def check_n_jobs(n_jobs: Any) -> None:
    """Check a number of threads.

    Raises
    ------
    ValueError
        It is neither None nor a whole number other than 0.
    """
    if n_jobs is not None and (isinstance(n_jobs, bool) or n_jobs == 0):
        raise ValueError(f"n_jobs={n_jobs!r}: valid are a whole number from 1, -1 for one thread per core, and None")


def check_class_weight(class_weight: Any) -> None:
    """Check weights of classes.

    Raises
    ------
    ValueError
        They are not None, "balanced" or a mapping of labels to positive numbers.
    """
    if class_weight is None or class_weight == "balanced":
        return
    if not isinstance(class_weight, Mapping):
        raise ValueError(
            f"class_weight={class_weight!r}: valid are None, 'balanced' and a mapping of labels to weights"
        )
    for label, weight in class_weight.items():
        if isinstance(label, bool):
            meant = "'yes', 'on' or 'true'" if label else "'no', 'off' or 'false'"
            raise ValueError(f"class_weight={dict(class_weight)!r}: the key {label} is no label; quote {meant} in YAML")
        if isinstance(weight, bool) or not isinstance(weight, int | float) or not weight > 0:
            raise ValueError(f"class_weight={dict(class_weight)!r}: the weight of {label!r} is not a positive number")
