"""Work in threads: every part once, in order, and an end where one fails."""

from __future__ import annotations

import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copydesk.compiled.threads import even_slices, in_threads, split_documents


@given(st.lists(st.integers(), max_size=20), st.sampled_from([None, 1, 2, 3]))
def test_every_part_is_done_once_and_answers_stand_in_order(parts: list[int], threads: int | None) -> None:
    seen: list[int] = []

    def work(part: int) -> int:
        seen.append(part)
        return -part

    assert in_threads(work, parts, threads) == [-part for part in parts]
    assert sorted(seen) == sorted(parts)


def test_the_calling_thread_does_a_share() -> None:
    here = threading.get_ident()

    def who(part: int) -> int:
        time.sleep(0.01)
        return threading.get_ident()

    assert here in in_threads(who, range(4), 2)


@pytest.mark.parametrize("failing", [0, 1])
def test_where_a_part_fails_its_error_is_raised_and_no_other_is_begun(failing: int) -> None:
    begun, both = [], threading.Barrier(2)

    def work(part: int) -> None:
        begun.append(part)
        if part < 2:
            both.wait(10)
        if part == failing:
            raise ValueError(f"part {part}")
        time.sleep(0.02)

    with pytest.raises(ValueError, match=f"part {failing}"):
        in_threads(work, range(100), 2)
    assert len(begun) < 10


@given(st.integers(0, 50), st.integers(1, 5))
def test_runs_are_all_items_in_order(n: int, threads: int) -> None:
    assert [at for run in even_slices(n, threads) for at in range(n)[run]] == list(range(n))


@given(st.lists(st.text(max_size=5), max_size=30), st.integers(1, 4))
def test_shares_are_all_documents_in_order(documents: list[str], threads: int) -> None:
    assert [each for share in split_documents(documents, threads) for each in share] == documents
