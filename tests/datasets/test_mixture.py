"""What is mixed in is trained on, by its weight, and never judged."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
import pytest

from copydesk.datasets.examples import Examples
from copydesk.datasets.mixture import Mixture
from copydesk.errors import ConfigError
from copydesk.evaluation.predictions import Predictions
from copydesk.tasks import BOILERPLATE_TASK, TOPIC_TASK, Task


@dataclass
class Given:
    """A dataset of one site."""

    site: str
    weight: float | None = None
    task: Task = BOILERPLATE_TASK

    def load(self) -> Examples:
        frame = pd.DataFrame(
            {"text": ["ab", "cde"], "label": ["content", "boilerplate"], "group": self.site, "split": "train",
             "document": "0", "position": [0, 1], "title": ""}
        )  # fmt: skip
        return Examples(frame if self.weight is None else frame.assign(weight=self.weight), self.task, self.site)


def test_added_rows_weigh_what_they_are_said_to_and_are_not_judged() -> None:
    mixed = Mixture(Given("a"), Given("b", weight=0.5), weight=0.2).load()
    assert mixed.frame["weight"].tolist() == [1, 1, 0.1, 0.1]
    assert mixed.frame["judged"].tolist() == [True, True, False, False]
    assert mixed.frame["document"].tolist() == ["0", "0", "b/0", "b/0"]
    assert (mixed.name, mixed.notes) == ("a+b", {"b_rows": 2, "b_weight": 0.2})


def test_they_decide_no_threshold_and_no_score() -> None:
    frame = Mixture(Given("a"), Given("b")).load().frame
    weights = BOILERPLATE_TASK.weights(frame)
    assert weights is not None
    assert weights.tolist() == [2, 3, 0, 0]
    predictions = Predictions.of(
        frame, classes=["boilerplate", "content"], predicted=frame["label"].tolist(), scores=[0.0] * 4
    )
    assert len(predictions.judged().rows) == 2


def test_nothing_added_is_the_main_dataset() -> None:
    for mixture in (Mixture(Given("a")), Mixture(Given("a"), Given("b"), weight=0)):
        assert mixture.load().frame.equals(Given("a").load().frame)


def test_two_tasks_or_a_negative_weight_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"dataset.added: for the task topic"):
        Mixture(Given("a"), Given("b", task=TOPIC_TASK)).load()
    with pytest.raises(ConfigError, match=r"dataset.weight=-1"):
        Mixture(Given("a"), Given("b"), weight=-1).load()
