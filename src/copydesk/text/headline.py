"""A page's own headline: what title and headings give, and the paragraph that repeats it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence

# Between a headline and the name of its site or section, in titles.
SEPARATOR = re.compile(r"\s+[-‐-―|¦·•:/~«»‹›]+\s+|\s*[|¦»›｜_]\s*")
WORD_CHARACTERS = re.compile(r"\w+")
ALIKE = 0.5  # share of words in common by which a heading and a title are two forms of one headline
LONGEST_TITLE = 1_000  # characters; longer ones are no headlines, and would take quadratic time
_RUNNING_TEXT_WORDS = 20  # words; from here on a paragraph that is kept is taken for running text


def letters(text: str) -> str:
    """Return letters and digits alone, folded: equal where texts differ in case, punctuation or white space."""
    return "".join(WORD_CHARACTERS.findall(unicodedata.normalize("NFKC", text).casefold()))


def forms(title: str) -> Iterator[str]:
    """Yield a title, and the title without the name of a site or section behind or before it, the longest first.

    The name is the shorter part; before the headline, at most half as long.
    """
    yield title
    for found in reversed(list(SEPARATOR.finditer(title))):
        head, tail = letters(title[: found.start()]), letters(title[found.end() :])
        if len(head) >= len(tail):
            yield title[: found.start()]
        elif len(tail) > 2 * len(head):
            yield title[found.end() :]


def page_headline(title: str, og_title: str, headings: Sequence[str]) -> str:
    """Return a page's headline, "" where nothing gives one.

    Parameters
    ----------
    title, og_title : str
        Of its head: ``<title>`` and ``og:title``, ignored if longer than ``LONGEST_TITLE``.
    headings : sequence of str
        Its first-level headings. The one that says the same as a title, or has half of its words, is the headline.
    """
    title, og_title = (each if len(each) <= LONGEST_TITLE else "" for each in (title, og_title))
    headings = [each for each in headings if len(each) <= LONGEST_TITLE]
    for each in (og_title, title):
        known = {letters(form) for form in forms(each)} - {""}
        same = [heading for heading in headings if letters(heading) in known]
        if same:
            return same[0]
    shortest = [min(forms(each), key=len) for each in (og_title, title) if each]
    alike = [heading for heading in headings if any(overlap(heading, form) >= ALIKE for form in shortest)]
    return alike[0] if alike else og_title or title


def overlap(one: str, other: str) -> float:
    """Return the share of two texts' words that they have in common."""
    a, b = (set(WORD_CHARACTERS.findall(each.casefold())) for each in (one, other))
    return len(a & b) / max(1, len(a | b))


def find_headline(paragraphs: Sequence[str], is_kept: Sequence[bool], title: str) -> int | None:
    """Return the number of the paragraph that is a page's headline, None without one.

    Parameters
    ----------
    paragraphs : sequence of str
    is_kept : sequence of bool
        Whether each is content to the model.
    title : str
        The page's, ignored if longer than ``LONGEST_TITLE``; a paragraph may lack the name of the site behind it.

    Of several, the last one before the running text: menus and paths to the page stand above the headline, lists of
    articles below the text.
    """
    if len(title) > LONGEST_TITLE:
        return None
    known = {letters(form) for form in forms(title)} - {""}
    same = [
        number
        for number, paragraph in enumerate(paragraphs)
        if len(paragraph) <= 2 * len(title) + 20 and letters(paragraph) in known
    ]
    if len(same) < 2:
        return same[0] if same else None
    body = next(
        (
            at
            for at, text in enumerate(paragraphs)
            if is_kept[at] and len(WORD_CHARACTERS.findall(text)) >= _RUNNING_TEXT_WORDS
        ),
        0,
    )
    above = [number for number in same if number < body]
    return above[-1] if above else same[0]
