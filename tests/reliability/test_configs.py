"""Configs: nothing but the classes that fit is built, scalars keep their type, and no secret is written down."""

from __future__ import annotations

import importlib
import inspect
import json
import pkgutil
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from omegaconf import OmegaConf

import copydesk
from copydesk.config.build import PART_METHODS, build, check_parts
from copydesk.errors import ConfigError
from helpers import processes
from helpers.trials import LONG, times, tried

pytestmark = pytest.mark.fuzz

KEPT_APART = ("copydesk", "sklearn")


def walks() -> Iterator[str]:
    """Yield dotted paths that begin in copydesk and lead out of it, or to what is no class, by its own imports."""
    names = [each.name for each in pkgutil.walk_packages(copydesk.__path__, "copydesk.")]
    for module_name in sorted(names):
        module = importlib.import_module(module_name)
        for name, found in sorted(vars(module).items()):
            if inspect.ismodule(found):
                for inner, value in sorted(vars(found).items()):
                    if callable(value) and (getattr(value, "__module__", "") or "").split(".")[0] not in KEPT_APART:
                        yield f"{module_name}.{name}.{inner}"
            elif callable(found) and not (inspect.isclass(found) and found.__module__.split(".")[0] in KEPT_APART):
                yield f"{module_name}.{name}"


def test_no_target_outside_the_trusted_classes_is_built(tmp_path: Path) -> None:
    everywhere = sorted(set(walks()))
    draw = random.Random(0)
    chosen = everywhere if LONG else draw.sample(everywhere, 200)
    assert any(target.endswith("os.system") for target in everywhere)
    for target in chosen:
        for place in ("classifier", "dataset"):
            with pytest.raises(ConfigError, match=r"refused|not found"):
                check_parts(OmegaConf.create({place: {"_target_": target, "command": f"touch {tmp_path / 'canary'}"}}))
    assert not (tmp_path / "canary").exists()
    tried(4, "config targets that walk out of copydesk through its own imports: built", 2 * len(chosen), "0")


MISFITS = [
    "copydesk.streams.part_file.Aside", "copydesk.runs.run.Run", "copydesk.streams.delivery.Delivery",
    "copydesk.datasets.fetch.Resumable", "copydesk.bundle.encoding.EncodedEstimator", "copydesk.errors.DataError",
    "copydesk.models.topic.TopicModel", "sklearn.utils.Bunch",
]  # fmt: skip


@pytest.mark.parametrize("place", [*PART_METHODS, "mine"])
def test_classes_of_copydesk_that_fit_nowhere_are_not_built(place: str) -> None:
    for target in MISFITS:
        for node in ({"_target_": target}, {"_target_": "sklearn.svm.LinearSVC", "C": {"_target_": target}}):
            with pytest.raises(ConfigError):
                check_parts(OmegaConf.create({place: {"inner": node}}))


BOMBS = {
    "aliases": "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
    + "\n".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30)),
    "merges": "a0: &a0 {x: 1}\n"
    + "\n".join(f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}]}}" for n in range(1, 30)),
    "deep": "[" * 30_000,
    "long": "a: " + "x" * 2**20,
    "tag": "a: !!python/object/apply:os.system ['touch canary']",
    "binary": "a: \x00",
}  # fmt: skip


@pytest.mark.parametrize("name", BOMBS)
def test_a_config_file_that_is_a_bomb_is_refused_at_once(name: str, tmp_path: Path) -> None:
    (tmp_path / "mine" / "experiment").mkdir(parents=True)
    (tmp_path / "mine" / "experiment" / "bomb.yaml").write_text(BOMBS[name], encoding="utf-8")
    words = ("train", "--config-dir", "mine", "experiment=bomb")
    code, said, _ = processes.run(*words, cwd=tmp_path, said=tmp_path)
    assert code == 2, said
    assert said.count("\n") == 1, said
    assert "bomb.yaml" in said
    assert not (tmp_path / "canary").exists()


@pytest.mark.parametrize(
    "written", ["no", "off", "0123", "12:30", "1e3", "null", "0x1F", "[a]", "{a: b}", "2026-01-02"]
)
def test_a_scalar_that_yaml_reads_as_something_else_is_refused_with_its_type_or_kept(
    written: str, tmp_path: Path
) -> None:
    (tmp_path / "mine" / "dataset").mkdir(parents=True)
    text = f"_target_: copydesk.datasets.tables.Table\npath: a.jsonl\nlabel: {written}\n"
    (tmp_path / "mine" / "dataset" / "own.yaml").write_text(text, encoding="utf-8")
    node = OmegaConf.load(tmp_path / "mine" / "dataset" / "own.yaml")
    if node["label"] == written:
        check_parts(OmegaConf.create({"dataset": node}))
        return
    with pytest.raises(ConfigError, match=r"dataset\.label=.*: expected str, found|dataset\.label: must be given"):
        check_parts(OmegaConf.create({"dataset": node}))


def test_no_secret_of_the_environment_is_written_down(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = "s3cr3t-c4n4ry"
    monkeypatch.setenv("COPYDESK_CANARY", secret)
    draw = random.Random(5)
    rows = [
        {"text": f"{draw.choice(['sea ship', 'oven bread'])} n{n} m{n % 7}", "label": "ab"[n % 2]} for n in range(60)
    ]
    (tmp_path / secret).mkdir()
    table = tmp_path / secret / "rows.jsonl"
    table.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    words = ["train", "dataset=table", f"dataset.path={tmp_path}/${{oc.env:COPYDESK_CANARY}}/rows.jsonl",
             "split=stratified", "name=x", f"runs={tmp_path / 'runs'}"]  # fmt: skip
    command = [sys.executable, "-m", "copydesk.cli", *words]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    files = [path for path in (tmp_path / "runs").rglob("*") if path.is_file() and not path.is_symlink()]
    assert len(files) > 8
    for path in files:
        assert secret.encode() not in path.read_bytes(), path
    assert secret not in done.stdout + done.stderr
    tried(6, "files of a run searched for a secret of the environment: found", len(files), "0")


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.floats(allow_nan=False) | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(st.characters(categories=["L"]), min_size=1, max_size=6), inner, max_size=3)
    ),
    max_leaves=6,
)
CLASSES = st.sampled_from(
    ["copydesk.features.tfidf.TfidfFeatures", "copydesk.classifiers.linear.LinearSVM", "sklearn.svm.LinearSVC",
     "copydesk.datasets.tables.Table", "copydesk.datasets.splits.KFold", "copydesk.classifiers.decision.Keep",
     "sklearn.feature_extraction.text.TfidfVectorizer"]
)  # fmt: skip
OPTIONS = st.sampled_from(["C", "ngram_range", "max_features", "families", "path", "label", "n_splits", "keep", "tol"])


@given(st.sampled_from(sorted(PART_METHODS)), CLASSES, st.dictionaries(OPTIONS, VALUES, max_size=3))
def test_law_any_config_is_taken_or_refused_in_one_line(place: str, name: str, options: dict[str, Any]) -> None:
    said = ""
    try:
        cfg = OmegaConf.create({place: {"_target_": name, **options}})
    except Exception:  # OmegaConf itself takes no such value
        return
    try:
        check_parts(cfg)
        build(cfg[place], place)
    except ConfigError as error:
        said = str(error)
    assert "\n" not in said


def test_law_any_override_is_taken_or_refused_in_one_line(tmp_path: Path) -> None:
    draw = random.Random(3)
    starts = ["classifier.C=", "seed=", "classifier=", "+classifier.", "dataset.path=", "", "~", "features=", "runs="]
    alphabet = "=+~-.:[]{}'\"\\$(),@/ abclsifer0123_éno"
    count = times(15, 400)
    for _ in range(count):
        word = draw.choice(starts) + "".join(draw.choice(alphabet) for _ in range(draw.randrange(12)))
        words = ("train", "dataset=table", "dataset.path=nowhere.jsonl", word)
        code, said, _ = processes.run(*words, cwd=tmp_path, said=tmp_path)
        assert code in (0, 1, 2, 3, 5), (word, said)
        assert "Traceback" not in said, (word, said)
        assert said.count("\n") <= 1, (word, said)
    tried(4, "generated overrides on the command line: a traceback", count, "0")
