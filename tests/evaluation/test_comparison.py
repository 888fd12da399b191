"""Two runs on the same rows: differences are paired, and runs on other rows are told apart with the reason."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from copydesk.evaluation.comparison import compare, difference_of_data, in_same_order, mcnemar
from copydesk.evaluation.metrics import evaluate
from copydesk.evaluation.predictions import Predictions
from copydesk.tasks import BOILERPLATE_TASK
from helpers.judged import pages, topics


def test_a_run_beside_itself_changes_nothing() -> None:
    said = topics()
    found = compare(said, said, resamples=50)
    assert found.mended == found.broken == len(found.flipped) == 0
    assert found.p_value == 1.0
    assert all(change == {"value": 0.0, "low": 0.0, "high": 0.0} for change in found.differences.values())


def test_the_difference_is_that_of_the_scores_and_its_interval_narrower_than_theirs() -> None:
    before, after = topics(600, right=0.7), topics(600, right=0.8)
    found = compare(before, after)
    scores = [evaluate(said)["scores"]["accuracy"] for said in (before, after)]
    change = found.differences["accuracy"]
    assert change["value"] == pytest.approx(scores[1]["value"] - scores[0]["value"])
    assert change["low"] > 0
    assert change["high"] - change["low"] < scores[0]["high"] - scores[0]["low"]
    assert (found.mended, found.broken) == (len(found.flipped), 0)
    assert found.p_value < 1e-6


def test_rows_in_another_order_are_the_same_rows() -> None:
    said = topics()
    shuffled = said.take(np.random.default_rng(0).permutation(len(said)))
    assert difference_of_data(said, shuffled) is None
    assert compare(said, shuffled, resamples=20).differences["accuracy"]["value"] == 0.0
    first, second = in_same_order(said, shuffled)
    assert first.rows["document"].tolist() == second.rows["document"].tolist()
    np.testing.assert_array_equal(first.scores, second.scores)


def test_rows_under_other_names_are_known_by_their_texts() -> None:
    said = topics()
    renamed = changed(said, document=[f"other.jsonl:{n}" for n in range(len(said))])
    shuffled = renamed.take(np.random.default_rng(0).permutation(len(said)))
    assert difference_of_data(said, shuffled) is None
    first, second = in_same_order(said, shuffled)
    assert first.rows["text"].tolist() == second.rows["text"].tolist()
    np.testing.assert_array_equal(first.scores, second.scores)


def test_names_that_now_stand_for_other_texts_do_not_pair_them() -> None:
    said = topics()
    moved = changed(said, document=np.roll(said.rows["document"].to_numpy(), 1))
    assert difference_of_data(said, moved) is None
    first, second = in_same_order(said, moved)
    assert first.rows["text"].tolist() == second.rows["text"].tolist()


def test_paragraphs_under_other_names_are_known_by_their_whole_page() -> None:
    said = pages()
    renamed = changed(said, document=["page " + name for name in said.rows["document"]])
    shuffled = renamed.take(np.random.default_rng(0).permutation(len(said)))
    assert difference_of_data(said, shuffled) is None
    first, second = in_same_order(said, shuffled)
    for column in ("text", "position", "label"):
        assert first.rows[column].tolist() == second.rows[column].tolist()


def changed(said: Predictions, **columns: object) -> Predictions:
    return replace(said, rows=said.rows.assign(**columns))


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        (topics(100), "120 and on 100 rows"),
        (
            changed(topics(), document=[f"e{n}" for n in range(120)], text="another"),
            "120 rows are in one only, such as 'd0'",
        ),
        (changed(topics(), label="class 00"), "the label of 80 rows differs, such as that of 'd1'"),
        (changed(topics(), text="another"), "the text of 120 rows differs"),
    ],
)
def test_runs_on_other_rows_are_refused_with_the_reason(other: Predictions, reason: str) -> None:
    said = difference_of_data(topics(), other)
    assert said is not None
    assert reason in said
    with pytest.raises(ValueError, match=r"rows"):
        compare(topics(), other)


def test_boilerplate_is_compared_by_character_too() -> None:
    found = compare(pages(), pages(), BOILERPLATE_TASK, resamples=20)
    assert {"article_lost", "boilerplate_removed", "boilerplate_f1"} <= set(found.differences)


def test_mcnemars_test_is_exact() -> None:
    assert mcnemar(0, 0) == 1.0
    assert mcnemar(5, 0) == pytest.approx(2 * 0.5**5)
    assert mcnemar(3, 3) == 1.0
