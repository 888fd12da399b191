"""Command-line parser of every verb: reports a mistake as one line and exit code 2."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import NoReturn

from copydesk.errors import ConfigError, escaped, nearest

LONGEST = 400  # characters of a message, which may repeat any word of the command line


class Parser(argparse.ArgumentParser):
    """An argument parser that raises where the standard one prints its usage and exits.

    Parameters
    ----------
    verb : str
        Also set as ``args.verb``.
    summary : str
        One line for ``--help``.
    """

    def __init__(self, verb: str, summary: str) -> None:
        super().__init__(prog=f"copydesk {verb}", description=summary)
        self.verb = verb
        self.parses = True
        self.set_defaults(verb=verb)

    def pass_words(self) -> None:
        """Hand all words to the verb, unparsed, as ``args.words``: another library parses them."""
        self.parses = False

    def parse(self, words: Sequence[str]) -> argparse.Namespace:
        """Return the options of a command line.

        Raises
        ------
        ConfigError
            Names the mistake and, for an unknown option, the nearest valid ones.
        """
        if not self.parses:
            return argparse.Namespace(verb=self.verb, words=list(words))
        known = [name for action in self._actions for name in action.option_strings if name.startswith("--")]
        for word in words:
            if word == "--":
                break
            name = word.partition("=")[0]
            # argparse takes a word with a space for a value, and a unique beginning for the option
            if word.startswith("--") and " " not in word and not any(each.startswith(name) for each in known):
                self.error(f"no option {name}; {nearest(name, known)}")
        return self.parse_args(words)

    def error(self, message: str) -> NoReturn:
        """Refuse a command line.

        Raises
        ------
        ConfigError
        """
        shown = message if len(message) <= LONGEST else f"{message[:LONGEST]}…"
        raise ConfigError(f"{self.verb}: {escaped(shown)}; see {self.prog} --help")
