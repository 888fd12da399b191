"""Topic datasets as frames, audited as in a run."""

from __future__ import annotations

import csv
import gzip
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from copydesk.datasets.audit import audit, drop_straddlers
from copydesk.datasets.bbc import BBC
from copydesk.datasets.splits import KFold, Official
from copydesk.datasets.tables import with_title

R8 = ("acq", "crude", "earn", "grain", "interest", "money-fx", "ship", "trade")
FEWEST = 20  # rows of a label in the sets that are judged by folds
_ANSWER = re.compile(r"^(?:(?:re|fwd?)\s*:\s*)+", re.IGNORECASE)


@dataclass(frozen=True)
class TopicSet:
    """A data set.

    Attributes
    ----------
    frame : DataFrame
        As ``Examples`` has it. ``group`` is the thread of a message, for tuning alone: the published test part is cut
        by date, and threads go on across the cut.
    official : bool
        Whether it was published with a test part; else it is judged by five folds.
    """

    frame: pd.DataFrame
    official: bool

    def judged(self) -> Iterator[tuple[pd.DataFrame, pd.DataFrame]]:
        """Yield training and test parts: the published ones, or five folds without copies."""
        if self.official:
            for seen, held_out in Official().folds(self.frame):
                yield self.frame.iloc[seen], self.frame.iloc[held_out]
            return
        yield from folds(audit(self.frame, folds=5).frame, 5, seed=0)

    def tuned(self, n_splits: int, seed: int) -> Iterator[tuple[pd.DataFrame, pd.DataFrame]]:
        """Yield folds of the training part; ``seed`` is not that of the folds that are judged."""
        frame = self.frame[self.frame["split"] == "train"] if self.official else self.frame
        yield from folds(audit(frame.reset_index(drop=True), folds=n_splits).frame, n_splits, seed)


def folds(frame: pd.DataFrame, n_splits: int, seed: int) -> Iterator[tuple[pd.DataFrame, pd.DataFrame]]:
    """Yield training and test part of each fold: groups stay whole, near-copies leave the training part."""
    for seen, held_out in KFold(n_splits).folds(frame, seed):
        yield frame.iloc[drop_straddlers(frame, seen, held_out)[0]], frame.iloc[held_out]


def read(folder: Path, others: Path | None) -> dict[str, Callable[[], TopicSet]]:
    """Return a reader for every present dataset, those with a target first."""
    sets: dict[str, Callable[[], TopicSet]] = {
        "20 Newsgroups": lambda: published(folder / "newsgroups.jsonl.gz"),
        "R8": lambda: published(folder / "reuters_r52.jsonl.gz", R8),
        "R52": lambda: published(folder / "reuters_r52.jsonl.gz"),
        "BBC": lambda: TopicSet(BBC().load().frame, official=False),
        "ModApte, first of several topics": lambda: published(folder / "reuters_modapte.jsonl.gz"),
    }
    if others is not None:
        sets |= {
            "book excerpts": lambda: table(others / "book-excerpts.tab", "Text", "Category"),
            "tweets of two candidates": lambda: table(others / "election-tweets-2016.tab", "Content", "Author"),
            "comments on Slovenian news": lambda: table(others / "slo-opinion-corpus.tab", "Content", "Category"),
        }
    return sets


def published(path: Path, labels: tuple[str, ...] | None = None) -> TopicSet:
    """Read a set with train and test parts; documents with a label that only one part has are left out."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    for row in rows:
        row["label"] = row["label"] if "label" in row else (row["labels"] or [None])[0]
    both = set.intersection(*({row["label"] for row in rows if row["split"] == part} for part in ("train", "test")))
    kept = [row for row in rows if row["label"] in both - {None} and (labels is None or row["label"] in labels)]
    return TopicSet(pd.DataFrame(map(_example, kept)), official=True)


def table(path: Path, text: str, label: str) -> TopicSet:
    """Read a table of Orange's, whose second and third lines say what its columns are; labels of 20 rows and more."""
    with path.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t"))[2:]
    count = Counter(row[label] for row in rows)
    records = [
        {"id": str(at), "split": "", "label": row[label], "text": row[text]}
        for at, row in enumerate(rows)
        if row[text] and row[label] and count[row[label]] >= FEWEST
    ]
    return TopicSet(pd.DataFrame(map(_example, records)), official=False)


def _example(row: dict[str, Any]) -> dict[str, Any]:
    title, text = row.get("title", ""), row["text"]
    subject = re.search(r"^Subject:[ \t]*([^\n]*)", text, re.MULTILINE) if text.startswith("From:") else None
    return {
        "text": with_title(title, text) if title else text,
        "label": row["label"],
        "group": _ANSWER.sub("", subject[1]).strip().lower() if subject else "",
        "split": row["split"],
        "document": row["id"],
        "position": 0,
        "title": title,
    }
