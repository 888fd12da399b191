"""Work in a second process while kernels compile: waited for, harmless where it fails, ended by a signal."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

START = """\
import os, signal, sys, threading, time
from copydesk.compiled import beside, kernel
from copydesk.interruption import handler
handler.install()
processors = 2
os.sched_getaffinity = lambda process: set(range(processors))
"""

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="nothing is forked elsewhere")


def run(folder: Path, body: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(folder / "cache")}
    command = [sys.executable, "-c", START + body]
    return subprocess.run(command, capture_output=True, text=True, env=environment, cwd=folder, timeout=600)


def test_the_work_is_done_by_the_end_of_the_block_where_it_is_of_use(tmp_path: Path) -> None:
    body = """
def called_by(name):
    def work():
        with open(name, "w") as file:
            file.write(str(os.getpid()))
        raise OSError
    with beside.compiled_beside(work):
        pass
    return int(open(name).read()) if os.path.exists(name) else None
assert called_by("two processors") not in (None, os.getpid())
processors = 1
assert called_by("one processor") is None
processors, leave = 2, threading.Event()
thread = threading.Thread(target=leave.wait)
thread.start()
assert called_by("another thread") is None
leave.set()
thread.join()
assert called_by("alone again") is not None
assert kernel._Cache(kernel.kernel).first_here()
assert called_by("kernels are there") is None
"""
    done = run(tmp_path, body)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_where_no_process_can_be_had_the_block_runs_alone(tmp_path: Path) -> None:
    body = """
def fork():
    raise BlockingIOError
os.fork = fork
with beside.compiled_beside(lambda: None):
    print("runs", flush=True)
    os.kill(os.getpid(), signal.SIGTERM)  # no longer held back
"""
    done = run(tmp_path, body)
    assert (done.returncode, done.stdout, done.stderr) == (143, "runs\n", "copydesk: terminated\n")


@pytest.mark.parametrize("whom", ["os.getpid()", "0"], ids=["process", "terminal"])
def test_a_signal_ends_both_processes_with_one_line(whom: str, tmp_path: Path) -> None:
    body = f"""
os.setpgid(0, 0)
handler.CleanUp(lambda: "; cleaned up")
def work():
    print("begun", flush=True)
    time.sleep(600)
with beside.compiled_beside(work):
    time.sleep(0.2)
    os.kill({whom}, signal.SIGINT)
    time.sleep(600)
"""
    done = run(tmp_path, body)  # comes back once no process holds the pipes any more
    assert (done.returncode, done.stderr) == (130, "copydesk: interrupted; cleaned up\n")
