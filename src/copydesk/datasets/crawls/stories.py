"""Invented articles: short paragraphs, subheads, quotes and lists, all of them content.

A model that sees whole paragraphs only learns that a short line is boilerplate. So the paragraphs of a clean
article are broken up and set as sites set them; its words stay, in their order.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from copydesk.datasets.crawls.grammar import Language, choose, fill, native
from copydesk.datasets.crawls.sentences import (
    FULL_STOPS,
    count_words,
    ends_plainly,
    first_words,
    join_sentences,
    list_items,
    split_sentences,
)
from copydesk.datasets.crawls.story_blocks import story_block

QUOTED = re.compile(r"(?<!\w)[\"“'‘]([^\W\d_][\w ,’-]{8,45})[\"”'’](?!\w)|[“«「『]([^“”«»「」『』]{4,45})[”»」』]")

SUBHEAD_EDGE = ',;:-–"“”„«»「」『』，、：；،؛ '
SPARE_SENTENCES = 3
# A sentence fit to stand under a picture: no quotation, neither fragment nor period of many clauses.
CAPTION_WORDS = (8, 32)
NO_CAPTION = set("\"“”„«»「」『』‘':：")


@dataclass(frozen=True)
class Typography:
    """How one site sets its articles.

    Attributes
    ----------
    break_chance : float
        Chance of a new paragraph after a sentence.
    subhead_chance, list_chance, line_chance, block_chance : float
        Chance, before a paragraph, of a subhead; that it is set as a list; of a line of another kind; of a block
        such as a table, which may also end the story.
    case : {"keep", "title", "upper"}
        Of subheads.
    bullet : str
        Before each item of a list; "1." counts.
    dateline : str
        Before the first paragraph.
    stamp : str
        Before each subhead.
    digits : str
        Zero to nine.
    """

    break_chance: float
    subhead_chance: float
    list_chance: float
    line_chance: float
    block_chance: float
    case: str
    bullet: str
    dateline: str
    stamp: str
    digits: str


def draw_typography(language: Language, draw: random.Random) -> Typography:
    """Draw the habits of a site: some print long paragraphs, some one sentence in each, most something between."""
    return Typography(
        break_chance=draw.choice((0.0, 0.4, 0.6, 0.85, 0.95)),
        subhead_chance=draw.choice((0.0, 0.0, 0.1, 0.2, 0.3)),
        list_chance=draw.choice((0.0, 0.0, 0.05, 0.12)),
        line_chance=draw.choice((0.0, 0.0, 0.03, 0.1)),
        block_chance=draw.choice((0.0, 0.0, 0.0, 0.04, 0.1)),
        case=draw.choice(("keep", "keep", "title", "upper")),
        bullet=language.convention("bullet", draw),
        dateline=draw.choice(("", language.convention("dateline", draw))),
        stamp=draw.choice(("", "", "", "", "", "{time} ", "{time}: ", "{time} - ")),
        digits=language.convention("digits", draw),
    )


def spare(paragraphs: Sequence[str], draw: random.Random) -> tuple[list[str], list[str]]:
    """Take sentences out of a story that can stand under its pictures.

    Returns
    -------
    story : list of str
        The paragraphs without them.
    spared : list of str
        At most ``SPARE_SENTENCES``, without the full stop; none from the first paragraph.
    """
    least, most = CAPTION_WORDS
    split = [split_sentences(paragraph) for paragraph in paragraphs]
    fit = [
        (at, sentence)
        for at, sentences in enumerate(split)
        for sentence in sentences
        if at and least <= count_words(sentence) <= most and ends_plainly(sentence) and not NO_CAPTION & set(sentence)
    ]
    chosen = draw.sample(fit, min(SPARE_SENTENCES, len(fit) // 3))
    for at, sentence in chosen:
        split[at].remove(sentence)
    story = [join_sentences(sentences) for sentences in split if sentences]
    return story, [sentence.rstrip(FULL_STOPS) or sentence for _, sentence in chosen]


def typeset(
    paragraphs: Sequence[str], typography: Typography, language: Language, names: Sequence[str], draw: random.Random
) -> Iterator[str]:
    """Yield the paragraphs of a story as a site prints them, with subheads, lists and blocks of its habits.

    The lines of a block are joined by line breaks, as nothing may come between them.
    """
    for place, paragraph in enumerate(paragraphs):
        if place and draw.random() < typography.subhead_chance:
            stamp = fill(typography.stamp, {"digits": typography.digits}, language, draw)
            yield f"{stamp} {subhead(paragraph, typography, language, names, draw)}".strip()
        if place and language.story.get("lines") and draw.random() < typography.line_chance:
            yield story_line("lines", language, names, draw, typography.digits)
        if place and language.blocks and draw.random() < typography.block_chance:
            yield story_block(language, names, draw, typography.digits)
        sentences = split_sentences(paragraph)
        if place > 1 and draw.random() < typography.list_chance:
            yield from as_list(sentences, typography, draw)
        else:
            if not place and typography.dateline:
                dateline = fill(typography.dateline, {"digits": typography.digits}, language, draw)
                sentences[0] = join_sentences([dateline, sentences[0]])
            yield from broken_up(sentences, typography.break_chance, draw)
    if paragraphs and language.blocks and draw.random() < typography.block_chance:
        yield story_block(language, names, draw, typography.digits)


def broken_up(sentences: Sequence[str], chance: float, draw: random.Random) -> Iterator[str]:
    """Yield sentences joined to paragraphs, a new one beginning with the given chance."""
    together = list(sentences[:1])
    for sentence in sentences[1:]:
        if draw.random() < chance:
            yield join_sentences(together)
            together = []
        together.append(sentence)
    yield join_sentences(together)


def as_list(sentences: Sequence[str], typography: Typography, draw: random.Random) -> Iterator[str]:
    """Yield sentences, or the parts between a sentence's commas, as items of a list."""
    items = list_items(sentences, [draw.random() < 0.7 for _ in sentences])
    for number, item in enumerate(items, start=1):
        bullet = typography.bullet.replace("1", native(str(number), {"digits": typography.digits}))
        yield (bullet + item[0].upper() + item[1:]) if item else sentences[0]


def subhead(
    paragraph: str, typography: Typography, language: Language, names: Sequence[str], draw: random.Random
) -> str:
    """Return a subhead for a paragraph: words it quotes or begins with, or one of the language's own."""
    quoted = QUOTED.search(paragraph)
    kind = draw.choice(("subheads", "subheads", "titles"))
    if quoted and draw.random() < 0.6:
        text = quoted[0] if draw.random() < 0.5 else (quoted[1] or quoted[2]).strip(" ,，")
    elif language.story.get(kind) and draw.random() < 0.6:
        text = story_line(kind, language, names, draw, typography.digits)
    else:
        text = first_words(paragraph.rstrip(FULL_STOPS), draw.randint(2, 11)).strip(SUBHEAD_EDGE) or paragraph
    return set_case(text[:1].upper() + text[1:], typography.case)


def story_line(kind: str, language: Language, names: Sequence[str], draw: random.Random, digits: str) -> str:
    """Expand one of the language's lines of a kind ("subheads", "lines", "titles", "sentences")."""
    values = {"who": draw.choice(names) if names else person(language, draw), "digits": digits}
    return fill(choose(draw.choice(language.story[kind]), draw), values, language, draw)


def person(language: Language, draw: random.Random) -> str:
    """Return a name, its parts in the language's order."""
    return fill(language.convention("name", draw), {}, language, draw)


def news_site(language: Language, draw: random.Random) -> str:
    """Return the name of a news site."""
    return fill(language.convention("site", draw), {}, language, draw)


def set_case(text: str, case: str) -> str:
    """Return a text as it stands ("keep"), Each Word With A Capital ("title") or in capitals ("upper")."""
    if case == "title":
        return " ".join(word[:1].upper() + word[1:] for word in text.split(" "))
    return text.upper() if case == "upper" else text


def invent_story(language: Language, digits: str, draw: random.Random) -> tuple[str, list[str]]:
    """Return title and paragraphs of an invented article, so that a language is not a sign of boilerplate."""
    names = [person(language, draw) for _ in range(3)]
    title = story_line("titles", language, names, draw, digits)
    paragraphs = []
    for _ in range(draw.randint(5, 14)):
        number = draw.choice((1, 1, 2, 2, 3, 4))
        sentences = [story_line("sentences", language, names, draw, digits) for _ in range(number)]
        paragraphs.append(join_sentences(dict.fromkeys(one[:1].upper() + one[1:] for one in sentences)))
    return title, paragraphs
