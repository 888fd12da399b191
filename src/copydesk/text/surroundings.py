"""Tokens of the elements around a block of text and within it."""

from __future__ import annotations

from copydesk.text.markup_tokens import MOST_TOKENS
from copydesk.text.start_tags import StartTag

NONE: frozenset[str] = frozenset()


class Surroundings:
    """An element and its ancestors, by their start tags.

    Attributes
    ----------
    start : StartTag
    around : frozenset of str
        Tokens of it and its ancestors: ``in:TAG`` and those of their attributes.
    inline : frozenset of str
        The same from the innermost block-level element on, without that.
    words : str
        Tokens for all text of the element, each after a space, but for those of its name and siblings.
    """

    around: frozenset[str]
    around_words: str
    __slots__ = ("above", "around", "around_words", "inline", "start", "words")

    def __init__(self, start: StartTag, above: Surroundings | None, is_block: bool) -> None:
        self.start = start
        self.above = above
        around, words = (NONE, "") if above is None else (above.around, above.around_words)
        if len(around) <= MOST_TOKENS:
            new = [token for token in start.all_tokens if token not in around]
            if new:
                around, words = around.union(new), " ".join([words, *new])
        self.around, self.around_words = around, words
        self.inline = NONE
        if not is_block:
            self.inline = inline = NONE if above is None else above.inline
            if len(inline) <= MOST_TOKENS and not inline.issuperset(start.all_tokens):
                self.inline = inline.union(start.all_tokens)
        path = ""
        if above is not None:
            third = above.above.start.name if above.above else ""
            path = f"{above.start.child_words} path:{start.name}<{above.start.name}<{third}"
        self.words = f"{start.own_words}{path}{words}"


def inline_tokens(around: frozenset[frozenset[str]]) -> str:
    """Return tokens of the inline elements within a block: ``all:`` around all of its text, ``has:`` around some.

    Parameters
    ----------
    around : frozenset of frozenset of str
        ``Surroundings.inline`` of the parts of the text.
    """
    if not any(around):
        return ""
    in_all, in_some = frozenset.intersection(*around), frozenset.union(*around)
    return "".join(
        f" all{token.removeprefix('in')}" if token in in_all else f" has{token.removeprefix('in')}"
        for token in sorted(in_some)
    )
