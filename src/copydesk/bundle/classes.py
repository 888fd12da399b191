"""Public names of the estimators that a bundle may hold, independent of the modules that define them."""

from __future__ import annotations

import importlib
from typing import Any

from copydesk.errors import CopydeskError, ModelError, ResourceError, one_line

MODULES = {
    "Abstain": "copydesk.classifiers.decision",
    "Argmax": "copydesk.classifiers.decision",
    "BoostedTrees": "copydesk.classifiers.boosting",
    "BoundedProse": "copydesk.features.pages.number_groups",
    "Calibrated": "copydesk.classifiers.decision",
    "Calibrator": "copydesk.classifiers.calibration",
    "FittedFamily": "copydesk.features.vocabulary",
    "HashedFamily": "copydesk.features.vocabulary",
    "Keep": "copydesk.classifiers.decision",
    "LabelCalibrator": "copydesk.classifiers.label_calibration",
    "LabelDecision": "copydesk.classifiers.label_decision",
    "LabelTree": "copydesk.classifiers.label_tree",
    "LinearChain": "copydesk.classifiers.chain",
    "LinearSVM": "copydesk.classifiers.linear",
    "LogisticRegression": "copydesk.classifiers.linear",
    "Markup": "copydesk.features.pages.token_families",
    "Modes": "copydesk.classifiers.modes",
    "NBWeighted": "copydesk.classifiers.nb",
    "NeighbourWords": "copydesk.features.pages.token_families",
    "ParagraphFeatures": "copydesk.features.paragraph_features",
    "Precise": "copydesk.classifiers.decision",
    "Prose": "copydesk.features.pages.number_groups",
    "Quantised": "copydesk.classifiers.quantised",
    "SequenceClassifier": "copydesk.classifiers.sequence",
    "Structure": "copydesk.features.pages.number_groups",
    "TextClassifier": "copydesk.estimator",
    "TfidfFeatures": "copydesk.features.tfidf",
}
"""Module of each public name. Move a class freely, but never rename or reuse a name: saved models hold it."""

FORMAT_1_PATHS = {
    "copydesk.classifiers.boosting.BoostedTrees": "BoostedTrees",
    "copydesk.classifiers.calibration.Calibrator": "Calibrator",
    "copydesk.classifiers.chain.LinearChain": "LinearChain",
    "copydesk.classifiers.decision.Abstain": "Abstain",
    "copydesk.classifiers.decision.Argmax": "Argmax",
    "copydesk.classifiers.decision.Calibrated": "Calibrated",
    "copydesk.classifiers.decision.Keep": "Keep",
    "copydesk.classifiers.decision.Precise": "Precise",
    "copydesk.classifiers.linear.LinearSVM": "LinearSVM",
    "copydesk.classifiers.linear.LogisticRegression": "LogisticRegression",
    "copydesk.classifiers.nb.NBWeighted": "NBWeighted",
    "copydesk.classifiers.quantised.Quantised": "Quantised",
    "copydesk.classifiers.sequence.SequenceClassifier": "SequenceClassifier",
    "copydesk.estimator.TextClassifier": "TextClassifier",
    "copydesk.features.paragraphs.ParagraphFeatures": "ParagraphFeatures",
    "copydesk.features.tfidf.TfidfFeatures": "TfidfFeatures",
    "copydesk.features.vocabulary.FittedFamily": "FittedFamily",
    "copydesk.features.vocabulary.HashedFamily": "HashedFamily",
}
"""Public name of each class path in bundles of format 1. These paths are history; they never change."""


def public_name(cls: type) -> str | None:
    """Return the name under which a bundle stores a class; None if it stores no such class."""
    return cls.__qualname__ if MODULES.get(cls.__qualname__) == cls.__module__ else None


def class_of(name: Any) -> type:
    """Return the estimator class of a public name, or of a class path in a bundle of format 1.

    Only the modules in the table are imported, whatever a bundle names.

    Raises
    ------
    ModelError
        The table has no such name.
    ResourceError
        Its module can't be imported on this machine.
    """
    public = FORMAT_1_PATHS.get(name, name) if isinstance(name, str) else None
    if public not in MODULES:
        raise ModelError(
            f"model.json names {name!r}, which is not an estimator of this version of copydesk; refused; "
            "if a newer version saved the model, update copydesk"
        )
    try:
        module = importlib.import_module(MODULES[public])
    except CopydeskError:
        raise
    except Exception as error:  # of this installation or machine, whatever the bundle holds
        reason = f"{type(error).__name__}: {one_line(str(error))[:200]}"
        raise ResourceError(f"{MODULES[public]} can't be imported here ({reason}); reinstall copydesk") from error
    found: type = getattr(module, public)
    return found
