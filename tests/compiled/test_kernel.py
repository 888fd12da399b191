"""The cache of compiled kernels: one package's kernels grow old together."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from copydesk.compiled.kernel import PACKAGE, WITH_KERNELS, sources

BELOW = """\
from copydesk.compiled.kernel import kernel

@kernel
def add(x):
    return x + {number}
"""
ABOVE = """\
from copydesk.compiled.kernel import kernel
from below import add

@kernel
def twice(x):
    return add(add(x))
"""


def folder(package: Path, name: str, **files: str) -> None:
    (package / name).mkdir(parents=True, exist_ok=True)
    for stem, text in files.items():
        (package / name / f"{stem}.py").write_text(text, encoding="utf-8")


def test_the_digest_is_of_all_modules_with_kernels(tmp_path: Path) -> None:
    def digest() -> str:
        return sources.__wrapped__(tmp_path)

    folder(tmp_path, "features", one="1", two="2")
    folder(tmp_path, "features/kernels", four="4")
    folder(tmp_path, "classifiers", three="3")
    found = [digest()]
    folder(tmp_path, "classifiers", three="33")
    found.append(digest())
    folder(tmp_path, "features", one="12", two="")  # a character that moves from one file to the next
    found.append(digest())
    folder(tmp_path, "features/kernels", four="44")
    found.append(digest())
    (tmp_path / "features" / "two.py").unlink()
    found.append(digest())
    assert len(set(found)) == len(found)
    folder(tmp_path, "datasets", other="no kernels here")
    assert digest() == found[-1]


DECORATORS = {"kernel", "njit", "jit", "vectorize", "guvectorize", "intrinsic"}


def compiles(module: Path) -> bool:
    """Whether a module decorates a function as compiled code."""
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        for decorator in getattr(node, "decorator_list", []):
            named = decorator.func if isinstance(decorator, ast.Call) else decorator
            if (named.attr if isinstance(named, ast.Attribute) else getattr(named, "id", None)) in DECORATORS:
                return True
    return False


@pytest.mark.parametrize("room", WITH_KERNELS)
def test_every_digested_folder_holds_kernels(room: str) -> None:
    assert any(compiles(module) for module in (PACKAGE / room).rglob("*.py"))


def test_every_module_with_kernels_is_digested() -> None:
    modules = [module.relative_to(PACKAGE) for module in PACKAGE.rglob("*.py") if compiles(module)]
    assert len(modules) > 10
    assert {module.parts[0] for module in modules} <= set(WITH_KERNELS)


PROGRAM = """\
import sys
import copydesk.compiled.kernel
copydesk.compiled.kernel.sources = lambda: sys.argv[1]
from above import twice
print(twice(1), sum(twice.stats.cache_hits.values()), sum(twice.stats.cache_misses.values()))
"""


def test_a_kernel_whose_callee_changed_in_another_file_is_compiled_again(tmp_path: Path) -> None:
    (tmp_path / "above.py").write_text(ABOVE, encoding="utf-8")

    def run(stamp: str, number: int) -> str:
        (tmp_path / "below.py").write_text(BELOW.format(number=number), encoding="utf-8")
        env = {
            **os.environ,
            "NUMBA_CACHE_DIR": str(tmp_path / "cache"),
            "PYTHONPATH": str(tmp_path),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, stamp], capture_output=True, text=True, env=env, check=True
        )
        return done.stdout.strip()

    assert run("first", 1) == "3 0 1"
    assert run("first", 1) == "3 1 0"
    assert run("second", 10) == "21 0 1"
    assert run("second", 10) == "21 1 0"


READ_ONLY = (
    """\
import errno, os, sys, tempfile
if sys.argv[2:]:
    def refuse(*args, **kwargs):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))
    tempfile.TemporaryFile = refuse  # with it Numba finds out whether a folder can be written
"""
    + PROGRAM
)


def run_read_only(tmp_path: Path, *words: str, kernels: Path | None) -> subprocess.CompletedProcess[str]:
    (tmp_path / "above.py").write_text(ABOVE, encoding="utf-8")
    (tmp_path / "below.py").write_text(BELOW.format(number=1), encoding="utf-8")
    env = {name: value for name, value in os.environ.items() if name != "NUMBA_CACHE_DIR"}
    env |= {"PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path]), "PYTHONDONTWRITEBYTECODE": "1"}
    env |= {} if kernels is None else {"NUMBA_CACHE_DIR": str(kernels)}
    return subprocess.run(
        [sys.executable, "-c", READ_ONLY, "stamp", *words], capture_output=True, text=True, env=env, check=True
    )


def test_kernels_compile_where_no_folder_can_be_written(tmp_path: Path) -> None:
    for kernels in (None, tmp_path / "missing"):
        done = run_read_only(tmp_path, "read-only", kernels=kernels)
        assert done.stdout.strip() == "3 0 1"
    assert not list(tmp_path.rglob("*.nbc"))


def test_kernels_of_a_read_only_folder_are_loaded(tmp_path: Path) -> None:
    filled = tmp_path / "cache"
    assert run_read_only(tmp_path, kernels=filled).stdout.strip() == "3 0 1"
    assert run_read_only(tmp_path, "read-only", kernels=filled).stdout.strip() == "3 1 0"


ANNOUNCED = """\
import errno, os, sys, tempfile
def refuse(*args, **kwargs):
    raise OSError(errno.EROFS, os.strerror(errno.EROFS))
if sys.argv[1] == "read-only":
    tempfile.TemporaryFile = refuse
import numpy as np
if sys.argv[2] == "lower":
    from copydesk.features.kernels.grams import lower_ascii
    lower_ascii(np.zeros(1, np.uint8))
else:
    from copydesk.features.concentration import rescale
    rescale(np.zeros(1, np.int32), np.zeros(0, np.int32), np.zeros(0), np.zeros(0), 2, 1.0)
"""
ONCE = "copydesk: compiling its kernels for this machine, once; some seconds\n"
ALWAYS = (
    "copydesk: compiling its kernels, as in every process; no folder can be written to keep them: set NUMBA_CACHE_DIR\n"
)


def test_compilation_is_announced_once_a_machine(tmp_path: Path) -> None:
    env = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path / "kernels")}

    def said(*words: str) -> str:
        command = [sys.executable, "-c", ANNOUNCED, *words]
        return subprocess.run(command, capture_output=True, text=True, env=env, check=True).stderr

    assert said("read-only", "lower") == ALWAYS
    assert [said("", "lower"), said("", "lower"), said("", "rescale")] == [ONCE, "", ""]
    assert said("read-only", "lower") == ""  # loaded


def test_a_disabled_compiler_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "article.txt").write_text("The bridge opens on Monday.\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "copydesk.cli", "clean", "--text", str(tmp_path / "article.txt")],
        capture_output=True,
        text=True,
        env={**os.environ, "NUMBA_DISABLE_JIT": "1"},
    )
    assert done.returncode == 2
    assert done.stderr == "copydesk: NUMBA_DISABLE_JIT is set: copydesk needs Numba's compiler; unset it\n"


DYING = """
import os, sys
from copydesk.compiled import kernel
kernel.sources = lambda: sys.argv[1] * 64
import below
if sys.argv[2] == "die":
    kernel.IndexDataCacheFile._save_data = lambda *entry: os._exit(9)
print(below.add(1))
"""


def test_a_process_killed_between_index_and_data_leaves_no_old_code_behind(tmp_path: Path) -> None:
    def run(digest: str, how: str = "live") -> tuple[int, str]:
        environment = {
            **os.environ,
            "NUMBA_CACHE_DIR": str(tmp_path / "cache"),
            "PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path]),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        done = subprocess.run(
            [sys.executable, "-c", DYING, digest, how], capture_output=True, text=True, env=environment
        )
        return done.returncode, done.stdout.strip()

    below = tmp_path / "below.py"
    below.write_text(BELOW.format(number=1), encoding="utf-8")
    assert run("a") == (0, "2")
    below.write_text(BELOW.format(number=20), encoding="utf-8")
    assert run("b", "die") == (9, "")
    assert run("b") == (0, "21")
    assert run("b") == (0, "21")  # from the cache
    assert len(list((tmp_path / "cache").rglob("*.nbc"))) == 1  # the old code is gone
