"""Conflicts between outputs and inputs, found before anything is opened."""

from __future__ import annotations

import glob
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from copydesk.errors import ConfigError, escaped
from copydesk.formats.sources import STDIN

# Written beside an output until it is complete.
ASIDE = ("", ".part", ".part.json", ".part.json.new")


def check_output(option: str, output: Path, inputs: Iterable[str | Path], aside: Sequence[str] = ASIDE) -> None:
    """Refuse an output that is an input, or that lies where an input's folder or pattern would find it.

    Parameters
    ----------
    option : str
        Names the output in the message, such as ``--output``.
    output : Path
    inputs : iterable of str or path-like
        Files, folders, patterns, or ``-``.
    aside : sequence of str
        Suffixes of all files that writing the output creates or replaces.

    Raises
    ------
    ConfigError
        Names the output and the input.
    """
    for path in (output.with_name(output.name + suffix) for suffix in aside):
        for name in inputs:
            conflict = _conflict(path, str(name))
            if conflict:
                its = f"its {escaped(path.name)} " if path != output else ""
                raise ConfigError(f"{option} {escaped(output)}: {its}{conflict}; give another name")


def check_folder(option: str, folder: Path, inputs: Iterable[str | Path]) -> None:
    """Refuse a folder for outputs that is an input, or that an input's folder or pattern contains.

    Raises
    ------
    ConfigError
        Names the folder and the input.
    """
    check_output(option, folder, inputs, aside=("",))


def check_stdout(inputs: Iterable[str]) -> None:
    """Refuse standard output that is redirected to an input: reading would never end.

    Raises
    ------
    ConfigError
        Names the input.
    """
    try:
        written = os.fstat(sys.stdout.fileno())
    except (OSError, ValueError):  # closed, or replaced by an object without a descriptor
        return
    for name in inputs:
        for path in _files(name):
            if path.is_file() and os.path.samestat(path.stat(), written):
                raise ConfigError(f"standard output is the input {escaped(path)}; give another name")


def _conflict(output: Path, name: str) -> str | None:
    """Return how an output conflicts with an input, None if it does not."""
    if name == STDIN:
        return "is standard input" if output.exists() and _is_stdin(output) else None
    places = {Path(os.path.normpath(output.absolute())), output.resolve()}
    if Path(name).is_dir():
        folder = Path(name).resolve()
        if any(folder in (place, *place.parents) for place in places):
            return f"is in the input folder {escaped(name)}" if output != Path(name) else "is the input folder"
    elif not Path(name).exists() and glob.has_magic(name):
        patterns = [Path(os.path.normpath(Path(name).absolute())).parts, Path(name).resolve().parts]
        above = [each.parts for place in places for each in (place, *place.parents)]
        if any(_matches(parts, pattern) for parts in above for pattern in patterns):
            return f"matches the input pattern {escaped(name)}"
    if output.exists():
        for path in _files(name):
            if path.exists() and path.samefile(output):
                return f"is the input {escaped(path)}"
    return None


def _is_stdin(path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(sys.stdin.fileno()), path.stat())
    except (OSError, ValueError, AttributeError):  # closed, or replaced by an object without a descriptor
        return False


def _matches(parts: Sequence[str], pattern: Sequence[str]) -> bool:
    """Return whether a path matches a pattern, part by part; ``**`` stands for any number of parts."""
    if not pattern:
        return not parts
    if pattern[0] == "**":
        return any(_matches(parts[at:], pattern[1:]) for at in range(len(parts) + 1))
    return bool(parts) and fnmatchcase(parts[0], pattern[0]) and _matches(parts[1:], pattern[1:])


def _files(name: str) -> Iterator[Path]:
    """Yield the files that a name stands for."""
    if name == STDIN:
        return
    path = Path(name)
    if path.is_dir():
        yield from (Path(where, each) for where, _, files in os.walk(path) for each in files)
    elif path.exists() or not glob.has_magic(name):
        yield path
    else:
        for match in glob.iglob(name, recursive=True):  # noqa: PTH207 (Path.glob takes no absolute pattern)
            yield from _files(match) if Path(match).is_dir() else (Path(match),)
