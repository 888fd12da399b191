"""Comparison of runs that give sets of labels, and the worst mistakes of one."""

from __future__ import annotations

import numpy as np
import pytest

from copydesk.evaluation.label_comparison import compare_labels
from copydesk.evaluation.label_metrics import evaluate_labels
from copydesk.evaluation.label_mistakes import worst_label_mistakes, wrong_documents
from copydesk.tasks import Task
from helpers.judged_labels import labels_at_random, predictions_of

TASK = Task(name="sets", title="Sets", use="", limits="", headline="micro_f1")


def test_a_run_compared_with_itself_does_not_differ() -> None:
    said = labels_at_random(80, 6)
    found = compare_labels(said, said, TASK, resamples=50)
    assert all(set(each.values()) <= {0.0, None} for each in found.differences.values())
    assert (found.mended, found.broken, found.p_value, len(found.flipped)) == (0, 0, 1.0, 0)


def test_differences_are_those_of_the_scores_in_any_order_of_rows() -> None:
    early, late = (labels_at_random(150, 6, noise=noise) for noise in (2.5, 0.8))
    found = compare_labels(early, late.take(np.random.default_rng(0).permutation(150)), TASK, resamples=200)
    before, after = (evaluate_labels(said, TASK, resamples=20) for said in (early, late))
    for name, change in found.differences.items():
        assert change["value"] == pytest.approx(after["scores"][name]["value"] - before["scores"][name]["value"])
    assert found.differences["micro_f1"]["low"] > 0
    assert found.differences["hamming_loss"]["high"] < 0
    exact = [(said.truth != said.decisions).sum(axis=1) == 0 for said in (early, late)]
    assert found.mended == (~exact[0] & exact[1]).sum()
    assert found.broken == (exact[0] & ~exact[1]).sum()
    f1 = {row["label"]: row["f1"]["value"] for row in after["per_class"]}
    for row in found.per_class:
        assert row["after"] == pytest.approx(f1[row["label"]])
        assert row["difference"]["low"] <= row["difference"]["value"] <= row["difference"]["high"]
    changed = (early.decisions != late.decisions).sum(axis=1)
    assert set(found.flipped.tolist()) == set(np.flatnonzero(changed).tolist())


def test_other_rows_are_not_compared() -> None:
    said = labels_at_random(20)
    with pytest.raises(ValueError, match="judged on 20 and on 19 rows"):
        compare_labels(said, said.take(np.arange(19)), TASK)
    other = labels_at_random(20, seed=1)
    with pytest.raises(ValueError, match=r"the (label|text) of .* rows differs"):
        compare_labels(said, other, TASK)


def test_the_heaviest_mistakes_come_first_and_every_frequent_label_is_among_them() -> None:
    truth = np.array([[1, 0, 0], [0, 1, 0], [1, 0, 1], [1, 0, 0]])
    decided = np.array([[1, 0, 0], [1, 0, 0], [1, 0, 0], [0, 0, 1]])
    proba = np.array([[0.9, 0.1, 0.1], [0.99, 0.02, 0.1], [0.9, 0.1, 0.4], [0.3, 0.0, 0.6]])
    said = predictions_of(truth, decided, proba)
    found = worst_label_mistakes(said)
    assert [each.row for each in found] == [1, 3, 2]
    assert [(each.missed, each.wrong) for each in found[:1]] == [
        ((("l001", pytest.approx(0.02)),), (("l000", pytest.approx(0.99)),))
    ]
    assert found[0].weight == pytest.approx(0.99 + 0.98)
    assert found[2].right == (("l000", pytest.approx(0.9)),)
    assert wrong_documents(said) == 3
    some = worst_label_mistakes(said, worst=1)
    assert {label for each in some for label, _ in each.missed + each.wrong} == {"l000", "l001", "l002"}
    assert [each.row for each in worst_label_mistakes(said, worst=1, most_labels=0)] == [1]
