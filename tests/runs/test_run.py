"""Each run has a folder of its own, and leaves there what explains it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

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


def record_of_a_run_that_raises(error: BaseException, folder: Path) -> dict[str, Any]:
    """Return what ``run.json`` holds after an error in the stage "fit", when data had been read."""
    run = Run(folder, "x")
    run.info["dataset"] = {"name": "table"}

    def fail() -> None:
        with run, run.stage("fit"):
            raise error

    with pytest.raises(type(error)):
        fail()
    record: dict[str, Any] = json.loads((run.folder / "run.json").read_text(encoding="utf-8"))
    return record


def test_a_run_that_ended_well_has_its_status(tmp_path: Path) -> None:
    with Run(tmp_path, "x") as run:
        pass
    assert json.loads((run.folder / "run.json").read_text(encoding="utf-8"))["status"] == "done"


def test_a_run_that_fails_after_its_data_was_read_keeps_the_reason_and_is_not_the_latest(tmp_path: Path) -> None:
    record = record_of_a_run_that_raises(DataError("all texts are the same"), tmp_path)
    assert (record["status"], record["stage"], record["error"]) == ("failed", "fit", "all texts are the same")
    assert not (tmp_path / "x" / "latest").exists()


@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError])
def test_other_ends_of_a_run_are_kept_too(error: type[BaseException], tmp_path: Path) -> None:
    record = record_of_a_run_that_raises(error(), tmp_path)
    assert record["status"] == ("interrupted" if error is KeyboardInterrupt else "failed")


@pytest.mark.parametrize("read", [True, False])
def test_a_signal_leaves_a_record_of_a_run_whose_data_was_read_and_else_no_folder(read: bool, tmp_path: Path) -> None:
    program = f"""
import os, signal
from pathlib import Path
from copydesk.interruption.handler import install
from copydesk.runs.run import Run

install()
with Run(Path({str(tmp_path)!r}), "x") as run:
    if {read}:
        run.info["dataset"] = {{"name": "table"}}
    with run.stage("fit", "fold 3 of 5"):
        os.kill(os.getpid(), signal.SIGTERM)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 143, done.stderr
    records = list(tmp_path.rglob("run.json"))
    if not read:
        assert records == []
        assert list((tmp_path / "x").iterdir()) == []
        return
    (record,) = (json.loads(path.read_text(encoding="utf-8")) for path in records)
    assert (record["status"], record["stage"]) == ("interrupted", "fit")


def test_progress_names_the_fold_and_its_time_is_that_of_the_stage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[str] = []

    @contextmanager
    def spinner(text: str) -> Iterator[None]:
        shown.append(text)
        yield

    monkeypatch.setattr("copydesk.runs.run.spinner", spinner)
    with Run(tmp_path, "x") as run:
        for number in (1, 2):
            with run.stage("fit", f"fold {number} of 2"):
                pass
        with run.stage("save"):
            pass
    assert shown == ["x: fit, fold 1 of 2", "x: fit, fold 2 of 2", "x: save"]
    assert set(run.seconds) == {"fit", "save"}


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
