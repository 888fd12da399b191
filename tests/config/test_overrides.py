"""Overrides: plain text is quoted where Hydra's grammar lacks it, and keys of Hydra without meaning are refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from omegaconf import DictConfig

from copydesk.config import compose
from copydesk.config.overrides import REFUSED, prepare_overrides
from copydesk.errors import ConfigError

CONF = Path(__file__).parents[2] / "conf"


def composed(*words: str) -> DictConfig:
    """Return the config that a command line gives."""
    found: list[DictConfig] = []

    def keep(cfg: DictConfig) -> None:
        found.append(cfg)

    assert compose.run_hydra(keep, list(words), CONF) == 0
    return found[0]


@pytest.mark.parametrize(
    "path",
    [
        "新闻.csv", "é.csv", "epoch=9-step=3.csv", "o'clock.csv", "x#1.csv", "(1).csv", "k[1].csv", "~tilde.csv",
        "a b.csv", 'say "no".csv', "back\\slash\\", "a;b&c.csv", "*.csv", "a: b.csv", "plain.csv",
    ],
)  # fmt: skip
def test_a_path_arrives_as_it_was_typed(path: str) -> None:
    assert composed("dataset=table", f"dataset.path={path}").dataset.path == path


@pytest.mark.parametrize(
    "word",
    [
        "classifier.C=0.5", "features.ngram_range=[1,2]", "dataset.path='a,b.csv'", "+classifier.class_weight={a: 2}",
        "~classifier", "-m", "dataset.path=${name}", "features.ngram_range=[1,2", "seed=choice(1,2",
        'dataset.path="新闻.csv"', "name=null", "--cfg",
    ],
)  # fmt: skip
def test_a_value_that_hydra_reads_or_that_is_no_plain_text_stays(word: str) -> None:
    assert prepare_overrides([word]) == [word]


def test_several_values_without_m_are_refused_with_both_ways_out() -> None:
    with pytest.raises(ConfigError, match=r"^dataset\.path=a,b\.csv: several values; add -m .* 'dataset\.path=\"a,b"):
        prepare_overrides(["dataset.path=a,b.csv"])
    assert prepare_overrides(["-m", "classifier.C=1,2"]) == ["-m", "classifier.C=1,2"]


@pytest.mark.parametrize("key", sorted(REFUSED))
def test_keys_of_hydra_without_meaning_are_refused_by_name(key: str) -> None:
    for word in (f"{key}=x", f"+{key}=x", f"++{key}=x"):
        with pytest.raises(ConfigError, match=f"^{key}: "):
            prepare_overrides([word])


@pytest.mark.parametrize("part", ["dataset", "split", "features", "classifier", "decision"])
def test_no_option_at_all_is_answered_with_an_example(part: str) -> None:
    with pytest.raises(ConfigError, match=f"^{part}=null: .*such as {part}="):
        prepare_overrides([f"{part}=null"])


def test_what_is_no_override_is_answered_with_the_form_in_quotes() -> None:
    with pytest.raises(ConfigError, match=r"^dataset\.path=\[é: not a valid override .*'dataset\.path=\"\[é\"'"):
        composed("dataset.path=[é")
