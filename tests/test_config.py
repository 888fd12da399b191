"""Only classes of copydesk and scikit-learn that fit their place are built; mistakes get one line."""

from __future__ import annotations

from pathlib import Path

import pytest
from omegaconf import OmegaConf

from copydesk import config
from copydesk.errors import ConfigError

HOSTILE = [
    "os.system",
    "subprocess.Popen",
    "builtins.eval",
    "builtins.exec",
    "builtins.open",
    "joblib.load",
    "pickle.loads",
    "shutil.rmtree",
    "importlib.import_module",
    "pandas.eval",
    "numpy.load",
    "copydesk.records.os.system",
    "copydesk.records.subprocess.Popen",
    "copydesk.records.subprocess.run",
    "copydesk.config.sys.exit",
    "copydesk.config.importlib.import_module",
    "copydesk.config.Path",
    "copydesk.train.train",
    "copydesk.model.load",
    "copydesk.bundle.load",
    "sklearn.utils.deprecated.__globals__",
    "sklearn.base.warnings.warn",
    "sklearn.datasets.fetch_openml",
    "sklearn.externals.joblib.load",
    "sklearn",
    "copydesk",
    "",
    "..",
    "copydesk..errors",
    "sklearn.svm.LinearSVC.__init__",
    "sklearn.svm.LinearSVC.__class__",
    "sklearn.svm.LinearSVC.__mro__",
]


@pytest.mark.parametrize("target", HOSTILE)
@pytest.mark.parametrize("place", ["classifier", "features", "dataset", "split", "decision"])
def test_a_target_outside_the_trusted_classes_is_refused_by_name(target: str, place: str) -> None:
    cfg = OmegaConf.create({place: {"_target_": target}})
    with pytest.raises(ConfigError) as refusal:
        config.check(cfg)
    assert place in str(refusal.value)
    assert repr(target) in str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("target", HOSTILE)
def test_a_target_nested_in_another_part_is_refused_too(target: str) -> None:
    nested = {"_target_": "sklearn.ensemble.BaggingClassifier", "estimator": {"_target_": target}}
    with pytest.raises(ConfigError, match=r"classifier\.estimator"):
        config.check(OmegaConf.create({"classifier": nested}))


def test_a_trusted_class_must_fit_the_place_it_stands_in() -> None:
    with pytest.raises(ConfigError, match="LinearSVC does not fit here: a features has fit, transform"):
        config.check(OmegaConf.create({"features": {"_target_": "sklearn.svm.LinearSVC"}}))


def test_positional_arguments_and_partials_are_refused() -> None:
    for special in ("_args_", "_partial_", "_recursive_"):
        node = {"_target_": "sklearn.svm.LinearSVC", special: True}
        with pytest.raises(ConfigError, match=special):
            config.check(OmegaConf.create({"classifier": node}))


def test_an_unknown_option_is_answered_with_the_nearest() -> None:
    node = {"_target_": "sklearn.svm.LinearSVC", "max_itre": 5}
    with pytest.raises(ConfigError, match=r"classifier\.max_itre: .*did you mean max_iter"):
        config.check(OmegaConf.create({"classifier": node}))


def test_scikit_learns_own_constraints_are_checked_before_any_data_is_read() -> None:
    node = OmegaConf.create({"_target_": "sklearn.svm.LinearSVC", "C": "much"})
    with pytest.raises(ConfigError, match="classifier: The 'C' parameter of LinearSVC"):
        config.build(node, "classifier")


def test_lists_become_tuples_where_scikit_learn_wants_them() -> None:
    node = OmegaConf.create({"_target_": "sklearn.feature_extraction.text.TfidfVectorizer", "ngram_range": [1, 2]})
    assert config.build(node, "features").ngram_range == (1, 2)


def test_the_recorded_config_keeps_secrets_of_the_environment_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COPYDESK_CANARY", "s3cret")
    cfg = OmegaConf.create({"key": "${oc.env:COPYDESK_CANARY}", "copy": "${key}", "in": "a ${key} b"})
    recorded = config.without_secrets(cfg)
    assert "s3cret" not in str(recorded)
    assert recorded["key"] == "${oc.env:COPYDESK_CANARY}"
    assert cfg["copy"] == "s3cret"  # the resolver works as before afterwards


def test_an_alias_bomb_in_a_users_folder_is_refused_before_it_is_parsed(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 15)]
    (tmp_path / "bomb.yaml").write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"bomb\.yaml: 140 aliases"):
        config.check_files(tmp_path)


def test_an_oversized_or_broken_config_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "large.yaml").write_text("a: " + "x" * config.MAX_CONFIG_BYTES, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"large\.yaml: .* bytes"):
        config.check_files(tmp_path)
    (tmp_path / "large.yaml").unlink()
    (tmp_path / "broken.yaml").write_text("a: [1, 2", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"broken\.yaml: not valid YAML"):
        config.check_files(tmp_path)


def test_every_option_that_ships_says_in_its_first_comment_what_it_is_for() -> None:
    groups = dict(config.describe_options([Path(__file__).parents[1] / "conf"]))
    assert {"dataset", "split", "features", "classifier", "decision", "experiment"} <= set(groups)
    silent = [f"{group}/{name}" for group, options in groups.items() for name, said in options if not said]
    assert silent == []
