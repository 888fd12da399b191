from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from copydesk.search.cache import Cache


def test_what_was_used_last_stays_and_the_rest_goes() -> None:
    cache, made = Cache(10), []

    def get(key: str, size: int = 4) -> str:
        def make() -> tuple[str, int]:
            made.append(key)
            return key.upper(), size

        return str(cache.get(key, make))

    assert [get("a"), get("b"), get("a"), get("c"), get("a"), get("b")] == ["A", "B", "A", "C", "A", "B"]
    assert made == ["a", "b", "c", "b"]
    get("huge", 11)
    assert cache.bytes <= 10
    assert get("b") == "B"
    assert made == ["a", "b", "c", "b", "huge"]


def test_threads_that_ask_for_the_same_wait_for_the_one_that_makes_it() -> None:
    cache, made, together = Cache(10), [], Barrier(4)

    def make() -> tuple[int, int]:
        made.append(1)
        return 7, 1

    def ask(_: int) -> int:
        together.wait(5)
        return int(cache.get("key", make))

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(ask, range(4))) == [7] * 4
    assert made == [1]


def test_a_failure_is_not_kept() -> None:
    cache = Cache(10)

    def fail() -> tuple[int, int]:
        raise ValueError("no terms")

    for _ in range(2):
        with pytest.raises(ValueError, match="no terms"):
            cache.get("key", fail)
    assert cache.get("key", lambda: (1, 1)) == 1
