"""The grammar of crawl leftovers: productions by language and family, and the styles in which sites place them."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

CHOICE = re.compile(r"\[([^\[\]]*)\]")
SLOT = re.compile(r"\{(\w+)(?:\*(\d+)-(\d+))?\}")
REPEATED = re.compile(r"(\d+)-(\d+)x ")
# "\|" is a bar that separates no choices; while choices are settled it is hidden behind this.
HIDDEN_BAR = "\x00"

LEFTOVER_PLACES = ("top", "under", "inside", "after")
SPLIT_PARTS = ("train", "test")
CASES = ("keep", "upper", "title")

# Slots that are filled from the page, the site or by drawing a number; all others come from the language.
FILLED = frozenset(
    (
        "title", "other", "teaser", "scene", "who", "site", "domain", "sep", "author", "handle",
        "num", "day", "dd", "mon", "year", "time", "mins", "count", "outlet",
    )
)  # fmt: skip
# Those that a story knows.
IN_STORIES = frozenset(("who", "num", "day", "dd", "mon", "year", "time", "mins", "count", "outlet"))
NUMBERS = {"day": (1, 28), "mins": (2, 12), "num": (1, 10), "count": (2, 2400), "year": (2005, 2026)}
REQUIRED_SLOTS = ("first", "last", "city", "section", "month", "agency")
# Words that names of sites are made of where a language has none of its own; with a city or a section they read like
# real ones.
OUTLETS = (
    "Herald", "Gazette", "Post", "Courier", "Tribune", "Observer", "Echo", "Daily", "Star", "Mercury", "Wire", "Review",
    "Times", "Journal", "Today", "24", "Online", "Now",
)  # fmt: skip
# What a language prints in its own way, and how where its file does not say; a site keeps to one of each.
CONVENTIONS = {
    "name": ["{first} {last}"],
    "site": ["{city} {outlet}", "{section} {outlet}"],
    "digits": ["0123456789"],
    "dateline": ["{city} - ", "{city} ({agency}) — ", "{city}, {day} {month} ({agency}) - "],
    "bullet": ["- ", "• ", "– ", "", "", "1. ", "1) ", "* "],
    "separator": [" | ", ", ", " · ", " / ", " ", "", " • ", " > ", " - "],
}

# Of a family's productions every fourth, after the first three, is kept for test styles: a model that has
# learnt phrases by heart meets ones that it has not seen.
RESERVED_EVERY, ALWAYS_SHARED = 4, 3

Production = tuple[str, ...]  # lines that stand together


@dataclass(frozen=True)
class Language:
    """Productions and slot values of one language.

    Attributes
    ----------
    name : str
    families : dict of str to list of tuple of str
        Productions by family; a production is one or more lines.
    slots : dict of str to list of str
    story : dict of str to list of str
        ``subheads`` and ``lines`` that stand in articles, and ``titles`` and ``sentences`` for invented ones.
    conventions : dict of str to list of str
        Forms of names, datelines, lists and numbers; those of ``CONVENTIONS`` where the language has none of its own.
    blocks : list of tuple of str
        Lines of an article that stand together: tables, lists, recipes, questions and answers, verse.
    """

    name: str
    families: dict[str, list[Production]]
    slots: dict[str, list[str]]
    story: dict[str, list[str]] = field(default_factory=dict)
    conventions: dict[str, list[str]] = field(default_factory=dict)
    blocks: list[Production] = field(default_factory=list)

    def convention(self, name: str, draw: random.Random) -> str:
        """Draw one of the language's forms of a kind that is a key of ``CONVENTIONS``."""
        return draw.choice(self.conventions.get(name, CONVENTIONS[name]))

    def productions(self, family: str, part: str) -> list[Production]:
        """Return a family's productions as the styles of a part ("train", "test") may use them."""
        found = self.families.get(family, [])
        if part == "test":
            return found
        return [
            production
            for place, production in enumerate(found)
            if place < ALWAYS_SHARED or (place - ALWAYS_SHARED) % RESERVED_EVERY != RESERVED_EVERY - 1
        ]


@dataclass(frozen=True)
class Style:
    """How sites of one kind place leftovers.

    Attributes
    ----------
    name : str
    part : {"train", "test"}
    top, under, after : dict of str to (int, int)
        Families before the title, between title and lead, and after the article, in this order, each with the
        fewest and the most productions on a page.
    inside : dict of str to float
        Families between paragraphs, each with its chance in a gap.
    case : {"keep", "upper", "title"}
    glue : float
        Chance that the lines of a production run together.
    """

    name: str
    part: str
    top: dict[str, tuple[int, int]] = field(default_factory=dict)
    under: dict[str, tuple[int, int]] = field(default_factory=dict)
    inside: dict[str, float] = field(default_factory=dict)
    after: dict[str, tuple[int, int]] = field(default_factory=dict)
    case: str = "keep"
    glue: float = 0.1

    @property
    def families(self) -> set[str]:
        """All families that the style places."""
        return {family for place in LEFTOVER_PLACES for family in getattr(self, place)}


@dataclass(frozen=True)
class Grammar:
    """Languages and styles by name."""

    languages: dict[str, Language]
    styles: dict[str, Style]


def slot_name(name: str, slots: Mapping[str, Any]) -> str:
    """Return the slot of which ``author2`` or ``topic3`` is another value."""
    return name if name in slots else name.rstrip("23")


def choose(line: str, draw: random.Random) -> str:
    r"""Settle every ``[a|b]`` of a line, the innermost first; slots stay, and ``\|`` becomes a bar."""
    text = line.replace("\\|", HIDDEN_BAR)
    while match := CHOICE.search(text):
        text = text[: match.start()] + draw.choice(match[1].split("|")) + text[match.end() :]
    return text.replace(HIDDEN_BAR, "|")


def repeat(lines: Iterable[str], draw: random.Random) -> Iterator[tuple[int, str]]:
    """Yield lines with how often each has come: one that begins with ``3-6x`` comes that many times, others once.

    Lines joined by a line break are repeated together; a line that is not repeated counts as 0.
    """
    for line in lines:
        match = REPEATED.match(line)
        if not match:
            yield 0, line
            continue
        group = line[match.end() :].split("\n")
        for number in range(1, draw.randint(int(match[1]), int(match[2])) + 1):
            yield from ((number, each) for each in group)


def fill(line: str, values: Mapping[str, str], language: Language, draw: random.Random) -> str:
    """Fill every slot: from ``values``, else by chance from the language's own, or a number.

    ``{topic*2-4}`` is two to four different values with the value of ``sep`` between them. Drawn numbers are in the
    value of ``digits``, if that is given.
    """

    def replace(match: re.Match[str]) -> str:
        name = slot_name(match[1], language.slots)
        for known in (match[1], name):
            if known in values:
                return values[known]
        pool = language.slots.get(name)
        if match[2] and pool:
            number = min(draw.randint(int(match[2]), int(match[3])), len(pool))
            return values.get("sep", " ").join(draw.sample(pool, number))
        if name == "outlet" and not pool:
            return draw.choice(OUTLETS)
        value = draw.choice(pool) if pool else number_text(name, draw)
        return value if pool and not value.isdecimal() else native(value, values)

    return SLOT.sub(replace, line).strip()


def native(number: str, values: Mapping[str, str]) -> str:
    """Return a number in the digits that ``values`` names, if any."""
    return number.translate(str.maketrans(CONVENTIONS["digits"][0], values["digits"])) if "digits" in values else number


def number_text(name: str, draw: random.Random) -> str:
    """Return a number such as the slot ``name`` stands for."""
    if name == "time":
        return f"{draw.randint(0, 23):02d}:{draw.randint(0, 59):02d}"
    if name in ("mon", "dd"):
        return f"{draw.randint(1, 12 if name == 'mon' else 28):02d}"
    return str(draw.randint(*NUMBERS[name]))
