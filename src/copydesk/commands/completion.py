"""Tab completion: prints the shell's script (``eval "$(copydesk -sc install=bash)"``) and its suggestions."""

from __future__ import annotations

import os
from collections.abc import Iterable

from copydesk.config.compose import run_hydra
from copydesk.resources import shipped


def complete_words(words: list[str], verbs: Iterable[str]) -> int:
    """Complete a verb, or leave the overrides of ``train`` to Hydra; return the exit code."""
    line = os.environ.get("COMP_LINE", "")
    if any(word.startswith("query=") for word in words):
        typed = line.split()
        if len(typed) < 2 or (len(typed) == 2 and not line.endswith(" ")):
            print(" ".join(name for name in verbs if name.startswith(typed[1] if len(typed) > 1 else "")))
            return 0
        if typed[1] != "train":
            return 0
        # Hydra completes the words after the program's name; here the verb stands between.
        os.environ["COMP_LINE"] = line.replace(" train", "", 1)
    run_hydra(lambda cfg: None, words, shipped("conf"))
    return 0
