"""Rows are drawn by hashes: the share that was asked for, whole groups, the same each time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from copydesk.datasets.splits import Stratified
from copydesk.datasets.tables import RowsMet
from copydesk.streamed import parts_of_rows
from copydesk.streamed.corpus import Corpus, hash_of
from copydesk.streamed.parts_of_rows import TEST, divide, draw_rows
from copydesk.streamed.stream_cache import StreamCache


def corpus(n: int = 3000, n_groups: int = 40) -> Corpus:
    rng = np.random.default_rng(0)
    groups = np.array([hash_of(f"site{g}" if g else "") for g in rng.integers(0, n_groups, n)], dtype=np.uint64)
    prints = rng.integers(0, 1 << 63, n, dtype=np.uint64)
    codes = np.sort(rng.choice(3, n, p=[0.7, 0.2, 0.1])).astype(np.int32)
    lengths, splits = np.full(n, 100, dtype=np.uint32), np.zeros(n, dtype=np.uint8)
    return Corpus(["a", "b", "c"], np.array([0, n]), codes, splits, groups, lengths, prints, RowsMet())


def test_each_label_keeps_its_share() -> None:
    rows = corpus()
    chosen = draw_rows(rows, np.ones(len(rows), dtype=bool), 0.2, 10**6, 0, grouped=False)
    sizes = np.bincount(rows.codes)
    assert np.array_equal(np.bincount(rows.codes[chosen]), np.floor(sizes * 0.2 + 1e-9))


def test_only_usable_rows_are_drawn_and_at_most_so_many() -> None:
    rows = corpus()
    usable = np.arange(len(rows)) % 2 == 0
    chosen = draw_rows(rows, usable, 0.5, 100, 0, grouped=False)
    assert not (chosen & ~usable).any()
    assert 95 <= chosen.sum() <= 100


@pytest.mark.parametrize(("most", "n_warnings"), [(100, 1), (10**6, 0)])
def test_a_run_that_judges_fewer_rows_than_the_split_asks_for_warns(
    most: int, n_warnings: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts_of_rows, "MOST_JUDGED", most)
    monkeypatch.setattr(parts_of_rows, "near_copies", lambda cache, starts, kept: np.arange(len(kept)))
    parts = divide(corpus(), StreamCache(tmp_path), Stratified(0.2), 0, with_decision=False)
    assert (parts.part == TEST).sum() <= most
    assert len(parts.warnings) == n_warnings
    for warning in parts.warnings:
        assert warning.startswith("split.test_size=0.2 of the rows are 600; at most 100 are judged")


@pytest.mark.parametrize("share", [0.1, 0.5])
def test_groups_stay_whole(share: float) -> None:
    rows = corpus()
    chosen = draw_rows(rows, np.ones(len(rows), dtype=bool), share, 10**6, 0, grouped=True)
    assert abs(chosen.mean() - share) < 0.03
    known = rows.groups != 0
    assert not set(rows.groups[chosen & known]) & set(rows.groups[~chosen & known])


def test_the_draw_depends_on_seed_and_text_not_on_place() -> None:
    rows = corpus()
    every = np.ones(len(rows), dtype=bool)
    one, again, other = (draw_rows(rows, every, 0.3, 10**6, seed, grouped=False) for seed in (1, 1, 2))
    assert np.array_equal(one, again)
    assert 0.15 < (one & other).sum() / one.sum() < 0.45
    order = np.random.default_rng(1).permutation(len(rows))
    moved = corpus()
    moved.codes, moved.prints, moved.groups = rows.codes[order], rows.prints[order], rows.groups[order]
    assert set(moved.prints[draw_rows(moved, every, 0.3, 10**6, 1, grouped=False)]) == set(rows.prints[one])
