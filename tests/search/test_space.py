"""Ranges over any config key, from YAML; what belongs to an option is asked for with it alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hydra import compose, initialize_config_dir
from omegaconf import DictConfig, OmegaConf

from copydesk.config.build import check
from copydesk.config.compose import options_of
from copydesk.errors import ConfigError
from copydesk.resources import shipped
from copydesk.runs.fit import build_estimator
from copydesk.search.space import Space

optuna = pytest.importorskip("optuna", reason="needs the extra 'search'")


@pytest.fixture(scope="module")
def base() -> DictConfig:
    with initialize_config_dir(str(shipped("conf")), version_base="1.3"):
        return compose("train", ["classifier.C=3"])


def space(base: DictConfig, spec: dict[str, Any]) -> Space:
    return Space(spec, base, options_of(base))


def auto(base: DictConfig) -> Space:
    return space(base, dict(OmegaConf.load(shipped("conf") / "search" / "auto.yaml").space))


def test_every_point_of_the_space_that_ships_is_a_config_that_can_be_built(base: DictConfig) -> None:
    rng, ships, seen = np.random.default_rng(0), auto(base), set()
    for _ in range(80):
        params = ships.draw(rng)
        cfg, path = ships.at(params)
        check(cfg)
        build_estimator(cfg)
        assert path is not None
        wraps = params["classifier"] == '"nb_svm"'
        assert path.key == ("classifier.classifier.C" if wraps else "classifier.C")
        assert ("classifier.class_weight" in params) is not wraps
        assert ("features.ngram_range" in params) is (params["features"] == '"word"')
        seen.add((params["features"], params["classifier"]))
    assert len(seen) == 9


def test_the_config_itself_is_the_first_point(base: DictConfig) -> None:
    cfg, _ = auto(base).at(auto(base).default())
    assert OmegaConf.to_container(cfg.features) == OmegaConf.to_container(base.features)
    assert cfg.classifier._target_ == base.classifier._target_


def test_a_search_begins_with_the_config_and_then_each_other_option_by_itself(base: DictConfig) -> None:
    starts = auto(base).starts()
    assert starts[0] == auto(base).default()
    assert [(each["features"], each["classifier"]) for each in starts] == [
        ('"word"', '"linear_svm"'), ('"topics"', '"linear_svm"'), ('"word_char"', '"linear_svm"'),
        ('"word"', '"nb_svm"'), ('"word"', '"logistic"'),
    ]  # fmt: skip
    for params in starts:
        cfg, _ = auto(base).at(params)
        check(cfg)
        assert ("features.ngram_range" in params) is (params["features"] == '"word"')


def test_a_study_draws_from_every_kind_of_range(base: DictConfig) -> None:
    spec = {
        "features.min_df": {"low": 1, "high": 5},
        "features.max_df": {"low": 0.5, "high": 1.0, "step": 0.25},
        "classifier.C": {"low": 0.1, "high": 10, "log": True},
        "features.families": [None, [{"ngram_range": [1, 2]}, {"analyzer": "char", "ngram_range": [2, 3]}]],
    }
    ranges, study = space(base, spec), optuna.create_study()
    for _ in range(20):
        cfg, path = ranges.suggest(study.ask())
        assert path is None
        assert cfg.features.min_df in range(1, 6)
        assert cfg.features.max_df in (0.5, 0.75, 1.0)
        assert 0.1 <= cfg.classifier.C <= 10
        assert cfg.features.families is None or cfg.features.families[1].analyzer == "char"
    assert ranges.at(ranges.default())[0].classifier.C == 3
    assert base.classifier.C == 3


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"features.ngram_rang": [[1, 1]]}, "search.space.features.ngram_rang: no such key; did you mean features.n"),
        ({"classifer": ["nb_svm"]}, "a search changes keys of features, classifier, decision only"),
        ({"seed": [1, 2]}, "a search changes keys of features, classifier, decision only"),
        ({"classifier": ["nb_svn"]}, "classifier=nb_svn: no such option; did you mean nb_svm"),
        ({"classifier": {"low": 1, "high": 2}}, "give a list of options"),
        ({"features.min_df": []}, "search.space.features.min_df: no choices"),
        ({"features.min_df": 3}, "3 is no range"),
        ({"features.min_df": {"low": 3, "high": 1}}, "low no more than high"),
        ({"features.min_df": {"low": "a", "high": 1}}, "must be numbers"),
        ({"classifier.C": {"low": 0, "high": 1, "log": True}}, "a low above 0"),
        ({"classifier.C": {"low": 1, "hihg": 2}}, "is no range"),
        ({"classifier.tol": {"path": [1, 2]}}, "for a classifier's C"),
        ({"classifier.C": {"path": []}}, "a list of positive numbers"),
    ],
)  # fmt: skip
def test_a_mistake_in_the_space_names_its_key(base: DictConfig, spec: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as error:
        space(base, spec)
    assert message in str(error.value)
    assert "\n" not in str(error.value)
