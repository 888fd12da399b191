"""Tuning of fastText on the training part: one option at a time, evaluated on a held-out fifth."""

from __future__ import annotations

import json
import sys
import time

from sklearn.model_selection import train_test_split

from topic_peers.contestants import TUNED, FastText
from topic_peers.corpus import Part

START = {"lr": 0.25, "epoch": 25, "wordNgrams": 2, "dim": 50}
# with 1.0 it is no better (86.2 %) and breaks off with NaN every other time; nor are 100 epochs (86.1 %)
TRIED = {"wordNgrams": [1, 2], "lr": [0.1, 0.25, 0.5], "epoch": [10, 25, 50], "dim": [20, 50, 100]}


def tune(train: Part) -> None:
    """Try each option's values while the others stay, in the order of ``TRIED``; write what was best to ``TUNED``."""
    seen, held_out = (train[rows] for rows in _fifth(train.labels))
    found: dict[str, float] = {}
    best = dict(START)
    spent = time.perf_counter()
    for option, values in TRIED.items():
        for value in values:
            options = {**best, option: value}
            key = json.dumps(options, sort_keys=True)
            if key not in found:
                found[key] = accuracy(options, seen, held_out)
                print(key, f"{found[key]:.4f}", file=sys.stderr, flush=True)
        best = json.loads(max(found, key=lambda key: found[key]))
    budget = f"{len(found)} trainings, {time.perf_counter() - spent:.0f} s on one thread"
    said = {
        "options": best,
        "held_out_accuracy": found[json.dumps(best, sort_keys=True)],
        "budget": budget,
        "tried": found,
    }
    TUNED.write_text(json.dumps(said, indent=2) + "\n")


def _fifth(labels: list[str]) -> list[list[int]]:
    parts: list[list[int]] = train_test_split(list(range(len(labels))), test_size=0.2, stratify=labels, random_state=0)
    return parts


def accuracy(options: dict[str, float], seen: Part, held_out: Part) -> float:
    """Return the accuracy on held-out texts; 0 if training fails."""
    peer = FastText("tried", options)
    try:
        peer.fit(peer.material(seen.texts, seen.labels))
    except RuntimeError:  # "Encountered NaN": the learning rate was too high
        return 0.0
    said = peer.predict(peer.questions(held_out.texts))
    return sum(map(str.__eq__, said, held_out.labels)) / len(held_out.labels)
