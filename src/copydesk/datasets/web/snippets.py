"""Label the blocks of a page by hand-made snippets: strings that must be kept or cut."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from copydesk.text.paragraphs import BOILERPLATE, CONTENT

KEYS = MUST, MUST_NOT = "with", "without"  # of the ground truth: what must stay, what must go
COPIES = 3  # blocks that a string which must go may stand in; beyond, it is a common word
LEAST = 0.15  # share of a block's characters that such a string makes up at least: an article may hold it, too


def has_snippets(record: dict[str, Any]) -> bool:
    """Return whether the record of a page names a string that its main text must hold."""
    return any(str(each).strip() for each in record.get(MUST) or [])


def told_by_snippets(texts: Sequence[str], record: dict[str, Any]) -> list[str]:
    """Return "content" or "boilerplate" for the blocks that snippets tell of, "" for all others.

    A string that must stay tells of a block that alone holds it: a teaser may hold it once more. A block of which
    two strings say two things is told of by neither. White space is as good as any other.
    """
    flat = [" ".join(text.split()) for text in texts]
    said: list[set[str]] = [set() for _ in flat]
    for key, label in ((MUST, CONTENT), (MUST_NOT, BOILERPLATE)):
        for snippet in filter(None, (" ".join(str(each).split()) for each in record.get(key) or [])):
            holders = [number for number, text in enumerate(flat) if snippet in text]
            if len(holders) > (1 if label == CONTENT else COPIES):
                continue
            for number in holders:
                if label == CONTENT or len(snippet) >= LEAST * len(flat[number]):
                    said[number].add(label)
    return [labels.pop() if len(labels) == 1 else "" for labels in said]
