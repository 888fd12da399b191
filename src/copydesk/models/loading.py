"""Loading of saved models, from a folder or by the name of one that ships with copydesk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from copydesk.bundle import load_bundle, read_manifest
from copydesk.bundle.bundle import MANIFEST
from copydesk.errors import ModelError
from copydesk.resources import LATEST, RUNS, shipped
from copydesk.tasks import find_task

BOX = ("boilerplate", "boilerplate-html")  # names of the models that ship with copydesk
FITTED_METHODS = {"features_": ("transform",), "classifier_": ("predict",), "decision_": ("predict", "predict_proba")}


def load(path: str | Path, task: str | None = None) -> Any:
    """Load a saved model.

    Parameters
    ----------
    path : path-like
        Folder of a model, of a run, or of an experiment's runs, of which the latest is taken; the name of an experiment
        in ``experiments/runs``; or ``"boilerplate"`` or ``"boilerplate-html"``, the cleaners in the box
        (``"./boilerplate"`` is a folder of that name).
    task : str, optional
        Refuse a model whose task is loaded as another class than that of this one, or one derived from it.

    Returns
    -------
    Model
        Of the class that its task names: ``TopicModel``, ``LabelsModel`` or ``Cleaner``.

    Raises
    ------
    ModelError
        The bundle is missing, damaged, foreign, from a newer version, or made for another task.
    """
    folder = find_model(path)
    own = str(read_manifest(folder)["task"])
    alike = task is not None and issubclass(find_task(own).load("model"), find_task(task).load("model"))
    estimator, manifest = load_bundle(folder, task=own if alike else task)
    check_fitted(folder, estimator, manifest["classes"])
    return find_task(own).load("model")(estimator, manifest)


def find_model(path: str | Path) -> Path:
    """Return the folder of a model; see ``load``. One that is not found is returned as it is."""
    if path in BOX:
        return shipped(f"box/{path}")
    for place in (Path(path), RUNS / path):
        for folder in (place, place / "model", place / LATEST / "model"):
            if (folder / MANIFEST).is_file():
                return folder
    return Path(path)


def check_fitted(folder: Path, estimator: Any, classes: list[str]) -> None:
    """Refuse a bundle that is intact but not a fitted classifier, such as one made by hand.

    Raises
    ------
    ModelError
        Names the part.
    """
    for name, methods in FITTED_METHODS.items():
        part = getattr(estimator, name, None)
        if part is None and name == "features_":
            continue  # the classifier reads the inputs itself
        if not all(callable(getattr(part, method, None)) for method in methods):
            raise ModelError(f"{folder}: its {name} is not fitted; train again")
    if [str(label) for label in estimator.classes_] != classes:
        raise ModelError(f"{folder}: its classes are not those of its manifest; train again")
