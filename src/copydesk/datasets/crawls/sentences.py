"""Sentences, words and names of any script: splitting, joining and counting."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

ALPHABETS = [chr(code) for code in range(0x2000)]
UPPER = "".join(letter for letter in ALPHABETS if letter.isupper())
LOWER = "".join(letter for letter in ALPHABETS if letter.islower())
# Scripts that put no space between words: with none between sentences either, or with a space between phrases.
WORDS_TOGETHER = "\u3005-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
PHRASED = "\u0e01-\u0e4e\u0e81-\u0ece\u1000-\u109f\u1780-\u17d3"
FULL_STOPS = ".。｡।॥۔։።"

# A dot, also inside abbreviations, ends a sentence before a space and anything but a lower-case letter or a digit.
DOT = r"(?:(?<=[.!?\u037e])|(?<=[\u0370-\u03ff\u1f00-\u1fff];))[.!?;\u037e]*(?:[\"'”’)\]»›]|[“«](?=\s))*"
LETTER = rf"(?![{LOWER}{PHRASED}\d_])\w"
# These end a sentence wherever they stand; before a closing quote, not where it is a part of a sentence.
FINAL = "。｡！？।॥؟۔։።။"
STRONG_END = rf"(?<=[{FINAL}])[{FINAL}!?]*(?:[”’」』）)\]］】》〉»]|[\"'](?=\s))*(?!と|って|など)"
OPENING = r"[\"“”'‘’«»„‚‹›¿¡「『（(\[【《〈]*"
SENTENCE_BREAK = re.compile(
    rf"[.!?;\u037e{FINAL}]"
    rf"(?:{DOT}(?:\s+(?={OPENING}{LETTER})|(?<![.!?;\u037e])(?={OPENING}[{UPPER}]))|{STRONG_END}\s*(?={OPENING}\w))"
)
HAS_PHRASES = re.compile(f"[{PHRASED}]")
PHRASE_END = re.compile(rf"(?<=[{PHRASED}])\s+(?=[{PHRASED}])")
SHORTEST_PHRASE = 40  # characters; Thai puts a space after clauses of any length

PROPER_NAME = re.compile(rf"(?<=[{LOWER},] )[{UPPER}][\w’-]+(?: [{UPPER}][\w’-]+){{1,2}}")
COMMA = re.compile(r", |، ?|，|、|､")
CLAUSE_END = re.compile(r"[，、。：；！？「」“”]")
# Letters that a word has on average where none are separated.
UNSPACED_WORD, PHRASED_WORD = 2, 5
WITHOUT_SPACE = re.compile(rf"[{WORDS_TOGETHER}\u3000-\u303f\uff00-\uff65][\"'”’»)]*$")


def split_sentences(paragraph: str) -> list[str]:
    """Split a paragraph where a sentence ends; abbreviations are not known.

    Thai and its like have no full stop: they are split at spaces, into parts of at least ``SHORTEST_PHRASE``
    characters where that goes. Nothing but white space between sentences is lost.
    """
    found, start = [], 0
    for match in SENTENCE_BREAK.finditer(paragraph):
        found.append(paragraph[start : match.end()].strip())
        start = match.end()
    found.append(paragraph[start:].strip())
    if HAS_PHRASES.search(paragraph):
        found = [part for sentence in found for part in _phrases(sentence)]
    return [sentence for sentence in found if sentence]


def _phrases(sentence: str) -> list[str]:
    parts: list[str] = []
    for phrase in PHRASE_END.split(sentence):
        if parts and len(parts[-1]) < SHORTEST_PHRASE:
            parts[-1] += f" {phrase}"
        else:
            parts.append(phrase)
    return parts


def join_sentences(sentences: Iterable[str]) -> str:
    """Join sentences with a space, or without one after Chinese and Japanese."""
    text = ""
    for sentence in sentences:
        text += sentence if not text or WITHOUT_SPACE.search(text, max(len(text) - 4, 0)) else f" {sentence}"
    return text


def count_words(text: str) -> int:
    """Count words, those that no space separates by their average length."""
    if text.isascii():
        return len(text.split())
    unspaced, phrased = (len(re.findall(f"[{letters}]", text)) for letters in (WORDS_TOGETHER, PHRASED))
    return len(text.split()) + unspaced // UNSPACED_WORD + phrased // PHRASED_WORD


def first_words(text: str, number: int) -> str:
    """Return about the first ``number`` words; of Chinese and Japanese at most the first clause."""
    if re.match(f"[{PHRASED}]", text):
        return text.split()[0]
    if re.search(f"[{WORDS_TOGETHER}]", text[:8]):
        clause = next((part for part in CLAUSE_END.split(text) if part.strip()), text)
        return clause[: UNSPACED_WORD * (number + 2)]
    return " ".join(text.split()[:number])


def proper_names(text: str) -> list[str]:
    """Return names of two or three words with capitals, in order, each once; none in scripts without capitals."""
    return list(dict.fromkeys(PROPER_NAME.findall(text)))


def ends_plainly(sentence: str) -> bool:
    """Return whether a sentence ends with a full stop, or in a script that has none."""
    return sentence[-1] in FULL_STOPS or bool(re.match(f"[{PHRASED}]", sentence[-1]))


def list_items(sentences: Sequence[str], splits: Iterable[bool]) -> list[str]:
    """Return sentences without full stops, or their parts between commas where ``splits`` says so."""
    items: list[str] = []
    for sentence, split in zip(sentences, splits, strict=True):
        bare = sentence.rstrip(FULL_STOPS) or sentence
        parts = COMMA.split(bare)
        items += parts if split and len(parts) > 2 else [bare]
    return items
