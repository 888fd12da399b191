"""SIGINT and SIGTERM in steps of 2 ms, from a process's start to its end: one line, its exit code, nothing half."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from copydesk.bundle import load_bundle
from helpers import little_topics, processes
from helpers.little_topics import LABELS, TEXTS
from helpers.trials import times, tried

STEP = 0.002
SIGNALS = (signal.SIGINT, signal.SIGTERM)
WORDS = {signal.SIGINT: "copydesk: interrupted", signal.SIGTERM: "copydesk: terminated"}


@dataclass
class Sweep:
    """A command that is ended again and again, and what has come of it.

    Parameters
    ----------
    words : function of a folder
        The command line, for a run in this folder.
    check : function of a folder
        Asserts that nothing half is left there, and goes on where that is promised.
    """

    words: Callable[[Path], list[str | Path]]
    check: Callable[[Path], None]
    environment: dict[str, str] = field(default_factory=dict)
    found: Counter[str] = field(default_factory=Counter)
    latest: float = 0.0

    def start(self, folder: Path) -> subprocess.Popen[str]:
        folder.mkdir(parents=True, exist_ok=True)
        return subprocess.Popen(
            [sys.executable, "-m", "copydesk.cli", *map(str, self.words(folder))],
            cwd=folder,
            env={**os.environ, **self.environment},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )

    def seconds(self, folder: Path) -> float:
        """Run the command twice to its end; return how long the faster run took."""
        taken = []
        for turn in range(2):
            begun = time.perf_counter()
            child = self.start(folder / str(turn))
            _, said = child.communicate(timeout=900)
            assert child.returncode in (0, 3), said
            taken.append(time.perf_counter() - begun)
        return min(taken)

    def end(self, folder: Path, number: signal.Signals, moment: float) -> str:
        """Start the command, send the signal after a time, and judge how it ended."""
        child = self.start(folder)
        try:
            child.wait(moment)
        except subprocess.TimeoutExpired:
            child.send_signal(number)
        sent = time.perf_counter()
        _, said = child.communicate(timeout=900)
        self.latest = max(self.latest, time.perf_counter() - sent)
        end = judge(child.returncode, said, number, moment)
        self.found[end] += 1
        self.check(folder)
        return end


def judge(code: int, said: str, number: signal.Signals, moment: float) -> str:
    """Return how a command ended; what its user may not see is a failed assertion."""
    shown = f"{number.name} after {moment:.3f} s: exit code {code}\n{said}"
    lines = [line for line in said.splitlines() if processes.COMPILING not in line]
    if f"{os.sep}copydesk{os.sep}" not in said and (code == -number or "KeyboardInterrupt" in said):
        # Python itself: it has not come to the first line of copydesk, or has taken the handlers away at its end
        assert number == signal.SIGINT or not lines, shown
        return "outside"
    if code in (0, 3):
        assert "Traceback" not in said, shown
        return "done"
    assert code == 128 + number, shown
    assert lines, shown
    assert lines[-1].startswith(WORDS[number]), shown
    lines = [line for line in lines[:-1] if "the search ends here" not in line and "search.resume=" not in line]
    assert lines == [], shown
    return "ended"


def sweep(what: Sweep, folder: Path, count: int, numbers: tuple[signal.Signals, ...] = SIGNALS) -> None:
    """End the command at ``count`` moments, evenly spread over its time in steps of 2 ms."""
    draw = random.Random()  # a moment is never the same twice in any case
    seconds = what.seconds(folder / "whole")
    for turn in range(count):
        moment = (turn + draw.random()) / count * seconds // STEP * STEP
        what.end(folder / str(turn), numbers[turn % len(numbers)], moment)


def count(what: Sweep, said: str) -> None:
    """Record a sweep."""
    ends = what.found
    assert ends["ended"] or ends.total() < 5
    tried(
        15,
        f"SIGINT and SIGTERM in steps of 2 ms over a process of {said}: exit code, one line, nothing half",
        ends.total(),
        {"ended": ends["ended"], "done already": ends["done"], "in Python's own start and end": ends["outside"]},
    )


# --- predict and clean -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(little_topics.save(tmp_path_factory.mktemp("models") / "model"))


def streaming(verb: str, suffix: str, model: Path, folder: Path, rows: int = 1_000) -> Sweep:
    """Return a command over rows, ended anywhere and then resumed: the bytes of an uninterrupted run."""
    inputs = folder / "in.jsonl"
    lines = [json.dumps({"n": n, "text": TEXTS[n % 30] * 5}) if n % 70 else "bad" for n in range(rows)]
    inputs.write_text("\n".join(lines) + "\n", encoding="utf-8")
    common = [verb, *(["--model", model] if verb == "predict" else []), inputs, "--chunk-size", "50", "--quiet"]

    def words(place: Path) -> list[str | Path]:
        return [*common, "-o", place / f"out{suffix}", "--rejects", place / "bad"]

    (folder / "whole").mkdir()
    code, said, _ = processes.run(*words(folder / "whole"), cwd=folder, said=folder)
    assert code == 3, said
    whole = {path.name: path.read_bytes() for path in (folder / "whole").iterdir()}

    def check(place: Path) -> None:
        found = {path.name: path for path in place.iterdir()}
        for name in whole.keys() & found.keys():
            assert found[name].read_bytes() == whole[name]
        left = {f"{name}.part" for name in whole} | {f"out{suffix}.part.json"}
        assert found.keys() <= whole.keys() | left
        if not found:
            return  # the command has not come to its output: resuming starts it anew
        if found.keys() != whole.keys():
            code, said, _ = processes.run(*words(place), "--resume", cwd=place, said=folder)
            assert code == 3, said
        assert {path.name: path.read_bytes() for path in place.iterdir()} == whole

    return Sweep(words, check)


@pytest.mark.fuzz
@pytest.mark.parametrize("suffix", [".jsonl", ".parquet"])
@pytest.mark.parametrize("verb", ["predict", "clean"])
def test_law_a_signal_at_any_moment_ends_a_stream_in_order(verb: str, suffix: str, model: Path, tmp_path: Path) -> None:
    what = streaming(verb, suffix, model, tmp_path)
    sweep(what, tmp_path / "runs", times(15, 600))
    count(what, f"`{verb}` to {suffix}")


@pytest.fixture
def cold(tmp_path: Path) -> dict[str, str]:
    """An empty cache of kernels."""
    (tmp_path / "cache").mkdir()
    return {"NUMBA_CACHE_DIR": str(tmp_path / "cache")}


def end_while_compiling(what: Sweep, folder: Path, count: int) -> None:
    """End a command at random moments; its cache of kernels fills up over the turns and is emptied once it is full."""
    draw = random.Random()
    for turn in range(count):
        moment = draw.uniform(0.3, 8.0) // STEP * STEP
        if what.end(folder / str(turn), SIGNALS[turn % 2], moment) == "done":
            for file in Path(what.environment["NUMBA_CACHE_DIR"]).rglob("*.nb?"):
                file.unlink()


@pytest.mark.fuzz
@pytest.mark.parametrize("verb", ["predict", "clean"])
def test_law_a_signal_while_kernels_compile_leaves_a_cache_that_works(
    verb: str, model: Path, cold: dict[str, str], tmp_path: Path
) -> None:
    what = streaming(verb, ".jsonl", model, tmp_path)
    what.environment = cold
    end_while_compiling(what, tmp_path / "runs", times(2, 40))
    count(what, f"`{verb}` that compiles its kernels")


# --- train, evaluate, search -----------------------------------------------------------------------------------------


def table(folder: Path) -> Path:
    rows = folder / "rows.jsonl"
    lines = [json.dumps({"text": f"{text} m{n}", "label": label}) for n in range(3)
             for text, label in zip(TEXTS, LABELS, strict=True)]  # fmt: skip
    rows.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return rows


def check_runs(place: Path) -> None:
    """Assert that every model is whole, nothing lies beside it, and ``latest`` is a finished run."""
    for model in place.rglob("model"):
        load_bundle(model)
    assert list(place.rglob(".model.*")) == []
    for latest in place.rglob("latest"):
        json.loads((latest / "run.json").read_text(encoding="utf-8"))


def leaving_runs(verb: str, model: Path, folder: Path) -> Sweep:
    """Return a command that leaves a folder: every model in it is whole, and ``latest`` is a finished run."""
    rows = table(folder)
    training = ["train", "dataset=table", f"dataset.path={rows}", "split=stratified", "name=x", "runs=runs"]
    words = {
        "train": training,
        "evaluate": ["evaluate", "--model", model, rows, "-o", "evaluations"],
        "search": [*training, "search=auto", "search.trials=2", "search.folds=2", "search.jobs=1"],
    }[verb]
    return Sweep(lambda place: words, check_runs)


NAMES = {"train": "`train`", "evaluate": "`evaluate`", "search": "`train search=auto`"}


@pytest.mark.fuzz
@pytest.mark.parametrize("verb", NAMES)
def test_law_a_signal_at_any_moment_ends_a_run_in_order(verb: str, model: Path, tmp_path: Path) -> None:
    what = leaving_runs(verb, model, tmp_path)
    sweep(what, tmp_path / "runs", times(10, 80))
    count(what, NAMES[verb])


@pytest.mark.slow
@pytest.mark.fuzz
@pytest.mark.parametrize("verb", NAMES)
def test_law_a_signal_while_kernels_compile_leaves_a_run_in_order(
    verb: str, model: Path, cold: dict[str, str], tmp_path: Path
) -> None:
    what = leaving_runs(verb, model, tmp_path)
    what.environment = cold
    end_while_compiling(what, tmp_path / "runs", times(2, 8))
    count(what, f"{NAMES[verb]} that compiles its kernels")


@pytest.mark.fuzz
@pytest.mark.parametrize("suffix", [".jsonl", ".parquet"])
def test_law_a_signal_before_any_line_of_a_delivery_leaves_what_can_be_resumed(
    suffix: str, model: Path, tmp_path: Path
) -> None:
    what = streaming("predict", suffix, model, tmp_path, rows=300)
    every = 700 // times(1, 150)
    first, turn = random.randint(1, every), 0
    for turn in range(10_000):
        place = tmp_path / str(turn)
        place.mkdir()
        number = SIGNALS[turn % 2]
        running = processes.start(
            *what.words(place), cwd=place, said=tmp_path, checkpoint=0.0, at_line=(number, first + turn * every)
        )
        end = judge(running.end(), running.said, number, 0.0)
        what.check(place)
        if end == "done":
            break
    assert turn > 3
    tried(15, f"SIGINT and SIGTERM before any line of what writes to {suffix}: resumed, compared byte for byte", turn)


# --- several processes -----------------------------------------------------------------------------------------------


@pytest.mark.fuzz
@pytest.mark.parametrize("number", SIGNALS)
def test_law_a_signal_ends_a_sweep_with_its_workers(number: signal.Signals, tmp_path: Path) -> None:
    rows = table(tmp_path)
    mark = f"COPYDESK_TEST_{os.getpid()}={tmp_path.name}{number}"
    words = ["train", "-m", "hydra/launcher=parallel", "hydra.launcher.jobs=2", "dataset=table", f"dataset.path={rows}",
             "split=stratified", "name=x", "runs=runs", "seed=1,2,3,4"]  # fmt: skip
    what = Sweep(lambda place: list(words), check_runs, dict([mark.split("=")]))
    draw = random.Random()
    turns, seconds = times(2, 16), what.seconds(tmp_path / "runs" / "whole")
    for turn in range(turns):  # up to four fifths of the time, so that some turns find it at work
        what.end(tmp_path / "runs" / str(turn), number, 0.8 * (turn + draw.random()) / turns * seconds // STEP * STEP)
        deadline = time.monotonic() + 60
        while left := processes_with(mark):
            assert time.monotonic() < deadline, left
            time.sleep(0.05)
    count(what, f"`train -m` with two workers, {number.name}")


def processes_with(mark: str) -> list[str]:
    """Return the command lines of processes that have a variable in their environment."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (folder / "environ").read_bytes().split(b"\0"):
                found.append((folder / "cmdline").read_text().replace("\0", " "))
        except OSError:
            continue
    return found


# --- a second signal, and none of ours -------------------------------------------------------------------------------


PROGRAM = """
import os, signal, sys, time, types
from copydesk import cli
from copydesk.interruption import handler

def run(args):
    {body}

verb = sys.modules["copydesk.commands.wait"] = types.ModuleType("wait")
verb.add_arguments, verb.run = (lambda parser: None), run
cli.COMMANDS["wait"] = ""
sys.argv = ["copydesk", "wait"]
sys.exit(cli.main({arguments}))
"""


def run(body: str, arguments: str = "") -> subprocess.CompletedProcess[str]:
    program = PROGRAM.format(body=body.replace("\n", "\n    "), arguments=arguments)
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)


def test_clean_ups_run_once_the_latest_first_and_add_to_the_line() -> None:
    body = """
def failing():
    raise OSError
with handler.CleanUp(lambda: "never"):
    pass
with handler.CleanUp(lambda: "; second"), handler.CleanUp(failing), handler.CleanUp(lambda: "; first"):
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(20)
"""
    done = run(body)
    assert (done.returncode, done.stderr) == (143, "copydesk: terminated; first; second\n")


def test_a_worker_of_a_sweep_cleans_up_and_leaves_the_line_to_the_command() -> None:
    body = """
from types import SimpleNamespace
from omegaconf import OmegaConf
from hydra_plugins import copydesk_parallel as parallel
def run_job(**_):
    with handler.CleanUp(lambda: print("cleaned up", flush=True)):
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(20)
parallel.run_job, parallel.Singleton.set_state = run_job, id
loader = SimpleNamespace(load_sweep_config=lambda *_: OmegaConf.create({"hydra": {"job": {}}}))
parallel.in_own_process(lambda: parallel.run_one(SimpleNamespace(config_loader=loader), None, None, [], 0, None))
"""
    done = run(body)
    assert (done.returncode, done.stdout, done.stderr) == (143, "cleaned up\n", "")


def test_a_second_signal_kills_while_clean_ups_run() -> None:
    body = """
def slow():
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(20)
with handler.CleanUp(slow):
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(20)
"""
    done = run(body)
    assert (done.returncode, done.stderr) == (-signal.SIGTERM, "")


def test_as_a_library_nothing_is_installed_and_an_interrupt_is_pythons_own() -> None:
    body = """
assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
raise KeyboardInterrupt
"""
    done = run(body, "['wait']")
    assert done.returncode == -signal.SIGINT
    assert done.stderr.rstrip().endswith("KeyboardInterrupt")


def test_a_signal_that_is_ignored_stays_ignored() -> None:
    body = """
os.kill(os.getpid(), signal.SIGINT)
return 7
"""
    program = PROGRAM.format(body=body.replace("\n", "\n    "), arguments="")
    ignoring = f"import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)\n{program}"
    done = subprocess.run([sys.executable, "-c", ignoring], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (7, "")
