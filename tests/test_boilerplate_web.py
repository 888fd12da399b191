"""Real pages in, a cleaner out: the experiment as it is run, on pages of our own."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

pytest.importorskip("resiliparse", reason="needs the extra html")

import copydesk as package
from helpers.command import copydesk
from helpers.little_pages import AROUND, sentence, write_pages


def test_pages_train_a_cleaner_for_sites_never_seen(tmp_path: Path) -> None:
    write_pages(tmp_path / "pages")
    few = [
        "classifier.second.max_iter=10",
        "classifier.second.min_samples_leaf=5",
        "classifier.second.learning_rate=0.3",
    ]
    done = copydesk(
        "train", "experiment=boilerplate_web", f"dataset.main.path={tmp_path / 'pages'}", "dataset.weight=0",
        "split.n_splits=2", *few, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    run = tmp_path / "experiments" / "runs" / "boilerplate_web" / "latest"
    metrics = json.loads((run / "metrics.json").read_text(encoding="utf-8"))
    assert metrics["headline"]["value"] > 0.9
    cleaner = package.load(run / "model")
    story = [sentence(random.Random(1000 + number)) for number in range(5)]
    cleaned = cleaner.clean("\n\n".join([*story, *AROUND]))
    assert cleaned.text == "\n\n".join(story)
    assert [p.text for p in cleaned.paragraphs if not p.kept] == AROUND


def test_without_pages_the_experiment_says_what_is_missing(tmp_path: Path) -> None:
    done = copydesk("train", "experiment=boilerplate_web", cwd=tmp_path)
    assert done.returncode == 2
    assert "dataset.path: must be given: a folder or archive of pages" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_pages_that_only_an_extractor_labelled_judge_nothing(tmp_path: Path) -> None:
    write_pages(tmp_path / "pages", sites=3, pages=1)
    done = copydesk(
        "train", "experiment=boilerplate_web", f"dataset.main.path={tmp_path / 'pages'}", "dataset.main.silver=[ours]",
        "dataset.weight=0", cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 3
    assert "no row of the data is to be judged" in done.stderr
    assert "dataset.silver" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
