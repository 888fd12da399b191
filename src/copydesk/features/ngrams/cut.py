"""How a family cuts texts into n-grams, and texts as the kernels read them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

from copydesk.compiled.arrays import Array
from copydesk.features.kernels.grams import lower_ascii
from copydesk.features.kernels.tokens import PADDING
from copydesk.features.ngrams import terms
from copydesk.features.ngrams.patterns import PATTERNS, token_finder
from copydesk.features.ngrams.titles import title_of


@dataclass(frozen=True)
class Cut:
    """How a family cuts texts into n-grams.

    Attributes
    ----------
    analyzer : {"word", "char", "char_wb"}
    n_min, n_max : int
        Lengths of n-grams.
    shortest, marks : see ``tokens.read_tokens``
    find : callable or None
        Finds the tokens of a text, where the kernel does not know the pattern.
    stop_words : tuple of str
    part : {"text", "first_line", "title"}
        What to read of each text.
    n_features : int
        Columns of hashing; 0 with a vocabulary.
    multiplier : uint64
        The model's key.
    """

    analyzer: str
    n_min: int
    n_max: int
    shortest: int
    marks: bool
    find: Callable[[str], list[str]] | None
    stop_words: tuple[str, ...]
    part: str
    n_features: int
    multiplier: Any

    @classmethod
    def of(cls, options: dict[str, Any], multiplier: Any) -> Cut:
        """Return what the options of a family say; see ``TfidfFeatures.family_options``."""
        shortest, marks, find = 1, False, None
        stops: tuple[str, ...] = ()
        if options["analyzer"] == "word":
            if options["token_pattern"] in PATTERNS:
                shortest, marks = PATTERNS[options["token_pattern"]]
            else:
                find = token_finder(options["token_pattern"])
            words = ENGLISH_STOP_WORDS if options["stop_words"] == "english" else options["stop_words"]
            stops = tuple(sorted(set(words or ())))
        n_min, n_max = options["ngram_range"]
        return cls(
            options["analyzer"], n_min, n_max, shortest, marks, find, stops,
            options["part"], options["n_features"] or 0, multiplier,
        )  # fmt: skip

    @property
    def by_words(self) -> bool:
        """Whether n-grams are of words that the kernel finds."""
        return self.analyzer == "word" and self.find is None

    def python_ngrams(self, text: str) -> list[str]:
        """Return the word n-grams of a text, where the kernel does not know the pattern."""
        assert self.find is not None
        dropped = set(self.stop_words)
        tokens = [token for token in self.find(text) if token not in dropped]
        return [
            " ".join(tokens[at : at + n])
            for n in range(self.n_min, self.n_max + 1)
            for at in range(len(tokens) - n + 1)
        ]


@dataclass
class Encoded:
    """Texts in UTF-8, one after the other.

    Attributes
    ----------
    text : ndarray of uint8
        With ``PADDING`` after its end.
    starts : ndarray of int64, shape (n_texts + 1,)
    classes : ndarray of uint8
        Of code points; long enough for the text.
    """

    text: Array
    starts: Array
    classes: Array


@dataclass
class Chunk:
    """Texts that are read together; what families share of it is made once.

    Parameters
    ----------
    texts : sequence of str
        Preprocessed.
    lower : bool
        Lower the letters A to Z: what is left to do for an ASCII text.
    """

    texts: Sequence[str]
    lower: bool
    _made: dict[str, Encoded] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.texts)

    def shown(self, part: str) -> Sequence[str]:
        """Return the part of the texts that is to be read."""
        if part == "title":
            return [title_of(text) for text in self.texts]
        return [text.split("\n", 1)[0] for text in self.texts] if part == "first_line" else self.texts

    def encoded(self, part: str) -> Encoded:
        """Return the bytes of that part of the texts."""
        if part not in self._made:
            text, starts = terms.encode_terms(self.shown(part), PADDING)
            if self.lower:
                lower_ascii(text)
            self._made[part] = Encoded(text, starts, terms.classes_for(text))
        return self._made[part]
