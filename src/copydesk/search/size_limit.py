"""Limits on the number of terms that keep a model below a size."""

from __future__ import annotations

import inspect
import math
from typing import TYPE_CHECKING

from omegaconf import DictConfig, open_dict

from copydesk.bundle import measure
from copydesk.classifiers.decision import Argmax
from copydesk.config.build import resolve_target
from copydesk.runs.fit import build_estimator, fit

if TYPE_CHECKING:
    import pandas as pd

    from copydesk.tasks import Task

SAFETY = 0.97  # terms differ in length


def limit_terms(cfg: DictConfig, max_bytes: int, terms: int | None, found: int, fixed: int) -> dict[str, int]:
    """Limit the terms or hashed columns in ``cfg`` so that the model stays below ``max_bytes``.

    Parameters
    ----------
    cfg : DictConfig
        Changed in place.
    terms : int or None
        Of the model of ``found`` bytes, of which ``fixed`` do not depend on the terms; None if unknown.

    Returns
    -------
    dict of config key to value
        The limit.

    Raises
    ------
    ValueError
        The features have no such limit, or it leaves no terms.
    """
    node = cfg.features
    families = node.get("families") or [{}]
    room = math.floor((terms or 0) * SAFETY * (max_bytes - fixed) / max(found - fixed, 1) / len(families))
    if room < 2:
        raise ValueError(
            f"search.max_model_size: a model of {found:,} bytes can't be brought below {max_bytes:,} by fewer terms"
        )
    taken = inspect.signature(resolve_target(node._target_, "features")).parameters
    own = {name for family in families for name in family} & {"n_features", "max_features"}
    name = "n_features" if node.get("n_features") else "max_features"
    if name not in taken or own:
        raise ValueError(f"features: no {name} to set for search.max_model_size")
    value = 1 << (room.bit_length() - 1) if name == "n_features" else room
    value = min(value, node.get(name) or value)
    with open_dict(cfg):
        cfg.features[name] = value
    return {f"features.{name}": value}


def below(cfg: DictConfig, max_bytes: int, frame: pd.DataFrame, task: Task) -> None:
    """Limit the terms in ``cfg`` until the model fitted on these rows stays below ``max_bytes``.

    Raises
    ------
    ValueError
        As for ``limit_terms``.
    """
    while True:
        model = fit(build_estimator(cfg).set_params(decision=Argmax()), frame, task)
        fixed = fixed_bytes(len(model.classes_))
        size = measure(model) + fixed
        if size <= max_bytes:
            return
        limit_terms(cfg, max_bytes, getattr(model.classifier_, "n_features_in_", None), size, fixed)


def fixed_bytes(n_classes: int) -> int:
    """Return an upper bound of the bytes of a bundle besides the arrays of features and classifier."""
    return 14_000 + 400 * n_classes
