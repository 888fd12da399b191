"""Errors that end a command with one line and the exit code that belongs to it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


class CopydeskError(Exception):
    """A failure the user can act on; its text is one complete line, shown without a traceback."""

    exit_code = 1


class ConfigError(CopydeskError):
    """A config key, value, combination or command-line usage that is not valid."""

    exit_code = 2


class DataError(CopydeskError):
    """Input data that can't be read, or that can't be learnt from."""

    exit_code = 3


class ModelError(CopydeskError):
    """A saved model that is missing, damaged, foreign, too new, or made for another task."""

    exit_code = 4


class ResourceError(CopydeskError):
    """Disk, memory or permission that is not there."""

    exit_code = 5


def nearest(name: str, valid: Iterable[Any]) -> str:
    """Say which valid names are nearest to one that is not, or all of them."""
    import difflib

    names = sorted(map(str, valid))
    close = difflib.get_close_matches(name, names, n=3, cutoff=0.6)
    listed = ", ".join(names) if len(names) <= 20 else f"{', '.join(names[:20])}, …"
    return f"did you mean {' or '.join(close)}? Valid: {listed}" if close else f"valid: {listed or 'nothing'}"


def one_line(text: str) -> str:
    """Join a message's lines into one."""
    return "; ".join(line.strip() for line in text.strip().splitlines() if line.strip())
