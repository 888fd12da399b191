"""Parts made by a real Dask cluster of processes: nothing lost and nothing twice, whoever is killed."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from copydesk.cli import main, process_files
from copydesk.commands.predict import TopicFilter
from copydesk.errors import ConfigError, ModelError
from copydesk.formats.rows import Answer, Row
from copydesk.formats.sources import find_sources
from copydesk.models.loading import load
from copydesk.shards import cluster
from copydesk.shards.flow import PartsRun
from copydesk.shards.make_part import Order, answer_versions
from copydesk.shards.plan import Shard, plan_shards
from copydesk.streams.progress_bar import Silent
from helpers import little_topics
from helpers.command import copydesk
from helpers.little_topics import TEXTS

distributed = pytest.importorskip("distributed", reason="needs the extra dask")
N_FILES = 12


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    return little_topics.save(tmp_path_factory.mktemp("model") / "m")


@pytest.fixture
def files(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    folder.mkdir()
    for name in range(N_FILES):
        rows = [json.dumps({"id": f"{name}-{n}", "text": TEXTS[n % 30]}) for n in range(100)]
        (folder / f"{name:02}.jsonl").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder


@pytest.fixture
def wanted(model: str, files: Path, tmp_path: Path) -> bytes:
    assert main(["predict", "--model", model, str(files), "-o", str(tmp_path / "all.jsonl"), "-q"]) == 0
    return (tmp_path / "all.jsonl").read_bytes()


def parts(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.glob("*.jsonl")))


class Deadly(TopicFilter):
    """Kills its process where a row asks for it, and works slowly otherwise."""

    def open(self) -> tuple[dict[str, Any], Answer]:
        manifest, answer = super().open()

        def deadly(rows: Sequence[Row]) -> list[dict[str, Any]]:
            if any("POISON" in row.text for row in rows):
                os.kill(os.getpid(), signal.SIGKILL)
            time.sleep(0.1)
            return answer(rows)

        return manifest, deadly


def make(client: Any, model: str, files: Path, folder: Path, **changes: Any) -> PartsRun:
    """Make parts with ``Deadly`` and return the run."""
    from copydesk.commands.parser import Parser
    from copydesk.commands.predict import add_arguments

    parser = Parser("predict", "")
    add_arguments(parser)
    args = parser.parse(["--model", model, str(files), "-o", str(folder)])
    args.text_field, args.title_field = "text", None
    args.model = changes.pop("on_workers", model)
    shards: list[Shard] = plan_shards(find_sources([str(files)]), folder)
    run = PartsRun(folder, shards, Silent())
    sha = load(model).manifest["sha256"]
    with run.begun({}, resume=True, force=False) as left:
        run.make_on(client, left, Order(Deadly, args, folder, changes.pop("sha", sha), **changes).make)
    return run


def test_a_cluster_makes_the_same_bytes_as_this_process(
    client: Any, model: str, files: Path, wanted: bytes, tmp_path: Path
) -> None:
    manifest = process_files("predict", [str(files)], str(tmp_path / "out"), client=client, model=model)
    assert manifest["complete"]
    assert parts(tmp_path / "out") == wanted


def test_workers_that_are_killed_lose_nothing_and_do_nothing_twice(
    client: Any, model: str, files: Path, wanted: bytes, tmp_path: Path
) -> None:
    done = threading.Event()
    kills = []

    def kill() -> None:
        draw = random.Random(0)
        while not done.wait(0.8) and len(kills) < 3:
            pids = list(client.run(os.getpid).values())
            if pids:
                kills.append(draw.choice(pids))
                os.kill(kills[-1], signal.SIGKILL)

    thread = threading.Thread(target=kill)
    thread.start()
    try:
        run = make(client, model, files, tmp_path / "out")
        while run.aside:  # a shard met by three of the kills
            run = make(client, model, files, tmp_path / "out")
    finally:
        done.set()
        thread.join()
    assert kills
    assert run.manifest["complete"]
    assert run.manifest["read"] == run.manifest["written"] == 100 * N_FILES
    assert parts(tmp_path / "out") == wanted


def test_a_shard_that_kills_every_worker_is_put_aside_and_the_others_are_made(
    client: Any, model: str, files: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (files / "03.jsonl").write_text('{"text": "POISON"}\n', encoding="utf-8")
    run = make(client, model, files, tmp_path / "out")
    assert list(run.aside) == ["03.jsonl"]
    assert run.manifest["put_aside"] == run.aside
    assert [part["name"] for part in run.manifest["parts"]] == [f"{n:02}.jsonl" for n in range(N_FILES) if n != 3]
    assert run.report().endswith("11 of 12 parts in " + str(tmp_path / "out") + ", 1 put aside")
    assert "03.jsonl: put aside, as its process ended 3 times; --resume tries it again" in capsys.readouterr().err
    (files / "03.jsonl").write_text('{"text": "bread"}\n', encoding="utf-8")
    with pytest.raises(ConfigError, match=r"03\.jsonl: the input of this part has changed"):
        make(client, model, files, tmp_path / "out")


def test_the_command_exits_with_3_where_a_shard_was_put_aside(
    model: str, files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("copydesk.shards.flow.make_part", lambda *given: None)
    assert main(["predict", "--model", model, str(files), "-o", f"{tmp_path}/out/"]) == 3
    assert "0 of 12 parts" in capsys.readouterr().err


def test_a_driver_that_is_killed_is_continued_by_another(
    model: str, files: Path, wanted: bytes, tmp_path: Path
) -> None:
    words = ["predict", "--model", model, str(files), "-o", "out/", "--on", "dask", "--workers", "2"]
    entries = tmp_path / "out/_copydesk/done"
    for number in (signal.SIGKILL, signal.SIGINT):
        before = len(list(entries.glob("*.json")))
        process = subprocess.Popen(
            [sys.executable, "-m", "copydesk.cli", *words, "--resume"], cwd=tmp_path, stderr=subprocess.PIPE, text=True
        )
        while process.poll() is None and len(list(entries.glob("*.json"))) <= before:
            time.sleep(0.002)
        process.send_signal(number)
        _, said = process.communicate(timeout=60)
        if number == signal.SIGINT and process.returncode:
            assert process.returncode == 130
            assert "parts are done and kept: the same command with --resume continues" in said
    done = copydesk(*words, "--resume", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert parts(tmp_path / "out") == wanted


def test_other_versions_on_a_worker_are_refused(client: Any, model: str, files: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"a worker: numba .*, where the driver has 0\.1; install the same version"):
        make(client, model, files, tmp_path / "out", versions={**answer_versions(), "numba": "0.1"})


def test_another_model_on_a_worker_is_refused(client: Any, model: str, files: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"a worker: .*: not the model that the driver read"):
        make(client, model, files, tmp_path / "out", sha="0" * 64)


def test_a_model_that_workers_can_not_read_is_named(client: Any, model: str, files: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"a worker: .*moved"):
        make(client, model, files, tmp_path / "out", on_workers=str(tmp_path / "moved"))


def test_a_scheduler_that_is_not_there_is_named_before_anything_is_written(
    model: str, files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 0.5)
    words = ["predict", "--model", model, str(files), "-o", f"{tmp_path}/out/", "--on", "dask"]
    assert main([*words, "--scheduler", "tcp://127.0.0.1:9"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("copydesk: --scheduler tcp://127.0.0.1:9: no Dask scheduler answers there")
    assert said.count("\n") == 1
    assert not (tmp_path / "out").exists()
    assert main([*words, "--scheduler", "nonsense::"]) == 2
    assert "no Dask scheduler answers there" in capsys.readouterr().err
