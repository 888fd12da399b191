"""Invented articles: short paragraphs, subheads, quotes and lists, all of them content.

A model that sees whole paragraphs only learns that a short line is boilerplate. So the paragraphs of a clean
article are broken up and set as sites set them; its words stay, in their order.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from copydesk.datasets.crawls.grammar import Language, choose, fill

SENTENCE = re.compile(r"(?<=[.!?][\"'”’)\s])\s*(?=[A-ZÀ-ÞА-ЯЁ\"“'‘«„])")
PROPER_NAME = re.compile(r"(?<=[a-zа-я,] )[A-ZÀ-ÞА-Я][\w’-]+(?: [A-ZÀ-ÞА-Я][\w’-]+){1,2}")
QUOTED = re.compile(r"(?<!\w)[\"“'‘]([A-Za-zÀ-ž][\w ,’-]{8,45})[\"”'’](?!\w)")

SPARE_SENTENCES = 3
# A sentence fit to stand under a picture: no quotation, neither fragment nor period of many clauses.
CAPTION_WORDS = (8, 32)


@dataclass(frozen=True)
class Typography:
    """How one site sets its articles.

    Attributes
    ----------
    break_chance : float
        Chance of a new paragraph after a sentence.
    subhead_chance, list_chance, line_chance : float
        Chance, before a paragraph, of a subhead; that it is set as a list; of a line of another kind.
    case : {"keep", "title", "upper"}
        Of subheads.
    bullet : str
        Before each item of a list; "1." counts.
    dateline : str
        Before the first paragraph.
    stamp : str
        Before each subhead.
    """

    break_chance: float
    subhead_chance: float
    list_chance: float
    line_chance: float
    case: str
    bullet: str
    dateline: str
    stamp: str


def draw_typography(draw: random.Random) -> Typography:
    """Draw the habits of a site: some print long paragraphs, some one sentence in each, most something between."""
    return Typography(
        break_chance=draw.choice((0.0, 0.4, 0.6, 0.85, 0.95)),
        subhead_chance=draw.choice((0.0, 0.0, 0.1, 0.2, 0.3)),
        list_chance=draw.choice((0.0, 0.0, 0.05, 0.12)),
        line_chance=draw.choice((0.0, 0.0, 0.03, 0.1)),
        case=draw.choice(("keep", "keep", "title", "upper")),
        bullet=draw.choice(("- ", "• ", "– ", "", "", "1. ", "1) ", "* ")),
        dateline=draw.choice(("", "", "", "{city} - ", "{city} ({agency}) — ", "{city}, {day} {month} ({agency}) - ")),
        stamp=draw.choice(("", "", "", "", "", "{time} ", "{time}: ", "{time} - ")),
    )


def split_sentences(paragraph: str) -> list[str]:
    """Split where a sentence ends and one begins with a capital; abbreviations are not known."""
    return [sentence.strip() for sentence in SENTENCE.split(paragraph) if sentence.strip()]


def proper_names(text: str) -> list[str]:
    """Return names of two or three words, in order, each once."""
    return list(dict.fromkeys(PROPER_NAME.findall(text)))


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
        if at
        and least <= sentence.count(" ") + 1 <= most
        and sentence[-1] == "."
        and not set("\"“”:'‘") & set(sentence)
    ]
    chosen = draw.sample(fit, min(SPARE_SENTENCES, len(fit) // 3))
    for at, sentence in chosen:
        split[at].remove(sentence)
    return [" ".join(sentences) for sentences in split if sentences], [sentence[:-1] for _, sentence in chosen]


def typeset(
    paragraphs: Sequence[str], typography: Typography, language: Language, names: Sequence[str], draw: random.Random
) -> Iterator[str]:
    """Yield the paragraphs of a story as a site prints them, with subheads and lists of its habits."""
    for place, paragraph in enumerate(paragraphs):
        if place and draw.random() < typography.subhead_chance:
            stamp = fill(typography.stamp, {}, language, draw)
            yield f"{stamp} {subhead(paragraph, typography.case, language, names, draw)}".strip()
        if place and language.story.get("lines") and draw.random() < typography.line_chance:
            yield story_line("lines", language, names, draw)
        sentences = split_sentences(paragraph)
        if place > 1 and draw.random() < typography.list_chance:
            yield from as_list(sentences, typography.bullet, draw)
        else:
            dateline = fill(typography.dateline, {}, language, draw) + " " if not place and typography.dateline else ""
            yield from broken_up([dateline + sentences[0], *sentences[1:]], typography.break_chance, draw)


def broken_up(sentences: Sequence[str], chance: float, draw: random.Random) -> Iterator[str]:
    """Yield sentences joined to paragraphs, a new one beginning with the given chance."""
    together = list(sentences[:1])
    for sentence in sentences[1:]:
        if draw.random() < chance:
            yield " ".join(together)
            together = []
        together.append(sentence)
    yield " ".join(together)


def as_list(sentences: Sequence[str], bullet: str, draw: random.Random) -> Iterator[str]:
    """Yield sentences, or the parts between a sentence's commas, as items of a list."""
    items = []
    for sentence in sentences:
        parts = sentence.rstrip(".").split(", ")
        items += parts if len(parts) > 2 and draw.random() < 0.7 else [sentence.rstrip(".") or sentence]
    for number, item in enumerate(items, start=1):
        yield (bullet.replace("1", str(number)) + item[0].upper() + item[1:]) if item else sentences[0]


def subhead(paragraph: str, case: str, language: Language, names: Sequence[str], draw: random.Random) -> str:
    """Return a subhead for a paragraph: words it quotes or begins with, or one of the language's own."""
    quoted = QUOTED.search(paragraph)
    kind = draw.choice(("subheads", "subheads", "titles"))
    if quoted and draw.random() < 0.6:
        text = quoted[1].strip(" ,")
        text = f"‘{text}’" if draw.random() < 0.5 else text
    elif language.story.get(kind) and draw.random() < 0.6:
        text = story_line(kind, language, names, draw)
    else:
        text = " ".join(paragraph.rstrip(".").split()[: draw.randint(2, 11)]).strip(',;:-–"“”„«» ') or paragraph
    return set_case(text[:1].upper() + text[1:], case)


def story_line(kind: str, language: Language, names: Sequence[str], draw: random.Random) -> str:
    """Expand one of the language's lines of a kind ("subheads", "lines", "titles", "sentences")."""
    values = {"who": draw.choice(names)} if names else {"who": person(language, draw)}
    return fill(choose(draw.choice(language.story[kind]), draw), values, language, draw)


def person(language: Language, draw: random.Random) -> str:
    """Return a name."""
    return f"{draw.choice(language.slots['first'])} {draw.choice(language.slots['last'])}"


def set_case(text: str, case: str) -> str:
    """Return a text as it stands ("keep"), Each Word With A Capital ("title") or in capitals ("upper")."""
    if case == "title":
        return " ".join(word[:1].upper() + word[1:] for word in text.split(" "))
    return text.upper() if case == "upper" else text


def invent_story(language: Language, draw: random.Random) -> tuple[str, list[str]]:
    """Return title and paragraphs of an invented article, so that a language is not a sign of boilerplate."""
    names = [person(language, draw) for _ in range(3)]
    title = story_line("titles", language, names, draw)
    paragraphs = []
    for _ in range(draw.randint(5, 14)):
        sentences = [story_line("sentences", language, names, draw) for _ in range(draw.choice((1, 1, 2, 2, 3, 4)))]
        paragraphs.append(" ".join(dict.fromkeys(sentences)))
    return title, paragraphs
