"""Stop words and stripped accents are scikit-learn's."""

from __future__ import annotations

import sys

from sklearn.feature_extraction import text as reference

from copydesk.features.ngrams.preprocessing import STRIP_ACCENTS, english_stop_words


def test_stop_words() -> None:
    assert english_stop_words() == reference.ENGLISH_STOP_WORDS


def test_accents_of_every_character() -> None:
    for code in range(sys.maxunicode + 1):
        character = chr(code)
        assert STRIP_ACCENTS["ascii"](character) == reference.strip_accents_ascii(character)
        assert STRIP_ACCENTS["unicode"](character) == reference.strip_accents_unicode(character)
