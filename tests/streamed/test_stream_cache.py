"""The cache of a run: files complete or absent, one process at a time, gone at the end."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from copydesk.errors import ConfigError, DataError
from copydesk.streamed.ahead import ahead
from copydesk.streamed.stream_cache import StreamCache, open_cache


def test_arrays_json_and_objects_come_back(tmp_path: Path) -> None:
    cache = StreamCache(tmp_path)
    cache.save("a.npz", one=np.arange(3), two=np.zeros((0, 2)))
    cache.save_json("b.json", {"x": [1]})
    cache.save_array("c.npy", np.arange(4))
    assert np.array_equal(cache.load("a.npz")["one"], np.arange(3))
    assert cache.load_json("b.json") == {"x": [1]}
    assert np.array_equal(cache.map_array("c.npy")[1:], [1, 2, 3])
    assert (cache.load_json("no.json"), cache.load_object("no.pickle")) == (None, None)
    cache.remove("a.npz", "no.npz")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b.json", "c.npy"]


def test_a_run_goes_on_in_the_same_folder_until_it_ends(tmp_path: Path) -> None:
    data = tmp_path / "data.csv"
    data.write_text("text,label\n", encoding="utf-8")
    runs = tmp_path / "runs"
    killed = open_cache(runs, {"seed": 1}, [data])
    killed.__enter__().save_json("done.json", 1)
    with pytest.raises(ConfigError, match="the same run is going on"), open_cache(runs, {"seed": 1}, [data]):
        pass
    assert not killed.__exit__(KeyboardInterrupt, KeyboardInterrupt(), None)
    with open_cache(runs, {"seed": 2}, [data]) as other:
        assert not other.has("done.json")
    with open_cache(runs, {"seed": 1}, [data]) as cache:
        assert cache.load_json("done.json") == 1
    assert not list(runs.iterdir())
    with pytest.raises(DataError), open_cache(runs, {"seed": 1}, [data]):
        raise DataError("unusable")
    assert not list(runs.iterdir())


def test_items_come_in_order_and_errors_in_their_turn() -> None:
    def items() -> Iterator[int]:
        yield from range(3)
        raise ValueError("the fourth")

    coming = ahead(items())
    assert [next(coming) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(ValueError, match="the fourth"):
        next(coming)
    assert list(ahead([None, 0])) == [None, 0]
