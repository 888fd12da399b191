"""Composed pages in scripts that no language of the grammar writes."""

from __future__ import annotations

import random
from unicodedata import category

import pytest

from copydesk.datasets.crawls.unknown_scripts import SCRIPTS, UnknownScript


@pytest.mark.parametrize("seed", range(5))
def test_letters_change_script_and_all_else_stays(seed: int) -> None:
    text = "The Bridge reopened on 12 März; Ёлка said “no”."
    found = text.translate(UnknownScript(random.Random(seed)))
    assert len(found) == len(text)
    for old, new in zip(text, found, strict=True):
        if old.isalpha():
            assert any(first <= new <= last for first, last in SCRIPTS)
        else:
            assert new == old


def test_a_letter_is_always_the_same_whatever_its_case() -> None:
    found = "Anna anna ANNA".translate(UnknownScript(random.Random(1))).split()
    assert found == [found[0]] * 3


def test_marks_go_with_the_letters_they_stood_on() -> None:
    found = "हिन्दी".translate(UnknownScript(random.Random(2)))
    assert found
    assert {category(letter)[0] for letter in found} == {"L"}


def test_scripts_are_runs_of_letters() -> None:
    for first, last in SCRIPTS:
        assert all(chr(code).isalpha() for code in range(ord(first), ord(last) + 1))
