"""Blocks of a story: tables, lists, recipes, questions and answers, whose lines stand together and are content."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter

from copydesk.datasets.crawls.grammar import CONVENTIONS, Language, choose, fill, native, repeat

# {who}, {who2} and {who3} of a line are different people.
PEOPLE = ("who", "who2", "who3")


def story_block(
    language: Language, names: Sequence[str], draw: random.Random, digits: str = CONVENTIONS["digits"][0]
) -> str:
    """Return the lines of one of the language's blocks; choices are settled and slots filled anew in every line.

    Parameters
    ----------
    names : sequence of str
        People in the story; with others of the language they fill ``{who}``.
    digits : str
        The ten digits that numbers are written in.
    """
    seen: set[str] = set()
    found: list[str] = []
    for number, lines in groupby(repeat(draw.choice(language.blocks), draw), key=itemgetter(0)):
        texts = [_filled(line, number, language, names, digits, draw) for _, line in lines]
        # A list has no entry twice.
        if number and max(texts, key=len) in seen:
            continue
        seen.update(texts)
        found += filter(None, texts)
    return "\n".join(found)


def _filled(line: str, number: int, language: Language, names: Sequence[str], digits: str, draw: random.Random) -> str:
    others = [fill(language.convention("name", draw), {}, language, draw) for _ in PEOPLE]
    values = dict(zip(PEOPLE, draw.sample([*names, *others], len(PEOPLE)), strict=True))
    values |= {"num": native(str(number or 1), {"digits": digits}), "sep": ", ", "digits": digits}
    return fill(choose(line, draw), values, language, draw)
