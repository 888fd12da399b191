"""What a search may be told, and what it answers to nonsense."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest
from omegaconf import OmegaConf

from copydesk.config.build import build, check_parts
from copydesk.config.units import parse_duration, parse_size, shown_duration, shown_size
from copydesk.errors import ConfigError
from copydesk.search.objective import Metric
from copydesk.search.search import Search
from copydesk.search.settings import Budget
from copydesk.tasks import TOPIC_TASK

SPACE = {"classifier.C": [1, 2]}


def settings(**keys: Any) -> Search:
    """Check and build the options as a run does."""
    cfg = OmegaConf.create({"search": {"_target_": "copydesk.search.search.Search", "space": SPACE, **keys}})
    check_parts(cfg)
    search: Search = build(cfg.search, "search")
    return search


@pytest.mark.parametrize(("said", "seconds"), [("90s", 90), ("5m", 300), ("1h", 3600), ("1h30m", 5400), ("0.5m", 30)])
def test_durations_are_numbers_with_units(said: str, seconds: float) -> None:
    assert parse_duration(said, "search.duration") == seconds


@pytest.mark.parametrize("said", ["0s", "-5m", "fast", "", "300", 300, "5 m", None, "5m3"])
def test_an_impossible_budget_is_refused_by_its_key(said: Any) -> None:
    with pytest.raises(ConfigError, match=r"search\.duration=.*90s, 5m, 1h"):
        settings(duration=said)


@pytest.mark.parametrize(
    ("said", "size"), [("500kB", 500_000), ("5MB", 5_000_000), ("1.5GB", 1_500_000_000), ("7B", 7)]
)
def test_sizes_are_numbers_with_units(said: str, size: int) -> None:
    assert parse_size(said, "search.max_model_size") == size
    assert parse_size(shown_size(size).replace(" ", ""), "x") == size


@pytest.mark.parametrize("said", ["0MB", "5", 5, "5mb", "-1MB", "MB"])
def test_a_size_without_sense_is_refused(said: Any) -> None:
    with pytest.raises(ConfigError, match=r"search\.max_model_size="):
        settings(max_model_size=said)


@pytest.mark.parametrize("seconds", [1, 30, 89, 120, 3600])
def test_a_duration_is_shown_as_it_is_read(seconds: int) -> None:
    assert parse_duration(shown_duration(seconds), "x") == seconds


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"space": {}}, "search.space: is empty"),
        ({"space": None}, "search.space: is empty"),
        ({"durration": "5m"}, "search.durration: Search has no such option; did you mean duration"),
        ({"folds": 1}, "search.folds=1: must be a whole number of at least 2"),
        ({"trials": 0}, "search.trials=0"),
        ({"jobs": 0}, "search.jobs=0"),
        ({"folds": 2.5}, "search.folds=2.5: expected int, found float"),
        ({"trials": True}, "search.trials=True: must be a whole number"),
        ({"space": {"C": {"_target_": "os.system"}}}, "search.space.C: _target_ 'os.system' refused"),
        ({"nested": "yes"}, "search.nested='yes': expected bool, found str"),
    ],
)
def test_every_other_mistake_names_its_key(keys: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError) as error:
        settings(**keys)
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"metric": "acuracy"}, "search.metric=acuracy: no such metric; did you mean accuracy"),
        ({"metric": "accuracy", "label": "sport"}, "search.label=sport"),
        ({"metric": "precision_at_recall"}, "search.at=None: search.metric=precision_at_recall needs a share"),
        ({"metric": "recall_at_precision", "at": 2}, "search.at=2"),
        ({"metric": "f1", "at": 0.5}, "search.at=0.5"),
    ],
)
def test_a_metric_that_says_nothing_is_refused(keys: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError) as error:
        Metric.of(settings(**keys))
    assert said in str(error.value)


def test_a_metric_of_another_task_or_label_is_refused() -> None:
    with pytest.raises(ConfigError, match="'topic' has no such metric; valid: accuracy"):
        Metric.of(settings(metric="boilerplate_f1")).check("boilerplate_f1", TOPIC_TASK, {"a", "b"})
    with pytest.raises(ConfigError, match="no such label; did you mean sport"):
        Metric.of(settings(metric="f1", label="sprot")).check("f1", TOPIC_TASK, {"sport", "business"})


def test_the_first_interrupt_ends_the_search_and_the_second_the_run(capfd: pytest.CaptureFixture[str]) -> None:
    budget = Budget(1000)
    before = signal.getsignal(signal.SIGINT)
    with budget.ended_by_interrupt():
        budget.start()
        assert not budget.over
        os.kill(os.getpid(), signal.SIGINT)
        assert budget.over
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before
    assert "the search ends here" in capfd.readouterr().err


def test_a_budget_counts_what_was_spent_before() -> None:
    budget = Budget(10, spent=10)
    assert budget.over
    assert Path(str(settings(resume="run").resume)) == Path("run")
