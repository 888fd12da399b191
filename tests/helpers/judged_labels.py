"""Predictions of sets of labels for tests, with any number of documents and labels."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.sparse import csr_matrix

from copydesk.evaluation.label_predictions import LabelPredictions
from copydesk.labels.indicator import sets_of
from helpers.judged import frame_of


def predictions_of(truth: Any, decisions: Any, probabilities: Any, **columns: Any) -> LabelPredictions:
    """Return predictions with labels ``l000``, ``l001`` … from indicators and probabilities."""
    names = np.asarray([f"l{at:03}" for at in range(np.asarray(probabilities).shape[1])], dtype=object)
    rows = [
        {"text": f"text number {at} on {', '.join(labels)}", "label": labels, "document": f"d{at}",
         **{name: values[at] for name, values in columns.items()}}
        for at, labels in enumerate(sets_of(truth, names))
    ]  # fmt: skip
    return LabelPredictions.of(
        frame_of(rows), classes=names, predicted=csr_matrix(decisions), probabilities=np.asarray(probabilities)
    )


def labels_at_random(n: int = 200, k: int = 12, seed: int = 0, noise: float = 1.0, **columns: Any) -> LabelPredictions:
    """Return predictions on labels whose frequencies fall as a power law, of a model that errs with ``noise``."""
    draw = np.random.default_rng(seed)
    share = 0.5 / np.arange(1, k + 1) ** 0.8
    truth = draw.random((n, k)) < share
    scores = np.where(truth, 2.0, -2.0) + noise * draw.normal(size=(n, k))
    return predictions_of(truth, scores > 0, 1 / (1 + np.exp(-scores)), **columns)
