"""Each run has a folder of its own, and leaves there what explains it."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd
import pytest

from copydesk.errors import CopydeskError, DataError, ResourceError
from copydesk.runs.run import Run, fingerprint, new_folder


def test_runs_that_start_in_the_same_second_do_not_share_a_folder(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        folders = list(pool.map(lambda _: new_folder(tmp_path / "runs"), range(50)))
    assert len(set(folders)) == 50


def test_a_finished_run_is_the_latest(tmp_path: Path) -> None:
    for _ in range(2):
        with Run(tmp_path, "x") as run, run.stage("work"):
            pass
        assert (tmp_path / "x" / "latest").resolve() == run.folder.resolve()
    assert "work" in json.loads((run.folder / "run.json").read_text(encoding="utf-8"))["seconds"]


def test_a_users_mistake_leaves_no_folder_and_no_latest(tmp_path: Path) -> None:
    with pytest.raises(DataError), Run(tmp_path, "x") as run:
        raise DataError("a row is missing")
    assert not run.folder.exists()
    assert not (tmp_path / "x" / "latest").exists()


def test_a_librarys_error_becomes_one_line_and_its_traceback_is_kept(tmp_path: Path) -> None:
    with pytest.raises(CopydeskError, match="fit: two; lines") as error, Run(tmp_path, "x") as run, run.stage("fit"):
        raise ValueError("two\nlines")
    assert "\n" not in str(error.value)
    assert "ValueError: two" in (run.folder / "error.txt").read_text(encoding="utf-8")


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    with pytest.raises(ResourceError, match="file"):
        new_folder(tmp_path / "file" / "x")


def test_the_fingerprint_changes_with_every_field_that_counts() -> None:
    row = {"document": "d", "split": "", "group": "g", "label": "a", "text": "t", "title": ""}
    base = fingerprint(pd.DataFrame([row]))
    assert fingerprint(pd.DataFrame([{**row, "title": "other"}])) == base
    for name in ("document", "split", "group", "label", "text"):
        assert fingerprint(pd.DataFrame([{**row, name: "other"}])) != base
    moved = {**row, "label": "at", "text": ""}
    assert fingerprint(pd.DataFrame([moved])) != base
