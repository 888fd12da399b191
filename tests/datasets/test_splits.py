"""Parts are apart, whole where they must be, and the same for the same seed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from copydesk.datasets.splits import Grouped, KFold, Official, Stratified

N = 120


def frame(**columns: Any) -> pd.DataFrame:
    base = {
        "label": ["a" if n % 3 else "b" for n in range(N)],
        "group": [f"site{n % 11}" for n in range(N)],
        "split": ["train" if n < 90 else "test" for n in range(N)],
        "document": [f"d{n}" for n in range(N)],
    }
    return pd.DataFrame({**base, **columns})


@pytest.mark.parametrize("split", [Stratified(0.25), Grouped(0.25), KFold(4), KFold(4, grouped=False), Official()])
def test_every_row_is_in_one_part_of_each_fold_and_seeds_repeat(split: Any) -> None:
    folds = list(split.folds(frame(), 3))
    for train, test in folds:
        assert sorted([*train, *test]) == list(range(N))
        assert len(train) > len(test) > 0
    if len(folds) > 1:
        assert sorted(np.concatenate([test for _, test in folds])) == list(range(N))
    for (_, test), (_, again) in zip(folds, split.folds(frame(), 3), strict=True):
        np.testing.assert_array_equal(test, again)


@pytest.mark.parametrize("split", [Grouped(0.3), KFold(3)])
def test_no_site_is_in_both_parts(split: Any) -> None:
    groups = frame()["group"].to_numpy()
    for train, test in split.folds(frame(), 0):
        assert not set(groups[train]) & set(groups[test])


@pytest.mark.parametrize("split", [Stratified(0.3), KFold(3)])
def test_labels_keep_their_share(split: Any) -> None:
    table = frame(group="")
    for _, test in split.folds(table, 0):
        assert abs((table["label"].iloc[test] == "b").mean() - 1 / 3) < 0.05


def test_a_documents_paragraphs_stay_together() -> None:
    table = frame(group="", document=[f"d{n // 6}" for n in range(N)])
    for split in (Stratified(0.3), KFold(4)):
        for train, test in split.folds(table, 0):
            assert not set(table["document"].iloc[train]) & set(table["document"].iloc[test])


@pytest.mark.parametrize(
    ("split", "table", "said"),
    [
        (Official(), frame(split=""), "split=official: the dataset has 0 train"),
        (Grouped(), frame(group=""), "dataset.group"),
        (KFold(20), frame(), "only 11 groups"),
        (KFold(3, grouped=True), frame(group=""), "split.grouped=true"),
    ],
)
def test_what_is_impossible_is_said_with_what_to_do(split: Any, table: pd.DataFrame, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        list(split.folds(table, 0))


@pytest.mark.parametrize("bad", [0, 1, -0.5, "half"])
def test_a_test_size_is_a_share(bad: Any) -> None:
    with pytest.raises(ValueError, match=r"split\.test_size"):
        Stratified(bad)


def test_small_data_is_split_as_well_as_it_can_be() -> None:
    rows = pd.DataFrame({"document": list("aabbcc"), "group": list("xxxxyy"), "label": list("010101"), "split": ""})
    with pytest.warns(UserWarning, match="folds") as caught:
        folds = list(KFold(5, adapt=True).folds(rows))
    assert [str(each.message).split(":")[0] for each in caught] == [
        "fewer sites (2) than folds (5)",
        "only 3 documents",
    ]
    assert sorted(tuple(test.tolist()) for _, test in folds) == [(0, 1), (2, 3), (4, 5)]
    with pytest.raises(ValueError, match="only 2 groups"):
        list(KFold(5).folds(rows))


SETS = [("all", *(["even"] if n % 2 else []), *(["rare"] if n % 30 == 0 else [])) if n % 5 else () for n in range(N)]


@pytest.mark.parametrize("split", [Stratified(0.25), KFold(4, grouped=False)])
def test_each_label_of_a_set_keeps_its_share(split: Any) -> None:
    rows = frame(label=SETS)
    for train, test in split.folds(rows, 1):
        assert sorted([*train, *test]) == list(range(N))
        for label in ("all", "even", "rare"):
            has = np.array([label in labels for labels in SETS])
            assert abs(has[test].sum() - 0.25 * has.sum()) <= 2
        assert abs(len(test) - N / 4) <= 3


@pytest.mark.parametrize("split", [Grouped(0.3), KFold(4)])
def test_groups_of_sets_of_labels_stay_whole(split: Any) -> None:
    rows = frame(label=SETS)
    folds = list(split.folds(rows, 2))
    for train, test in folds:
        assert not set(rows["group"].iloc[train]) & set(rows["group"].iloc[test])
        assert len(train)
        assert len(test)
    again = list(split.folds(rows, 2))
    assert all(np.array_equal(one[1], other[1]) for one, other in zip(folds, again, strict=True))


def test_two_documents_of_sets_make_two_parts_and_one_makes_none() -> None:
    rows = frame(label=SETS)
    ((train, test),) = Stratified(0.01).folds(rows.iloc[:2])
    assert (len(train), len(test)) == (1, 1)
    with pytest.raises(ValueError, match="a train and a test part need at least 2 documents; the dataset has 1"):
        list(Stratified(0.5).folds(rows.iloc[:1]))
