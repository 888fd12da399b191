"""Defaults are the classes' own; options in conf/ differ from them only where they are presets."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from omegaconf import OmegaConf

from copydesk.config.build import resolve_target

CONF = Path(__file__).parents[2] / "conf"
OPTIONS = sorted(path.relative_to(CONF).with_suffix("").as_posix() for path in CONF.glob("*/**/*.yaml"))
TFIDF = {"ngram_range", "sublinear_tf", "dtype"}
# Keys in which an option differs from its class on purpose, because it is one of several presets of the class,
# or a class of scikit-learn with settings for text.
PRESETS = {
    "classifier/label_svm": {"C"},
    "classifier/logistic": {"C"},  # the class has scikit-learn's default, which is too strong for TF-IDF of texts
    "classifier/sequence": {"families", "numbers"},
    "classifier/sklearn_complement_nb": {"alpha"},
    "classifier/sklearn_logistic": {"C", "max_iter"},
    "classifier/sklearn_sgd": {"alpha"},
    "dataset/web": {"weight"},
    "decision/labels": {"separator"},  # that of the data set
    "decision/threshold": {"cut"},
    "features/hashing": {"n_features", *TFIDF},
    "features/labels": {"families", "sublinear_tf", "dtype"},
    "features/sklearn_tfidf": {"ngram_range", "sublinear_tf"},
    "features/topics": {"families", "sublinear_tf", "dtype"},
    "features/word": TFIDF,
    "features/word_char": {"families", "sublinear_tf", "dtype"},
    "search/auto": {"space"},
    "search/paragraphs": {"metric", "space"},
}
# The seed of the run goes to every part that draws.
SEEDS = {"random_state", "seed"}


def plain(value: Any) -> Any:
    """Return a value as YAML holds it."""
    if isinstance(value, type):
        return np.dtype(value).name
    return list(value) if isinstance(value, tuple) else value


def differences(option: str) -> dict[str, tuple[Any, Any]]:
    """Return the plain values of an option that differ from the defaults of its class: (YAML, class)."""
    node = OmegaConf.to_container(OmegaConf.load(CONF / f"{option}.yaml"), resolve=False)
    assert isinstance(node, dict)
    if "_target_" not in node:
        return {}
    parameters = inspect.signature(resolve_target(node["_target_"], option)).parameters
    parts = {name for name, value in node.items() if isinstance(value, dict) and "_target_" in value}
    return {
        str(name): (value, plain(parameters[str(name)].default))
        for name, value in node.items()
        if name not in {"_target_", "defaults", *SEEDS, *parts} and value != plain(parameters[str(name)].default)
    }


@pytest.mark.parametrize("option", OPTIONS)
def test_an_option_has_the_defaults_of_its_class_unless_it_is_a_preset(option: str) -> None:
    found = differences(option)
    assert set(found) == PRESETS.get(option, set()), found


@pytest.mark.parametrize("option", [each for each in OPTIONS if not each.startswith("experiment/")])
def test_a_part_that_draws_takes_the_seed_of_the_run(option: str) -> None:
    node: Any = OmegaConf.to_container(OmegaConf.load(CONF / f"{option}.yaml"), resolve=False)
    assert all(node.get(name, "${seed}") == "${seed}" for name in SEEDS) if node else option == "features/none"
