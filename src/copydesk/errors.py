"""Errors that end a command: one line and an exit code each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


class CopydeskError(Exception):
    """A failure that the user can act on; its message is one line, printed without a traceback."""

    exit_code = 1


class ConfigError(CopydeskError):
    """A config key, value, combination or command-line usage that is not valid."""

    exit_code = 2


class DataError(CopydeskError):
    """Input data that can't be read or learned from."""

    exit_code = 3


class ModelError(CopydeskError):
    """A saved model that is missing, damaged, foreign, too new, or made for another task."""

    exit_code = 4


class ResourceError(CopydeskError):
    """A lack of disk space, memory or permission."""

    exit_code = 5


def nearest(name: str, valid: Iterable[Any]) -> str:
    """Return a hint for an unknown name: the nearest valid ones, and all of them."""
    import difflib

    names = sorted(map(str, valid))
    close = difflib.get_close_matches(name, names, n=3, cutoff=0.6)
    listed = ", ".join(names) if len(names) <= 20 else f"{', '.join(names[:20])}, …"
    return f"did you mean {' or '.join(close)}? Valid: {listed}" if close else f"valid: {listed or 'nothing'}"


def one_line(text: str) -> str:
    """Join the lines of a message."""
    return "; ".join(line.strip() for line in text.strip().splitlines() if line.strip())


def escaped(name: object) -> str:
    """Return a name for a one-line message: line breaks, other control characters and bad bytes as escapes."""
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode("ascii") for c in str(name)
    )
