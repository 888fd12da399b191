"""Real pages in, a cleaner out: the experiment as it is run, on pages of our own."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

pytest.importorskip("resiliparse", reason="needs the extra html")

import copydesk as package
from copydesk.text.html import read_page
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


def test_pages_train_a_cleaner_that_sees_markup(tmp_path: Path) -> None:
    """The same sentences are article in one element and comment in another: no text tells them apart."""
    draw = random.Random(7)
    rows = []
    (tmp_path / "pages" / "html" / "ours").mkdir(parents=True)
    (tmp_path / "pages" / "ground-truth").mkdir()
    for number in range(40):
        story, others = ([sentence(random.Random(f"{name}{number}")) for _ in range(4)] for name in "ab")
        parts = [f"<main class=entry-{number}>{''.join(f'<p>{each}' for each in story)}</main>"]
        parts.append(f"<section class='comments x{number}'>{''.join(f'<p>{each}' for each in others)}</section>")
        draw.shuffle(parts)
        html = f"<title>A page</title><nav><li><a href=/>Home</a></nav>{''.join(parts)}<footer>All rights reserved"
        (tmp_path / "pages" / "html" / "ours" / f"{number}.html").write_text(html, encoding="utf-8")
        url = f"https://site{number // 2}.example/{number}"
        rows.append(json.dumps({"page_id": str(number), "url": url, "plaintext": "\n".join(story)}))
    (tmp_path / "pages" / "ground-truth" / "ours.jsonl").write_text("\n".join(rows), encoding="utf-8")
    done = copydesk(
        "train", "experiment=boilerplate_html", f"dataset.path={tmp_path / 'pages'}", "dataset.without=null",
        "dataset.silver=null", "split.n_splits=2", "classifier.second.max_iter=10",
        "classifier.second.min_samples_leaf=5", cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    run = tmp_path / "experiments" / "runs" / "boilerplate_html" / "latest"
    assert json.loads((run / "metrics.json").read_text(encoding="utf-8"))["headline"]["value"] > 0.9
    cleaner = package.load(run / "model")
    story, others = ([sentence(random.Random(f"{name}99")) for _ in range(4)] for name in "ab")
    blocks = "".join(f"<p>{each}" for each in story), "".join(f"<p>{each}" for each in others)
    page = read_page(f"<section class=comments>{blocks[1]}</section><main>{blocks[0]}</main>")
    (cleaned,) = cleaner.clean_pages([page])
    kept = [paragraph.text for paragraph in cleaned.paragraphs if paragraph.kept]
    assert set(kept) <= set(story)
    assert len(kept) >= 3


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
