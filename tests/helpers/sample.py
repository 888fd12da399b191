"""The sample article, and a story with the leftovers that crawls add."""

from __future__ import annotations

from pathlib import Path

SAMPLE = Path(__file__).parents[2] / "data" / "sample" / "article.txt"

STORY = """Storm shuts schools along the coast

Schools along the coast closed on Tuesday.

"Nobody saw this coming," she said.

The wind reached 94mph at 03:20.

More rain is due.
"""
LEFTOVERS = [
    "Previous articleFarmers count the cost of a dry spring",
    "Next articleBus drivers vote on pay",
    "Please enter your comment!",
    "Please enter your name here",
]
