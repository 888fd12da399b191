"""Line breaks within an element of a web page: which end a paragraph, and which wrap it.

A crawled text must show over all of its length that it is wrapped. The lines of one element belong together, and less
will do: paragraphs of two lines, where no line could have held the next one's first word.
"""

from __future__ import annotations

from itertools import pairwise

from copydesk.text.paragraphs import (
    BULLET,
    LINE,
    NARROWEST,
    NEAR_COLUMN,
    NON_SPACE,
    SENTENCE_END,
    SMALL_LETTER_SHARE,
    WIDEST,
    split_paragraphs,
)

ALIGNED = "   "  # in a line: columns of a table, or a drawing

Span = tuple[int, int]


def split_lines(text: str) -> list[Span]:
    """Return the places of paragraphs in a text with line breaks, those of lines where these stand for themselves."""
    lines = [line.span() for line in LINE.finditer(text)]
    found = [(paragraph.start, paragraph.end) for paragraph in split_paragraphs(text)]
    if len(found) < len(lines):
        return found
    wraps = find_wraps(text, lines)
    if not wraps:
        return lines
    joined = lines[:1]
    for line, following in pairwise(lines):
        if line in wraps:
            joined[-1] = (joined[-1][0], following[1])
        else:
            joined.append(following)
    return joined


def find_wraps(text: str, lines: list[Span]) -> set[Span]:
    """Return the lines that the next one goes on with, none where line breaks mean something."""
    column = max((end - start for start, end in lines), default=0)
    if not NARROWEST <= column <= WIDEST or any(ALIGNED in text[start:end] for start, end in lines):
        return set()
    breaks = [
        (line, following)
        for line, following in pairwise(lines)
        if text.count("\n", line[1], following[0]) == 1 and not BULLET.match(text, following[0])
    ]
    wraps = [pair for pair in breaks if is_full(text, *pair, column)]
    open_ended = [
        after[0] for line, after in wraps if not SENTENCE_END.search(text, max(line[0], line[1] - 4), line[1])
    ]
    small = sum(text[start].islower() for start in open_ended)
    if not small or small < SMALL_LETTER_SHARE * len(open_ended) or len(wraps) < NEAR_COLUMN * len(breaks):
        return set()
    return {line for line, _ in wraps}


def is_full(text: str, line: Span, following: Span, column: int) -> bool:
    """Return whether the next line's first word would have reached nearly to the column."""
    word = NON_SPACE.match(text, *following)
    reach = line[1] - line[0] + 1 + (len(word[0]) if word else 0)
    return reach >= NEAR_COLUMN * column
