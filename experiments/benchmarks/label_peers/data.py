"""Texts with several labels: Reuters-21578 ModApte, and synthetic labels over real texts."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd


class LabelledTexts(NamedTuple):
    """Texts and their sets of labels."""

    texts: list[str]
    labels: list[tuple[str, ...]]

    def frame(self) -> pd.DataFrame:
        """Return them as a dataset does."""
        rows = {"text": self.texts, "label": self.labels, "document": [f"d{at}" for at in range(len(self.texts))]}
        return pd.DataFrame({**rows, "group": "", "split": "", "position": 0, "title": ""})


def reuters(folder: Path) -> tuple[LabelledTexts, LabelledTexts]:
    """Return the training and the test part of ModApte: the labels with a document in both, and documents with one."""
    rows: dict[str, list[Any]] = {"train": [], "test": []}
    with gzip.open(folder / "reuters_modapte.jsonl.gz", "rt", encoding="utf-8") as file:
        for line in file:
            row = json.loads(line)
            if row["split"] in rows:
                rows[row["split"]].append(row)
    both = set.intersection(*({label for row in part for label in row["labels"]} for part in rows.values()))
    parts = []
    for part in rows.values():
        kept = [(row, sorted(both.intersection(row["labels"]))) for row in part if both.intersection(row["labels"])]
        texts = [f"{row['title']}\n\n{row['text']}" for row, _ in kept]
        parts.append(LabelledTexts(texts, [tuple(labels) for _, labels in kept]))
    return parts[0], parts[1]


def pool(folder: Path) -> list[str]:
    """Return real texts: newsgroup messages and newswire stories."""
    train, test = reuters(folder)
    with gzip.open(folder / "newsgroups.jsonl.gz", "rt", encoding="utf-8") as file:
        messages = [json.loads(line)["text"] for line in file]
    return [*train.texts, *test.texts, *messages]


def composed(texts: list[str], n: int, seed: int = 0) -> list[str]:
    """Return ``n`` texts: the given ones, and then halves of two of them joined."""
    draw = np.random.default_rng(seed)
    order = draw.permutation(len(texts))
    found = [texts[at] for at in order[:n]]
    while len(found) < n:
        first, second = (texts[at] for at in draw.integers(len(texts), size=2))
        found.append(f"{first[: len(first) // 2]} {second[len(second) // 2 :]}")
    return found


def near_labels(texts: list[str], n_labels: int, seed: int = 0, largest: float = 0.1, fewest: int = 10) -> list[Any]:
    """Return sets of synthetic labels: a label is on the texts nearest to a text of its own.

    The r-th label is on ``largest / r`` of the texts, ``fewest`` at least: a power law.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer

    X = TfidfVectorizer(sublinear_tf=True, min_df=2, max_df=0.2, dtype=np.float32).fit_transform(texts)
    draw = np.random.default_rng(seed)
    centres = draw.integers(len(texts), size=n_labels)
    found: list[list[str]] = [[] for _ in texts]
    for first in range(0, n_labels, 256):
        near = (X[centres[first : first + 256]] @ X.T).toarray()
        for row in range(len(near)):
            rank = first + row + 1
            size = min(max(int(largest * len(texts) / rank), fewest), len(texts) - 1)
            for at in np.argpartition(-near[row], size)[:size].tolist():
                found[at].append(f"label{rank:05}")
    return [tuple(labels) for labels in found]
