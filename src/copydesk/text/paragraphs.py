"""Raw article text to paragraphs, each with its place, so that what is kept can be put back as it stood.

Crawled text comes in two shapes. In one a line is a paragraph (blank lines or single newlines between them); in
the other text is hard-wrapped and single newlines mean nothing. Which one it is shows where lines end: wrapped
text breaks off in the middle of sentences, at nearly the same column.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

# All that str.splitlines breaks at, except the file, group and record separators, which stand inside lines.
NEWLINE = re.compile("\r\n|[\n\r\v\f\x85\u2028\u2029]")
BULLET = re.compile(r"(?:[-*•·–—‣▪►>|]|\(?\d{1,3}[.)])\s")
SENTENCE_END = re.compile(r"[.!?…:;。！？।؟][\"'”’»)\]]*$")

# Columns between which people and programs wrap.
NARROWEST, WIDEST = 30, 130
# Share of single line breaks that fall inside a sentence: some 60 % in wrapped English, German or Russian
# text, hardly any in lists of leftovers.
MID_SENTENCE_SHARE = 0.35
# A line this much shorter than the column was ended on purpose.
FULL_LINE = 0.6


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph and its place.

    Attributes
    ----------
    text : str
        Without surrounding white space; lines of wrapped text joined by a space.
    start, end : int
        Where it stands in the text that it was split from, in characters, ``end`` excluded.
    """

    text: str
    start: int
    end: int


def split_paragraphs(text: str) -> list[Paragraph]:
    """Split a text into paragraphs, in order; all that is not white space is in exactly one.

    Takes time linear in the text's length.

    Parameters
    ----------
    text : str

    Returns
    -------
    list of Paragraph
        Empty for a text of white space.
    """
    blocks = list(_blocks(text))
    wrapped_at = _wrap_column(text, blocks)
    if wrapped_at is None:
        return [Paragraph(text[start:end], start, end) for block in blocks for start, end in block]
    return [_join(text, lines) for block in blocks for lines in _split_wrapped(text, block, wrapped_at)]


Line = tuple[int, int]  # start and end of what is not white space


def _blocks(text: str) -> Iterator[list[Line]]:
    """Yield runs of lines that are not blank."""
    block: list[Line] = []
    start = 0
    for newline in NEWLINE.finditer(text):
        line = _strip(text, start, newline.start())
        start = newline.end()
        if line is not None:
            block.append(line)
        elif block:
            yield block
            block = []
    line = _strip(text, start, len(text))
    if line is not None:
        block.append(line)
    if block:
        yield block


def _strip(text: str, start: int, end: int) -> Line | None:
    line = text[start:end]
    stripped = line.strip()
    if not stripped:
        return None
    start += len(line) - len(line.lstrip())
    return start, start + len(stripped)


def _wrap_column(text: str, blocks: list[list[Line]]) -> int | None:
    """Return the column at which a text is wrapped, None where a line is a paragraph."""
    breaks = [(a, b) for block in blocks for a, b in zip(block, block[1:], strict=False)]
    if not breaks:
        return None
    inside = sum(_mid_sentence(text, a, b) for a, b in breaks)
    lengths = sorted(end - start for (start, end), _ in breaks)
    column = lengths[int(0.9 * (len(lengths) - 1))]
    if inside < MID_SENTENCE_SHARE * len(breaks) or not NARROWEST <= column <= WIDEST:
        return None
    return column


def _mid_sentence(text: str, line: Line, following: Line) -> bool:
    """Say whether a sentence goes on over the break: no full stop before it, a small letter after it."""
    return text[following[0]].islower() and not SENTENCE_END.search(text, max(line[0], line[1] - 4), line[1])


def _split_wrapped(text: str, block: list[Line], column: int) -> Iterator[list[Line]]:
    """Split a block of wrapped lines where a line was ended on purpose, or the next is indented or a bullet."""
    lines = block[:1]
    for line, following in zip(block, block[1:], strict=False):
        if _ends_paragraph(text, line, following, column):
            yield lines
            lines = []
        lines.append(following)
    yield lines


def _ends_paragraph(text: str, line: Line, following: Line, column: int) -> bool:
    if BULLET.match(text, following[0]) or _indent(text, following) > _indent(text, line):
        return True
    if _mid_sentence(text, line, following):
        return False
    first_word = text[following[0] : following[1]].split(None, 1)[0]
    return line[1] - line[0] + 1 + len(first_word) < FULL_LINE * column


def _indent(text: str, line: Line) -> int:
    """Count the white space before a line's first character."""
    at = line[0]
    while at and text[at - 1] in " \t\xa0\u3000":
        at -= 1
    return line[0] - at


def _join(text: str, lines: list[Line]) -> Paragraph:
    words = " ".join(text[start:end] for start, end in lines)
    return Paragraph(words, lines[0][0], lines[-1][1])
