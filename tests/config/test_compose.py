"""Config files are read with care, and what is recorded of them holds no secrets."""

from __future__ import annotations

from pathlib import Path

import pytest
from omegaconf import OmegaConf

from copydesk.config import compose as config
from copydesk.errors import ConfigError


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
    groups = dict(config.describe_options([Path(__file__).parents[2] / "conf"]))
    assert {"dataset", "split", "features", "classifier", "decision", "experiment"} <= set(groups)
    silent = [f"{group}/{name}" for group, options in groups.items() for name, said in options if not said]
    assert silent == []


def test_a_key_inside_a_list_is_told_from_one_in_a_mapping() -> None:
    conf = Path(__file__).parents[2] / "conf"
    with pytest.raises(
        ConfigError, match=r"^features\.ngram_range\.x=3: features\.ngram_range is a list, and 'x' no place"
    ):
        config.run_hydra(lambda cfg: None, ["seed=1", "features.ngram_range.x=3"], conf)


def test_an_error_of_the_run_itself_stays_what_it_is() -> None:
    def run(cfg: object) -> None:
        raise ValueError("of the run")

    with pytest.raises(ValueError, match=r"^of the run$"):
        config.run_hydra(run, [], Path(__file__).parents[2] / "conf")
