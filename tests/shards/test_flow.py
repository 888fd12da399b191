"""``copydesk predict … -o FOLDER/``: the same bytes as one file, for any cut and any number of threads."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from copydesk.cli import main, process_files
from copydesk.errors import ConfigError
from helpers import little_topics
from helpers.command import copydesk
from helpers.little_archive import archive, packed
from helpers.little_topics import TEXTS


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    return little_topics.save(tmp_path_factory.mktemp("model") / "m")


@pytest.fixture
def files(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    folder.mkdir()
    for name in "ab":
        rows = [json.dumps({"id": f"{name}{n}", "text": TEXTS[n % 30]}) for n in range(2000)]
        rows[70] = '{"text": 5}'
        (folder / f"{name}.jsonl").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder


def parts(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.glob("*.*")))


@pytest.mark.parametrize(
    "options", [(), ("--jobs", "3"), ("--chunk-size", "7"), ("--jobs", "2", "--chunk-size", "100")]
)
def test_parts_together_are_the_bytes_of_one_output(
    options: tuple[str, ...], model: str, files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("copydesk.predict.plan_shards", small_shards)
    assert main(["predict", "--model", model, str(files), "-o", str(tmp_path / "all.jsonl"), "-q"]) == 3
    assert main(["predict", "--model", model, str(files), "-o", f"{tmp_path}/out/", "-q", *options]) == 3
    assert len(list((tmp_path / "out").glob("*.jsonl"))) > 4
    assert parts(tmp_path / "out") == (tmp_path / "all.jsonl").read_bytes()
    manifest = json.loads((tmp_path / "out/_copydesk/manifest.json").read_text(encoding="utf-8"))
    assert [manifest[name] for name in ("complete", "read", "written", "rejected")] == [True, 4000, 3998, 2]
    rejects = [json.loads(path.read_text()) for path in (tmp_path / "out/_copydesk/rejects").iterdir()]
    assert {each["reason"] for each in rejects} == {"expected a string in the field 'text', found a number"}


def small_shards(*words: object) -> object:
    from copydesk.shards.plan import plan_shards

    return plan_shards(words[0], words[1], 30_000)  # type: ignore[arg-type]


def test_parquet_in_parquet_out_under_the_same_names(model: str, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for name in "ab":
        parquet.write_table(pa.table({"text": TEXTS}), tmp_path / "in" / f"{name}.parquet")
    manifest = process_files("predict", [f"{tmp_path}/in/*.parquet"], str(tmp_path / "out"), model=model, top_k=1)
    assert [part["name"] for part in manifest["parts"]] == ["a.parquet", "b.parquet"]
    table = parquet.read_table(tmp_path / "out")
    assert len(table) == 2 * len(TEXTS)
    assert {"text", "label", "confidence", "top"} <= set(table.column_names)


def begun(attempts: Path) -> bool:
    """Return whether an attempt was begun; the folder is removed and made anew at a run's start."""
    try:
        return any(attempts.iterdir())
    except FileNotFoundError:
        return False


def test_a_run_killed_at_any_moment_goes_on_and_ends_with_the_same_bytes(
    model: str, files: Path, tmp_path: Path
) -> None:
    words = ["predict", "--model", model, str(files), "-o", "out/", "--jobs", "1", "--chunk-size", "20"]
    assert copydesk(*words, cwd=tmp_path).returncode == 3
    wanted = parts(tmp_path / "out")
    for wait in (0.0, 0.02, 0.05, 0.1, 0.2):
        process = subprocess.Popen(
            [sys.executable, "-m", "copydesk.cli", *words, "--force"], cwd=tmp_path, stderr=subprocess.DEVNULL
        )
        attempts = tmp_path / "out/_copydesk/attempts"
        while process.poll() is None and not begun(attempts):
            time.sleep(0.001)
        time.sleep(wait)
        process.send_signal(signal.SIGKILL)
        process.wait()
        for part in (tmp_path / "out").glob("*.jsonl"):
            assert part.read_bytes() in wanted  # whole, whoever made it
        done = copydesk(*words, "--resume", cwd=tmp_path)
        assert done.returncode == 3, done.stderr
        assert parts(tmp_path / "out") == wanted


def test_an_interruption_leaves_whole_parts_and_one_line(model: str, files: Path, tmp_path: Path) -> None:
    words = ["predict", "--model", model, str(files), "-o", "out/", "--jobs", "1", "--chunk-size", "1"]
    process = subprocess.Popen(
        [sys.executable, "-m", "copydesk.cli", *words], cwd=tmp_path, stderr=subprocess.PIPE, text=True
    )
    while process.poll() is None and not list(tmp_path.glob("out/_copydesk/attempts/b.jsonl.1")):
        time.sleep(0.001)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate()
    lines = [line for line in said.splitlines() if "compiling" not in line]
    assert process.returncode == 130, said
    assert lines == ["copydesk: interrupted; 1 of 2 parts are done and kept: the same command with --resume continues"]
    assert not list((tmp_path / "out/_copydesk/attempts").iterdir())
    assert copydesk(*words, "--resume", cwd=tmp_path).returncode == 3


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (["in", "-o", "in/"], "is the input folder"),
        (["in", "-o", "none/out/"], "does not exist; make it first"),
        (["in", "-o", "file/"], "is a file"),
        (["in", "-o", "out/", "--rejects", "r.jsonl"], "rejects of parts go to"),
        (["in", "-o", "out.jsonl", "--on", "dask"], "give --output FOLDER/"),
        (["in", "-o", "out/", "--scheduler", "tcp://a:1"], "add --on dask"),
        (["in", "-o", "out/", "--text-field", "txt"], "no row has this field"),
        (["in", "-o", "out/", "--shard-size", "0"], "a whole number from 1"),
    ],
)
def test_refused_in_one_line_before_anything_is_written(
    words: list[str], wanted: str, model: str, files: Path, tmp_path: Path,
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    assert main(["predict", "--model", model, *words]) == 2
    said = capsys.readouterr().err
    assert wanted in said
    assert said.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_strict_stops_at_the_first_reject(
    model: str, files: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["predict", "--model", model, str(files), "-o", f"{tmp_path}/out/", "--strict"]) == 3
    assert "a.jsonl:71: rejected" in capsys.readouterr().err


def test_options_of_the_command_are_checked_from_python_too(files: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no option --modle"):
        process_files("predict", [str(files)], str(tmp_path / "out"), modle="x")


def test_a_web_archive_becomes_rows_and_its_other_records_are_counted(
    model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "crawl.warc.gz").write_bytes(packed(archive(3)))
    words = ["predict", "--model", model, str(tmp_path / "crawl.warc.gz"), "--text-field", "text"]
    assert main([*words, "-o", f"{tmp_path}/out/"]) == 0
    said = capsys.readouterr().err
    assert "3 read = 3 written + 0 rejected; 1 of 1 parts" in said
    assert "3 records of web archives skipped, which are no pages: 3 request" in said
    assert main([*words, "-o", str(tmp_path / "all.jsonl")]) == 0
    assert (tmp_path / "out/crawl.jsonl").read_bytes() == (tmp_path / "all.jsonl").read_bytes()


def test_a_folder_of_parts_is_read_without_its_ledger(model: str, files: Path, tmp_path: Path) -> None:
    assert main(["predict", "--model", model, str(files), "-o", f"{tmp_path}/out/", "-q"]) == 3
    again = ["predict", "--model", model, f"{tmp_path}/out", "-q", "--prefix", "new_"]
    assert main([*again, "-o", str(tmp_path / "again.jsonl")]) == 0
    assert len((tmp_path / "again.jsonl").read_text(encoding="utf-8").splitlines()) == 3998


@pytest.mark.parametrize("form", ["--text", "--markdown", "--diff"])
def test_a_cluster_writes_no_texts(form: str, files: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["clean", str(files), "-o", f"{tmp_path}/out/", "--on", "dask", form]) == 2
    assert f"--on dask: a cluster writes tables; leave out {form}" in capsys.readouterr().err
