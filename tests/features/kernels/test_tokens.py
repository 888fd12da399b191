"""The kernels cut texts as Python's re does, and give a string one key wherever it stands."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from copydesk.compiled.scratch import LARGEST, Scratch
from copydesk.features.kernels.tokens import PADDING
from copydesk.features.ngrams.strings import self_keyed
from copydesk.features.ngrams.terms import classes_for, decode_terms, encode_terms, tokens_of
from copydesk.features.tfidf import TfidfFeatures

KEY = np.uint64(0x9E3779B97F4A7C15)
CUTS = {r"(?u)\b\w\w+\b": (2, False), r"\w+": (1, False), r"\w+|[^\w\s]": (1, True)}
TEXT = st.text(max_size=30) | st.text("ab é日\U0001f600_.,\n", max_size=90) | st.text("abcdefg", max_size=40)


@pytest.mark.fuzz
@pytest.mark.parametrize("pattern", CUTS)
@given(texts=st.lists(TEXT, max_size=8))
def test_law_tokens_are_those_that_re_finds(pattern: str, texts: list[str]) -> None:
    text, starts = encode_terms(texts, PADDING)
    shortest, marks = CUTS[pattern]
    keys, spans, firsts = tokens_of(text, starts, classes_for(text), shortest, marks, KEY, Scratch())
    found = [text[a:b].tobytes().decode("utf-8", "surrogatepass") for a, b in spans.tolist()]
    expected = [re.findall(pattern, each) for each in texts]
    assert found == [token for some in expected for token in some]
    assert np.diff(firsts).tolist() == list(map(len, expected))
    written, offsets = encode_terms(found)
    assert keys.tolist() == self_keyed(written, offsets, KEY)[2].tolist()


def test_a_text_without_room_after_its_end_is_no_text_for_the_kernel() -> None:
    text, starts = encode_terms(["a few words"])
    with pytest.raises(AssertionError):
        tokens_of(text, starts, classes_for(text), 2, False, KEY, Scratch())


@pytest.mark.fuzz
@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 50), st.sampled_from(["u1", "i4", "u8"])), max_size=9))
def test_law_scratch_has_the_shape_that_is_asked_for(asked: list[tuple[str, int, str]]) -> None:
    room = Scratch()
    for name, size, dtype in asked:
        array = room.array(name, (size, 2), np.dtype(dtype))
        assert array.shape == (size, 2)
        assert array.dtype == dtype
        array[:] = 1


def test_scratch_keeps_nothing_large() -> None:
    room = Scratch()
    assert room.array("a", LARGEST + 1, np.uint8) is not room.array("a", LARGEST + 1, np.uint8)
    assert not np.shares_memory(room.array("a", LARGEST + 1, np.uint8), room.array("a", LARGEST + 1, np.uint8))
    assert np.shares_memory(room.array("a", 10, np.uint8), room.array("a", 9, np.uint8))


def test_terms_that_many_threads_ask_for_first_are_written() -> None:
    texts = [f"word{n} and word{n + 1}" for n in range(500)]
    expected = decode_terms(*encode_terms(sorted(TfidfFeatures(ngram_range=(1, 2)).fit(texts).vocabulary_)))
    for _ in range(20):
        features = TfidfFeatures(ngram_range=(1, 2)).fit(texts)
        with ThreadPoolExecutor(8) as pool:
            for names in pool.map(lambda features: features.get_feature_names_out().tolist(), [features] * 8):
                assert sorted(names) == expected
