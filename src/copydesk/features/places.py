"""Positions of n-grams in a text, for explanations: one text at a time, in Python."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from copydesk.features.ngrams.preprocessing import STRIP_ACCENTS, english_stop_words
from copydesk.features.ngrams.titles import title_span

_Span = tuple[int, int]


def ngram_places(
    text: str, options: dict[str, Any], *, lowercase: bool, strip_accents: str | None
) -> dict[str, list[_Span]]:
    """Return the places of every n-gram of a text, in characters of the text as it was given.

    Parameters
    ----------
    text : str
    options : dict
        One family's, as ``TfidfFeatures.family_options`` gives them.
    lowercase, strip_accents
        As for ``TfidfFeatures``.
    """
    read, origin = preprocess_with_origin(text, lowercase, strip_accents)
    if options["part"] == "first_line":
        read = read.split("\n", 1)[0]
    elif options["part"] == "title":
        start, end = title_span(read)
        read, origin = read[start:end], origin[start:end]
    find = _words if options["analyzer"] == "word" else _characters
    found: dict[str, list[_Span]] = {}
    for term, start, end in find(read, options):
        if start < end:
            found.setdefault(term, []).append((origin[start], origin[end - 1] + 1))
    return found


def preprocess_with_origin(text: str, lowercase: bool, strip_accents: str | None) -> tuple[str, list[int]]:
    """Return a text as features read it, and for each of its characters the place it comes from."""
    steps: list[Callable[[str], str]] = [str.lower] if lowercase else []
    if strip_accents is not None:
        steps.append(STRIP_ACCENTS[strip_accents])
    read, origin = text, list(range(len(text)))
    for step in steps:
        whole = step(read)
        # Only the final sigma depends on its neighbours, and it is as long as the other one.
        lengths = [len(step(character)) for character in read]
        origin = [place for place, n in zip(origin, lengths, strict=True) for _ in range(n)]
        read = whole
    return read, origin


def _words(text: str, options: dict[str, Any]) -> Iterator[tuple[str, int, int]]:
    stops = english_stop_words() if options["stop_words"] == "english" else frozenset(options["stop_words"] or ())
    # A group in the pattern is the token, as in re.findall.
    group = 1 if re.compile(options["token_pattern"]).groups else 0
    matches = re.finditer(options["token_pattern"], text)
    tokens = [(match.group(group), *match.span(group)) for match in matches if match.group(group) not in stops]
    shortest, longest = options["ngram_range"]
    for n in range(shortest, longest + 1):
        for at in range(len(tokens) - n + 1):
            some = tokens[at : at + n]
            yield " ".join(token for token, _, _ in some), some[0][1], some[-1][2]


def _characters(text: str, options: dict[str, Any]) -> Iterator[tuple[str, int, int]]:
    """Yield character n-grams; a space that stands for several covers them all."""
    apart = options["analyzer"] == "char_wb"
    pieces: list[tuple[str, int, int]] = []
    for match in re.finditer(r"\s+|\S", text):
        start, end = match.span()
        single = end - start == 1 and not apart
        pieces.append((text[start] if single or not match[0].isspace() else " ", start, end))
    if not apart:
        yield from _windows(pieces, options["ngram_range"])
        return
    word: list[tuple[str, int, int]] = []
    for piece in [*pieces, (" ", len(text), len(text))]:
        if piece[0] != " ":
            word.append(piece)
        elif word:
            before, after = word[0][1], word[-1][2]
            yield from _padded([(" ", before, before), *word, (" ", after, after)], options["ngram_range"])
            word = []


def _windows(pieces: list[tuple[str, int, int]], sizes: Any) -> Iterator[tuple[str, int, int]]:
    for n in range(sizes[0], sizes[1] + 1):
        for at in range(len(pieces) - n + 1):
            some = pieces[at : at + n]
            yield "".join(piece for piece, _, _ in some), some[0][1], some[-1][2]


def _padded(word: list[tuple[str, int, int]], sizes: Any) -> Iterator[tuple[str, int, int]]:
    """Yield the n-grams of one word between its spaces; a word shorter than an n-gram counts once."""
    for n in range(sizes[0], sizes[1] + 1):
        yield from _windows(word, (min(n, len(word)), min(n, len(word))))
        if n >= len(word):
            break
