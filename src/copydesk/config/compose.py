"""Configs as Hydra composes them: files safe to read, errors as one line, what was chosen, secrets left out."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, cast

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from copydesk.config.build import PLACES
from copydesk.errors import ConfigError, CopydeskError, nearest, one_line

# A config file larger than this, or with more aliases, is not something a person wrote: YAML aliases
# nested in each other expand to gigabytes.
MAX_CONFIG_BYTES = 262_144
MAX_ALIASES = 100
MAX_DEPTH = 50


def flag(cfg: DictConfig, key: str) -> bool:
    """Return a key's value, which must be true or false.

    Raises
    ------
    ConfigError
        It is something else.
    """
    value = OmegaConf.select(cfg, key)
    if not isinstance(value, bool):
        raise ConfigError(f"{key}={value!r}: expected true or false, found {type(value).__name__}")
    return value


def explain(error: Exception) -> str:
    """Turn an error of Hydra or OmegaConf into one line: the key, the value and what is valid."""
    from hydra.errors import MissingConfigException, OverrideParseException

    if isinstance(error, OverrideParseException):
        return f"{error.override}: not a valid override ({one_line(str(error)).split('; See')[0]}); write KEY=VALUE"
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
    """Refuse config files of a user's folder that no person wrote, before anything is made of them.

    Raises
    ------
    ConfigError
        Names the file, what is too much in it or not valid, and the limit.
    """
    import yaml

    for path in sorted(folder.rglob("*.y*ml")):
        size = path.stat().st_size
        if size > MAX_CONFIG_BYTES:
            raise ConfigError(f"{path}: {size:,} bytes; a config file has at most {MAX_CONFIG_BYTES:,}")
        try:
            with path.open(encoding="utf-8") as lines:
                check_events(yaml.parse(lines), path)
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            raise ConfigError(f"{path}: not valid YAML: {one_line(str(error))}") from None


def check_events(events: Any, path: Path) -> None:
    """Refuse what expands, nests too deep, or names a type of Python, in the events of a YAML file."""
    import yaml

    aliases = depth = 0
    for event in events:
        aliases += isinstance(event, yaml.AliasEvent)
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            raise ConfigError(f"{path}: nested more than {MAX_DEPTH} deep")
        tag = getattr(event, "tag", None) or ""
        if (not tag.startswith("tag:yaml.org,2002:") and len(tag) > 1) or tag.startswith("tag:yaml.org,2002:python"):
            raise ConfigError(f"{path}:{event.start_mark.line + 1}: the tag {tag!r}; a config has plain values only")
    if aliases > MAX_ALIASES:
        raise ConfigError(f"{path}: {aliases} aliases; a config file has at most {MAX_ALIASES}")


def without_secrets(cfg: DictConfig) -> dict[str, Any]:
    """Resolve a config for the record, but leave what comes from the environment as its ``${oc.env:…}``."""
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


def chosen() -> tuple[str | None, list[str]]:
    """Return the experiment that Hydra was asked for and the overrides; nothing of both without Hydra."""
    from hydra.core.hydra_config import HydraConfig

    if not HydraConfig.initialized():
        return None, []
    hydra = HydraConfig.get()
    overrides = OmegaConf.to_container(hydra.overrides.task, resolve=False)  # resolved, it would hold secrets
    return hydra.runtime.choices.get("experiment"), cast(list[str], overrides)


def options_of(cfg: DictConfig) -> Callable[[str, str], DictConfig]:
    """Return what finds an option of a config group by (group, name): as ``cfg`` has it where it is chosen there.

    Raises (when called)
    --------------------
    ConfigError
        There is no such option; names the nearest.
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
                raise ConfigError(explain(error)) from error

    return option


def write_experiment(cfg: DictConfig, path: Path, comment: str) -> None:
    """Write a config as an ``experiment`` that needs no other option and gives the same run, without a search.

    References to the environment and to other keys stay references.
    """
    import yaml

    settings = OmegaConf.to_container(cfg, resolve=False)
    assert isinstance(settings, dict)
    kept = {str(key): value for key, value in settings.items() if key in (*PLACES, "name", "seed")}
    kept["name"] = kept["name"] or path.stem
    content = {"defaults": [{f"override /{place}": None} for place in PLACES], **kept}
    path.parent.mkdir(parents=True, exist_ok=True)
    text = yaml.safe_dump(content, sort_keys=False, allow_unicode=True)
    path.write_text(f"# @package _global_\n# {comment} experiment={path.stem}\n{text}", encoding="utf-8")


def describe_options(folders: list[Path]) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Yield every config group with its options and the first comment line of each."""
    groups: dict[str, dict[str, str]] = {}
    for folder in folders:
        for path in sorted(folder.glob("*/**/*.yaml")):
            with path.open(encoding="utf-8") as lines:
                comments = [line[1:].strip() for line in lines if line.startswith("#")]
            said = [c for c in comments if c and not c.startswith("@package")]
            groups.setdefault(path.parent.relative_to(folder).as_posix(), {})[path.stem] = said[0] if said else ""
    order = ["experiment", *PLACES, "search"]
    for group in sorted(groups, key=lambda g: (order.index(g) if g in order else len(order), g)):
        yield group, sorted(groups[group].items())


def into_a_list(error: ValueError, arguments: list[str]) -> str:
    """Say which override names a key inside a list; OmegaConf wants a number there and says no more than that."""
    key = str(error).rpartition(": ")[2].strip("'")
    for override in arguments:
        before, found, _ = override.partition("=")[0].rpartition(f".{key}")
        if found:
            above = before.lstrip("+~")
            return f"{override}: {above} is a list, and {key!r} no place in it; give it whole, such as {above}=[…]"
    return one_line(str(error))


class Stopped(BaseException):
    """Carries a user's error through Hydra, which prints a line of its own for every ordinary exception."""

    def __init__(self, error: CopydeskError) -> None:
        super().__init__(error)
        self.error = error


def run_hydra(task: Any, arguments: list[str], conf: Path) -> Any:
    """Run ``task(cfg)`` under Hydra with its own command line (overrides, -m, --cfg, --info, …).

    Raises
    ------
    ConfigError
        The config can't be composed; says why in one line.
    """
    import os

    import hydra
    from hydra.errors import HydraException

    # Hydra prints its errors and leaves by itself unless it is told to raise them.
    os.environ["HYDRA_FULL_ERROR"] = "1"
    before, sys.argv = sys.argv, [sys.argv[0], *arguments]

    composed = False

    def quiet_task(cfg: DictConfig) -> Any:
        nonlocal composed
        composed = True
        try:
            return task(cfg)
        except CopydeskError as error:
            raise Stopped(error) from error

    try:
        return hydra.main(config_path=str(conf), config_name="train", version_base="1.3")(quiet_task)()
    except Stopped as stopped:
        raise stopped.error from None
    except (HydraException, OmegaConfBaseException) as error:
        raise ConfigError(explain(error)) from error
    except ValueError as error:
        if composed:  # not the config's fault
            raise
        raise ConfigError(into_a_list(error, arguments)) from error
    finally:
        sys.argv = before
