"""Build the parts of a run from its config: only classes of copydesk and scikit-learn that fit their place."""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Iterator
from typing import Any, cast, get_type_hints

from omegaconf import DictConfig, OmegaConf

from copydesk.config.keys import check_keys
from copydesk.errors import ConfigError, nearest, one_line

TARGET_PACKAGES = ("copydesk", "sklearn")

# Methods that the class of each part must have.
PART_METHODS: dict[str, tuple[str, ...]] = {
    "dataset": ("load",),
    "split": ("folds",),
    "features": ("fit", "transform"),
    "classifier": ("fit", "predict"),
    "decision": ("fit", "predict", "predict_proba"),
    "search": ("over",),
    "engine": ("started", "run"),
}
# A part nested in another must have one of these; elsewhere it must be an estimator.
NESTED: dict[str, tuple[str, ...]] = {"dataset": PART_METHODS["dataset"], "split": PART_METHODS["split"]}
# Former paths of classes that configs name.
MOVED = {
    "copydesk.datasets.compose.ComposedCrawl": "copydesk.datasets.composed_crawl.ComposedCrawl",
    "copydesk.datasets.pages.Pages": "copydesk.datasets.web_pages.Pages",
    "copydesk.datasets.paragraphs.Paragraphs": "copydesk.datasets.labelled_paragraphs.Paragraphs",
    "copydesk.features.paragraphs.ParagraphFeatures": "copydesk.features.paragraph_features.ParagraphFeatures",
}


def resolve_target(target: str, key: str) -> type:
    """Return the class that a ``_target_`` names, if copydesk may build it.

    The resolved object is checked, not its path: a path with a trusted prefix can lead through the imports of a
    module to any object (``copydesk.x.os.system``).

    Raises
    ------
    ConfigError
        The path leads outside copydesk and scikit-learn, to nothing, or to something that is not a class.
    """
    refusal = f"{key}: _target_ {target!r} refused: only classes defined in copydesk or scikit-learn are built"
    if not isinstance(target, str) or target.split(".")[0] not in TARGET_PACKAGES:
        raise ConfigError(refusal)
    if target in MOVED:
        raise ConfigError(f"{key}: _target_ {target!r} has moved; write {MOVED[target]}")
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
    if not inspect.isclass(found) or found.__module__.split(".")[0] not in TARGET_PACKAGES:
        raise ConfigError(f"{refusal}; this is {kind_of(found)}")
    return found


def kind_of(found: Any) -> str:
    """Return the kind and the module of an object as text."""
    kind = "a class" if inspect.isclass(found) else f"a {type(found).__name__}"
    return f"{kind} of {getattr(found, '__module__', None) or 'no module'}"


def check(cfg: DictConfig) -> None:
    """Check the config of a run: its keys, its parts and their arguments.

    Raises
    ------
    ConfigError
        Names the key, the value found and the nearest valid ones.
    """
    check_keys(cfg)
    check_parts(cfg)
    if not cfg.get("features"):
        check_reads_inputs(build(cfg.classifier, "classifier"))


def check_reads_inputs(classifier: Any) -> None:
    """Check that a classifier without features reads texts or paragraphs itself.

    Raises
    ------
    ConfigError
        It reads numbers.
    """
    from sklearn.utils import get_tags

    if not getattr(classifier, "takes_paragraphs", False) and not get_tags(classifier).input_tags.string:
        raise ConfigError(
            f"features=none: {type(classifier).__name__} reads numbers, not texts; "
            "choose features such as features=word, or classifier=sequence for paragraphs"
        )


def check_parts(cfg: DictConfig) -> None:
    """Check every ``_target_`` of a config and the names and types of its arguments.

    Raises
    ------
    ConfigError
        Names the key, the value found and the nearest valid ones.
    """
    for key, node in targets(OmegaConf.to_container(cfg, resolve=False)):
        cls = resolve_target(node["_target_"], key)
        place = key.split(".")[0]
        if "." not in key:
            missing = [m for m in PART_METHODS.get(place, ()) if not callable(getattr(cls, m, None))]
            if missing:
                raise ConfigError(
                    f"{key}: {cls.__name__} does not fit here: a {place} has {', '.join(PART_METHODS[place])}; "
                    f"{cls.__name__} lacks {', '.join(missing)}"
                )
        elif not any(hasattr(cls, method) for method in NESTED.get(place, ("get_params",))):
            kind = "no dataset" if place == "dataset" else "no estimator"
            raise ConfigError(f"{key}: {cls.__name__} does not fit here: it is {kind}")
        resolved = OmegaConf.to_container(OmegaConf.select(cfg, key), resolve=True)
        check_arguments(cls, cast(dict[str, Any], resolved), key)


def targets(node: Any, key: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every mapping with a ``_target_`` and its key, outermost first."""
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
    from typeguard import CollectionCheckStrategy, TypeCheckError, check_type

    signature = inspect.signature(cls)
    special = [name for name in node if str(name).startswith("_") and name not in ("_target_",)]
    if special:
        raise ConfigError(f"{key}.{special[0]}: not supported by copydesk; give the class and its arguments only")
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
                every = CollectionCheckStrategy.ALL_ITEMS
                check_type(as_declared(value, hints[name]), hints[name], collection_check_strategy=every)
            except TypeCheckError:
                shown = inspect.formatannotation(hints[name]).replace("typing.", "")
                found = f"{type(value).__name__}{in_quotes(value, shown)}"
                raise ConfigError(f"{key}.{name}={value!r}: expected {shown}, found {found}") from None
    for name, parameter in signature.parameters.items():
        required = parameter.default is parameter.empty and parameter.kind in (
            parameter.POSITIONAL_OR_KEYWORD,
            parameter.KEYWORD_ONLY,
        )
        if required and node.get(name) is None:
            raise ConfigError(f"{key}.{name}: must be given, e.g. {key}.{name}=VALUE")


def in_quotes(value: Any, declared: str) -> str:
    """Return a hint where YAML has read a word as true or false: ``no`` is also Norwegian."""
    values = value if isinstance(value, list) else [value]
    read = [item for item in values if isinstance(item, bool)]
    if not read or "str" not in declared:
        return ""
    return "; in YAML, quote " + ("'yes', 'on' and 'true'" if read[0] else "'no', 'off' and 'false'")


def as_declared(value: Any, hint: Any) -> Any:
    """Return a list as a tuple if the annotation names a tuple and no list, since YAML has no tuples."""
    text = str(hint).lower()
    return tuple(value) if isinstance(value, list) and "tuple" in text and "list" not in text else value


def build(node: DictConfig, key: str, **extra: Any) -> Any:
    """Build a checked part, nested parts first, and check the values of its parameters.

    A class checks them in its constructor or, as estimators must not, in ``_check_parameters``. Both raise a
    ValueError that begins with ``name=value``, to which the key of the part is added.

    Raises
    ------
    ConfigError
        A value is not valid.
    """
    from hydra.errors import InstantiationException
    from hydra.utils import instantiate

    try:
        part = instantiate(node, _convert_="all", **extra)
    except (InstantiationException, ValueError, TypeError) as error:
        cause = error.__cause__ or error
        if isinstance(cause, ConfigError):
            raise cause from error
        raise ConfigError(with_key(one_line(str(cause)), key)) from error
    for where, inner in [(key, part), *nested_estimators(part, key)]:
        try:
            settle_parameters(inner)
        except (ValueError, TypeError) as error:
            raise ConfigError(with_key(one_line(str(error)), where)) from error
    return part


def with_key(message: str, key: str) -> str:
    """Put the key of a part before a message, unless the message begins with a full key."""
    if message.startswith(f"{key.split('.')[0]}."):
        return message
    return f"{key}.{message}" if re.match(r"\w+=", message) else f"{key}: {message}"


def nested_estimators(part: Any, key: str) -> list[tuple[str, Any]]:
    """Return the estimators among an estimator's parameters, at any depth, with their keys."""
    params = part.get_params(deep=True) if hasattr(part, "get_params") else {}
    return [
        (f"{key}.{name.replace('__', '.')}", value) for name, value in params.items() if hasattr(value, "get_params")
    ]


def settle_parameters(part: Any) -> None:
    """Convert ``ngram_range`` to a tuple and run the part's own checks of its parameters.

    Raises
    ------
    ValueError
        A value is not valid.
    """
    if hasattr(part, "_check_parameters"):
        part._check_parameters()
    if isinstance(getattr(part, "ngram_range", None), list):
        part.ngram_range = tuple(part.ngram_range)
    if type(part).__module__.startswith("sklearn.") and hasattr(part, "_validate_params"):
        part._validate_params()
