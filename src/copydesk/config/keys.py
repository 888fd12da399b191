"""Checks of the keys of a run that are not options of a part: which exist, and their values."""

from __future__ import annotations

from typing import Any

from omegaconf import DictConfig, OmegaConf

from copydesk.errors import ConfigError, nearest

REQUIRED_PARTS = ("dataset", "split", "classifier", "decision")
OPTIONAL_PARTS = ("features", "search", "engine")
RUN_KEYS = ("name", "seed", "runs", "report")
MAX_SEED = 2**32 - 1  # of NumPy's generators
MAX_NAME_BYTES = 255  # of a file system


def check_keys(cfg: DictConfig) -> None:
    """Check the keys of a run's config and the values of those that belong to no part.

    Raises
    ------
    ConfigError
        Names the key, the value found and what is valid.
    """
    known = (*REQUIRED_PARTS, *OPTIONAL_PARTS, *RUN_KEYS)
    for key in map(str, cfg):
        if key not in known:
            raise ConfigError(f"{key}: no such key; {nearest(key, known)}")
    for part in known[:-4]:
        node = OmegaConf.select(cfg, part)
        if part in OPTIONAL_PARTS and not node:
            continue
        if not isinstance(node, DictConfig):
            shown = "none chosen" if node is None else f"{node!r} is not an option"
            raise ConfigError(f"{part}: {shown}; choose one of those that copydesk train --help lists: {part}=NAME")
        if "_target_" not in node:
            hint = "; a search has _target_: copydesk.search.search.Search" if part == "search" else ""
            raise ConfigError(f"{part}: has no _target_; choose an option of copydesk train --help: {part}=NAME{hint}")
    check_seed(OmegaConf.select(cfg, "seed"))
    check_name(OmegaConf.select(cfg, "name"))
    runs = OmegaConf.select(cfg, "runs")
    if not isinstance(runs, str) or not runs:
        raise ConfigError(f"runs={runs!r}: expected a folder")
    check_report(OmegaConf.select(cfg, "report"))


def check_seed(seed: Any) -> None:
    """Check that a seed is one that NumPy's generators take."""
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed <= MAX_SEED:
        raise ConfigError(f"seed={seed!r}: expected a whole number from 0 to {MAX_SEED}")


def check_name(name: Any) -> None:
    """Check that a run's name is the name of a folder."""
    if name is None:
        return
    if not isinstance(name, str):
        raise ConfigError(f"name={name!r}: expected text, found {type(name).__name__}; quote it: 'name=\"{name}\"'")
    if name in ("", ".", "..", "latest") or any(c in name for c in "/\\\0\n\r") or len(name.encode()) > MAX_NAME_BYTES:
        raise ConfigError(
            f"name={name!r}: expected the name of a folder, without / and at most {MAX_NAME_BYTES} bytes; "
            "runs=FOLDER sets where it is made"
        )


def check_report(report: Any) -> None:
    """Check the options of the report."""
    if not isinstance(report, DictConfig):
        raise ConfigError(f"report={report!r}: expected report.learning_curve=true or false")
    unknown = [str(key) for key in report if key != "learning_curve"]
    if unknown:
        raise ConfigError(f"report.{unknown[0]}: no such key; valid: learning_curve")
