"""A search's scores are scikit-learn's."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics

from copydesk.datasets.labels import LABELS
from copydesk.errors import ConfigError
from copydesk.labels.indicator import as_indicator, sets_of
from copydesk.search.objective import Metric
from copydesk.tasks import TOPIC_TASK

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


def test_scores_of_sets_are_those_of_scikit_learn() -> None:
    rng = np.random.default_rng(5)
    truth, given = (rng.random((50, 3)) < 0.4 for _ in range(2))
    y = np.empty(50, dtype=object)
    y[:] = sets_of(truth, CLASSES)
    for name in ("micro_f1", "macro_f1"):
        expected = metrics.f1_score(truth, given, average=name.split("_")[0], zero_division=0)
        assert Metric(name).score(y, as_indicator(given), np.zeros((50, 3)), CLASSES) == pytest.approx(expected)
    # a label that the model does not know is always missed
    lacking = [Metric(name).score(y, as_indicator(given[:, :2]), np.zeros((50, 2)), CLASSES[:2])
               for name in ("micro_f1", "macro_f1")]  # fmt: skip
    missed = np.column_stack([given[:, :2], np.zeros(50, bool)])
    assert lacking == [pytest.approx(metrics.f1_score(truth, missed, average=each)) for each in ("micro", "macro")]


def test_metrics_of_one_label_and_of_several_are_told_apart() -> None:
    with pytest.raises(ConfigError, match="the task 'labels' has no such metric; valid: micro_f1, macro_f1"):
        Metric("accuracy").check("accuracy", LABELS, {"a"})
    with pytest.raises(ConfigError, match="the task 'topic' has no such metric"):
        Metric("micro_f1").check("micro_f1", TOPIC_TASK, {"a"})
    Metric("macro_f1").check("macro_f1", LABELS, {"a"})
