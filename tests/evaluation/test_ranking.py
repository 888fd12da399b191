"""Rankings on resampled evaluation sets, beside scikit-learn's scores of the rows written out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

from copydesk.evaluation import ranking
from copydesk.evaluation.boilerplate import removed_at_loss
from copydesk.evaluation.intervals import resample_counts
from copydesk.evaluation.metrics import evaluate
from copydesk.evaluation.ranking import found_draws, ranking_draws
from helpers.judged import topics


@settings(max_examples=40)
@given(
    st.lists(
        st.tuples(st.integers(0, 2), st.sampled_from([0.1, 0.2, 0.5, 0.9]), st.integers(0, 5)), min_size=3, max_size=40
    ),
    st.integers(0, 5),
)
def test_draws_are_those_of_the_rows_written_out(rows: list[tuple[int, float, int]], seed: int) -> None:
    label, score, unit = (np.asarray(each) for each in zip(*rows, strict=True))
    _, unit = np.unique(unit, return_inverse=True)
    n_units = int(unit.max()) + 1
    ranked = [(label == k, score if k else 1 - score) for k in np.unique(label)]
    found = ranking_draws(ranked, unit, n_units, 7, seed)
    for at, counts in enumerate(np.vstack(list(resample_counts(n_units, 7, seed)))):
        drawn = np.repeat(np.arange(len(rows)), counts[unit])
        kept = [(hit[drawn], by[drawn]) for hit, by in ranked if hit[drawn].any()]
        expected = [sk.average_precision_score(*each) for each in kept]
        assert found["average_precision"][at] == pytest.approx(np.mean(expected))
        areas = [sk.roc_auc_score(*each) for each in kept if not each[0].all()]
        assert found["roc_auc"][at] == pytest.approx(np.mean(areas) if areas else np.nan, nan_ok=True)


@settings(max_examples=40)
@given(
    st.lists(
        st.tuples(st.booleans(), st.sampled_from([0.1, 0.2, 0.5, 0.9]), st.integers(1, 900), st.integers(0, 5)),
        min_size=1,
        max_size=40,
    ),
    st.sampled_from([0.0, 0.005, 0.3]),
)
def test_what_is_found_is_that_of_the_rows_written_out(rows: list[tuple[bool, float, int, int]], loss: float) -> None:
    cut, score, size, unit = (np.asarray(each) for each in zip(*rows, strict=True))
    _, unit = np.unique(unit, return_inverse=True)
    n_units = int(unit.max()) + 1
    found = found_draws(cut, score, size, loss, unit, n_units, 7, 0)
    for share, counts in zip(found, np.vstack(list(resample_counts(n_units, 7, 0))), strict=True):
        drawn = np.repeat(np.arange(len(rows)), counts[unit])
        expected = removed_at_loss(cut[drawn], score[drawn], size[drawn].astype(float), loss)
        assert share == pytest.approx(expected, nan_ok=True)


def test_a_large_set_is_resampled_less_often(monkeypatch: pytest.MonkeyPatch) -> None:
    hit, score, units = np.arange(60) % 3 == 0, np.linspace(0, 1, 60), np.arange(60)
    for cells, expected in ((10**9, 500), (60 * 200, 200), (1, ranking.FEWEST_RESAMPLES)):
        monkeypatch.setattr(ranking, "CELLS", cells)
        assert ranking_draws([(hit, score)], units, 60, 500, 0)["roc_auc"].shape == (expected,)
    assert ranking_draws([(hit, score)], units, 60, 5, 0)["roc_auc"].shape == (5,)


def test_draws_are_the_same_however_many_are_weighed_together(monkeypatch: pytest.MonkeyPatch) -> None:
    hit, score, units = np.arange(60) % 3 == 0, np.linspace(0, 1, 60) % 0.4, np.arange(60) // 2
    together = ranking_draws([(hit, score)], units, 30, 50, 0)
    monkeypatch.setattr(ranking, "AT_ONCE", 60 * 3)
    for name, drawn in ranking_draws([(hit, score)], units, 30, 50, 0).items():
        np.testing.assert_array_equal(drawn, together[name])


def test_scores_of_rankings_have_intervals_around_them() -> None:
    scores = evaluate(topics(300, classes=4, right=0.7), resamples=200)["scores"]
    for name in ("average_precision", "roc_auc"):
        value, low, high = (scores[name][key] for key in ("value", "low", "high"))
        assert low < value < high
        assert high - low < 0.2
