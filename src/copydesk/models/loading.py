"""Find a saved model, or the one in the box, and make of it what its user holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from copydesk.bundle import load_bundle
from copydesk.errors import ModelError
from copydesk.models.cleaner import Cleaner
from copydesk.models.topic import TopicModel
from copydesk.resources import find

BOX = ("boilerplate",)  # names of the models that ship with copydesk


def load(path: str | Path, task: str | None = None) -> Any:
    """Load a saved model.

    Parameters
    ----------
    path : path-like
        Folder of a bundle; ``"boilerplate"`` is the cleaner in the box (``"./boilerplate"`` a folder of that name).
    task : {"topic", "boilerplate"}, optional
        Refuse a model made for another.

    Returns
    -------
    TopicModel or Cleaner

    Raises
    ------
    ModelError
        The bundle is missing, damaged, foreign, from a newer version, or made for another task.
    """
    folder = find(f"box/{path}") if path in BOX else Path(path)
    estimator, manifest = load_bundle(folder, task=task)
    check_parts(folder, estimator, manifest["classes"])
    return (TopicModel if manifest["task"] == "topic" else Cleaner)(estimator, manifest)


PARTS = {"features_": ("transform",), "classifier_": ("predict",), "decision_": ("predict", "predict_proba")}


def check_parts(folder: Path, estimator: Any, classes: list[str]) -> None:
    """Refuse what is whole and no fitted classifier: somebody made it up.

    Raises
    ------
    ModelError
        Names the part.
    """
    for name, methods in PARTS.items():
        part = getattr(estimator, name, None)
        if part is None and name == "features_":
            continue  # the classifier reads the inputs itself
        if not all(callable(getattr(part, method, None)) for method in methods):
            raise ModelError(f"{folder}: its {name} is not fitted; train again")
    if [str(label) for label in estimator.classes_] != classes:
        raise ModelError(f"{folder}: its classes are not those of its manifest; train again")
