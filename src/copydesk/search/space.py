"""Search space: config keys and their ranges, from YAML."""

from __future__ import annotations

import inspect
import json
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from omegaconf import DictConfig, OmegaConf, open_dict
from omegaconf.errors import OmegaConfBaseException

from copydesk.config.build import resolve_target
from copydesk.errors import ConfigError, nearest

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.trial import Trial

SEARCHED_PARTS = ("features", "classifier", "decision")
_NOTHING = object()


@dataclass(frozen=True)
class Range:
    """One config key and the values it may take.

    Attributes
    ----------
    key : str
    distribution : optuna distribution or None
        None for a path: every trial evaluates all of its values.
    values : dict of str to value
        For choices: the value of each string that the study stores.
    path : tuple of float
        Values of a ``C``, ascending.
    """

    key: str
    distribution: BaseDistribution | None
    values: Mapping[str, Any]
    path: tuple[float, ...] = ()

    @classmethod
    def of(cls, key: str, spec: Any) -> Range:
        """Parse a range: a list of choices, ``{low, high}`` with ``log`` or ``step``, or ``{path: […]}``.

        Raises
        ------
        ConfigError
            Names the key and what is valid.
        """
        where = f"search.space.{key}"
        if isinstance(spec, list):
            if not spec:
                raise ConfigError(f"{where}: no choices; give a list such as [1, 2, 3]")
            from optuna.distributions import CategoricalDistribution

            values = {json.dumps(each, ensure_ascii=False): each for each in spec}
            return cls(key, CategoricalDistribution(list(values)), values)
        if isinstance(spec, Mapping) and set(spec) == {"path"}:
            return cls(key, None, {}, _path(where, key, spec["path"]))
        if isinstance(spec, Mapping) and {"low", "high"} <= set(spec) <= {"low", "high", "log", "step"}:
            return cls(key, _interval(where, spec), {})
        raise ConfigError(
            f"{where}: {spec!r} is no range; give a list of choices, {{low: …, high: …}} with log: true or step: …, "
            "or {path: [0.1, 1, 10]} for a C"
        )

    def suggest(self, trial: Trial) -> Any:
        """Return the value that a trial suggests."""
        from optuna.distributions import CategoricalDistribution, IntDistribution

        held = self.distribution
        assert held is not None
        if isinstance(held, CategoricalDistribution):
            return self.values[trial.suggest_categorical(self.key, held.choices)]
        suggest = trial.suggest_int if isinstance(held, IntDistribution) else trial.suggest_float
        return suggest(self.key, held.low, held.high, step=held.step, log=held.log)

    def draw(self, rng: np.random.Generator) -> Any:
        """Draw a value uniformly, in the form that a study stores."""
        from optuna.distributions import CategoricalDistribution, IntDistribution

        if isinstance(self.distribution, CategoricalDistribution):
            return self.distribution.choices[int(rng.integers(len(self.distribution.choices)))]
        assert self.distribution is not None
        low, high, step = self.distribution.low, self.distribution.high, self.distribution.step
        if self.distribution.log:
            value = math.exp(rng.uniform(math.log(low), math.log(high)))
            return min(high, round(value)) if isinstance(self.distribution, IntDistribution) else value
        if step is None:
            return float(rng.uniform(low, high))
        return low + step * int(rng.integers(int((high - low) / step) + 1))


def _interval(where: str, spec: Mapping[str, Any]) -> BaseDistribution:
    from optuna.distributions import FloatDistribution, IntDistribution

    low, high, log, step = spec["low"], spec["high"], spec.get("log", False), spec.get("step")
    numbers = [low, high] + ([] if step is None else [step])
    if any(isinstance(each, bool) or not isinstance(each, int | float) for each in numbers) or not low <= high:
        raise ConfigError(f"{where}: low={low!r}, high={high!r}: must be numbers, low no more than high")
    if log and (low <= 0 or step is not None):
        raise ConfigError(f"{where}: log: true takes a low above 0 and no step; low={low!r}, step={step!r}")
    if step is not None and not step > 0:
        raise ConfigError(f"{where}: step={step!r}: must be above 0")
    if all(isinstance(each, int) for each in numbers):
        step = 1 if step is None else step
        return IntDistribution(low, low + (high - low) // step * step, log=bool(log), step=step)
    if step is not None:
        high = low + math.floor((high - low) / step + 1e-9) * step
    return FloatDistribution(low, high, log=bool(log), step=step)


def _path(where: str, key: str, values: Any) -> tuple[float, ...]:
    good = isinstance(values, list) and values and all(isinstance(v, int | float) and v > 0 for v in values)
    if key.rpartition(".")[2] != "C" or not key.startswith("classifier.") or not good:
        raise ConfigError(
            f"{where}: a path is a list of positive numbers, and for a classifier's C: {{path: [0.1, 1]}}"
        )
    return tuple(sorted(float(v) for v in values))


class Space:
    """The ranges of a search, over the config of its run.

    Parameters
    ----------
    spec : mapping of config key to range
    base : DictConfig
        The run's config; the source of all keys that are not searched.
    option : callable (group, name) -> DictConfig
        Composes an option of a config group, for keys that are groups.

    Raises
    ------
    ConfigError
        A range or key is not valid; names it.
    """

    def __init__(self, spec: Mapping[str, Any], base: DictConfig, option: Callable[[str, str], DictConfig]) -> None:
        ranges = [
            Range.of(str(key), OmegaConf.to_object(v) if OmegaConf.is_config(v) else v) for key, v in spec.items()
        ]
        for each in ranges:
            if each.key.split(".")[0] not in SEARCHED_PARTS:
                raise ConfigError(f"search.space.{each.key}: a search changes keys of {', '.join(SEARCHED_PARTS)} only")
        self.base = base
        self.groups = [each for each in ranges if each.key in SEARCHED_PARTS]
        self.ranges = [each for each in ranges if each.key not in SEARCHED_PARTS]
        for each in self.groups:
            if not each.values or not all(isinstance(name, str) for name in each.values.values()):
                raise ConfigError(
                    f"search.space.{each.key}: give a list of options, such as those of copydesk train --help"
                )
        self.options = {
            each.key: {name: option(each.key, name) for name in each.values.values()} for each in self.groups
        }
        self._belongs = {each.key: self._places(each.key) for each in self.ranges}

    def has(self, part: str) -> bool:
        """Return whether any key of a part is searched."""
        return any(each.key.split(".")[0] == part for each in (*self.groups, *self.ranges))

    def each_option(self) -> Iterator[DictConfig]:
        """Yield the run's config, and the config with each searched option of each group."""
        yield self.base
        for part, nodes in self.options.items():
            for node in nodes.values():
                cfg = self.base.copy()
                with open_dict(cfg):
                    cfg[part] = node.copy()
                yield cfg

    def shown(self, key: str, stored: Any) -> Any:
        """Return the value that a study stores as ``stored``."""
        values = next(each.values for each in (*self.groups, *self.ranges) if each.key == key)
        return values.get(stored, stored)

    def _nodes(self, part: str) -> dict[str, DictConfig]:
        """Return the searched options of a part by name, or the run's own under ""."""
        return self.options.get(part) or {"": self.base[part]}

    def _places(self, key: str) -> set[str]:
        """Return the options that a key applies to: those that set it, or else those whose class accepts it."""
        part, _, rest = key.partition(".")
        nodes = self._nodes(part)
        spelled = {name for name, node in nodes.items() if _select(node, rest) is not _NOTHING}
        found = spelled or {name for name, node in nodes.items() if rest in _arguments(node)}
        if not found:
            known = sorted({f"{part}.{name!s}" for node in nodes.values() for name in node if name != "_target_"})
            raise ConfigError(f"search.space.{key}: no such key; {nearest(key, known)}")
        return found

    def suggest(self, trial: Trial) -> tuple[DictConfig, Range | None]:
        """Return the config that a trial suggests, and its path of C, if any."""
        return self._settled(lambda each: each.suggest(trial))

    def at(self, params: Mapping[str, Any]) -> tuple[DictConfig, Range | None]:
        """Return the config of a point in the form that a study stores."""
        return self._settled(lambda each: each.values[params[each.key]] if each.values else params[each.key])

    def draw(self, rng: np.random.Generator) -> dict[str, Any]:
        """Draw a point uniformly, in the form that a study stores."""
        drawn: dict[str, Any] = {}

        def value(each: Range) -> Any:
            drawn[each.key] = each.draw(rng)
            return each.values[drawn[each.key]] if each.values else drawn[each.key]

        self._settled(value)
        return drawn

    def starts(self) -> list[dict[str, Any]]:
        """Return the first points of a search: the default, then the default with each other option of a group."""
        first = self.default()
        others = [(each.key, name) for each in self.groups for name in each.values if name != first[each.key]]
        return [first, *(self.default({key: name}) for key, name in others)]

    def default(self, instead: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Return the point of the run's config, as far as it is within the ranges; ``instead`` overrides values."""
        found: dict[str, Any] = {}
        given = instead or {}

        def value(each: Range) -> Any:
            here = given[each.key] if each.key in given else self._default_of(each)
            found[each.key] = here
            return each.values[here] if each.values else here

        self._settled(value)
        return found

    def _default_of(self, each: Range) -> Any:
        from optuna.distributions import CategoricalDistribution

        if each.key in SEARCHED_PARTS:
            wanted = OmegaConf.to_container(self.base[each.key])
            same = [
                text
                for text, name in each.values.items()
                if OmegaConf.to_container(self.options[each.key][name]) == wanted
            ]
            return same[0] if same else next(iter(each.values))
        here = _select(self.base, each.key)
        distribution = each.distribution
        assert distribution is not None
        if isinstance(distribution, CategoricalDistribution):
            plain = OmegaConf.to_container(here) if OmegaConf.is_config(here) else here
            text = "" if plain is _NOTHING else json.dumps(plain, ensure_ascii=False)
            return text if text in each.values else distribution.choices[0]
        inside = isinstance(here, int | float) and distribution._contains(distribution.to_internal_repr(here))
        return here if inside else distribution.low

    def _settled(self, value: Callable[[Range], Any]) -> tuple[DictConfig, Range | None]:
        """Return the config with the value of each range that applies to the chosen options, and its path."""
        cfg = self.base.copy()
        chosen, path = dict.fromkeys(SEARCHED_PARTS, ""), None
        with open_dict(cfg):
            for each in self.groups:
                chosen[each.key] = value(each)
                cfg[each.key] = self.options[each.key][chosen[each.key]].copy()
            for each in self.ranges:
                if chosen[each.key.split(".")[0]] not in self._belongs[each.key]:
                    continue
                if each.path:
                    path = each
                else:
                    OmegaConf.update(cfg, each.key, value(each), merge=False)
        return cfg, path


def _select(node: Any, key: str) -> Any:
    try:
        return OmegaConf.select(node, key, default=_NOTHING)
    except OmegaConfBaseException:
        return _NOTHING


def _arguments(node: DictConfig) -> set[str]:
    """Return the arguments of the class that a node builds."""
    target = node.get("_target_")
    return set(inspect.signature(resolve_target(target, "search.space")).parameters) if target else set()
