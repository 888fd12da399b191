"""Paragraphs: split from raw article text with their places, labelled, and joined again as they stood.

Crawled text comes in two shapes. In one a line is a paragraph (blank lines or single newlines between them); in
the other text is hard-wrapped and single newlines mean nothing. Which one it is shows where lines end: wrapped
text breaks off in the middle of sentences, where the next word would not have fitted. To join a story with what is
not the story is worse than to leave a wrapped paragraph in lines, so all of the signs must be there. Scripts
without small letters show no sign of a sentence going on; their lines stay lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise
from typing import Any, NamedTuple, TypeAlias

# All that str.splitlines breaks at, except the file, group and record separators, which stand inside lines.
NEWLINES = "\n\r\v\f\x85\u2028\u2029"
NEWLINE = re.compile(f"\r\n|[{NEWLINES}]")
LINE = re.compile(rf"\S(?:[^{NEWLINES}]*\S)?")  # without white space around it
BULLET = re.compile(r"(?:[-*•·–—‣▪►>|]|\(?\d{1,3}[.)])\s")
NON_SPACE = re.compile(r"\S+")
SENTENCE_END = re.compile(r"[.!?…:;。！？।؟][\"'”’»)\]]*$")

# Columns between which people and programs wrap.
NARROWEST, WIDEST = 40, 130
# Of the line breaks after which no sentence has ended, so many go on with a small letter: two thirds in wrapped
# English, half in German, hardly any in lists of headlines.
SMALL_LETTER_SHARE = 0.3
# A sentence is broken where the next word reaches this part of the column, in so many cases; names in a list of
# tags are as long as they are.
NEAR_COLUMN, NEAR_COLUMN_SHARE = 0.85, 0.7
# A line shorter than this part of the column was ended on purpose, even inside what looks like a sentence.
SHORT_LINE = 0.6
# Too short to be broken at any column: most often a leftover.
SHORTEST_LINE = SHORT_LINE * NARROWEST
# A line longer than this many columns is not wrapped.
LONG_LINE = 1.2
# Typesetters leave room for a word that would have fitted; by more than this, it is a line's end.
MOST_SLACK = 0.25


class Paragraph(NamedTuple):
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
    lines = [line.span() for line in LINE.finditer(text)]
    if _may_be_wrapped(text, lines):
        blocks = list(_blocks(text, lines))
        wrap = _find_wrap(text, blocks)
        if wrap is not None:
            return [_join(text, part) for block in blocks for part in _split_wrapped(text, block, wrap)]
    return [Paragraph(text[start:end], start, end) for start, end in lines]


Line = tuple[int, int]  # start and end of what is not white space


class Wrap(NamedTuple):
    """How a text is wrapped: the column, and how far short of it the next word may end for all that."""

    column: int
    slack: int


def _may_be_wrapped(text: str, lines: list[Line]) -> bool:
    """Rule out, cheaply, what can't be: in wrapped text two lines in a row go on with a small letter somewhere."""
    small = [text[start].islower() for start, _ in lines]
    return any(a and b for a, b in pairwise(small))


def _blocks(text: str, lines: list[Line]) -> Iterator[list[Line]]:
    """Yield runs of lines without a blank one between them."""
    block = lines[:1]
    for line, following in pairwise(lines):
        if len(NEWLINE.findall(text, line[1], following[0])) > 1:
            yield block
            block = []
        block.append(following)
    if block:
        yield block


def _find_wrap(text: str, blocks: list[list[Line]]) -> Wrap | None:
    """Return how a text is wrapped, None where a line is a paragraph."""
    broken: list[tuple[Line, Line]] = []  # line breaks inside a sentence
    n_open = 0  # line breaks not after a sentence, in blocks that have one inside a sentence
    in_a_row = False
    for block in blocks:
        pairs = [pair for pair in zip(block, block[1:], strict=False) if _is_open(text, pair[0])]
        inside = [pair for pair in pairs if text[pair[1][0]].islower() and SHORTEST_LINE <= _length(pair[0]) <= WIDEST]
        in_a_row |= any(a[1] == b[0] for a, b in zip(inside, inside[1:], strict=False))
        n_open += len(pairs) if inside else 0
        broken += inside
    if not in_a_row or len(broken) < SMALL_LETTER_SHARE * n_open:
        return None
    lengths = sorted(_length(line) for line, _ in broken)
    column = lengths[int(0.9 * (len(lengths) - 1))]
    reaches = sorted(_reach(text, line, following) for line, following in broken)
    far = sum(reach >= NEAR_COLUMN * column for reach in reaches)
    if column < NARROWEST or far < NEAR_COLUMN_SHARE * len(reaches) or _mostly_longer(blocks, column):
        return None
    short = column - reaches[len(reaches) // 10]
    return Wrap(column, min(max(0, short), int(MOST_SLACK * column)))


def _mostly_longer(blocks: list[list[Line]], column: int) -> bool:
    """Return whether most of the text stands in lines that go far beyond the column."""
    lengths = [_length(line) for block in blocks for line in block]
    return 2 * sum(length for length in lengths if length > LONG_LINE * column) > sum(lengths)


def _length(line: Line) -> int:
    return line[1] - line[0]


def _is_open(text: str, line: Line) -> bool:
    """Return whether a line ends without the end of a sentence."""
    return not SENTENCE_END.search(text, max(line[0], line[1] - 4), line[1])


def _reach(text: str, line: Line, following: Line) -> int:
    """Return how long a line would be with the first word of the following one."""
    word = NON_SPACE.match(text, following[0], min(following[1], following[0] + WIDEST))
    return _length(line) + 1 + (_length(word.span()) if word else 0)


def _split_wrapped(text: str, block: list[Line], wrap: Wrap) -> Iterator[list[Line]]:
    """Split a block of wrapped lines where a line was ended on purpose, or the next is indented or a bullet."""
    lines = block[:1]
    for line, following in zip(block, block[1:], strict=False):
        if _ends_paragraph(text, line, following, wrap):
            yield lines
            lines = []
        lines.append(following)
    yield lines


def _ends_paragraph(text: str, line: Line, following: Line, wrap: Wrap) -> bool:
    if BULLET.match(text, following[0]) or _indent(text, following) > _indent(text, line):
        return True
    reach = _reach(text, line, following)
    if max(_length(line), _length(following)) > LONG_LINE * wrap.column:
        return True
    if text[following[0]].islower() and _is_open(text, line):
        return reach < SHORT_LINE * wrap.column
    return reach <= wrap.column - wrap.slack


def _indent(text: str, line: Line) -> int:
    """Count the white space before a line's first character."""
    at = line[0]
    while at and text[at - 1] in " \t\xa0\u3000":
        at -= 1
    return line[0] - at


def _join(text: str, lines: list[Line]) -> Paragraph:
    words = " ".join(text[start:end] for start, end in lines)
    return Paragraph(words, lines[0][0], lines[-1][1])


# --- labelled paragraphs -------------------------------------------------------------------------------------------

CONTENT, BOILERPLATE = "content", "boilerplate"

# Columns of equal length, a value for each paragraph: text, title, document, position, group.
ParagraphTable: TypeAlias = dict[str, Any]
# Columns that only paragraphs of HTML have, and their values in others; see ``text.blocks.Block``.
NO_MARKUP: dict[str, Any] = {"markup": "", "path": (), "link_share": 0.0}
MARKUP = tuple(NO_MARKUP)


class LabelledParagraph(NamedTuple):
    """A paragraph of a cleaned text.

    Attributes
    ----------
    text : str
        Hard line breaks within it replaced by spaces.
    start, end : int
        Its place in the original text, in characters.
    label : str
        "content" or "boilerplate".
    probability : float
        Of being content.
    headline : bool
        Whether it is the page's own headline, which is content whatever its probability.
    """

    text: str
    start: int
    end: int
    label: str
    probability: float
    headline: bool = False

    @property
    def kept(self) -> bool:
        """Whether the cleaned text contains it."""
        return self.label == CONTENT


class CleanedText(NamedTuple):
    """A text without its boilerplate, every paragraph that it had, and the mode taken (None without modes)."""

    text: str
    paragraphs: list[LabelledParagraph]
    mode: str | None = None


def join_kept(text: str, paragraphs: Sequence[LabelledParagraph]) -> str:
    """Join the kept paragraphs with the original white space between neighbours, and a blank line over a cut."""
    runs = (list(run) for kept, run in groupby(paragraphs, key=_is_kept) if kept)
    return "\n\n".join(text[run[0].start : run[-1].end] for run in runs)


def _is_kept(paragraph: LabelledParagraph) -> bool:
    return paragraph.label == CONTENT
