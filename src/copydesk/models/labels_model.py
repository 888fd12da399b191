"""Model of several labels: labels texts, frames and streams."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from copydesk.models.topic import TopicModel, check_texts


class LabelsModel(TopicModel):
    """Gives texts several labels, or none. Other methods are those of ``TopicModel``.

    ``predict_frame`` adds the columns ``labels`` and ``probabilities``, lists by falling probability;
    ``predict_stream`` answers with such lists.
    """

    added_names = ("labels", "probabilities")

    def predict(self, texts: Sequence[str]) -> list[list[str]]:  # type: ignore[override]
        """Return the labels of every text, by falling probability; an empty list for none."""
        return self.label_sets(texts)[0]

    def label(  # type: ignore[override]
        self, texts: Sequence[str], n_jobs: int | None = None
    ) -> tuple[list[list[str]], NDArray[np.floating[Any]]]:
        """Return the labels of every text, and the probabilities of all labels, (n_texts, n_labels), scoring once."""
        labels, _, probabilities = self.label_sets(texts, n_jobs)
        return labels, probabilities

    def predict_proba(self, texts: Sequence[str]) -> NDArray[np.floating[Any]]:
        """Return independent probabilities, shape (n_texts, n_labels); rows do not sum to 1."""
        return super().predict_proba(texts)

    def label_sets(
        self,
        texts: Sequence[str],
        n_jobs: int | None = None,
        *,
        threshold: float | None = None,
        top_k: int | None = None,
    ) -> tuple[list[list[str]], list[list[float]], NDArray[np.floating[Any]]]:
        """Return the labels of every text and their probabilities, by falling probability, and those of all labels.

        Parameters
        ----------
        texts : sequence of str
        n_jobs : int or None, default=None
            Threads.
        threshold : float, optional
            Of the probability of all labels, in place of their own thresholds.
        top_k : int, optional
            Return always so many labels, the likeliest.
        """
        decision = self.estimator.decision_
        probabilities = decision.predict_proba(self.estimator.scores(check_texts(texts), n_jobs=n_jobs))
        given = decision.select(probabilities, threshold, top_k)
        names = [str(label) for label in self.classes_]
        labels, likely = [], []
        for row in range(given.shape[0]):
            found = given.indices[given.indptr[row] : given.indptr[row + 1]]
            found = found[np.argsort(-probabilities[row, found], kind="stable")]
            labels.append([names[at] for at in found])
            likely.append(probabilities[row, found].tolist())
        return labels, likely, np.asarray(probabilities)

    def added_values(self, texts: Sequence[str], n_jobs: int | None = None) -> tuple[Sequence[Any], ...]:
        """Return the labels of every text, and their probabilities."""
        labels, likely, _ = self.label_sets(texts, n_jobs)
        return labels, likely
