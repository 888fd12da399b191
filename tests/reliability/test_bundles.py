"""Bundles that are damaged, cut, foreign or hostile are refused before anything in them runs."""

from __future__ import annotations

import io
import json
import os
import pickle
import random
import shutil
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.svm import LinearSVC

from copydesk.bundle import load_bundle, save_bundle
from copydesk.bundle.bundle import _digest, _json, _write_npz, estimator_of_files
from copydesk.classifiers.decision import Calibrated
from copydesk.classifiers.linear import LinearSVM
from copydesk.errors import ModelError
from copydesk.estimator import TextClassifier
from copydesk.features.tfidf import TfidfFeatures
from helpers.trials import LONG, times, tried

pytestmark = pytest.mark.fuzz

TEXTS = [f"{'sea ship' if n % 2 else 'land horse'} n{n % 5}" for n in range(40)]
LABELS = ["sea" if n % 2 else "land" for n in range(40)]
MANIFEST = {"task": "topic", "classes": ["land", "sea"]}
SEALED = "manifest.json"


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small bundle."""
    path = tmp_path_factory.mktemp("bundles") / "model"
    model = TextClassifier(TfidfFeatures(), LinearSVM(), Calibrated()).fit(TEXTS, LABELS)
    save_bundle(path, model, MANIFEST, {"README.md": "# card\n"})
    return path


@pytest.fixture(scope="module")
def of_sklearn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle with parts of scikit-learn."""
    path = tmp_path_factory.mktemp("bundles") / "model"
    model = TextClassifier(TfidfVectorizer(), LinearSVC(random_state=0), Calibrated()).fit(TEXTS, LABELS)
    save_bundle(path, model, MANIFEST)
    return path


def forge(folder: Path, **files: bytes) -> None:
    """Replace files of a bundle and seal it again, as one would who wants it to be taken for whole."""
    for name, data in files.items():
        (folder / name).write_bytes(data)
    manifest = json.loads((folder / SEALED).read_bytes())
    listed = {
        path.name: {"bytes": path.stat().st_size, "sha256": _digest(path.read_bytes())}
        for path in folder.iterdir()
        if path.name != SEALED
    }
    content = {**{name: value for name, value in manifest.items() if name != "sha256"}, "files": listed}
    (folder / SEALED).write_bytes(_json({**content, "sha256": _digest(_json(content))}, indent=2))


def refused(folder: Path) -> str:
    with pytest.raises(ModelError) as refusal:
        load_bundle(folder)
    assert "\n" not in str(refusal.value)
    return str(refusal.value)


# --- damage ----------------------------------------------------------------------------------------------------------


def test_law_every_single_changed_byte_is_refused(saved: Path, tmp_path: Path) -> None:
    shutil.copytree(saved, tmp_path / "m")
    changes = [1 << bit for bit in range(8)] + [0xFF, 0x20, 0x5A]
    count = 0
    for file in sorted((tmp_path / "m").iterdir()):
        data = bytearray(file.read_bytes())
        handle = os.open(file, os.O_WRONLY)
        step = 1 if LONG or file.name == SEALED else 1 + len(data) // 400
        for at in range(0, len(data), step):
            for change in changes if LONG else changes[at % len(changes) :][:1]:
                os.pwrite(handle, bytes([data[at] ^ change]), at)
                refused(tmp_path / "m")
                count += 1
            os.pwrite(handle, data[at : at + 1], at)
        os.close(handle)
    load_bundle(tmp_path / "m")
    assert count > 1_000
    tried(3, "single-byte changes of a small bundle" + (", 11 of every byte" if LONG else ""), count)


def test_law_every_truncation_is_refused(saved: Path, tmp_path: Path) -> None:
    shutil.copytree(saved, tmp_path / "m")
    count = 0
    for file in sorted((tmp_path / "m").iterdir()):
        data = file.read_bytes()
        for keep in range(0, len(data), 1 if LONG else 1 + len(data) // 60):
            file.write_bytes(data[:keep])
            refused(tmp_path / "m")
            count += 1
        for more in (b"\0", b"\n", data):
            file.write_bytes(data + more)
            refused(tmp_path / "m")
        file.write_bytes(data)
    load_bundle(tmp_path / "m")
    tried(3, "truncations of a small bundle" + (": every length of every file" if LONG else ""), count)


def test_law_random_flips_of_bits_are_refused(of_sklearn: Path, tmp_path: Path) -> None:
    shutil.copytree(of_sklearn, tmp_path / "m")
    draw = random.Random(0)
    files = sorted((tmp_path / "m").iterdir())
    for _ in range(times(300, 10_000)):
        file = draw.choice(files)
        data = bytearray(file.read_bytes())
        kept = bytes(data)
        for _ in range(draw.choice([1, 1, 1, 2, 5])):
            data[draw.randrange(len(data))] ^= 1 << draw.randrange(8)
        if bytes(data) != kept:
            file.write_bytes(data)
            refused(tmp_path / "m")
            file.write_bytes(kept)
    load_bundle(tmp_path / "m")
    tried(3, "random bit flips of a bundle with parts of scikit-learn", times(300, 10_000))


def test_files_that_are_no_files_are_refused(saved: Path, tmp_path: Path) -> None:
    names = sorted(path.name for path in saved.iterdir())
    for name in names:
        for number, put in enumerate((os.mkfifo, os.mkdir, lambda path: path.symlink_to(saved / path.name))):
            folder = tmp_path / f"{name}{number}"
            shutil.copytree(saved, folder)
            (folder / name).unlink()
            put(folder / name)
            refused(folder)
    tried(3, "pipes, folders and links in the place of a bundle's files", 3 * len(names))


# --- hostile ---------------------------------------------------------------------------------------------------------


class Runs:
    """Touches the canary when it is unpickled, through a callable."""

    def __init__(self, call: Callable[..., Any], *words: Any) -> None:
        self.call, self.words = call, words

    def __reduce__(self) -> tuple[Any, ...]:
        return self.call, self.words


def pickled(canary: Path) -> Iterator[bytes]:
    """Pickles that touch the canary when they are read."""
    import subprocess

    code = f"open({str(canary)!r}, 'w').close()"
    calls = [
        Runs(os.system, f"touch {canary}"),
        Runs(subprocess.call, ["touch", str(canary)]),
        Runs(eval, code),
        Runs(exec, code),
        Runs(open, str(canary), "w"),
        Runs(os.mkdir, str(canary)),
        Runs(shutil.copyfile, "/dev/null", str(canary)),
        Runs(Path.touch, canary),
        Runs(np.save, str(canary), np.zeros(1)),
    ]
    for call in calls:
        for protocol in (0, 2, 5):
            yield pickle.dumps(call, protocol=protocol)


def arrays_with(folder: Path, **members: bytes) -> bytes:
    """Return a bundle's arrays with members of our own."""
    data = io.BytesIO((folder / "arrays.npz").read_bytes())
    with zipfile.ZipFile(data, "a") as packed:
        for name, content in members.items():
            packed.writestr(f"{name}.npy", content)
    return data.getvalue()


def objects(payload: bytes) -> bytes:
    """Return a .npy file of objects that holds a pickle."""
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "|O", "fortran_order": False, "shape": (1,)})
    return header.getvalue() + payload


def tree_with(folder: Path, tree: Any) -> bytes:
    """Return a bundle's model.json with a tree of our own in the place of the classifier."""
    model = json.loads((folder / "model.json").read_bytes())
    model["tree"]["fitted"]["classifier_"] = tree
    return json.dumps(model).encode()


CLASSES = [
    "os.system", "os.popen", "posix.system", "subprocess.Popen", "subprocess.call", "builtins.eval", "builtins.exec",
    "builtins.open", "builtins.__import__", "pathlib.Path", "shutil.rmtree", "importlib.import_module", "pty.spawn",
    "code.InteractiveConsole", "pickle.loads", "joblib.load", "numpy.load", "pandas.eval", "pandas.read_pickle",
    "timeit.timeit", "runpy.run_path", "sklearn.svm.LinearSVC", "skops.io.load", "copydesk.runs.run.Run",
    "copydesk.runs.run.subprocess.run", "copydesk.runs.run.subprocess", "copydesk.config.build.importlib.import_module",
    "copydesk.bundle.bundle.load_bundle", "copydesk.streams.part_file.Aside", "copydesk.cli.main",
    "copydesk.cli.os.system", "LinearClassifier", "linearsvm", "__import__", "copydesk.classifiers.linear",
    "copydesk.features.paragraph_features.ParagraphFeatures", "copydesk.LinearSVM", "MODULES",
    "copydesk.estimator.BaseEstimator", "copydesk.estimator.clone", "copydesk.classifiers.linear.LinearSVM.fit",
    "copydesk", "copydesk.", ".system", "", "copydesk..cli.main", "copydesk.nowhere.Thing",
]  # fmt: skip

SKOPS = [
    ("ObjectNode", "subprocess", "Popen"), ("ObjectNode", "builtins", "eval"), ("ObjectNode", "os", "_wrap_close"),
    ("ObjectNode", "pathlib", "PosixPath"), ("ObjectNode", "code", "InteractiveConsole"),
    ("ObjectNode", "copydesk.runs.run", "Run"), ("TypeNode", "os", "system"), ("TypeNode", "subprocess", "Popen"),
    ("FunctionNode", "os", "system"), ("FunctionNode", "builtins", "exec"), ("FunctionNode", "shutil", "rmtree"),
    ("FunctionNode", "numpy", "load"), ("FunctionNode", "sklearn.utils.deprecated", "warnings.warn"),
    ("FunctionNode", "joblib", "load"), ("PartialNode", "functools", "partial"), ("MethodNode", "os", "system"),
    ("OperatorFuncNode", "operator", "methodcaller"), ("OperatorFuncNode", "operator", "attrgetter"),
    ("CachedNode", "os", "system"), ("UnknownNode", "os", "system"),
]  # fmt: skip


def skops_with(part: bytes, loader: str, module: str, name: str, canary: Path) -> bytes:
    """Return a part of scikit-learn's whose parameter ``C`` is a node that means harm."""
    harm: dict[str, Any] = {"__class__": name, "__module__": module, "__loader__": loader, "__id__": 10**9}
    words = {"__class__": "str", "__module__": "builtins", "__loader__": "JsonNode", "content": f'"touch {canary}"',
             "is_json": True, "__id__": 10**9 + 1}  # fmt: skip
    call = {"__class__": "system", "__module__": "os", "__loader__": "FunctionNode", "__id__": 10**9 + 2}
    harm["content"] = {
        "ObjectNode": words,
        "MethodNode": {"func": name, "obj": words},
        "PartialNode": {"func": call, "args": words, "kwds": words, "namespace": words},
        "OperatorFuncNode": {},
    }.get(loader, words["content"])
    harm["attrs"] = words
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(part)) as packed, zipfile.ZipFile(out, "w") as forged:
        for each in packed.namelist():
            data = packed.read(each)
            if each == "schema.json":
                schema = json.loads(data)
                schema["content"]["content"]["C"] = harm
                data = json.dumps(schema).encode()
            forged.writestr(each, data)
    return out.getvalue()


def hostile(saved: Path, of_sklearn: Path, canary: Path) -> Iterator[tuple[str, Path, dict[str, bytes]]]:
    """Yield what a forger puts into a bundle: a name, the bundle, files."""
    for name in CLASSES:
        tree = {"kind": "estimator", "class": name, "params": {"command": f"touch {canary}"}, "fitted": {}}
        yield f"class {name}", saved, {"model.json": tree_with(saved, tree)}
    array = {"kind": "array", "name": "evil"}
    for number, payload in enumerate(pickled(canary)):
        files = {"arrays.npz": arrays_with(saved, evil=objects(payload)), "model.json": tree_with(saved, array)}
        yield f"pickle {number}", saved, files
        if number % 3 == 0:
            files = {"arrays.npz": arrays_with(saved, evil=payload), "model.json": tree_with(saved, array)}
            yield f"bare pickle {number}", saved, files
            yield f"pickle {number} for arrays", saved, {"arrays.npz": payload}
            yield f"pickle {number} for a tree", saved, {"model.json": payload}
            yield f"pickle {number} for a part", of_sklearn, {"part0.skops": payload}
    path = next(path for path in sorted(of_sklearn.glob("*.skops")) if b"LinearSVC" in path.read_bytes())
    for loader, module, name in SKOPS:
        forged = skops_with(path.read_bytes(), loader, module, name, canary)
        yield f"skops {loader} {module}.{name}", of_sklearn, {path.name: forged}
    for name in ("__class__", "__init__", "predict", "_private_", "__reduce__", "__dict__", "fit"):
        model = json.loads((saved / "model.json").read_bytes())
        model["tree"]["fitted"][name] = model["tree"]["fitted"].pop("classifier_")
        yield f"attribute {name}", saved, {"model.json": json.dumps(model).encode()}
    for name, tree in {
        "unknown kind": {"kind": "call", "name": "os.system"},
        "no kind": {"class": "os.system"},
        "deep": json.loads("[" * 500 + "]" * 500),
        "array that is not there": {"kind": "array", "name": "nowhere"},
        "object": {"kind": "dtype", "name": "os.system"},
        "part that is not there": {"kind": "part", "name": "nowhere"},
    }.items():
        yield name, saved, {"model.json": tree_with(saved, tree)}
    yield "deeper", saved, {"model.json": b'{"parts": [], "tree": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"}
    yield "no tree", saved, {"model.json": b"[]"}
    yield "no zip", saved, {"arrays.npz": b"PK\x03\x04" + bytes(100)}
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f8", "fortran_order": False, "shape": (10**15,)})
    yield "endless array", saved, {"arrays.npz": arrays_with(saved, evil=header.getvalue())}
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("evil.npy", bytes(2**27))
    yield "compressed bomb", saved, {"arrays.npz": bomb.getvalue()}


def test_no_hostile_bundle_is_loaded_and_nothing_of_it_runs(saved: Path, of_sklearn: Path, tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    names = []
    for number, (name, base, files) in enumerate(hostile(saved, of_sklearn, canary)):
        folder = tmp_path / str(number)
        shutil.copytree(base, folder)
        forge(folder, **files)
        try:
            said = refused(folder)
        except pytest.fail.Exception:
            raise AssertionError(f"{name} is loaded") from None
        assert str(folder) in said, name
        assert not canary.exists(), name
        shutil.rmtree(folder)
        names.append(name)
    assert len(set(names)) == len(names) >= 100
    tried(4, "hostile bundles, sealed as if they were whole: executed", len(names), "0")


def test_names_that_lead_out_of_a_bundle_are_refused(saved: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret", encoding="utf-8")
    for number, name in enumerate(["../secret", str(secret), "a/../../secret", ".", "..", "", "a\0b"]):
        folder = tmp_path / str(number)
        shutil.copytree(saved, folder)
        manifest = json.loads((folder / SEALED).read_bytes())
        files = {**manifest["files"], name: {"bytes": 6, "sha256": _digest(b"secret")}}
        content = {**{k: v for k, v in manifest.items() if k != "sha256"}, "files": files}
        (folder / SEALED).write_bytes(_json({**content, "sha256": _digest(_json(content))}, indent=2))
        assert "is missing" in refused(folder)


def test_other_versions_and_tasks_are_named(saved: Path, of_sklearn: Path, tmp_path: Path) -> None:
    import sklearn

    count = 0
    for number, version in enumerate([0, 3, 99, -1, 1.5, True, "1", None, [1]]):
        folder = tmp_path / f"format{number}"
        shutil.copytree(saved, folder)
        manifest = json.loads((folder / SEALED).read_bytes())
        content = {**{k: v for k, v in manifest.items() if k != "sha256"}, "format_version": version}
        (folder / SEALED).write_bytes(_json({**content, "sha256": _digest(_json(content))}, indent=2))
        assert f"bundle format {version}, this copydesk reads up to 2" in refused(folder)
        count += 1
    for version in ("0.24.2", "1.5.0", "2.0.0"):
        folder = tmp_path / version
        shutil.copytree(of_sklearn, folder)
        for part in sorted(of_sklearn.glob("*.skops")):
            now, then = sklearn.__version__.encode(), version.encode()
            forged = io.BytesIO()
            with zipfile.ZipFile(part) as packed, zipfile.ZipFile(forged, "w") as out:
                for name in packed.namelist():
                    out.writestr(name, packed.read(name).replace(b'\\"' + now + b'\\"', b'\\"' + then + b'\\"'))
            forge(folder, **{part.name: forged.getvalue()})
        said = refused(folder)
        assert f"scikit-learn {version}" in said
        assert f"this is {sklearn.__version__}" in said
        count += 1
    for task in ("boilerplate", "other"):
        with pytest.raises(ModelError, match=f"a model for the task 'topic', not '{task}'"):
            load_bundle(saved, task=task)
        count += 1
    tried(5, "other versions of the format and of scikit-learn, other tasks: both named, with what to do", count)


# --- anything --------------------------------------------------------------------------------------------------------

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8)
KINDS = st.sampled_from(["array", "palette", "part", "tuple", "dict", "objects", "float", "dtype", "csr", "estimator"])
TREES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=5), inner, max_size=3)
        | st.builds(
            lambda kind, fields: {"kind": kind, **fields},
            KINDS,
            st.dictionaries(
                st.sampled_from(["name", "items", "text", "shape", "data", "class", "params", "fitted"]),
                inner,
                max_size=4,
            ),
        )
    ),
    max_leaves=10,
)


@given(TREES)
def test_law_any_tree_is_built_or_refused(tree: Any) -> None:
    arrays = io.BytesIO()
    _write_npz(arrays, {}, False)
    files = {"model.json": json.dumps({"parts": [], "tree": tree}).encode(), "arrays.npz": arrays.getvalue()}
    try:
        estimator_of_files(files, Path("m"))
    except ModelError as error:
        said = str(error)
    else:
        said = ""
    assert "\n" not in said


MANIFESTS = st.fixed_dictionaries(
    {"format": st.just("copydesk-bundle") | st.text(max_size=3), "format_version": st.sampled_from([1, 2]) | SCALARS},
    optional={"task": SCALARS, "classes": TREES, "files": TREES, "more": TREES},
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("any")


@given(made=MANIFESTS)
def test_law_any_manifest_is_read_or_refused(made: dict[str, Any], folder: Path) -> None:
    data = json.dumps(made).encode()
    try:
        (folder / SEALED).write_bytes(_json({**made, "sha256": _digest(_json(made))}, indent=2))
    except ValueError:  # JSON has no such number
        (folder / SEALED).write_bytes(data)
    refused(folder)
