"""The two experiments that ship do what the README says of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import copydesk as package
from helpers.command import copydesk
from helpers.sample import LEFTOVERS, SAMPLE, STORY


def run(folder: Path, experiment: str) -> Path:
    done = copydesk("train", f"experiment={experiment}", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder / "experiments" / "runs" / experiment / "latest"


def test_bbc_topics_reach_97_and_a_half_percent(tmp_path: Path) -> None:
    found = run(tmp_path, "bbc_topics")
    metrics = json.loads((found / "metrics.json").read_text(encoding="utf-8"))
    assert metrics["headline"]["value"] >= 0.975
    assert metrics["n"] < 2225 - 97  # judged without the copies
    assert package.load(found / "model").predict([SAMPLE.read_text(encoding="utf-8")]).tolist() == ["business"]


@pytest.fixture(scope="module")
def cleaner(tmp_path_factory: pytest.TempPathFactory) -> package.Cleaner:
    model = package.load(run(tmp_path_factory.mktemp("boilerplate"), "boilerplate") / "model")
    assert isinstance(model, package.Cleaner)
    return model


def test_leftovers_go_and_the_title_and_every_sentence_stay(cleaner: package.Cleaner) -> None:
    cleaned = cleaner.clean(STORY + "\n" + "\n".join(LEFTOVERS))
    assert cleaned.text == STORY.strip()
    assert [p.text for p in cleaned.paragraphs if not p.kept] == LEFTOVERS


def test_the_sample_article_is_cleaned(cleaner: package.Cleaner) -> None:
    text = SAMPLE.read_text(encoding="utf-8")
    assert cleaner.clean(text).text == text[: text.index("Share this:")].strip()


@pytest.mark.parametrize("text", ["", "   \n\n ", "One paragraph alone, in which something happened on Monday."])
def test_the_smallest_texts_get_sensible_answers(cleaner: package.Cleaner, text: str) -> None:
    assert cleaner.clean(text).text == text.strip()


def test_cleaning_many_is_cleaning_each_where_sites_are_not_known(cleaner: package.Cleaner) -> None:
    texts = [STORY, STORY + "\n" + LEFTOVERS[2], "", SAMPLE.read_text(encoding="utf-8")]
    assert [c.text for c in cleaner.clean_many(texts)] == [cleaner.clean(text).text for text in texts]
