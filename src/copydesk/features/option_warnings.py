"""Warnings of options that work otherwise than they look."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from typing import Any

from copydesk.features.ngrams.cut import Cut


class SlowPatternWarning(UserWarning):
    """A token pattern that the kernels do not know runs through Python's ``re``."""


class StopWordsWarning(UserWarning):
    """Some stop words never match, because texts are lowercased and cut into tokens first."""


def warn_of_options(options: dict[str, Any], cut: Cut, preprocess: Callable[[str], str], stacklevel: int) -> None:
    """Warn of a family's token pattern that is slow, and of its stop words that no token equals."""
    pattern = options["token_pattern"]
    if cut.find is not None:
        warnings.warn(
            f"token_pattern {pattern!r} runs through Python's re, which is slower", SlowPatternWarning, stacklevel + 1
        )
    if not isinstance(options["stop_words"], str):  # scikit-learn's own are whole tokens
        find, known = re.compile(pattern).findall, set(cut.stop_words)
        missing = {word: set(find(preprocess(word))) - known for word in cut.stop_words}
        words = [repr(word) for word, tokens in missing.items() if tokens]
        tokens = sorted(set().union(*missing.values()))
        if words:
            warnings.warn(
                f"stop_words: {_first(words)} never match{'es' * (len(words) == 1)}; "
                f"texts are cut into tokens such as {_first(list(map(repr, tokens)))}: add these",
                StopWordsWarning,
                stacklevel + 1,
            )


def _first(names: list[str], most: int = 3) -> str:
    """Return the first names, and how many more."""
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
