"""Small articles on three topics that share no word."""

from __future__ import annotations

import random

TOPICS = {
    "boats": ["ferry", "harbour", "sail", "tide", "anchor", "deck", "crew", "pier"],
    "bread": ["oven", "flour", "yeast", "crust", "dough", "baker", "loaf", "wheat"],
    "chess": ["bishop", "castle", "check", "gambit", "knight", "opening", "pawn", "queen"],
}


def articles(n: int, seed: int = 5) -> list[dict[str, str]]:
    """Return ``n`` rows with text and label, no two alike."""
    draw = random.Random(seed)
    return [article(draw, number) for number in range(n)]


def article(draw: random.Random, number: int) -> dict[str, str]:
    """Return the row with this number; labels take turns."""
    label = sorted(TOPICS)[number % 3]
    words = [draw.choice(TOPICS[label]) for _ in range(12)]
    return {"text": " ".join([*words, f"no{number}", f"week{number}"]), "label": label}
