"""A fit over blocks on disk reaches the optimum, and the same bytes however often it is cut off."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from copydesk.classifiers.block_descent import BlockDescent
from copydesk.classifiers.linear import LinearSVM
from copydesk.streamed.descent import RELATIVE_GAP, descend
from copydesk.streamed.stream_cache import StreamCache
from helpers.text_like import documents

BLOCKS = 11


class CutOffError(BaseException):
    """In place of a kill."""


def prepared(folder: Path) -> tuple[StreamCache, BlockDescent, csr_matrix, np.ndarray]:
    """Return a cache with blocks of rows sorted by class in the order of a hash, and what fits them."""
    folder.mkdir(exist_ok=True)
    cache = StreamCache(folder)
    X, y = documents(3, n=240, dtype=np.float32)
    block_of = np.random.default_rng(0).integers(0, BLOCKS, len(y))
    for number in range(BLOCKS):
        rows = X[block_of == number]
        lengths, classes = np.diff(rows.indptr), y[block_of == number].astype(np.int32)
        arrays = {"lengths": lengths, "indices": rows.indices, "values": rows.data, "classes": classes}
        cache.save(f"block-{number:06d}.npz", **arrays)
    return cache, BlockDescent(LinearSVM(), np.arange(3), np.bincount(y), X.shape[1]), X, y


def test_the_optimum_is_that_of_all_rows_in_memory(tmp_path: Path) -> None:
    cache, descent, X, y = prepared(tmp_path)
    found = descend(descent, cache, list(range(BLOCKS)), seed=0)
    assert found["relative_duality_gaps"][-1] <= RELATIVE_GAP < found["relative_duality_gaps"][0]
    assert found["passes"] < 30
    own = descent.finish(found["passes"]).decision_function(X)
    assert np.abs(own - LinearSVM(tol=1e-4).fit(X, y).decision_function(X)).max() < 0.05


def test_cut_off_at_any_file_it_ends_with_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache, descent, *_ = prepared(tmp_path / "whole")
    whole = descend(descent, cache, list(range(BLOCKS)), seed=0)
    saves: list[str] = []
    save, left = StreamCache.save, 0

    def cut_off(self: StreamCache, name: str, **arrays: Any) -> None:
        nonlocal left
        left -= 1
        if not left:
            raise CutOffError
        saves.append(name)
        save(self, name, **arrays)

    folder, found = tmp_path / "cut", {}
    prepared(folder)
    monkeypatch.setattr(StreamCache, "save", cut_off)
    for left in [1, 2, 5, 9, 10, 13, 17, 30, 31, 10**9]:  # noqa: B007
        fresh = BlockDescent(LinearSVM(), np.arange(3), np.ones(3), len(descent.weights))
        with suppress(CutOffError):
            found = descend(fresh, StreamCache(folder), list(range(BLOCKS)), seed=0)
    assert found == whole
    assert fresh.weights.tobytes() == descent.weights.tobytes()
    assert len(saves) > len(set(saves))
