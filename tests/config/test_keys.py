"""Mistakes in a run's config are found before any data is read, and named with key, value and what is valid."""

from __future__ import annotations

from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from copydesk.config.compose import check_files
from copydesk.config.keys import check_keys
from copydesk.errors import ConfigError
from copydesk.resources import shipped
from copydesk.train import train
from helpers.command import copydesk

MISTAKES = [
    (["seed=1e5"], "seed=100000.0: expected a whole number from 0"),
    (["seed=-1"], "seed=-1: expected a whole number from 0"),
    (["seed=abc"], "seed='abc': expected a whole number from 0"),
    (["seed=true"], "seed=True: expected a whole number from 0"),
    (["classifier.C=-1"], "classifier.C=-1 is not valid; it must be a positive number"),
    (["classifier=nb_svm", "classifier.classifier.C=0"], "classifier.classifier.C=0 is not valid"),
    (["classifier=nb_svm", "classifier.alpha=-1"], "classifier.alpha=-1 is not valid"),
    (["classifier.tol=0"], "classifier.tol=0 is not valid"),
    (["classifier.n_jobs=0"], "classifier.n_jobs=0: valid are a whole number from 1, -1"),
    (["classifier.class_weight=balnced"], "classifier.class_weight='balnced': valid are None, 'balanced'"),
    (["+classifier.class_weight={a:-1}"], "the weight of 'a' is not a positive number"),
    (["classifier=sklearn_linear_svc", "classifier.C=-1"], "classifier: The 'C' parameter of LinearSVC must be"),
    (
        ["classifier=sequence", "features=none", "classifier.second.max_depth=11"],
        "classifier.second.max_depth=11: from",
    ),
    (["features.n_jobs=0"], "features.n_jobs=0: valid are"),
    (["features.ngram_range=[3,1]"], "features.ngram_range=[3, 1]: two whole numbers, the smaller first"),
    (["features.min_df=0"], "features.min_df=0: a whole number from 1"),
    (["features=none"], "features=none: LinearSVM reads numbers, not texts; choose features"),
    (["decision=calibrated", "decision.method=sigmoit"], "decision.method='sigmoit': unknown; valid: shared, sigmoid"),
    (["decision=abstain", "decision.min_confidence=2"], "decision.min_confidence=2: a probability is from 0 to 1"),
    (["decision=precise", "decision.precision=98"], "decision.precision=98: a share between 0 and 1"),
    (["decision=threshold", "decision.keep=0"], "decision.keep=0: a share above 0"),
    (["dataset.max_bad=5"], "dataset.max_bad=5: a share from 0 to 1"),
    (["dataset=paragraphs", "dataset.max_bad=-1"], "dataset.max_bad=-1: a share from 0 to 1"),
    (["split=kfold", "split.n_splits=1"], "split.n_splits=1: must be a whole number of at least 2"),
    (["report=null"], "report=None: expected report.learning_curve=true or false"),
    (["+report.pages=1"], "report.pages: no such key; valid: learning_curve"),
    (["~classifier"], "classifier: none chosen; choose one"),
    (["~split"], "split: none chosen; choose one"),
    (["~classifier._target_"], "classifier: has no _target_"),
    (["+foo=1"], "foo: no such key; valid: classifier, dataset"),
    (["name=../../oops"], "name='../../oops': expected the name of a folder, without /"),
    (["name=2026"], "name=2026: expected text, found int; quote it: 'name=\"2026\"'"),
    (
        ["dataset=composed_crawl", "dataset.languages=[en,false]"],
        "dataset.languages=['en', False]: expected list[str] | None, found list; in YAML, quote 'no', 'off' and",
    ),
    (["dataset.text=true"], "dataset.text=True: expected str, found bool; in YAML, quote 'yes', 'on' and 'true'"),
    (["name=latest"], "name='latest': expected the name of a folder"),
    (["runs=null"], "runs=None: expected a folder"),
    (["+search.folds=2"], "search: has no _target_"),
]


@pytest.mark.parametrize(("words", "said"), MISTAKES)
def test_a_mistake_is_refused_before_any_data_is_read(words: list[str], said: str, tmp_path: Path) -> None:
    given = ["dataset=table", "split=stratified", f"runs={tmp_path}", *words]
    if any(word.startswith("dataset=") for word in words):
        given.remove("dataset=table")
    with initialize_config_dir(str(shipped("conf")), version_base="1.3"):
        cfg = compose("train", given)
    with pytest.raises(ConfigError) as error:  # reading would fail: the path of the data is not given
        train(cfg)
    assert said in str(error.value)
    assert "\n" not in str(error.value)
    assert list(tmp_path.iterdir()) == []


def test_a_name_may_be_any_name_of_a_folder() -> None:
    with initialize_config_dir(str(shipped("conf")), version_base="1.3"):
        for name in ("news", "2026-01 ü", "a.b", "..x"):
            cfg = compose("train")
            cfg.name = name
            check_keys(cfg)


def test_a_label_that_yaml_reads_as_a_boolean_is_named(tmp_path: Path) -> None:
    (tmp_path / "mine" / "experiment").mkdir(parents=True)
    text = (
        "# @package _global_\ndefaults:\n  - override /dataset: table\nclassifier:\n  class_weight: {no: 2, sport: 1}\n"
    )
    (tmp_path / "mine" / "experiment" / "weights.yaml").write_text(text, encoding="utf-8")
    done = copydesk("train", "--config-dir", "mine", "experiment=weights", "dataset.path=no.csv", cwd=tmp_path)
    assert done.returncode == 2
    assert "classifier.class_weight={False: 2, 'sport': 1}: the key False is no label; quote 'no'" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_byte_order_mark_is_named_with_its_file(tmp_path: Path) -> None:
    (tmp_path / "bom.yaml").write_text("# @package _global_\nname: x\n", encoding="utf-8-sig")
    with pytest.raises(ConfigError, match=r"bom\.yaml: begins with a byte order mark; save it as UTF-8 without"):
        check_files(tmp_path)


def test_a_former_path_of_a_class_is_answered_with_the_new_one() -> None:
    from copydesk.config.build import MOVED, check_parts, resolve_target

    assert len(MOVED) == 4
    for old, new in MOVED.items():
        assert resolve_target(new, "x").__name__ == old.rpartition(".")[2]
        with pytest.raises(ConfigError, match=f"^dataset: _target_ '{old}' has moved; write {new}$"):
            check_parts(OmegaConf.create({"dataset": {"_target_": old}}))
