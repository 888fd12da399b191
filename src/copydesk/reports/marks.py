"""Marks of the spans of a text that support a label or oppose it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

MarkedSpan = tuple[int, int, float]  # start, end (in characters), contribution

LEVELS = (0.2, 0.4, 0.7)  # share of the strongest contribution in a text, for the three shades of a mark


def marked(text: str, spans: Sequence[MarkedSpan]) -> list[tuple[str, str]]:
    """Cut a text into pieces, each with its mark: "p1" to "p3" for, "n1" to "n3" against, "" neutral.

    Contributions of overlapping n-grams add up.
    """
    strength = np.zeros(len(text) + 1)
    for start, end, value in spans:
        strength[min(start, len(text))] += value
        strength[min(max(start, end), len(text))] -= value
    strength = np.cumsum(strength[:-1])
    strongest = np.abs(strength).max(initial=0.0)
    if strongest <= 0:
        return [(text, "")] if text else []
    level = np.sign(strength) * np.searchsorted(LEVELS, np.abs(strength) / strongest, side="right")
    cuts = np.flatnonzero(np.diff(level)) + 1
    pieces = []
    for start, end in zip([0, *cuts.tolist()], [*cuts.tolist(), len(text)], strict=True):
        kind = int(level[start])
        pieces.append((text[start:end], f"{'p' if kind > 0 else 'n'}{abs(kind)}" if kind else ""))
    return pieces
