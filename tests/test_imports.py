"""Who may import whom; and what a command does not import."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src" / "copydesk"

ALLOWED = {
    "interruption": {"interruption"},
    "compiled": {"compiled"},
    "text": {"text"},
    "features": {"features", "compiled", "text"},
    "classifiers": {"classifiers", "compiled", "features", "text"},
    "formats": {"formats", "errors", "text"},
    "datasets": {"datasets", "errors", "formats", "resources", "text"},
    "evaluation": {"evaluation", "errors", "text"},
    "bundle": {"bundle", "errors", "interruption"},
    "streams": {"streams", "errors", "formats", "interruption", "text"},
}  # fmt: skip


def imported(path: Path) -> set[str]:
    """Parts of copydesk that a module imports, wherever in it the import stands."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        found |= {name.split(".")[1] for name in names if name.startswith("copydesk.")}
    return found


@pytest.mark.parametrize("part", sorted(ALLOWED))
def test_a_part_imports_only_the_parts_below_it(part: str) -> None:
    modules = sorted((SOURCE / part).rglob("*.py"))
    assert modules
    strays = {path.name: imported(path) - ALLOWED[part] for path in modules}
    assert {name: parts for name, parts in strays.items() if parts} == {}


def modules_after(code: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys\nprint(*sys.modules, file=sys.stderr)"],
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stderr.split())


def test_help_imports_nothing_heavy() -> None:
    loaded = modules_after("from copydesk.cli import main\nmain(['--help'])")
    assert loaded & {"numpy", "sklearn", "pandas", "numba", "hydra", "rich", "pyarrow", "omegaconf"} == set()


def test_importing_copydesk_costs_nothing() -> None:
    loaded = modules_after("import copydesk")
    assert loaded & {"numpy", "sklearn", "pandas", "numba", "hydra"} == set()


def test_the_command_for_batches_does_not_import_what_it_does_not_use() -> None:
    loaded = modules_after("import copydesk.predict")
    assert loaded & {"pandas", "hydra", "omegaconf", "matplotlib", "optuna", "pyarrow"} == set()
