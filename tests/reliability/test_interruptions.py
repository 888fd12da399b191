"""Killed, interrupted, without room: what was there stays, what is done is kept, and the rest is done later."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from copydesk.bundle import load_bundle, save_bundle
from copydesk.errors import ResourceError
from helpers import little_topics, processes
from helpers.little_topics import TEXTS
from helpers.trials import LONG, times, tried

pytestmark = pytest.mark.fuzz

CHECKPOINT = 0.01


@dataclass
class Work:
    """A model, rows of which some are bad, and what comes of them."""

    folder: Path
    model: Path
    rows: Path
    whole: dict[str, bytes]
    seconds: dict[str, float]

    def words(self, output: Path, *more: str) -> list[str | Path]:
        return ["predict", "--model", self.model, self.rows, "-o", output, "--rejects", output.with_suffix(".bad"),
                "--chunk-size", "50", *more]  # fmt: skip

    def check(self, output: Path) -> None:
        """Assert that both files are whole, and that nothing else is left."""
        assert output.read_bytes() == self.whole[output.suffix]
        assert output.with_suffix(".bad").read_bytes() == self.whole[".bad"]
        assert {path.name for path in output.parent.iterdir()} == {output.name, output.with_suffix(".bad").name}

    def ended(self, output: Path) -> bool:
        """Whether a run had done all its work when it was ended on its way out, so that nothing is to be resumed."""
        state = output.with_name(f"{output.name}.part.json")
        return output.exists() and output.with_suffix(".bad").exists() and not state.exists()

    def nothing_half(self, output: Path) -> None:
        """Assert that a name stands for a whole file or for none."""
        for path in (output, output.with_suffix(".bad")):
            assert not path.exists() or path.read_bytes() == self.whole[path.suffix]


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Work:
    folder = tmp_path_factory.mktemp("work")
    little_topics.save(folder / "model")
    rows = folder / "in.jsonl"
    lines = [json.dumps({"n": n, "text": TEXTS[n % 30] * 5}) if n % 14 else f"bad {n}" for n in range(6_000)]
    rows.write_text("\n".join(lines) + "\n", encoding="utf-8")
    made = Work(folder, folder / "model", rows, {}, {})
    for suffix in (".jsonl", ".jsonl", ".parquet"):  # the first only warms up what is measured
        output = folder / f"whole{suffix}"
        output.unlink(missing_ok=True)
        code, said, seconds = processes.run(*made.words(output), cwd=folder, said=folder, checkpoint=CHECKPOINT)
        assert code == 3, said
        assert "6,000 read = 5,571 written + 429 rejected" in said
        made.whole |= {suffix: output.read_bytes(), ".bad": output.with_suffix(".bad").read_bytes()}
        made.seconds[suffix] = seconds
        output.with_suffix(".bad").unlink()
    return made


@pytest.mark.parametrize("suffix", [".jsonl", ".parquet"])
def test_law_a_prediction_killed_at_any_moment_goes_on_as_if_nothing_had_been(
    work: Work, suffix: str, tmp_path: Path
) -> None:
    draw = random.Random(suffix)
    kills = 0
    for number in range(10_000):
        output = tmp_path / str(number) / f"out{suffix}"
        output.parent.mkdir()
        while True:
            child = processes.start(
                *work.words(output, "--resume"), cwd=tmp_path, said=work.folder, checkpoint=CHECKPOINT
            )
            code = child.after(draw.uniform(0, work.seconds[suffix]), signal.SIGKILL).end()
            work.nothing_half(output)
            if code != -signal.SIGKILL:
                break
            kills += 1
            if work.ended(output):
                break
        assert code in (3, -signal.SIGKILL), child.said
        work.check(output)
        if kills >= times(8, 150):
            break
    tried(14, f"SIGKILL at random moments of `predict` to {suffix}, resumed, compared byte for byte", kills)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_law_a_signal_ends_a_prediction_with_its_exit_code_and_says_how_to_resume(
    work: Work, number: signal.Signals, tmp_path: Path
) -> None:
    draw = random.Random(number)
    signals = hints = 0
    for turn in range(10_000):
        output = tmp_path / str(turn) / f"out{draw.choice(['.jsonl', '.parquet'])}"
        output.parent.mkdir()
        while True:
            child = processes.start(
                *work.words(output, "--resume"), cwd=tmp_path, said=work.folder, checkpoint=CHECKPOINT
            )
            code = child.after(draw.uniform(0.002, work.seconds[output.suffix]), number).end()
            work.nothing_half(output)
            if code == 3:
                break
            assert code == 128 + number, (code, child.said)
            assert child.said.count("\n") <= 1, child.said
            hints += "--resume continues" in child.said
            signals += 1
            if work.ended(output):
                break
        work.check(output)
        if signals >= times(5, 120):
            break
    assert hints
    tried(15, f"{number.name} at random moments of `predict`: exit code {128 + number}, resumed, compared", signals)


def test_a_command_killed_in_earnest_is_resumed(work: Work, tmp_path: Path) -> None:
    rows = tmp_path / "long.jsonl"
    rows.write_bytes(work.rows.read_bytes() * 20)
    words = [str(word) for word in work.words(tmp_path / "out.jsonl", "--resume")]
    words[words.index(str(work.rows))] = str(rows)
    command = [sys.executable, "-m", "copydesk.cli", *words]
    child = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    part = tmp_path / "out.jsonl.part"
    while child.poll() is None and not (part.exists() and part.stat().st_size):
        time.sleep(0.01)
    child.send_signal(signal.SIGINT)
    _, said = child.communicate(timeout=600)
    assert child.returncode == 130, said
    assert "interrupted; " in said
    assert "the same command with --resume continues" in said
    again = subprocess.run(command, stderr=subprocess.PIPE, text=True, timeout=600)
    assert again.returncode == 3, again.stderr
    assert (tmp_path / "out.jsonl").read_bytes() == work.whole[".jsonl"] * 20


def test_a_closed_pipe_ends_quietly(work: Work, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    words = work.words(Path("-"))[:4]
    for turn in range(times(3, 50)):
        child = processes.start(*words, cwd=tmp_path, said=work.folder, stdout=tmp_path / "pipe")
        with (tmp_path / "pipe").open("rb") as pipe:
            lines = [pipe.readline() for _ in range(1 + turn * 7)]
            assert all(line.startswith(b'{"n": ') for line in lines), (lines, child.end(), child.said)
        assert child.end() == 0
        assert all(": rejected: " in line for line in child.said.splitlines()), child.said
    tried(15, "closed pipe (`| head -1`) after 1 to 400 lines: exit code 0, no traceback", times(3, 50))


# --- no room ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def small_disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A file system in memory, whose size can be set, where this may be mounted."""
    folder = tmp_path_factory.mktemp("disk")
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder], capture_output=True).returncode:
        pytest.skip("no file system can be mounted here")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def resize(disk: Path, size: int) -> None:
    subprocess.run(["mount", "-o", f"remount,size={size}", disk], check=True)


def test_a_full_disk_is_one_line_and_what_is_written_stays(work: Work, small_disk: Path) -> None:
    draw = random.Random(0)
    full = 0
    for turn in range(times(5, 100)):
        output = small_disk / f"out{['.jsonl', '.parquet'][turn % 2]}"
        resize(small_disk, draw.randrange(8, 200) * 4096)
        code, said, _ = processes.run(*work.words(output), cwd=work.folder, said=work.folder, checkpoint=CHECKPOINT)
        work.nothing_half(output)
        if code != 3:
            assert code == 5, said
            assert said.count("\n") == 1, said
            assert "No space left on device" in said
            assert str(small_disk) in said
            full += 1
            resize(small_disk, 1 << 26)
            words = work.words(output, "--resume")
            code, said, _ = processes.run(*words, cwd=work.folder, said=work.folder)
        assert code == 3, said
        work.check(output)
        for path in small_disk.iterdir():
            path.unlink()
    assert full
    tried(2, "full disk under `predict` at random sizes, resumed when there is room, compared", full)


def test_a_file_that_may_not_grow_is_as_a_full_disk(work: Work, tmp_path: Path) -> None:
    draw = random.Random(1)
    for turn in range(times(3, 50)):
        output = tmp_path / str(turn) / "out.jsonl"
        output.parent.mkdir()
        size = draw.randrange(1_000, len(work.whole[".jsonl"]))
        code, said, _ = processes.run(*work.words(output), cwd=tmp_path, said=work.folder, file_size=size)
        assert code == 5, said
        assert "out.jsonl.part" in said
        assert not output.exists()
        code, said, _ = processes.run(*work.words(output, "--resume"), cwd=tmp_path, said=work.folder)
        assert code == 3, said
        work.check(output)
    tried(2, "file that may not grow under `predict`, resumed, compared", times(3, 50))


def test_a_full_disk_leaves_the_old_bundle(small_disk: Path) -> None:
    old, new = (little_topics.fitted(C=c) for c in (1, 0.01))
    expected = {model.predict_proba(TEXTS).tobytes() for model in (old, new)}
    path = small_disk / "models" / "m"
    refused = 0
    for pages in range(0, 50, 1 if LONG else 5):
        resize(small_disk, 1 << 26)
        save_bundle(path, old, {"task": "topic", "classes": []})
        used = sum(-(-file.stat().st_size // 4096) for file in path.iterdir())
        resize(small_disk, (used + pages) * 4096)
        said = ""
        try:
            save_bundle(path, new, {"task": "topic", "classes": []})
        except ResourceError as error:
            said = str(error)
            refused += 1
        assert not said or "No space left on device; what was there before is unchanged" in said
        found, _ = load_bundle(path)
        assert found.predict_proba(TEXTS).tobytes() in expected
        assert [each.name for each in path.parent.iterdir()] == ["m"]
    assert refused
    tried(2, "full disk under saving a model: the old one is still there", refused)


def test_standard_output_without_room_is_one_line(work: Work) -> None:
    words = work.words(Path("-"))[:4]
    code, said, _ = processes.run(*words, cwd=work.folder, said=work.folder, stdout="/dev/full")
    assert code == 5
    assert "standard output: can't be written: No space left on device" in said
    assert "Traceback" not in said


def test_law_a_save_killed_at_any_moment_leaves_the_old_or_the_new_bundle(tmp_path: Path) -> None:
    models = [little_topics.fitted(C=c) for c in (1, 0.01)]
    expected = {model.predict_proba(TEXTS).tobytes() for model in models}
    for number, model in enumerate(models):
        save_bundle(tmp_path / "two" / str(number), model, {"task": "topic", "classes": []})
    path = tmp_path / "one" / "m"
    save_bundle(path, models[0], {"task": "topic", "classes": []})
    draw = random.Random(2)
    survived = set()
    for turn in range(times(6, 220)):
        child = processes.fork(processes.save_in_turn, path, tmp_path / "two", turn)
        before = path.stat().st_ino
        while path.stat().st_ino == before:
            assert child.is_alive()
            time.sleep(0.001)
        time.sleep(draw.uniform(0, 0.05))
        os.kill(child.pid, signal.SIGKILL)
        child.join()
        found, _ = load_bundle(path)
        survived.add(found.predict_proba(TEXTS).tobytes())
    assert survived == expected
    save_bundle(path, models[0], {"task": "topic", "classes": []})
    assert [each.name for each in path.parent.iterdir()] == ["m"]
    tried(1, "SIGKILL at random moments of saving over a model: the old or the new one, whole", times(6, 220))


# --- side by side, and the same whatever is around it ----------------------------------------------------------------


def test_predictions_that_race_for_one_output_never_meet(work: Work, tmp_path: Path) -> None:
    count = times(6, 50)
    output = tmp_path / "out" / "out.jsonl"
    output.parent.mkdir()
    racers = [processes.start(*work.words(output), cwd=tmp_path, said=work.folder) for _ in range(count)]
    codes = [racer.end() for racer in racers]
    assert codes.count(3) == 1, [racer.said for racer in racers]
    assert codes.count(2) == count - 1
    for racer, code in zip(racers, codes, strict=True):
        assert code == 3 or (racer.said.count("\n") == 1 and "out" in racer.said)
    work.check(output)
    tried(13, "predictions started at once with one output: one writes it, the others are refused", count)


@pytest.mark.parametrize("suffix", [".jsonl", ".parquet", ".csv"])
def test_threads_chunks_and_the_way_in_leave_no_trace(work: Work, suffix: str, tmp_path: Path) -> None:
    rows = [json.loads(line) for line in work.rows.read_bytes().splitlines() if not line.startswith(b"bad")][:700]
    source = tmp_path / ("in.csv" if suffix == ".csv" else "in.jsonl")
    lines = [f"{row['n']},{row['text']}" if suffix == ".csv" else json.dumps(row) for row in rows]
    source.write_text("\n".join([*(["n,text"] if suffix == ".csv" else []), *lines]) + "\n", encoding="utf-8")
    ways = [(jobs, size, way) for jobs in (1, 2, 4) for size in (1, 37, 1000) for way in ("file", "stdin")]
    ways = ways if LONG else ways[::7]
    found = set()
    for number, (jobs, size, way) in enumerate(ways):
        options = ["--proba", "--top-k", 2, "--jobs", jobs, "--chunk-size", size, "-o", f"{number}{suffix}"]
        words = ["predict", "--model", work.model, "--format", source.suffix[1:], *options]
        words.append(source if way == "file" else "-")
        code, said, _ = processes.run(*map(str, words), cwd=tmp_path, said=work.folder, stdin=source)
        assert code == 0, said
        found.add((tmp_path / f"{number}{suffix}").read_bytes())
    assert len(found) == 1
    tried(16, f"1, 2 and 4 threads, chunks of 1, 37 and 1,000 rows, file and standard input, to {suffix}: other bytes",
          len(ways), "0")  # fmt: skip
