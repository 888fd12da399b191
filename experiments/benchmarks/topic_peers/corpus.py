"""20 Newsgroups by date, headers in: raw messages and their labels."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[4] / "shared" / "datasets" / "topics"


@dataclass(frozen=True)
class Part:
    texts: list[str]
    labels: list[str]

    @property
    def megabytes(self) -> float:
        return sum(len(text.encode("utf-8", "surrogatepass")) for text in self.texts) / 1e6

    def __getitem__(self, rows: list[int]) -> Part:
        return Part([self.texts[i] for i in rows], [self.labels[i] for i in rows])


def newsgroups(folder: Path, split: str) -> Part:
    """Return the official ``train`` or ``test`` part; ``folder`` holds ``newsgroups.jsonl.gz``."""
    with gzip.open(folder / "newsgroups.jsonl.gz", "rt", encoding="utf-8") as lines:
        rows = [row for row in map(json.loads, lines) if row["split"] == split]
    return Part([row["text"] for row in rows], [row["label"] for row in rows])
