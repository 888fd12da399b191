"""What would falsify a score is found before anything is fitted."""

from __future__ import annotations

import random

import numpy as np
import pandas as pd
import pytest

from copydesk.datasets.audit import audit, drop_straddlers
from copydesk.datasets.bbc import BBC
from copydesk.datasets.near_duplicates import near_duplicate_clusters
from copydesk.errors import DataError

WORDS = [f"word{n}" for n in range(3000)]


def article(draw: random.Random, n: int = 120) -> str:
    return " ".join(draw.choices(WORDS, k=n))


def changed(text: str, draw: random.Random) -> str:
    """The same article with one word changed: 5 of its 116 shingles are new."""
    words = text.split()
    words[draw.randrange(len(words))] = "changed"
    return " ".join(words)


def frame_of(texts: list[str], labels: list[str] | None = None, split: list[str] | None = None) -> pd.DataFrame:
    n = len(texts)
    return pd.DataFrame(
        {
            "text": texts,
            "label": labels or ["a" if i % 2 else "b" for i in range(n)],
            "group": "",
            "split": split or [""] * n,
            "document": [f"d{i}" for i in range(n)],
            "position": 0,
            "title": "",
        }
    )


def test_planted_duplicates_do_not_straddle_a_split() -> None:
    draw = random.Random(0)
    originals = [article(draw) for _ in range(5000)]
    exact, near = originals[:2500], [changed(text, draw) for text in originals[2500:]]
    audited = audit(frame_of(originals + exact + near))
    assert audited.facts["exact_duplicates_dropped"] == 2500
    frame = audited.frame
    # The truth, known by how they were made: row 5000 + n was made of row n.
    number = frame["document"].str.removeprefix("d").astype(int).to_numpy()
    origin = np.where(number >= 5000, number - 5000, number)
    rows = np.random.default_rng(0).permutation(len(frame))
    test = rows[:1500]
    train, dropped = drop_straddlers(frame, rows[1500:], test)
    planted = int(np.isin(origin[rows[1500:]], origin[test]).sum())
    remaining = int(np.isin(origin[train], origin[test]).sum())
    assert planted > 500
    assert remaining <= 0.01 * planted
    assert dropped == planted - remaining
    assert not set(frame["text"].iloc[train]) & set(frame["text"].iloc[test])


def test_different_articles_are_not_called_the_same() -> None:
    draw = random.Random(1)
    texts = [article(draw, 60) for _ in range(400)]
    assert near_duplicate_clusters(texts).tolist() == list(range(400))


def test_of_exact_copies_the_first_is_kept_and_contradictions_are_counted() -> None:
    audited = audit(frame_of(["one text", "one  text\n", "other text", "one text"], ["a", "b", "b", "a"]))
    assert audited.frame["document"].tolist() == ["d0", "d2"]
    assert audited.facts["exact_duplicates"] == 2
    assert audited.facts["exact_duplicates_with_another_label"] == 1


def test_an_official_test_part_stays_as_it_was_published() -> None:
    split = ["train", "test", "test", "train"]
    audited = audit(frame_of(["same", "same", "same", "same"], ["a", "a", "b", "b"], split), official=True)
    assert audited.frame["split"].tolist() == ["train", "test", "test"]


def test_paragraphs_are_audited_by_their_document() -> None:
    frame = frame_of(["Title", "Menu", "Title", "Menu", "Other", "Menu"])
    frame["document"] = ["x", "x", "y", "y", "z", "z"]
    audited = audit(frame)
    assert audited.facts["exact_duplicates_dropped"] == 1
    assert audited.frame["document"].tolist() == ["x", "x", "z", "z"]


def test_empty_texts_are_dropped_and_counted() -> None:
    audited = audit(frame_of(["a text", "  \n", "b text", ""]))
    assert audited.facts["empty_texts_dropped"] == 2
    assert len(audited.frame) == 2


@pytest.mark.parametrize(
    ("frame", "said"),
    [
        (frame_of([]), "no rows"),
        (frame_of(["a", "b"], ["same", "same"]), "one label only, 'same'"),
        (frame_of(["", " "]), "every one is empty"),
        (frame_of(["a", "b"]).drop(columns="label"), "no column 'label'"),
        (frame_of(["a", "b"]).astype(object).replace("a", 3), "of type int"),
        (frame_of(["a", "b"]).astype(object).replace("b", float("nan")), "of type float"),
    ],
)
def test_training_that_would_be_meaningless_is_stopped_with_one_line(frame: pd.DataFrame, said: str) -> None:
    with pytest.raises(DataError, match=said) as refusal:
        audit(frame)
    assert "\n" not in str(refusal.value)


def test_labels_that_cannot_be_learnt_or_judged_are_said() -> None:
    frame = frame_of(["a", "b", "c", "d"], ["x", "y", "x", "z"], ["train", "train", "test", "test"])
    said = " ".join(audit(frame, official=True).warnings)
    assert "in the test part only, and can't be learnt: z" in said
    assert "in the training part only, and not judged: y" in said
    assert "fewer than 5 examples" in " ".join(audit(frame, folds=5).warnings)


def test_bbc_news_has_2225_articles_and_98_exact_copies() -> None:
    frame = BBC().load().frame
    assert len(frame) == 2225
    assert frame["text"].duplicated().sum() == 98
    audited = audit(frame)
    assert audited.facts["labels"] == 5
    assert audited.facts["exact_duplicates"] >= 98
    assert frame["title"].str.len().between(5, 120).all()
