"""Prediction from raw texts: copydesk and peers, and the effect of threads and batch sizes.

    python experiments/benchmarks/prediction.py [FOLDER] [--parts labels others batches] [--repeats 5]

FOLDER holds ``newsgroups.jsonl.gz``; without it the data lies beside the checkout. The table goes to ``prediction.md``
beside this script. All run warm, in turn, in one process; times are medians, ratios those of medians. Preparing
the peers' inputs (normalised lines for fastText and Vowpal Wabbit) is not counted.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from topic_peers import record
from topic_peers.contestants import (
    Contestant,
    Copydesk,
    FastText,
    ScikitLearn,
    VowpalWabbit,
    hashing_and_sgd,
    tfidf_and_linear_svc,
)
from topic_peers.corpus import FOLDER, Part, newsgroups

TITLES = {"labels": "Raw texts to labels", "others": "The same beside online learners", "batches": "Texts at a time"}
HEAD = "# Prediction\n\n`prediction.py`: 20 Newsgroups by date, headers in; fitted on the training part."


def labels(train: Part, test: Part, repeats: int) -> list[str]:
    """Time those with a target on the test part, with accuracy beside."""
    return race(
        [
            Copydesk("**copydesk**, one thread", 1),
            Copydesk("**copydesk**, two threads", 2),
            ScikitLearn("scikit-learn TfidfVectorizer(1, 2) + LinearSVC", tfidf_and_linear_svc),
            FastText("fastText, tuned"),
            FastText("fastText, as it comes", {}),
        ],
        train,
        test,
        repeats,
    )


def others(train: Part, test: Part, repeats: int) -> list[str]:
    """Time those without a target in the same way."""
    return race(
        [
            Copydesk("**copydesk**, one thread", 1),
            Copydesk("**copydesk**, two threads", 2),
            VowpalWabbit("Vowpal Wabbit, --ngram 2 -b 22 --passes 5", "--ngram 2 -b 22 --passes 5"),
            ScikitLearn("scikit-learn HashingVectorizer(1, 2) + SGDClassifier(alpha=1e-5)", hashing_and_sgd),
        ],
        train,
        test,
        repeats,
    )


def race(field: list[Contestant], train: Part, test: Part, repeats: int) -> list[str]:
    """Return the table of contestants; ratios are to the first two."""
    for each in field:
        each.fit(each.material(train.texts, train.labels))
    given = [each.questions(test.texts) for each in field]
    said = [np.asarray(each.predict(mine)) for each, mine in zip(field, given, strict=True)]  # warms up, too
    work = [(lambda each=each, mine=mine: each.predict(mine), repeats) for each, mine in zip(field, given, strict=True)]
    taken = record.in_turn(work)
    lines = [
        f"{len(test.texts):,} messages, {test.megabytes:.1f} MB. Medians of {repeats} runs. MB/s of raw text, for all.",
        "",
        "| | threads | seconds | processor seconds | MB/s | copydesk on one thread / on two | accuracy |",
        "|---|---|---|---|---|---|---|",
    ]
    for each, mine, answer in zip(field, taken, said, strict=True):
        ratios = (
            "" if isinstance(each, Copydesk) else f"{mine.wall / taken[0].wall:.1f}x / {mine.wall / taken[1].wall:.1f}x"
        )
        right = 100 * np.mean(answer == np.asarray(test.labels))
        speed = f"{mine.wall:.3f} | {mine.cpu:.3f} | {test.megabytes / mine.wall:.1f}"
        lines.append(f"| {each.name} | {each.threads} | {speed} | {ratios} | {right:.2f} % |")
    return lines


def batches(train: Part, test: Part, repeats: int) -> list[str]:
    """Time copydesk on the same texts in batches of several sizes."""
    ours = Copydesk("", 1)
    ours.fit((train.texts, train.labels))
    ours.predict(test.texts)
    lines = ["One thread, by texts at a time.", "", "| texts | seconds | MB/s |", "|---|---|---|"]
    sizes = [1, 10, 100, 1000, len(test.texts)]

    def run(size: int) -> None:
        for at in range(0, len(test.texts), size):
            ours.predict(test.texts[at : at + size])

    for size, taken in zip(sizes, record.in_turn([(lambda n=n: run(n), repeats) for n in sizes]), strict=True):
        lines.append(f"| {size:,} | {taken.wall:.3f} | {test.megabytes / taken.wall:.1f} |")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", default=FOLDER)
    parser.add_argument("--parts", nargs="+", choices=list(TITLES), default=list(TITLES))
    parser.add_argument("--repeats", type=int, default=5)
    args = parser.parse_args()
    train, test = (newsgroups(args.folder, split) for split in ("train", "test"))
    for part in args.parts:
        lines = {"labels": labels, "others": others, "batches": batches}[part](train, test, args.repeats)
        record.save(Path(__file__).with_suffix(".md"), HEAD, TITLES, part, lines)


if __name__ == "__main__":
    main()
