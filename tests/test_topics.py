"""The preset for topics, as it is run: a table with titles in, a bundle out that labels texts of its own accord."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
import yaml

import copydesk as package
from helpers.command import copydesk
from helpers.little_articles import TOPICS

WORDS_OF_ALL = "today yesterday people said city new first week year time".split()


def article(draw: random.Random, topic: str) -> dict[str, str]:
    """Return an article whose title names its topic and whose text hardly does."""
    title = " ".join(draw.choices(TOPICS[topic], k=3))
    text = " ".join([*draw.choices(WORDS_OF_ALL, k=25), *draw.choices(TOPICS[topic], k=2)])
    return {"title": title, "text": text, "label": topic}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder, draw = tmp_path_factory.mktemp("topics"), random.Random(3)
    rows = [article(draw, sorted(TOPICS)[at % 3]) | {"part": "test" if at % 4 == 3 else "train"} for at in range(120)]
    path = folder / "articles.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    done = copydesk(
        "train", "experiment=topics", f"dataset.path={path}", "dataset.title=title", "dataset.split=part",
        "split=official", cwd=folder,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return folder / "experiments" / "runs" / "topics" / "latest"


def test_the_preset_learns_topics_from_titles_and_texts(run: Path) -> None:
    metrics = json.loads((run / "metrics.json").read_text(encoding="utf-8"))
    assert metrics["n"] == 30
    assert metrics["headline"]["value"] >= 0.9


def test_its_bundle_labels_texts_as_a_process_and_in_python(run: Path, tmp_path: Path) -> None:
    text = "Ferry leaves the harbour\n\nThe crew said the deck was new.\n"
    (tmp_path / "text.txt").write_text(text, encoding="utf-8")
    done = copydesk("predict", "--model", str(run / "model"), str(tmp_path / "text.txt"), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "boats" in done.stdout
    assert package.load(run / "model").predict([text]).tolist() == ["boats"]


def test_for_newswire_supervised_weights_count_in_full_and_the_rest_is_the_same(tmp_path: Path) -> None:
    def settings(experiment: str) -> dict[str, Any]:
        done = copydesk("train", f"experiment={experiment}", "--cfg", "job", cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        return dict(yaml.safe_load(done.stdout))

    general, wire = settings("topics"), settings("topics_newswire")
    concentration = [
        [family.pop("concentration", 0.0) for family in each["features"]["families"]] for each in (general, wire)
    ]
    assert concentration == [[0.5, 0.5, 0.0], [1.0, 1.0, 0.0]]
    assert general | {"name": "topics_newswire"} == wire
