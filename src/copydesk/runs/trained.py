"""What the fitting half of a run hands on to be evaluated, saved and reported."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from omegaconf import DictConfig

    from copydesk.datasets.examples import Examples
    from copydesk.estimator import TextClassifier
    from copydesk.evaluation.predictions import Predictions
    from copydesk.runs.diagnostics import Diagnostics


@dataclass(frozen=True)
class Trained:
    """A fitted model and its predictions.

    Attributes
    ----------
    cfg : DictConfig
        Of the model; a search changes that of the run.
    model : TextClassifier
    examples : Examples
    seen : bytes
        Fingerprints of the training rows, see ``datasets.seen_rows``.
    judged : sequence of Predictions
        Those of each fold.
    diagnostics : Diagnostics
    n_folds : int
    curve : list of dict
        Learning curve.
    """

    cfg: DictConfig
    model: TextClassifier
    examples: Examples
    seen: bytes
    judged: Sequence[Predictions]
    diagnostics: Diagnostics
    n_folds: int
    curve: list[dict[str, Any]] = field(default_factory=list)
