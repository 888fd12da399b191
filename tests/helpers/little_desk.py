"""Small cleaner for tests: forty pages of four sites, two stages, trained in a second."""

from __future__ import annotations

import random
from functools import cache

import numpy as np
import pandas as pd

from copydesk.classifiers.boosting import BoostedTrees
from copydesk.classifiers.decision import Keep
from copydesk.classifiers.linear import LinearSVM
from copydesk.classifiers.modes import Modes
from copydesk.classifiers.sequence import SequenceClassifier
from copydesk.estimator import TextClassifier
from copydesk.features.tfidf import TfidfFeatures
from copydesk.models.cleaner import Cleaner

SUBJECTS = "The council|A court|The ferry company|Our harbour|Her team|The mayor|One farmer|The school".split("|")
VERBS = "said on Tuesday that|denied that|hopes that|had long warned that|will decide whether|reports that".split("|")
REST = (
    "the old bridge would stay closed until spring.|prices rose by three per cent.|nobody had been hurt, she added.|"
    "the harvest was the best for years.|boats could return to the island soon.|the new season begins in August."
).split("|")
HEAD = ["Home | News | Sport", "Sign in", "Subscribe now", "Menu"]
TAIL = ["Share this:", "Previous article", "Next article", "Please enter your comment!", "© 2024 Daily Wave", "Cookies"]
EITHER = "The full report is on our website"


def sentence(draw: random.Random) -> str:
    return f"{draw.choice(SUBJECTS)} {draw.choice(VERBS)} {draw.choice(REST)}"


def page(draw: random.Random) -> list[tuple[str, str]]:
    """Return the paragraphs of a page with their labels."""
    story = [f"{draw.choice(SUBJECTS)} in brief"] + [
        " ".join(sentence(draw) for _ in range(3)) for _ in range(draw.randint(3, 6))
    ]
    if draw.random() < 0.5:  # its words do not tell the label
        story.append(EITHER)
    return [
        *((line, "boilerplate") for line in draw.sample(HEAD, 2)),
        *((line, "content") for line in story),
        *((line, "boilerplate") for line in draw.sample([*TAIL, EITHER], 4)),
    ]


def frame(pages: int = 40, seed: int = 0) -> pd.DataFrame:
    """Return labelled paragraphs in a dataset's frame."""
    draw = random.Random(seed)
    rows = [
        {"text": text, "label": label, "group": f"site{number % 4}", "split": "", "document": f"d{number}",
         "position": at, "title": ""}
        for number in range(pages)
        for at, (text, label) in enumerate(page(draw))
    ]  # fmt: skip
    return pd.DataFrame(rows)


def article(seed: int = 99) -> str:
    """Return a crawled page of a site outside the training data."""
    return "\n\n".join(text for text, _ in page(random.Random(seed)))


def with_extracts(rows: pd.DataFrame) -> pd.DataFrame:
    """Return pages, and each page once more as an extract: its content, and two paragraphs more."""
    extracts = []
    for _, page in rows.groupby("document", sort=False):
        content = np.flatnonzero(page["label"] == "content")
        extracts.append(page.iloc[content[0] : content[-1] + 3])
    views = [rows.assign(view="page"), pd.concat(extracts).assign(view="extract")]
    both = pd.concat([view.assign(document=view["document"] + "#" + view["view"]) for view in views])
    return both.reset_index(drop=True)


@cache
def desk(modes: bool = False) -> Cleaner:
    """Return the shared cleaner, on request with modes; tests must not change it."""
    rows = with_extracts(frame()) if modes else frame()
    decision = Modes(Keep(cut="f1"), Keep(cut=0.05)) if modes else Keep()
    # kernels read the text of any width; few columns, so that n-grams share some
    text = TfidfFeatures(families=[{"ngram_range": (1, 2), "n_features": 2**10}], sublinear_tf=True, dtype=np.float32)
    second = BoostedTrees(max_iter=30, min_samples_leaf=5)
    model = TextClassifier(None, SequenceClassifier(text, LinearSVM(), second, folds=2), decision, folds=2)
    model.fit(
        rows.drop(columns=["label", "split"]),
        rows["label"].to_numpy(object),
        groups=rows["group"].to_numpy(object),
        decision_weight=rows["text"].str.len().to_numpy(float),
    )
    return Cleaner(model, {"task": "boilerplate", "classes": [str(label) for label in model.classes_]})
