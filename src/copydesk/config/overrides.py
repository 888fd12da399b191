"""Overrides of the command line: quoting of values that Hydra's grammar lacks, and keys of Hydra that do not apply."""

from __future__ import annotations

import re

from copydesk.config.keys import REQUIRED_PARTS
from copydesk.errors import ConfigError

REFUSED = {
    "hydra.run.dir": "a run has its own folder, RUNS/NAME/TIME; set runs=FOLDER and name=NAME",
    "hydra.output_subdir": "a run's folder holds its config.yaml; set runs=FOLDER and name=NAME",
    "hydra.job.chdir": "a run stays in the current folder; set runs=FOLDER for its results",
    "hydra.verbose": "copydesk writes no log; a run's run.json holds its stages, times and warnings",
    "hydra/job_logging": "copydesk writes no log; a run's run.json holds its stages, times and warnings",
    "hydra/hydra_logging": "copydesk writes no log; a run's run.json holds its stages, times and warnings",
}
OPTION_EXAMPLES = {
    "dataset": "dataset=table",
    "split": "split=kfold",
    "features": "features=word, or features=none",
    "classifier": "classifier=linear_svm",
    "decision": "decision=argmax",
}
PLAIN_KEY = re.compile(r"\+{0,2}[\w/.@-]+")
# Values that begin like a list, a mapping, a quoted string, an interpolation or a call mean to be one.
STRUCTURED = re.compile(r"""[\[{'"$]|\w+\(""")


def prepare_overrides(words: list[str]) -> list[str]:
    """Return the words of a command line with values quoted that Hydra can read as nothing but plain text.

    Raises
    ------
    ConfigError
        A key of Hydra has no meaning for copydesk, or a value is a choice for several runs without ``-m``.
    """
    several = any(word in ("-m", "--multirun") for word in words)
    return [word if word.startswith("-") else prepare_override(word, several) for word in words]


def prepare_override(word: str, several: bool) -> str:
    """Return an override, its value in quotes if necessary; see ``prepare_overrides``."""
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from hydra.errors import HydraException

    key, equals, value = word.partition("=")
    if key.lstrip("+~") in REFUSED:
        raise ConfigError(f"{key.lstrip('+~')}: {REFUSED[key.lstrip('+~')]}")
    if value == "null" and key in (*REQUIRED_PARTS, "features"):
        raise ConfigError(f"{word}: must be an option of copydesk train --help, such as {OPTION_EXAMPLES[key]}")
    if not equals or not PLAIN_KEY.fullmatch(key) or STRUCTURED.match(value):
        return word
    parse = OverridesParser.create().parse_override
    try:
        if parse(word).is_sweep_override() and not several:
            raise ConfigError(f"{word}: several values; add -m for a run of each, or quote one: '{quoted(key, value)}'")
        return word
    except HydraException:
        pass
    try:
        parse(quoted(key, value))
    except HydraException:
        return word
    return quoted(key, value)


def quoted(key: str, value: str) -> str:
    """Return an override with its value as a string in Hydra's grammar."""
    escaped = re.sub(r'(\\*)("|$)', lambda found: found[1] * 2 + ("\\" + found[2] if found[2] else ""), value)
    return f'{key}="{escaped}"'
