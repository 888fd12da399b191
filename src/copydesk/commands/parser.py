"""Options of commands: a mistake in them is one line, as every other mistake."""

from __future__ import annotations

import argparse
from typing import NoReturn

from copydesk.errors import ConfigError


class Parser(argparse.ArgumentParser):
    """An argument parser that raises where the standard one prints its usage and exits."""

    def error(self, message: str) -> NoReturn:
        """Refuse a command line.

        Raises
        ------
        ConfigError
        """
        raise ConfigError(f"{self.prog.removeprefix('copydesk ')}: {message}; see {self.prog} --help")
