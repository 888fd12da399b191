"""Token patterns that the kernels implement, and checks of any other."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

# Token patterns that the kernels implement: (shortest token, whether marks are tokens).
PATTERNS = {
    r"(?u)\b\w\w+\b": (2, False),
    r"\b\w\w+\b": (2, False),
    r"(?u)\b\w+\b": (1, False),
    r"\b\w+\b": (1, False),
    r"(?u)\w+": (1, False),
    r"\w+": (1, False),
    r"(?u)\w+|[^\w\s]": (1, True),
    r"\w+|[^\w\s]": (1, True),
}

PROBED_LENGTHS = range(4, 32, 2)
PROBE_SECONDS = 0.05  # a pattern that does not backtrack takes microseconds


def token_finder(pattern: str) -> Callable[[str], list[str]]:
    """Return a function that finds the tokens of a text by a pattern that the kernels do not implement.

    Raises
    ------
    ValueError
        The pattern is not a regular expression, has several groups, or backtracks exponentially.
    """
    try:
        compiled = re.compile(pattern)
    except (re.error, TypeError) as fault:
        raise ValueError(f"token_pattern={pattern!r}: not a regular expression: {fault}") from None
    if compiled.groups > 1:
        raise ValueError(
            f"token_pattern={pattern!r}: More than 1 capturing group; the token is the whole match or one group: "
            "write (?:…) for the others"
        )
    example = backtracking_example(compiled)
    if example is not None:
        raise ValueError(
            f"token_pattern={pattern!r}: takes exponential time, as on {example!r}; "
            "a repeat inside a repeat matches one text in many ways: make the inner one possessive (\\w++)"
        )
    return compiled.findall


def backtracking_example(pattern: re.Pattern[str]) -> str | None:
    r"""Return a short text on which a pattern backtracks exponentially; None if there is none.

    Nested repeats, such as ``(?:\w+\s?)+$``, double their time with every character. Runs of one of the pattern's
    own characters, or of a common one, that end in a mismatch reveal them.
    """
    units = dict.fromkeys(["a", "1", " ", "-", ".", "a ", "a1", *re.findall(r"[^\W_]", pattern.pattern)])
    for unit in units:
        for n in PROBED_LENGTHS:
            text: str = unit * n + "\x00"
            start = time.thread_time()
            pattern.findall(text)
            if time.thread_time() - start > PROBE_SECONDS:
                return text
    return None
