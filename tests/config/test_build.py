"""Only classes of copydesk and scikit-learn that fit their place are built; mistakes get one line."""

from __future__ import annotations

import pytest
from omegaconf import OmegaConf

from copydesk.config.build import build, check_parts
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
    "copydesk.runs.run.os.system",
    "copydesk.runs.run.subprocess.Popen",
    "copydesk.runs.run.subprocess.run",
    "copydesk.config.compose.sys.exit",
    "copydesk.config.build.importlib.import_module",
    "copydesk.config.compose.Path",
    "copydesk.train.train",
    "copydesk.models.topic.load",
    "copydesk.bundle.load_bundle",
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
        check_parts(cfg)
    assert place in str(refusal.value)
    assert repr(target) in str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("target", HOSTILE)
def test_a_target_nested_in_another_part_is_refused_too(target: str) -> None:
    nested = {"_target_": "sklearn.ensemble.BaggingClassifier", "estimator": {"_target_": target}}
    with pytest.raises(ConfigError, match=r"classifier\.estimator"):
        check_parts(OmegaConf.create({"classifier": nested}))


def test_a_trusted_class_must_fit_the_place_it_stands_in() -> None:
    with pytest.raises(ConfigError, match="LinearSVC does not fit here: a features has fit, transform"):
        check_parts(OmegaConf.create({"features": {"_target_": "sklearn.svm.LinearSVC"}}))


def test_positional_arguments_and_partials_are_refused() -> None:
    for special in ("_args_", "_partial_", "_recursive_"):
        node = {"_target_": "sklearn.svm.LinearSVC", special: True}
        with pytest.raises(ConfigError, match=special):
            check_parts(OmegaConf.create({"classifier": node}))


def test_an_unknown_option_is_answered_with_the_nearest() -> None:
    node = {"_target_": "sklearn.svm.LinearSVC", "max_itre": 5}
    with pytest.raises(ConfigError, match=r"classifier\.max_itre: .*did you mean max_iter"):
        check_parts(OmegaConf.create({"classifier": node}))


def test_scikit_learns_own_constraints_are_checked_before_any_data_is_read() -> None:
    node = OmegaConf.create({"_target_": "sklearn.svm.LinearSVC", "C": "much"})
    with pytest.raises(ConfigError, match="classifier: The 'C' parameter of LinearSVC"):
        build(node, "classifier")


def test_lists_become_tuples_where_scikit_learn_wants_them() -> None:
    node = OmegaConf.create({"_target_": "sklearn.feature_extraction.text.TfidfVectorizer", "ngram_range": [1, 2]})
    assert build(node, "features").ngram_range == (1, 2)
