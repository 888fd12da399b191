"""Config files are read with care, and what is recorded of them holds no secrets."""

from __future__ import annotations

from pathlib import Path

import pytest
from omegaconf import DictConfig, OmegaConf

from copydesk.config import compose
from copydesk.errors import ConfigError, DataError

CONF = Path(__file__).parents[2] / "conf"


def test_the_recorded_config_keeps_secrets_of_the_environment_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COPYDESK_CANARY", "s3cret")
    cfg = OmegaConf.create({"key": "${oc.env:COPYDESK_CANARY}", "copy": "${key}", "in": "a ${key} b"})
    recorded = compose.without_secrets(cfg)
    assert "s3cret" not in str(recorded)
    assert recorded["key"] == "${oc.env:COPYDESK_CANARY}"
    assert cfg["copy"] == "s3cret"  # the resolver works as before afterwards


def test_an_alias_bomb_in_a_users_folder_is_refused_before_it_is_parsed(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 15)]
    (tmp_path / "bomb.yaml").write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"bomb\.yaml: 140 aliases"):
        compose.check_files(tmp_path)


def test_an_oversized_or_broken_config_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "large.yaml").write_text("a: " + "x" * compose.MAX_CONFIG_BYTES, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"large\.yaml: .* bytes"):
        compose.check_files(tmp_path)
    (tmp_path / "large.yaml").unlink()
    (tmp_path / "broken.yaml").write_text("a: [1, 2", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"broken\.yaml: not valid YAML"):
        compose.check_files(tmp_path)


def test_every_option_that_ships_says_in_its_first_comment_what_it_is_for() -> None:
    groups = dict(compose.describe_options([CONF]))
    assert {"dataset", "split", "features", "classifier", "decision", "experiment"} <= set(groups)
    silent = [f"{group}/{name}" for group, options in groups.items() for name, said in options if not said]
    assert silent == []


def test_a_key_inside_a_list_is_told_from_one_in_a_mapping() -> None:
    with pytest.raises(
        ConfigError, match=r"^features\.ngram_range\.x=3: features\.ngram_range is a list, and 'x' no place"
    ):
        compose.run_hydra(lambda cfg: None, ["seed=1", "features.ngram_range.x=3"], CONF)


def test_an_error_of_the_run_itself_stays_what_it_is() -> None:
    def run(cfg: object) -> None:
        raise ValueError("of the run")

    with pytest.raises(ValueError, match=r"^of the run$"):
        compose.run_hydra(run, [], CONF)


def test_a_sweep_continues_after_a_failed_run_and_ends_with_a_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(cfg: DictConfig) -> float:
        if cfg.classifier.C == 2:
            raise DataError("news.csv: no rows")
        if cfg.classifier.C == 3:
            raise ConfigError("classifier.C=3: too large")
        return float(cfg.classifier.C) / 10

    words = ["-m", "classifier.C=1,2,3,4", "seed=7", f"hydra.sweep.dir={tmp_path / 'sweep'}"]
    assert compose.run_hydra(run, words, CONF) == 3  # that of the first failed run
    told = capsys.readouterr()
    assert told.out.splitlines()[-5:] == [
        "sweep: 4 runs, 2 failed",
        "    0  classifier.C=1  0.1000",
        "    1  classifier.C=2  failed: news.csv: no rows",
        "    2  classifier.C=3  failed: classifier.C=3: too large",
        "    3  classifier.C=4  0.4000",
    ]
    assert told.err.splitlines() == ["copydesk: news.csv: no rows", "copydesk: classifier.C=3: too large"]
    assert (tmp_path / "sweep" / "multirun.yaml").is_file()
    assert compose.run_hydra(run, ["-m", "classifier.C=1,4", *words[2:]], CONF) == 0
    assert "sweep: 2 runs, 0 failed" in capsys.readouterr().out


def test_an_interruption_ends_a_sweep(tmp_path: Path) -> None:
    def run(cfg: DictConfig) -> float:
        assert cfg.classifier.C == 1
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        compose.run_hydra(run, ["-m", "classifier.C=1,2", f"hydra.sweep.dir={tmp_path / 'sweep'}"], CONF)
