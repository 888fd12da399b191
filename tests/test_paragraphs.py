"""The preset for the user's own labelled pages: few documents are enough, and official splits are respected."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import copydesk as package
from copydesk.bundle import read_manifest
from helpers import little_desk
from helpers.command import copydesk


def written(path: Path, n: int, sites: int) -> Path:
    """Write n labelled pages as JSON lines; of no known site if there are 0."""
    frame = little_desk.frame(n, seed=5)
    pages = [
        {"id": f"page {at}", "site": f"s{at % sites}" if sites else None, "part": "test" if at % 4 == 3 else "train",
         "paragraphs": [{"text": text, "label": label} for text, label in zip(rows["text"], rows["label"], strict=True)]}
        for at, (_, rows) in enumerate(frame.groupby("document"))
    ]  # fmt: skip
    path.write_text("".join(json.dumps(page) + "\n" for page in pages), encoding="utf-8")
    return path


@pytest.mark.parametrize(("n", "sites", "warning"), [(8, 0, ""), (8, 2, "fewer sites (2) than folds (5)")])
def test_few_documents_are_enough(tmp_path: Path, n: int, sites: int, warning: str) -> None:
    path = written(tmp_path / "pages.jsonl", n, sites)
    done = copydesk("train", "experiment=paragraphs", f"dataset.path={path}", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert warning in done.stderr
    found = tmp_path / "experiments" / "runs" / "paragraphs" / "latest"
    assert isinstance(package.load(found / "model"), package.Cleaner)
    assert read_manifest(found / "model")["fields"] == ({"site": "site"} if sites else {})


def test_official_splits_are_respected(tmp_path: Path) -> None:
    path = written(tmp_path / "pages.jsonl", 16, 4)
    words = ["experiment=paragraphs", f"dataset.path={path}", "split=official", "dataset.split=part"]
    done = copydesk("train", *words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    import pandas as pd

    found = tmp_path / "experiments" / "runs" / "paragraphs" / "latest"
    assert set(pd.read_parquet(found / "predictions.parquet")["document"]) == {f"page {at}" for at in (3, 7, 11, 15)}
