"""The preset for the user's own labelled pages: few documents are enough, and official splits are respected."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd

import copydesk as package
from copydesk.bundle import read_manifest
from helpers import little_desk
from helpers.command import copydesk


def written(path: Path, n: int, sites: int) -> Path:
    """Write n labelled pages as JSON lines."""
    frame = little_desk.frame(n, seed=5)
    pages = [
        {"id": f"page {at}", "site": f"s{at % sites}", "part": "test" if at % 4 == 3 else "train",
         "paragraphs": rows[["text", "label"]].to_dict("records")}
        for at, (_, rows) in enumerate(frame.groupby("document"))
    ]  # fmt: skip
    path.write_text("".join(json.dumps(page) + "\n" for page in pages), encoding="utf-8")
    return path


def test_few_documents_are_enough(tmp_path: Path) -> None:
    path = written(tmp_path / "pages.jsonl", 8, sites=2)
    done = copydesk("train", "experiment=paragraphs", f"dataset.path={path}", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "fewer sites (2) than folds (5)" in done.stderr
    found = tmp_path / "experiments" / "runs" / "paragraphs" / "latest"
    assert isinstance(package.load(found / "model"), package.Cleaner)
    assert read_manifest(found / "model")["fields"] == {"site": "site"}


def test_official_splits_are_respected(tmp_path: Path) -> None:
    path = written(tmp_path / "pages.jsonl", 16, sites=4)
    words = ["experiment=paragraphs", f"dataset.path={path}", "split=official", "dataset.split=part"]
    done = copydesk("train", *words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    found = tmp_path / "experiments" / "runs" / "paragraphs" / "latest"
    assert set(pd.read_parquet(found / "predictions.parquet")["document"]) == {f"page {at}" for at in (3, 7, 11, 15)}
