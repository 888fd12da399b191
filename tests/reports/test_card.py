"""The model card: front matter that hubs read, and nothing of the data that could pass for markup."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from copydesk.evaluation.metrics import evaluate
from copydesk.reports.card import model_card
from copydesk.tasks import find_task
from helpers.judged import HOSTILE, pages, topics


def card(task: str, name: str = "news", classes: int = 3) -> str:
    said = topics(240, classes=classes) if task == "topic" else pages()
    labels = [str(label) for label in said.classes]
    manifest: dict[str, Any] = {
        "task": task,
        "name": name,
        "classes": labels,
        "settings": {"features": {"ngram_range": [1, 2]}, "classifier": {"C": 1.0}, "decision": {}},
        "dataset": {"name": name, "fingerprint": "ab" * 32},
        "seed": 7,
        "versions": {"copydesk": "0.1.0", "numpy": "2"},
    }
    audit = {"documents": 1234, "groups": 11, "exact_duplicates_dropped": 5, "rows_by_label": dict.fromkeys(labels, 40)}
    return model_card(manifest, evaluate(said, find_task(task), resamples=30), audit)


def front(text: str) -> dict[str, Any]:
    _, matter, _ = text.split("---\n", 2)
    found: dict[str, Any] = yaml.safe_load(matter)
    return found


@pytest.mark.parametrize("task", ["topic", "boilerplate"])
def test_the_front_matter_is_the_usual_one(task: str) -> None:
    found = front(card(task))
    assert {"license", "library_name", "pipeline_tag", "tags", "metrics", "model-index"} == set(found)
    result = found["model-index"][0]["results"][0]
    assert {"task", "dataset", "metrics"} == set(result)
    assert result["dataset"]["revision"] == "ab" * 32
    assert all(isinstance(score["value"], float) for score in result["metrics"])


@pytest.mark.parametrize("task", ["topic", "boilerplate"])
def test_it_says_use_limits_and_the_data_it_saw(task: str) -> None:
    text = card(task)
    for heading in ("Intended use", "How good it is", "Limits", "Data it saw", "How it was trained"):
        assert f"## {heading}\n" in text
    assert "1,234 documents of 11 sites or sources, 5 exact copies left out" in text
    assert "seed: 7" in text


def test_many_labels_are_counted_and_not_all_named() -> None:
    text = card("topic", classes=70)
    assert "| class 59 | 40 |" in text
    assert "class 60 |" not in text.split("## Data it saw")[1]
    assert "and 10 more" in text


def test_names_from_the_data_are_no_markup() -> None:
    text = card("topic", name=HOSTILE)
    assert front(text)["model-index"][0]["name"] == HOSTILE
    body = text.split("---\n", 2)[2]
    assert "<script" not in body.replace("\\<", "")
    assert "<img" not in body.replace("\\<", "")
