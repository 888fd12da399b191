"""Tasks: what they name exists, and a third one is a module and its YAML."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest

import copydesk
import copydesk.datasets
from copydesk.cli import main
from copydesk.errors import ModelError
from copydesk.reports.report import SCORES
from copydesk.search.objective import Metric
from copydesk.tasks import BOILERPLATE_TASK, TASKS, TOPIC_TASK, Task, find_task

THIRD = Path(__file__).parent / "fixtures" / "third_task"
MODULE = "copydesk.datasets.tone"


@pytest.mark.parametrize("task", [TOPIC_TASK, BOILERPLATE_TASK], ids=lambda task: task.name)
def test_everything_that_a_task_names_exists(task: Task) -> None:
    values = {each.name: getattr(task, each.name) for each in fields(task)}
    named = [name for name, value in values.items() if isinstance(value, str) and value.startswith("copydesk.")]
    assert {"verdict", "plots", "model", "explanation_json", "explanation_text"} <= set(named)
    assert all(callable(task.load(name)) for name in named)
    assert {task.headline, *task.shown_scores} <= set(SCORES)
    for name, (metric, label) in task.search_metrics.items():
        assert (Metric(name).name, Metric(name).label) == (metric, label)


@pytest.mark.parametrize("name", ["colour", "os.path", "../bbc", ""])
def test_an_unknown_task_is_one_line(name: str) -> None:
    with pytest.raises(ModelError, match="is unknown; valid are 'topic', 'boilerplate'"):
        find_task(name)


@pytest.fixture
def third(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Put the third task's module into ``copydesk.datasets``, as a file written there would be."""
    monkeypatch.setattr(copydesk.datasets, "__path__", [*copydesk.datasets.__path__, str(THIRD)])
    yield
    forget()


def forget() -> None:
    """Make the third task unknown again, as it is when another process starts."""
    TASKS.pop("tone", None)
    sys.modules.pop(MODULE, None)


@pytest.mark.usefixtures("third")
def test_a_third_task_is_trained_reported_saved_loaded_and_predicted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    given = ["dataset=headlines", "split=stratified", "features=word", "name=tone", "runs=runs"]
    assert main(["train", "--config-dir", str(THIRD), *given]) == 0
    assert "headlines not seen in training" in capsys.readouterr().out
    folder = tmp_path / "runs" / "tone" / "latest"
    assert "headlines were read for their tone" in (folder / "report.md").read_text(encoding="utf-8")
    assert "Tone of headlines" in (folder / "report.html").read_text(encoding="utf-8")
    assert "Tells alarmed headlines" in (folder / "model" / "README.md").read_text(encoding="utf-8")

    forget()
    model = copydesk.load(folder / "model", task="topic")  # it is used as a topic model is
    assert model.task == "tone"
    assert model.predict(["panic after the flood"]).tolist() == ["alarmed"]
    with pytest.raises(ModelError, match="a model for the task 'tone', not 'boilerplate'"):
        copydesk.load(folder / "model", task="boilerplate")

    Path("new.jsonl").write_text('{"text": "a recipe from the garden", "tone": "calm"}\n', encoding="utf-8")
    model_of = ["--model", str(folder / "model")]
    assert main(["predict", "new.jsonl", *model_of]) == 0
    assert json.loads(capsys.readouterr().out)["label"] == "calm"
    assert main(["explain", "new.jsonl", *model_of]) == 0
    assert "calm, probability" in capsys.readouterr().out
    assert main(["evaluate", "new.jsonl", "--label-field", "tone", "--output", "judged", *model_of]) == 0
    assert "judged on 1 headlines" in capsys.readouterr().out
