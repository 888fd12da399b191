"""Scripts of which the grammar has no language: composed pages respelt in them teach a model to judge unknown words."""

from __future__ import annotations

import random
from unicodedata import category

# First and last letter of runs of letters: Armenian, Gujarati, Telugu, Kannada, Malayalam, Cherokee, Tifinagh.
SCRIPTS = (
    ("\u0561", "\u0586"),
    ("\u0a95", "\u0aa8"),
    ("\u0c15", "\u0c28"),
    ("\u0c95", "\u0ca8"),
    ("\u0d15", "\u0d28"),
    ("\u13a0", "\u13ef"),
    ("\u2d30", "\u2d67"),
)


class UnknownScript(dict[int, str]):
    """Table for ``str.translate``: letters become letters of a script, marks go, all else stays.

    Parameters
    ----------
    draw : random.Random
        Draws the script, then a letter for each that is asked for.
    """

    def __init__(self, draw: random.Random) -> None:
        super().__init__()
        self._draw = draw
        self._first, self._last = draw.choice(SCRIPTS)

    def __missing__(self, code: int) -> str:
        letter = chr(code)
        kind = category(letter)[0]
        if kind == "M":
            self[code] = ""
        elif kind != "L":
            self[code] = letter
        elif letter.islower() or letter.lower() == letter:
            self[code] = chr(self._draw.randint(ord(self._first), ord(self._last)))
        else:
            self[code] = letter.lower().translate(self)
        return self[code]
