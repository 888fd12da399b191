"""From a config's nodes to objects: only classes of copydesk and scikit-learn that fit their place are ever built."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterator
from typing import Any, cast, get_type_hints

from omegaconf import DictConfig, OmegaConf

from copydesk.errors import ConfigError, nearest, one_line

TRUSTED_PACKAGES = ("copydesk", "sklearn")

# What stands in a place must have these methods; every place also takes parts nested in its options.
PLACES: dict[str, tuple[str, ...]] = {
    "dataset": ("load",),
    "split": ("folds",),
    "features": ("fit", "transform"),
    "classifier": ("fit", "predict"),
    "decision": ("fit", "predict", "predict_proba"),
    "search": ("over",),
}
# What stands deeper is of the same kind.
NESTED: dict[str, tuple[str, ...]] = {"dataset": PLACES["dataset"], "split": PLACES["split"]}


def resolve_target(target: str, key: str) -> type:
    """Return the class a ``_target_`` names, if it is one that copydesk may build.

    The judgement falls on the resolved object: a dotted path can walk through a trusted module's own
    imports to anything (``copydesk.x.os.system``), so a trusted prefix alone proves nothing.

    Raises
    ------
    ConfigError
        The path leads outside copydesk and scikit-learn, to nothing, or to something that is not a class.
    """
    refusal = f"{key}: _target_ {target!r} refused: only classes defined in copydesk or scikit-learn are built"
    if not isinstance(target, str) or target.split(".")[0] not in TRUSTED_PACKAGES:
        raise ConfigError(refusal)
    parts = target.split(".")
    for cut in range(len(parts) - 1, 0, -1):
        module_name = ".".join(parts[:cut])
        try:
            found: Any = importlib.import_module(module_name)
        except ImportError:
            continue
        for attribute in parts[cut:]:
            found = getattr(found, attribute, None)
        break
    else:
        found = None
    if found is None:
        raise ConfigError(f"{key}: _target_ {target!r} not found; check the spelling of module and class")
    if not inspect.isclass(found) or found.__module__.split(".")[0] not in TRUSTED_PACKAGES:
        raise ConfigError(f"{refusal}; this is {describe(found)}")
    return found


def describe(found: Any) -> str:
    """Name an object by kind and origin, for a refusal."""
    kind = "a class" if inspect.isclass(found) else f"a {type(found).__name__}"
    return f"{kind} of {getattr(found, '__module__', None) or 'no module'}"


def check(cfg: DictConfig) -> None:
    """Check every ``_target_`` of a composed config and the names and types of its arguments.

    Raises
    ------
    ConfigError
        Names the key, the value found and the nearest valid ones.
    """
    for key, node in targets(OmegaConf.to_container(cfg, resolve=False)):
        cls = resolve_target(node["_target_"], key)
        place = key.split(".")[0]
        if "." not in key:
            missing = [m for m in PLACES.get(place, ()) if not callable(getattr(cls, m, None))]
            if missing:
                raise ConfigError(
                    f"{key}: {cls.__name__} does not fit here: a {place} has {', '.join(PLACES[place])}; "
                    f"{cls.__name__} lacks {', '.join(missing)}"
                )
        elif not any(hasattr(cls, method) for method in NESTED.get(place, ("get_params",))):
            kind = "no dataset" if place == "dataset" else "no estimator"
            raise ConfigError(f"{key}: {cls.__name__} does not fit here: it is {kind}")
        resolved = OmegaConf.to_container(OmegaConf.select(cfg, key), resolve=True)
        check_arguments(cls, cast(dict[str, Any], resolved), key)


def targets(node: Any, key: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every mapping with a ``_target_`` and the key it stands under, outermost first."""
    if isinstance(node, dict):
        if "_target_" in node:
            yield key, node
        for name, value in node.items():
            yield from targets(value, f"{key}.{name}" if key else str(name))
    elif isinstance(node, list):
        for place, value in enumerate(node):
            yield from targets(value, f"{key}[{place}]")


def check_arguments(cls: type, node: dict[str, Any], key: str) -> None:
    """Check a mapping's keys and value types against the constructor of ``cls``."""
    from typeguard import TypeCheckError, check_type

    signature = inspect.signature(cls)
    special = [name for name in node if str(name).startswith("_") and name not in ("_target_",)]
    if special:
        raise ConfigError(f"{key}.{special[0]}: not used by copydesk; name the class and its arguments only")
    valid = list(signature.parameters)
    try:
        hints = get_type_hints(vars(cls).get("__init__", cls))
    except (NameError, TypeError):
        hints = {}
    for name, value in node.items():
        if name == "_target_":
            continue
        if name not in valid:
            raise ConfigError(f"{key}.{name}: {cls.__name__} has no such option; {nearest(str(name), valid)}")
        if isinstance(value, dict) and "_target_" in value:
            continue
        if name in hints:
            try:
                check_type(as_declared(value, hints[name]), hints[name])
            except TypeCheckError:
                shown = inspect.formatannotation(hints[name]).replace("typing.", "")
                raise ConfigError(f"{key}.{name}={value!r}: expected {shown}, found {type(value).__name__}") from None
    for name, parameter in signature.parameters.items():
        required = parameter.default is parameter.empty and parameter.kind in (
            parameter.POSITIONAL_OR_KEYWORD,
            parameter.KEYWORD_ONLY,
        )
        if required and node.get(name) is None:
            raise ConfigError(f"{key}.{name}: must be given, e.g. {key}.{name}=VALUE")


def as_declared(value: Any, hint: Any) -> Any:
    """YAML has no tuples: a list stands for one where the annotation says tuple and not list."""
    text = str(hint).lower()
    return tuple(value) if isinstance(value, list) and "tuple" in text and "list" not in text else value


def build(node: DictConfig, key: str, **extra: Any) -> Any:
    """Instantiate a checked node: nested parts first, lists as lists, ``ngram_range`` as a tuple.

    Raises
    ------
    ConfigError
        The constructor refuses its arguments; scikit-learn's parameter constraints count too.
    """
    from hydra.errors import InstantiationException
    from hydra.utils import instantiate

    try:
        part = instantiate(node, _convert_="all", **extra)
        for estimator in [part, *nested_estimators(part)]:
            settle_parameters(estimator)
    except (InstantiationException, ValueError, TypeError) as error:
        cause = error.__cause__ or error
        if isinstance(cause, ConfigError):
            raise cause from error
        raise ConfigError(f"{key}: {one_line(str(cause))}") from error
    return part


def nested_estimators(part: Any) -> list[Any]:
    """Estimators given as parameters of an estimator, at any depth."""
    params = part.get_params(deep=True) if hasattr(part, "get_params") else {}
    return [value for value in params.values() if hasattr(value, "get_params")]


def settle_parameters(estimator: Any) -> None:
    """Give scikit-learn its tuples back, and let it check its own constraints before any data is read."""
    if not hasattr(estimator, "get_params"):
        return
    for name, value in estimator.get_params(deep=False).items():
        if name == "ngram_range" and isinstance(value, list):
            estimator.set_params(ngram_range=tuple(value))
    if type(estimator).__module__.startswith("sklearn.") and hasattr(estimator, "_validate_params"):
        estimator._validate_params()
