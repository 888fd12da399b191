"""A search's scores are scikit-learn's."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics

from copydesk.search.objective import Metric

CLASSES = np.asarray(["a", "b", "c"], dtype=object)


@pytest.fixture
def judged() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    y = CLASSES[rng.integers(3, size=200)]
    ranking = rng.random((200, 3)) + 0.6 * (y[:, None] == CLASSES)
    return y, CLASSES[ranking.argmax(axis=1)], ranking


def test_scores_are_those_of_scikit_learn(judged: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    y, said, ranking = judged
    b = (y == "b").astype(int)
    expected = {
        Metric("accuracy"): metrics.accuracy_score(y, said),
        Metric("macro_f1"): metrics.f1_score(y, said, average="macro"),
        Metric("f1", "b"): metrics.f1_score(b, (said == "b").astype(int)),
        Metric("average_precision", "b"): metrics.average_precision_score(b, ranking[:, 1]),
    }
    for metric, value in expected.items():
        assert metric.score(y, said, ranking, CLASSES) == pytest.approx(value), str(metric)


def test_precision_and_recall_at_a_level_are_the_best_points_of_the_curve(
    judged: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    y, said, ranking = judged
    precision, recall, _ = metrics.precision_recall_curve((y == "c").astype(int), ranking[:, 2])
    found = Metric("precision_at_recall", "c", 0.8).score(y, said, ranking, CLASSES)
    assert found == pytest.approx(precision[recall >= 0.8].max())
    found = Metric("recall_at_precision", "c", 0.7).score(y, said, ranking, CLASSES)
    assert found == pytest.approx(recall[precision >= 0.7].max())


def test_a_label_that_training_never_saw_counts_as_never_found_and_one_that_is_not_there_as_nothing() -> None:
    y, said = np.asarray(["a", "z"], dtype=object), np.asarray(["a", "a"], dtype=object)
    ranking = np.asarray([[0.9, 0.1], [0.6, 0.4]])
    assert Metric("average_precision").score(y, said, ranking, CLASSES[:2]) == 0.5
    assert np.isnan(Metric("f1", "b").score(y, said, ranking, CLASSES[:2]))
