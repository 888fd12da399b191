"""Stop words and accent stripping as scikit-learn's, without its import: predictions need little else of it."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from runpy import run_path


@cache
def english_stop_words() -> frozenset[str]:
    """Return scikit-learn's English stop words, without its import if their file is at its usual place."""
    spec = find_spec("sklearn")
    file = Path((spec and spec.origin) or "").with_name("feature_extraction") / "_stop_words.py"
    if file.is_file():
        return frozenset(run_path(str(file))["ENGLISH_STOP_WORDS"])
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    return frozenset(ENGLISH_STOP_WORDS)


def strip_accents_ascii(text: str) -> str:
    """Return the ASCII characters of a text's compatibility decomposition."""
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii")


def strip_accents_unicode(text: str) -> str:
    """Return a text's compatibility decomposition without combining characters."""
    return "".join(each for each in unicodedata.normalize("NFKD", text) if not unicodedata.combining(each))


STRIP_ACCENTS: dict[str, Callable[[str], str]] = {"ascii": strip_accents_ascii, "unicode": strip_accents_unicode}
