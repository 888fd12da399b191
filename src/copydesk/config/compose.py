"""Composition of configs with Hydra: safe config files, errors in one line, and records without secrets."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from copydesk.config.build import PART_METHODS
from copydesk.config.overrides import prepare_overrides, quoted
from copydesk.config.sweep import keep_outcome, print_outcomes
from copydesk.errors import ConfigError, CopydeskError, nearest, one_line

# Nobody writes larger config files or more aliases by hand; nested YAML aliases can expand to gigabytes.
MAX_CONFIG_BYTES = 262_144
MAX_ALIASES = 100
MAX_YAML_DEPTH = 50


def flag(cfg: DictConfig, key: str) -> bool:
    """Return the value of a key that must be true or false.

    Raises
    ------
    ConfigError
        The value is not a boolean.
    """
    value = OmegaConf.select(cfg, key)
    if not isinstance(value, bool):
        raise ConfigError(f"{key}={value!r}: expected true or false, found {type(value).__name__}")
    return value


def describe_error(error: Exception) -> str:
    """Return an error of Hydra or OmegaConf as one line with the key, the value and what is valid."""
    from hydra.errors import MissingConfigException, OverrideParseException

    if isinstance(error, OverrideParseException):
        key, equals, value = str(error.override).partition("=")
        advice = f"write KEY=VALUE, text with special characters in quotes: '{quoted(key, value)}'"
        reason = one_line(str(error)).split("; See")[0]
        return f"{error.override}: not a valid override ({reason}); {advice if equals else 'write KEY=VALUE'}"
    cause = error.__cause__ if isinstance(error.__cause__, OmegaConfBaseException) else error
    if isinstance(error, MissingConfigException) and error.options is not None:
        wanted = str(error.missing_cfg_file)
        group, _, option = wanted.rpartition("/")
        return f"{group}={option}: no such option; {nearest(option, error.options)}"
    if isinstance(cause, OmegaConfBaseException) and cause.key is not None:
        parent = cause.parent_node
        valid = [str(k) for k in parent] if isinstance(parent, DictConfig) else []
        full_key = cause.full_key or str(cause.key)
        if valid and str(cause.key) not in valid:
            return f"{full_key}: no such key; {nearest(str(cause.key), valid)}"
        return f"{full_key}: {one_line(str(cause)).split('; full_key')[0]}"
    return one_line(str(error))


def check_files(folder: Path) -> None:
    """Check the YAML files of a user's config folder before any of them is loaded.

    Raises
    ------
    ConfigError
        A file is too large, nested too deep, or not plain YAML in UTF-8; names the file and the limit.
    """
    import yaml

    for path in sorted(folder.rglob("*.y*ml")):
        size = path.stat().st_size
        if size > MAX_CONFIG_BYTES:
            raise ConfigError(f"{path}: {size:,} bytes; a config file has at most {MAX_CONFIG_BYTES:,}")
        try:
            with path.open(encoding="utf-8") as lines:
                if lines.read(1) == "\ufeff":
                    raise ConfigError(f"{path}: begins with a byte order mark; save it as UTF-8 without one (no BOM)")
                lines.seek(0)
                check_events(yaml.parse(lines), path)
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            raise ConfigError(f"{path}: not valid YAML: {one_line(str(error))}") from None


def check_events(events: Any, path: Path) -> None:
    """Check the parsing events of a YAML file for nesting, aliases, and tags of Python objects."""
    import yaml

    aliases = depth = 0
    for event in events:
        aliases += isinstance(event, yaml.AliasEvent)
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_YAML_DEPTH:
            raise ConfigError(f"{path}: nested more than {MAX_YAML_DEPTH} deep")
        tag = getattr(event, "tag", None) or ""
        if (not tag.startswith("tag:yaml.org,2002:") and len(tag) > 1) or tag.startswith("tag:yaml.org,2002:python"):
            raise ConfigError(f"{path}:{event.start_mark.line + 1}: the tag {tag!r}; a config has plain values only")
    if aliases > MAX_ALIASES:
        raise ConfigError(f"{path}: {aliases} aliases; a config file has at most {MAX_ALIASES}")


def without_secrets(cfg: DictConfig) -> dict[str, Any]:
    """Resolve a config for the record, but keep ``${oc.env:…}`` in place of values of the environment."""
    from omegaconf.resolvers import oc

    def name_only(key: str, *default: Any) -> str:
        return "${oc.env:" + key + "}"

    OmegaConf.register_new_resolver("oc.env", name_only, replace=True)
    try:
        container = OmegaConf.to_container(cfg, resolve=True)
    finally:
        OmegaConf.register_new_resolver("oc.env", oc.env, replace=True)
    assert isinstance(container, dict)
    return {str(key): value for key, value in container.items() if key != "hydra"}


def command_line_choices() -> tuple[str | None, list[str]]:
    """Return the experiment and the overrides of the command line; None and [] outside Hydra."""
    from hydra.core.hydra_config import HydraConfig

    if not HydraConfig.initialized():
        return None, []
    hydra = HydraConfig.get()
    overrides = OmegaConf.to_container(hydra.overrides.task, resolve=False)  # resolved, they could hold secrets
    return hydra.runtime.choices.get("experiment"), cast(list[str], overrides)


def options_of(cfg: DictConfig) -> Callable[[str, str], DictConfig]:
    """Return a function (group, name) that composes an option of a config group, or takes it from ``cfg``.

    The function raises a ConfigError that names the nearest options if the group has no such option.
    """
    from hydra import compose, initialize_config_dir
    from hydra.core.global_hydra import GlobalHydra
    from hydra.core.hydra_config import HydraConfig
    from hydra.errors import HydraException

    from copydesk.resources import shipped

    choices = HydraConfig.get().runtime.choices if HydraConfig.initialized() else {}

    def option(group: str, name: str) -> DictConfig:
        if choices.get(group) == name:
            return cast(DictConfig, cfg[group])
        with ExitStack() as stack:
            if not GlobalHydra.instance().is_initialized():
                stack.enter_context(initialize_config_dir(str(shipped("conf").resolve()), version_base="1.3"))
            try:
                return cast(DictConfig, compose("train", [f"{group}={name}"])[group])
            except HydraException as error:
                raise ConfigError(describe_error(error)) from error

    return option


def write_experiment(cfg: DictConfig, path: Path, comment: str) -> None:
    """Write a config as a self-contained ``experiment`` that gives the same run without a search.

    References to the environment and to other keys are kept.
    """
    import yaml

    settings = OmegaConf.to_container(cfg, resolve=False)
    assert isinstance(settings, dict)
    places = [place for place in PART_METHODS if place not in ("search", "engine")]
    kept = {str(key): value for key, value in settings.items() if key in (*places, "name", "seed")}
    kept["name"] = kept["name"] or path.stem
    content = {"defaults": [{f"override /{place}": None} for place in places], **kept}
    path.parent.mkdir(parents=True, exist_ok=True)
    text = yaml.safe_dump(content, sort_keys=False, allow_unicode=True)
    path.write_text(f"# @package _global_\n# {comment} experiment={path.stem}\n{text}", encoding="utf-8")


def describe_options(folders: list[Path]) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Yield every config group with its options and their first comment lines."""
    groups: dict[str, dict[str, str]] = {}
    for folder in folders:
        for path in sorted(folder.glob("*/**/*.yaml")):
            with path.open(encoding="utf-8") as lines:
                comments = [line[1:].strip() for line in lines if line.startswith("#")]
            listed = [c for c in comments if c and not c.startswith("@package")]
            groups.setdefault(path.parent.relative_to(folder).as_posix(), {})[path.stem] = listed[0] if listed else ""
    order = ["experiment", *PART_METHODS]
    for group in sorted(groups, key=lambda g: (order.index(g) if g in order else len(order), g)):
        yield group, sorted(groups[group].items())


def into_a_list(error: ValueError, arguments: list[str]) -> str:
    """Return a message for an override of a key inside a list; OmegaConf's own message does not name the override."""
    key = str(error).rpartition(": ")[2].strip("'")
    for override in arguments:
        before, found, _ = override.partition("=")[0].rpartition(f".{key}")
        if found:
            above = before.lstrip("+~")
            return f"{override}: {above} is a list, and {key!r} no place in it; give it whole, such as {above}=[…]"
    return one_line(str(error))


class Stopped(BaseException):
    """Carrier of a user's error through Hydra, which prints a line of its own for ordinary exceptions."""

    def __init__(self, error: CopydeskError) -> None:
        super().__init__(error)
        self.error = error


def run_hydra(task: Callable[[DictConfig], float | None], arguments: list[str], conf: Path) -> int:
    """Run ``task(cfg)`` under Hydra with its own command line (overrides, -m, --cfg, --info, …).

    Returns
    -------
    int
        Exit code: 0, or with ``-m`` that of the first run that failed; a sweep continues after a failed run.

    Raises
    ------
    ConfigError
        The config can't be composed.
    """
    import os

    import hydra
    from hydra.errors import HydraException

    # Hydra prints its errors and exits by itself unless this is set.
    os.environ["HYDRA_FULL_ERROR"] = "1"
    arguments = prepare_overrides(arguments)
    composed = False

    def quiet_task(cfg: DictConfig) -> float | None:
        nonlocal composed
        composed = True
        try:
            value = task(cfg)
        except CopydeskError as error:
            if not several:
                raise Stopped(error) from error
            print(f"copydesk: {error}", file=sys.stderr)
            keep_outcome(outcomes, error)
            return float("nan")
        if several and value is not None:
            keep_outcome(outcomes, value)
        return value

    several = any(word in ("-m", "--multirun") for word in arguments)
    before, sys.argv = sys.argv, [sys.argv[0], *arguments]
    with TemporaryDirectory(prefix="copydesk-sweep-") as folder:
        outcomes = Path(folder)
        try:
            hydra.main(config_path=str(conf), config_name="train", version_base="1.3")(quiet_task)()
        except Stopped as stopped:
            raise stopped.error from None
        except (HydraException, OmegaConfBaseException) as error:
            raise ConfigError(describe_error(error)) from error
        except ValueError as error:
            if composed:  # an error of the run
                raise
            raise ConfigError(into_a_list(error, arguments)) from error
        finally:
            sys.argv = before
        return print_outcomes(outcomes) if any(outcomes.iterdir()) else 0
