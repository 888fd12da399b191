"""How far data has moved: distances, what chance alone would move, and the words for it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from copydesk.evaluation.predictions import Predictions
from copydesk.evaluation.shift import by_chance, distance, profile
from copydesk.reports.shift_section import shift_sections
from helpers.judged import topics

MIXES = st.dictionaries(st.sampled_from("abcd"), st.floats(0.01, 1), min_size=1).map(
    lambda mix: {name: share / sum(mix.values()) for name, share in mix.items()}
)


@given(MIXES, MIXES)
def test_the_distance_of_mixes_is_a_share_and_symmetric(one: dict[str, float], other: dict[str, float]) -> None:
    assert 0 <= distance(one, other) <= 1 + 1e-9
    assert distance(one, other) == pytest.approx(distance(other, one))
    assert distance(one, one) == 0


def test_mixes_with_nothing_in_common_are_as_far_apart_as_can_be() -> None:
    assert distance({"a": 1.0}, {"b": 1.0}) == 1.0


def test_chance_moves_little_where_there_are_many_rows_and_nothing_is_said_of_few() -> None:
    mix = {"a": 0.5, "b": 0.5}
    many, few = by_chance(mix, 10_000, 10_000), by_chance(mix, 100, 100)
    assert many is not None
    assert few is not None
    assert many < 0.02 < few
    assert by_chance(mix, 10_000, 10) is None


def test_a_profile_adds_up() -> None:
    said = topics()
    found = profile(said, 0.25)
    assert found["n"] == 120
    assert sum(found["labels"].values()) == pytest.approx(1)
    assert sum(found["confidence"]) == pytest.approx(1)
    assert found["unknown_ngrams"] == 0.25


def test_draws_of_the_same_kind_are_as_before_and_others_have_shifted() -> None:
    before, alike, other = topics(600), topics(600, seed=1), topics(600, right=0.1)
    assert shift_sections(profile(before, 0.2), profile(alike, 0.22))[0].text.startswith("Nothing has shifted")
    skewed = other.take(np.flatnonzero(other.rows["label"] != "class 01"))
    text = shift_sections(profile(before, 0.2), profile(skewed, 0.6))[0].text
    assert "rue labels have shifted" in text
    assert "more n-grams are new" in text


def test_rows_without_a_label_have_a_share_of_their_own() -> None:
    said = topics()
    silent = Predictions(said.rows.assign(predicted=None), said.classes, said.scores, said.probabilities)
    assert profile(silent, None)["predicted"] == {"": 1.0}
    sections = shift_sections(profile(said, None), profile(silent, None))
    assert sections[1].table is not None
    assert sections[1].table.rows[0][0] == "(no label)"
    assert "abels given have shifted" in sections[0].text
