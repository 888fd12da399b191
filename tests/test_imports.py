"""The floor plan: which room may import which, where modules may lie, what names mean, and what a command loads."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src" / "copydesk"

# From the ground floor up: a room, or a module at the top, and all that it may import besides itself.
ROOMS = {
    "interruption": "",
    "errors": "",
    "resources": "interruption",
    "compiled": "errors interruption",
    "text": "compiled",
    "interface": "",
    "labels": "",
    "tasks": "errors text",
    "formats": "errors text",
    "features": "compiled interface labels text",
    "classifiers": "compiled errors features interface labels",
    "estimator": "classifiers compiled errors interface labels",
    "bundle": "errors interruption resources",
    "config": "errors resources",
    "datasets": "errors formats labels resources tasks text",
    "evaluation": "errors labels tasks text",
    "explanations": "classifiers compiled errors estimator features interface text",
    "models": "bundle compiled errors estimator explanations features resources tasks text",
    "reports": "errors estimator evaluation explanations features resources tasks text",
    "runs": "bundle config datasets errors estimator evaluation explanations features interruption labels reports "
    "resources tasks",
    "streams": "errors formats interruption resources",
    "shards": "errors formats interruption resources streams",
    "engines": "classifiers compiled errors estimator features shards",
    "search": "bundle classifiers config datasets engines errors estimator evaluation interruption labels reports runs "
    "tasks",
    "streamed": "classifiers compiled config datasets errors estimator features resources runs",
    "predict": "compiled errors formats shards streams",
    "train": "config datasets engines errors estimator evaluation runs search streamed tasks",
    "__init__": "models text train",
    "commands": "bundle classifiers compiled config datasets errors estimator evaluation explanations features formats "
    "labels models predict reports resources runs shards streams tasks text train",
    "cli": "__init__ commands errors interruption shards",
}
TOP = {"__init__", "cli", "train", "predict", "estimator", "tasks", "errors", "resources"}
VERB = {"add_arguments", "run"}  # the interface of commands and of the flow that two of them share


def parse_modules() -> dict[str, ast.Module]:
    """Return the syntax trees of all modules, by their names within copydesk."""
    trees = {}
    for path in sorted(SOURCE.rglob("*.py")):
        name = ".".join(path.relative_to(SOURCE).with_suffix("").parts)
        trees[name.removesuffix(".__init__")] = ast.parse(path.read_text(encoding="utf-8"))
    return trees


MODULES = parse_modules()


def imports_of(tree: ast.Module) -> Iterator[str]:
    """Yield the modules of copydesk that a module imports, wherever in it the import stands."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            named = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "imports are absolute"
            named = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in named:
            package, _, inside = name.partition(".")
            if package == "copydesk":
                yield next((each for each in (inside, inside.rpartition(".")[0]) if each in MODULES), "__init__")


@cache
def graph() -> dict[str, set[str]]:
    return {name: set(imports_of(tree)) - {name} for name, tree in MODULES.items()}


def room_of(module: str) -> str:
    return module.partition(".")[0]


def test_every_room_is_in_the_plan() -> None:
    assert {room_of(module) for module in MODULES} == set(ROOMS)


def test_only_few_modules_lie_at_the_top() -> None:
    assert {path.stem for path in SOURCE.glob("*.py")} <= TOP
    assert len(TOP) <= 8


def test_no_room_of_the_plan_imports_from_a_floor_above() -> None:
    below: set[str] = set()
    for room, allowed in ROOMS.items():
        assert set(allowed.split()) <= below, room
        below.add(room)


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_what_the_plan_allows(room: str) -> None:
    allowed = {room, *ROOMS[room].split()}
    imported = {name: {each for each in found if room_of(each) not in allowed}
                for name, found in graph().items() if room_of(name) == room}  # fmt: skip
    assert {name: found for name, found in imported.items() if found} == {}


@pytest.mark.parametrize("room", ROOMS)
def test_the_plan_allows_nothing_that_is_not_used(room: str) -> None:
    used = {room_of(each) for name, found in graph().items() if room_of(name) == room for each in found}
    assert set(ROOMS[room].split()) - used == set()


def test_modules_import_each_other_in_no_circle() -> None:
    TopologicalSorter(graph()).prepare()  # raises CycleError, which names the circle


def test_a_file_name_stands_once_but_for_a_flow_and_its_verb() -> None:
    names = Counter(path.stem for path in SOURCE.rglob("*.py") if path.stem != "__init__")
    assert {name for name, count in names.items() if count > 1} <= {"train", "predict"}
    assert max(names.values()) <= 2


def public_names(tree: ast.Module) -> Iterator[str]:
    """Yield the names of a module's own functions, classes and constants."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names = [node.name]
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = [each.id for target in targets for each in ast.walk(target) if isinstance(each, ast.Name)]
        else:
            names = []
        yield from (name for name in names if not name.startswith("_"))


def test_a_public_name_means_one_thing() -> None:
    homes = defaultdict(set)
    for module, tree in MODULES.items():
        for name in public_names(tree):
            homes[name].add(module)
    del homes["TYPE_CHECKING"]  # where importing typing would take too long
    for name in VERB:
        homes[name] = {module for module in homes[name] if room_of(module) not in ("commands", "predict")}
    assert {name: sorted(found) for name, found in homes.items() if len(found) > 1} == {}


def test_every_verb_has_the_same_interface() -> None:
    from copydesk.cli import COMMANDS

    for verb in COMMANDS:
        assert set(public_names(MODULES[f"commands.{verb}"])) >= VERB, verb


# --- start-up ------------------------------------------------------------------------------------------------------

HEAVY = {
    "numpy",
    "scipy",
    "sklearn",
    "pandas",
    "numba",
    "hydra",
    "omegaconf",
    "rich",
    "pyarrow",
    "matplotlib",
    "optuna",
}


def modules_after(code: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys\nprint(*sys.modules, file=sys.stderr)"],
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stderr.split())


@pytest.mark.parametrize("words", [["--help"], ["predict", "--help"], ["clean", "--help"], ["explain", "--help"]])
def test_help_imports_nothing_heavy(words: list[str]) -> None:
    code = f"import contextlib\nfrom copydesk.cli import main\nwith contextlib.suppress(SystemExit): main({words})"
    assert modules_after(code) & HEAVY == set()


@pytest.mark.parametrize("module", ["copydesk", "copydesk.predict", "copydesk.commands.predict", "copydesk.tasks"])
def test_importing_costs_nothing(module: str) -> None:
    assert modules_after(f"import {module}") & HEAVY == set()


BUNDLES = Path(__file__).parent / "fixtures" / "bundles"
ARTICLE = str(Path(__file__).parents[1] / "data" / "sample" / "article.txt")
PACKAGES = HEAVY | {"joblib", "skops", "asyncio", "copydesk.runs", "copydesk.train", "copydesk.classifiers.solvers"}
# The packages among these that a verb may import. Explanations need the matrix of features, and so SciPy.
MAY_IMPORT = {
    "predict": (["predict", "-q", "--model", f"{BUNDLES}/topic", ARTICLE], {"numpy", "numba"}),
    "clean": (["clean", "-q", ARTICLE], {"numpy", "numba"}),
    "clean with another model": (["clean", "-q", "--model", f"{BUNDLES}/boilerplate", ARTICLE], {"numpy", "numba"}),
    "explain": (["explain", "--model", f"{BUNDLES}/topic", ARTICLE], {"numpy", "numba", "scipy"}),
    "explain a paragraph": (["explain", "--model", "boilerplate", ARTICLE], {"numpy", "numba", "scipy"}),
    "runs": (["runs", str(BUNDLES)], {"copydesk.runs"}),
    "--help": (["--help"], set()),
    "--version": (["--version"], set()),
}


@pytest.mark.parametrize("case", MAY_IMPORT)
def test_a_verb_imports_what_it_uses(case: str) -> None:
    words, allowed = MAY_IMPORT[case]
    code = f"import contextlib\nfrom copydesk.cli import main\nwith contextlib.suppress(SystemExit): main({words})"
    found = modules_after(code) & PACKAGES
    assert found <= allowed
    assert "numba" not in allowed or "numba" in found  # the verb has come as far as its kernels
