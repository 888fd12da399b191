"""Inputs without measure: what expands, never ends or is only large does not take the memory of the machine."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest

from copydesk.bundle import save_bundle
from helpers import little_desk, little_topics
from helpers.trials import tried

pytestmark = pytest.mark.fuzz

MB = 2**20
GB = 2**30


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    little_topics.save(folder / "predict", ngram_range=(1, 2))
    desk = little_desk.desk()
    save_bundle(folder / "clean", desk.estimator, desk.manifest)
    return folder


# Between the tests and the command: what is forked from a large process is counted as large.
LAUNCHER = """
import resource, subprocess, sys
code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode
print(code, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def peak(folder: Path, verb: str, models: Path, *words: str | Path) -> tuple[int, str, float]:
    """Run a command; return exit code, standard error and its peak memory in MB, as the kernel counts it."""
    command = [sys.executable, "-m", "copydesk.cli", verb, "--model", models / verb, *words]
    launched = [sys.executable, "-c", LAUNCHER, *map(str, command)]
    done = subprocess.run(launched, capture_output=True, text=True, cwd=folder, check=True)
    code, kilobytes = map(int, done.stdout.split())
    return code, done.stderr, kilobytes / 1024


def bomb(path: Path, start: bytes, size: int) -> Path:
    """Write a file that expands to one line of a great size."""
    if path.suffix == ".gz":
        with gzip.open(path, "wb", compresslevel=1) as file:
            file.write(start)
            for _ in range(size // MB):
                file.write(b"a" * MB)
    else:
        with pa.OSFile(str(path), "wb") as raw, pa.CompressedOutputStream(raw, "zstd") as file:
            file.write(start)
            for _ in range(size // MB):
                file.write(b"a" * MB)
    assert path.stat().st_size < size // 100
    return path


def test_bombs_and_endless_lines_are_rejected_in_bounded_memory(models: Path, tmp_path: Path) -> None:
    (tmp_path / "one.txt").write_text("sea ship", encoding="utf-8")
    code, said, baseline = peak(tmp_path, "predict", models, tmp_path / "one.txt")
    assert code == 0, said
    files = [
        bomb(tmp_path / "line.jsonl.gz", b'{"text": "', 300 * MB),
        bomb(tmp_path / "line.jsonl.zst", b'{"text": "', 300 * MB),
        bomb(tmp_path / "cell.csv.gz", b'id,text\n1,"', 100 * MB),
        bomb(tmp_path / "cell.tsv.zst", b"id\ttext\n1\t", 100 * MB),
        bomb(tmp_path / "document.txt.gz", b"", 300 * MB),
    ]
    code, said, found = peak(tmp_path, "predict", models, *files)
    assert code == 3, said
    assert "5 read = 0 written + 5 rejected" in said
    for file in files:
        assert f"{file}:" in said
    assert found < baseline + 1024
    what = "gzip and zstd bombs of 100 to 300 MB, as lines, cells and documents: MB above the smallest run"
    tried(9, what, len(files), f"{found - baseline:.0f}")


@pytest.mark.slow
def test_a_line_of_a_gigabyte_is_rejected_in_bounded_memory(models: Path, tmp_path: Path) -> None:
    (tmp_path / "one.txt").write_text("sea ship", encoding="utf-8")
    _, _, baseline = peak(tmp_path, "predict", models, tmp_path / "one.txt")
    with (tmp_path / "line.jsonl").open("wb") as file:
        for _ in range(GB // MB):
            file.write(b"a" * MB)
        file.write(b'\n{"text": "sea ship"}\n')
    code, said, found = peak(tmp_path, "predict", models, tmp_path / "line.jsonl")
    assert code == 3, said
    assert "line of 1,073,741,825 bytes, more than 33,554,432" in said
    assert "2 read = 1 written + 1 rejected" in said
    assert found < baseline + 1024
    tried(9, "line of 1 GB: rejected, the next one answered; MB above the smallest run", 1, f"{found - baseline:.0f}")


@pytest.mark.slow
@pytest.mark.parametrize("verb", ["predict", "clean"])
def test_documents_of_great_length_are_answered_or_rejected_in_bounded_memory(
    verb: str, models: Path, tmp_path: Path
) -> None:
    (tmp_path / "one.txt").write_text("sea ship", encoding="utf-8")
    _, _, baseline = peak(tmp_path, verb, models, tmp_path / "one.txt")
    (tmp_path / "long.txt").write_text("The council said that the old bridge is shut. " * 2_300_000, encoding="utf-8")
    assert (tmp_path / "long.txt").stat().st_size > 100 * MB
    code, said, found = peak(tmp_path, verb, models, tmp_path / "long.txt")
    assert code == 3, said
    assert "file of more than 33,554,432 bytes" in said
    assert found < baseline + 1024
    figures = [f"{found - baseline:.0f}"]
    for name, documents, lines in (("one", 1, 1_000_000), ("several", 12, 90_000), ("many", 4_000, 300)):
        row = {"text": "\n\n".join(f"No {n}" for n in range(lines))}
        (tmp_path / f"{name}.jsonl").write_text((json.dumps(row) + "\n") * documents, encoding="utf-8")
        code, said, found = peak(tmp_path, verb, models, tmp_path / f"{name}.jsonl")
        assert code == (3 if verb == "clean" and name == "one" else 0), said
        assert ("more than 100,000 lines" in said) == (code == 3)
        assert found < baseline + 1024, (name, found, baseline)
        figures.append(f"{found - baseline:.0f}")
    what = "a document of 100 MB, one of 10^6 paragraphs, 10^6 paragraphs in 12 and in 4,000 documents"
    tried(9, f"`{verb}`: {what}: MB above the smallest run", 4, ", ".join(figures))
