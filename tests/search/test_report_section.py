"""The section on a search: trials are counted from 1 without gaps, and the config that was found is named."""

from __future__ import annotations

from typing import Any

from copydesk.search.report_section import search_report


def trial(number: int, value: float | None, state: str = "complete", **params: Any) -> dict[str, Any]:
    size = {"bytes": 1e6 + number, "seconds": 1.0}
    return {"number": number, "state": state, "value": value, "params": params, "cap": {}, "C": 3.0, **size}


HISTORY = {
    "train": {
        "seconds": 61.0, "folds": 5, "default": 0, "best": 77, "front": [77, 0], "importance": {},
        "trials": [
            trial(0, 0.90), trial(12, 0.80, "pruned"), trial(77, 0.95, **{"features.ngram_range": [1, 2]}),
        ],
    }
}  # fmt: skip


def test_numbers_of_trials_are_those_of_the_plot_not_of_the_storage() -> None:
    section = search_report(HISTORY, "accuracy")
    assert "The best, trial 3, reaches 0.9500 (accuracy, 5 folds of cross-validation)" in section.text
    assert "the config as it was given, 0.9000" in section.text
    assert section.table is not None
    assert [row[0] for row in section.table.rows] == [("3", 3), ("1", 1)]
    assert "77" not in section.text
    assert "a accuracy" not in section.text


def test_the_config_that_was_found_is_named() -> None:
    assert "The best sets features.ngram_range=[1, 2]; C=3.0." in search_report(HISTORY, "accuracy").text
