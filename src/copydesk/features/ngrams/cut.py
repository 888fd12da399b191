"""Options for cutting texts into n-grams, and texts encoded for the kernels."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from copydesk.compiled.arrays import Array
from copydesk.features.kernels.grams import lower_ascii
from copydesk.features.kernels.tokens import PADDING
from copydesk.features.ngrams import terms
from copydesk.features.ngrams.patterns import PATTERNS, token_finder
from copydesk.features.ngrams.preprocessing import english_stop_words
from copydesk.features.ngrams.titles import title_of

READ_CHARACTERS = 1 << 18  # read together: large enough to be fast, small enough to stay in cache


@dataclass(frozen=True)
class Cut:
    """Options of a family for cutting texts into n-grams.

    Attributes
    ----------
    analyzer : {"word", "char", "char_wb"}
    n_min, n_max : int
        Lengths of n-grams.
    shortest, marks
        See ``read_tokens`` and ``kinds_of`` of the kernels.
    find : callable or None
        Finds the tokens of a text by a pattern that the kernels do not implement.
    stop_words : tuple of str
    part : {"text", "first_line", "title"}
        Part of each text to read.
    n_features : int
        Columns of hashing; 0 with a vocabulary.
    multiplier : uint64
        The model's hash key.
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
        """Return the cut of a family's options; see ``TfidfFeatures.family_options``."""
        shortest, marks, find = 1, False, None
        stops: tuple[str, ...] = ()
        if options["analyzer"] == "word":
            if options["token_pattern"] in PATTERNS:
                shortest, marks = PATTERNS[options["token_pattern"]]
            else:
                find = token_finder(options["token_pattern"])
            words = english_stop_words() if options["stop_words"] == "english" else options["stop_words"]
            stops = tuple(sorted(set(words or ())))
        n_min, n_max = options["ngram_range"]
        return cls(
            options["analyzer"], n_min, n_max, shortest, marks, find, stops,
            options["part"], options["n_features"] or 0, multiplier,
        )  # fmt: skip

    @property
    def by_words(self) -> bool:
        """Whether n-grams consist of words that the kernels find."""
        return self.analyzer == "word" and self.find is None

    def python_ngrams(self, text: str) -> list[str]:
        """Return the word n-grams of a text by a pattern that the kernels do not implement."""
        assert self.find is not None
        dropped = set(self.stop_words)
        tokens = [token for token in self.find(text) if token not in dropped]
        return [
            " ".join(tokens[at : at + n])
            for n in range(self.n_min, self.n_max + 1)
            for at in range(len(tokens) - n + 1)
        ]


@dataclass
class EncodedTexts:
    """Texts in UTF-8, one after the other.

    Attributes
    ----------
    text : ndarray of uint8
        Followed by ``PADDING``.
    starts : ndarray of int64, shape (n_texts + 1,)
    classes : ndarray of uint8
        Classes of code points; long enough for the text.
    """

    text: Array
    starts: Array
    classes: Array


@dataclass
class TextChunk:
    """Texts that are read together; families share their encoded parts.

    Parameters
    ----------
    texts : sequence of str
        Preprocessed.
    lower : bool
        Lowercase the letters A to Z: all that remains to do for an ASCII text.
    """

    texts: Sequence[str]
    lower: bool
    _encoded: dict[str, EncodedTexts] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.texts)

    def part_of(self, part: str) -> Sequence[str]:
        """Return one part of the texts."""
        if part == "title":
            return [title_of(text) for text in self.texts]
        return [text.split("\n", 1)[0] for text in self.texts] if part == "first_line" else self.texts

    def encoded(self, part: str) -> EncodedTexts:
        """Return one part of the texts in UTF-8."""
        if part not in self._encoded:
            text, starts = terms.encode_terms(self.part_of(part), PADDING)
            if self.lower:
                lower_ascii(text)
            self._encoded[part] = EncodedTexts(text, starts, terms.classes_for(text))
        return self._encoded[part]


def chunked(documents: list[str], size: int = READ_CHARACTERS) -> Iterator[list[str]]:
    """Yield runs of documents of about ``size`` characters, each at least one document."""
    first = characters = 0
    for at, document in enumerate(documents):
        characters += len(document)
        if characters >= size:
            yield documents[first : at + 1]
            first, characters = at + 1, 0
    if first < len(documents) or not documents:
        yield documents[first:]
