"""Align a page's blocks with its main text: the words of both, matched in order."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from copydesk.text.blocks import Block
from copydesk.text.paragraphs import BOILERPLATE, CONTENT

DOUBTFUL = "doubtful"
# Scripts that are written without spaces: every character counts as a word.
UNSPACED = r"\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
TOKEN = re.compile(rf"[{UNSPACED}]|[^\W{UNSPACED}]+")
SHINGLE = 4  # words that must agree before two places are taken for the same
MAX_PLACES = 20  # places of one shingle in the gold that are looked at
LONG_BLOCK = 150  # words of a block that may be a copy of the whole article
MOSTLY, HARDLY = 0.7, 0.1  # shares of a block's words in the gold: above, content; below, boilerplate
# Gold texts leave these out now and then though the article has them.
OFTEN_OMITTED = frozenset("h2 h3 h4 h5 h6 li tr td th dt dd blockquote figcaption pre".split())
FORM_FIELD = "textarea"  # holds text, but never the article


@dataclass(frozen=True, slots=True)
class Alignment:
    """Labels of a page's blocks.

    Attributes
    ----------
    labels : list of str
        "content", "boilerplate" or "doubtful", one for each block.
    shares : ndarray of shape (n_blocks,)
        Share of each block's words that the gold has at that place.
    found : float
        Share of the gold's words that stand in the page.
    """

    labels: list[str]
    shares: NDArray[np.float64]
    found: float


def tokenize(text: str) -> list[str]:
    """Return a text's words, folded."""
    return TOKEN.findall(text.casefold())


def align(blocks: Sequence[Block], gold: str, title: str = "", headline: str = "") -> Alignment:
    """Label the blocks of a page by its main text.

    A chain of common runs of words, in order in both texts and as long as possible, says what is content; words
    between two runs of the chain are then looked for between the same two places of the gold. So a word of the
    article that also stands in a menu does not make the menu content. Text of the gold that stands in the page
    once more, subheads and list items that the gold may have left out, and blocks that are half in the gold
    are doubtful. Of an article that stands there in paragraphs, and once more as a single block, the paragraphs
    are content.

    Parameters
    ----------
    blocks : sequence of Block
    gold : str
        The main text.
    title : str
        The gold's, if known: the block that is the title is content, whether or not the gold repeats it.
    headline : str
        The page's own: the block that is it is content, though a gold text often leaves it out, so that a model
        does not learn to cut headlines.
    """
    block_words = [tokenize(block.text) for block in blocks]
    copies = whole_copies(block_words) | {at for at, block in enumerate(blocks) if block.tag == FORM_FIELD}
    words = [
        "" if number in copies else word  # matches nothing
        for number, own in enumerate(block_words)
        for word in own
    ]
    gold_words = tokenize(gold)
    chain = longest_chain(common_runs(words, gold_words))
    matched = np.zeros(len(words), dtype=bool)
    for at, _, length in chain:
        matched[at : at + length] = True
    ends = np.cumsum([len(own) for own in block_words])
    fill_gaps(matched, words, gold_words, chain, ends.tolist())
    shares = np.array(
        [matched[end - len(own) : end].mean() if own else 0.0 for own, end in zip(block_words, ends, strict=True)]
    )
    labels = judge(blocks, block_words, gold_words, shares)
    for each in (title, headline):
        heading = find_title(blocks, block_words, labels, tokenize(each))
        if heading is not None:
            labels[heading] = CONTENT
    return Alignment(labels, shares, float(matched.sum() / max(len(gold_words), 1)))


def whole_copies(block_words: list[list[str]]) -> set[int]:
    """Return the blocks that hold what several others say, such as the article as data for other programs.

    One long run costs a chain less than many short ones: it would take the copy for the article.
    """
    holders: dict[tuple[str, ...], set[int]] = {}
    for number, own in enumerate(block_words):
        for at in range(len(own) - SHINGLE + 1):
            holders.setdefault(tuple(own[at : at + SHINGLE]), set()).add(number)
    found = set()
    for number, own in enumerate(block_words):
        if len(own) < LONG_BLOCK:
            continue
        shared = [holders[tuple(own[at : at + SHINGLE])] - {number} for at in range(len(own) - SHINGLE + 1)]
        parts = {other for others in shared for other in others if len(block_words[other]) < len(own) // 2}
        if len(parts) > 2 and sum(not others.isdisjoint(parts) for others in shared) >= MOSTLY * len(shared):
            found.add(number)
    return found


def common_runs(words: list[str], gold: list[str]) -> list[tuple[int, int, int]]:
    """Return maximal runs that two texts share, at least ``SHINGLE`` words long: place, place in gold, length."""
    places: dict[tuple[str, ...], list[int]] = {}
    for at in range(len(gold) - SHINGLE + 1):
        places.setdefault(tuple(gold[at : at + SHINGLE]), []).append(at)
    runs: list[tuple[int, int, int]] = []
    reached: dict[int, int] = {}  # diagonal -> first place on it that no run covers
    for at in range(len(words) - SHINGLE + 1):
        for place in places.get(tuple(words[at : at + SHINGLE]), ())[:MAX_PLACES]:
            if reached.get(at - place, 0) > at:
                continue
            longest = min(len(words) - at, len(gold) - place)
            length = SHINGLE
            while length < longest and words[at + length] == gold[place + length]:
                length += 1
            runs.append((at, place, length))
            reached[at - place] = at + length - SHINGLE + 1
    return runs


def longest_chain(runs: list[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    """Return the runs that are in order in both texts and together longest; overlaps are cut off."""
    if not runs:
        return []
    at, place, length = np.array(sorted(runs), dtype=np.int64).T
    best, before = (length - 1).astype(np.int64), np.full(len(at), -1)
    for run in range(1, len(at)):
        overlap = np.maximum(np.maximum(at[:run] + length[:run] - at[run], place[:run] + length[:run] - place[run]), 0)
        in_order = (at[:run] < at[run]) & (place[:run] < place[run]) & (overlap < length[run])
        # A run costs one word, so that few long runs are preferred to many short ones.
        gain = np.where(in_order, best[:run] + length[run] - overlap - 1, -1)
        previous = int(gain.argmax())
        if gain[previous] > best[run]:
            best[run], before[run] = gain[previous], previous
    chain, run = [], int(best.argmax())
    while run >= 0:
        previous, cut = int(before[run]), 0
        if previous >= 0:
            cut = max(0, *(int(texts[previous] + length[previous] - texts[run]) for texts in (at, place)))
        chain.append((int(at[run]) + cut, int(place[run]) + cut, int(length[run]) - cut))
        run = previous
    return chain[::-1]


def fill_gaps(
    matched: NDArray[np.bool_], words: list[str], gold: list[str], chain: list[tuple[int, int, int]], ends: list[int]
) -> None:
    """Mark short blocks, and rests of blocks, that stand in the gold between the same two runs of the chain."""
    borders = [(0, 0, 0), *chain, (len(words), len(gold), 0)]
    for (at, place, length), (next_at, next_place, _) in zip(borders[:-1], borders[1:], strict=True):
        start, gold_start = at + length, place + length
        while start < next_at and gold_start < next_place:
            end = min(ends[bisect_left(ends, start + 1)], next_at)
            wanted = words[start:end]
            for where in range(gold_start, next_place - len(wanted) + 1):
                if gold[where : where + len(wanted)] == wanted:
                    matched[start:end] = True
                    gold_start = where + len(wanted)
                    break
            start = end


def judge(
    blocks: Sequence[Block], block_words: list[list[str]], gold: list[str], shares: NDArray[np.float64]
) -> list[str]:
    """Turn shares of matched words into labels."""
    shingles = {tuple(gold[at : at + SHINGLE]) for at in range(len(gold) - SHINGLE + 1)}
    content = np.flatnonzero(shares >= MOSTLY)
    labels = []
    for number, own in enumerate(block_words):
        if blocks[number].tag == FORM_FIELD:
            labels.append(BOILERPLATE)  # such as the article's HTML, offered to be published elsewhere
        elif shares[number] >= MOSTLY:
            labels.append(CONTENT)
        elif shares[number] > HARDLY or stands_elsewhere(own, shingles) or omitted(blocks, number, content, own):
            labels.append(DOUBTFUL)
        else:
            labels.append(BOILERPLATE)
    return labels


def stands_elsewhere(words: list[str], shingles: set[tuple[str, ...]]) -> bool:
    """Return whether a block repeats text of the article: a teaser of it, or a quote pulled out of it."""
    own = [tuple(words[at : at + SHINGLE]) for at in range(len(words) - SHINGLE + 1)]
    return bool(own) and sum(shingle in shingles for shingle in own) >= MOSTLY * len(own)


def omitted(blocks: Sequence[Block], number: int, content: NDArray[np.intp], words: list[str]) -> bool:
    """Return whether the gold may have left out this block although the article has it.

    A subhead, list item or the like, or a mark without words, that is no link and stands between two blocks of
    content, in the element that holds the one right before or after it.
    """
    block, place = blocks[number], int(np.searchsorted(content, number))
    if place in (0, len(content)) or block.link_share > 0.5 or (words and block.tag not in OFTEN_OMITTED):
        return False
    around = (blocks[content[place - 1]].path[:-1], blocks[content[place]].path[:-1])
    return any(holder == block.path[: len(holder)] for holder in around)


def find_title(
    blocks: Sequence[Block], block_words: list[list[str]], labels: list[str], title: list[str]
) -> int | None:
    """Return the block that is the page's title: a heading if one is, not after the article's first long block."""
    same = [number for number, own in enumerate(block_words) if own and own == title]
    body = [number for number, label in enumerate(labels) if label == CONTENT and len(block_words[number]) > 20]
    same = [number for number in same if not body or number <= body[0]]
    headings = [number for number in same if blocks[number].tag == "h1"]
    return headings[-1] if headings else (same[-1] if same else None)


def smallest_holder(blocks: Sequence[Block], labels: Sequence[str], share: float = 0.95) -> NDArray[np.bool_]:
    """Return which blocks stand in the smallest element that holds the article, shape (n_blocks,).

    Parameters
    ----------
    share : float
        Of the characters of content that the element must hold; below 1, so that one stray match does not make
        the whole page the article's element.
    """
    weights = np.array([len(b.text) * (label == CONTENT) for b, label in zip(blocks, labels, strict=True)])
    inside, depth, holder = np.ones(len(blocks), dtype=bool), 0, -1
    while True:
        held: dict[int, int] = {}
        for number in np.flatnonzero(inside & (weights > 0)).tolist():
            path = blocks[number].path
            if len(path) > depth:
                held[path[depth]] = held.get(path[depth], 0) + int(weights[number])
        holder = max(held, key=lambda element: held[element], default=-1)
        if holder < 0 or held[holder] < share * weights.sum():
            return inside
        inside &= np.array([len(b.path) > depth and b.path[depth] == holder for b in blocks])
        depth += 1
