"""Errors that end a command with one line and the exit code that belongs to it."""

from __future__ import annotations


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
