"""A decision keeps what it promises on scores it was not fitted on."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from copydesk.classifiers.decision import ENOUGH_DOCUMENTS, Abstain, Argmax, Calibrated, Keep, Precise
from copydesk.errors import ConfigError

CLASSES = np.array(["a", "b", "c"], dtype=object)


def draw(n: int, seed: int, sharpness: float = 3.0) -> tuple[Any, Any]:
    """Scores whose softmax after division by ``sharpness`` is the truth."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(n, 3))
    chances = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    y = CLASSES[(chances.cumsum(axis=1) > rng.random((n, 1))).argmax(axis=1)]
    return logits * sharpness, y


def calibration_gap(probabilities: Any, y: Any) -> float:
    confidence = probabilities.max(axis=1)
    right = CLASSES[probabilities.argmax(axis=1)] == y
    bins = np.minimum((confidence * 10).astype(int), 9)
    return float(sum(abs(confidence[bins == b].sum() - right[bins == b].sum()) for b in range(10)) / len(y))


# One curve per class can't say exactly what a softmax of all classes says; one temperature, or one curve for all, can.
@pytest.mark.parametrize(
    ("method", "gap"), [("shared", 0.03), ("sigmoid", 0.12), ("isotonic", 0.12), ("temperature", 0.03)]
)
def test_calibrated_probabilities_sum_to_one_and_are_nearer_the_truth(method: str, gap: float) -> None:
    scores, y = draw(4000, 0)
    unseen, truth = draw(4000, 1)
    calibrated = Calibrated(method).fit(scores, y, CLASSES).predict_proba(unseen)
    np.testing.assert_allclose(calibrated.sum(axis=1), 1, rtol=1e-12)
    assert calibration_gap(calibrated, truth) < gap
    assert calibration_gap(Argmax().fit(scores, y, CLASSES).predict_proba(unseen), truth) > 0.15


def test_temperature_finds_the_factor_that_scores_were_sharpened_by() -> None:
    scores, y = draw(20_000, 2, sharpness=4.0)
    fitted = Calibrated("temperature").fit(scores, y, CLASSES)
    assert np.isclose(fitted.calibrator_.slope_[0], 1 / 4, rtol=0.1)


def rare_and_common(n: int, seed: int) -> tuple[Any, Any, Any]:
    """Scores of 40 classes whose normalised sigmoid is the truth; many classes have no example or one."""
    rng = np.random.default_rng(seed)
    names = np.array([f"c{k:02}" for k in range(40)], dtype=object)
    scores = rng.normal(-1.2, 0.2, size=(n, 40))
    scores[np.arange(n), np.minimum(rng.geometric(0.3, n) - 1, 39)] += rng.uniform(0.2, 2.5, n)
    chances = 1 / (1 + np.exp(-8 * scores - 2))
    chances /= chances.sum(axis=1, keepdims=True)
    return scores, names[(chances.cumsum(axis=1) > rng.random((n, 1))).argmax(axis=1)], names


def test_one_curve_for_all_classes_keeps_every_label_and_needs_no_example_of_each() -> None:
    scores, y, names = rare_and_common(3000, 5)
    known = y < "c30"  # no row of the last ten classes
    fitted = Calibrated().fit(scores[known], y[known], names)
    unseen, truth, _ = rare_and_common(3000, 6)
    probabilities = fitted.predict_proba(unseen)
    assert fitted.predict(unseen).tolist() == names[unseen.argmax(axis=1)].tolist()
    confidence, right = probabilities.max(axis=1), fitted.predict(unseen) == truth
    bins = np.minimum((confidence * 10).astype(int), 9)
    assert sum(abs(confidence[bins == b].sum() - right[bins == b].sum()) for b in range(10)) / 3000 < 0.04
    assert fitted.summary_["labels_not_validated"][-10:] == names[30:].tolist()


@pytest.mark.parametrize("method", ["shared", "sigmoid", "isotonic", "temperature"])
def test_a_class_unknown_to_the_model_that_scored_a_row_takes_no_part(method: str) -> None:
    scores, y = draw(4000, 0)
    scores[:400][y[:400] != "c", 2] = -np.inf
    unseen, truth = draw(4000, 1)
    probabilities = Calibrated(method).fit(scores, y, CLASSES).predict_proba(unseen)
    assert calibration_gap(probabilities, truth) < 0.13
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-12)


@pytest.mark.parametrize("decision", [Calibrated(), Calibrated("sigmoid"), Abstain(), Precise()])
def test_without_validation_rows_probabilities_are_the_softmax_and_not_called_calibrated(decision: Any) -> None:
    scores, y = draw(50, 0)
    decision.fit(np.empty((0, 3)), np.empty(0, dtype=object), CLASSES)
    np.testing.assert_allclose(decision.predict_proba(scores), Argmax().fit(scores, y, CLASSES).predict_proba(scores))
    assert decision.summary_["calibrated"] is False


def test_labels_without_an_error_do_not_lead_to_certainty() -> None:
    scores = np.where(np.eye(3, dtype=bool)[np.arange(30) % 3], 1.0, -1.0)
    confidence = Calibrated().fit(scores, CLASSES[np.arange(30) % 3], CLASSES).predict_proba(scores).max(axis=1)
    np.testing.assert_allclose(confidence, 1 - 2 / 3 / 32, atol=0.005)


def test_abstaining_trades_coverage_for_accuracy() -> None:
    scores, y = draw(4000, 3)
    unseen, truth = draw(4000, 4)
    accuracy = []
    for least in (0.0, 0.5, 0.7):
        said = Abstain(least).fit(scores, y, CLASSES).predict(unseen)
        answered = np.array([label is not None for label in said])
        accuracy.append((said[answered] == truth[answered]).mean())
    assert accuracy[0] < accuracy[1] < accuracy[2]


def two_classes(n: int, seed: int) -> tuple[Any, Any, Any]:
    rng = np.random.default_rng(seed)
    content = rng.random(n) < 0.5
    score = rng.normal(loc=np.where(content, 2, -2))
    return np.column_stack([-score, score]), np.where(content, "content", "boilerplate"), rng.integers(1, 400, n)


@pytest.mark.parametrize("keep", [0.9, 0.99, 0.995])
def test_the_promised_share_of_characters_is_kept_on_unseen_scores(keep: float) -> None:
    classes = np.array(["boilerplate", "content"], dtype=object)
    scores, y, weight = two_classes(40_000, 5)
    decision = Keep(keep).fit(scores, y.astype(object), classes, weight=weight)
    unseen, truth, characters = two_classes(40_000, 6)
    kept = decision.predict(unseen) == "content"
    share = characters[kept & (truth == "content")].sum() / characters[truth == "content"].sum()
    assert abs(share - keep) < 0.004
    assert decision.summary_["validation_kept"] >= keep
    assert decision.summary_["validation_kept_low"] <= keep + 0.002 <= decision.summary_["validation_kept_high"] + 0.004


def test_a_promise_can_be_changed_after_fitting() -> None:
    classes = np.array(["boilerplate", "content"], dtype=object)
    scores, y, weight = two_classes(40_000, 7)
    fitted = Keep(0.995).fit(scores, y.astype(object), classes, weight=weight)
    anew = Keep(0.9).fit(scores, y.astype(object), classes, weight=weight)
    assert abs(fitted.at(0.9).threshold_ - anew.threshold_) < 0.05
    assert fitted.at(0.9).threshold_ > fitted.threshold_
    with pytest.raises(ValueError, match=r"keep=1\.5"):
        fitted.at(1.5)


BOTH = np.array(["boilerplate", "content"], dtype=object)


def documents_of(n: int) -> dict[str, Any]:
    return {"document": (np.arange(n) // 20).tolist()}


def test_the_best_f1_of_documents_is_near_that_of_any_threshold() -> None:
    scores, y, weight = two_classes(8_000, 12)
    decision = Keep(cut="f1").fit(scores, y.astype(object), BOTH, weight=weight, pages=documents_of(8_000))
    unseen, truth, characters = two_classes(8_000, 13)
    wanted, document = truth == "content", np.array(documents_of(8_000)["document"])

    def mean_f1(threshold: float) -> float:
        stays = unseen[:, 1] >= threshold
        hit, kept, all_of_it = (np.bincount(document, characters * rows) for rows in (stays & wanted, stays, wanted))
        return float((2 * hit / (kept + all_of_it)).mean())

    assert mean_f1(decision.threshold_) >= max(map(mean_f1, np.linspace(-3, 3, 61))) - 0.002
    assert abs(decision.threshold_) < 0.5  # classes are as frequent and lie as far on both sides
    assert decision.at(0.9).threshold_ == Keep(0.9).fit(scores, y.astype(object), BOTH, weight=weight).threshold_


def test_a_probability_can_be_the_threshold() -> None:
    scores, y, weight = two_classes(8_000, 14)
    decision = Keep(cut=0.2).fit(scores, y.astype(object), BOTH, weight=weight)
    stays = decision.predict(scores) == "content"
    assert decision.predict_proba(scores[stays])[:, 1].min() >= 0.2
    assert decision.predict_proba(scores[~stays])[:, 1].max() < 0.2 + 0.02


def test_few_documents_give_no_promise() -> None:
    n = 20 * ENOUGH_DOCUMENTS
    scores, y, weight = two_classes(n, 15)
    many, few = (
        Keep(cut="auto").fit(scores[:rows], y[:rows].astype(object), BOTH, weight[:rows], None, documents_of(rows))
        for rows in (n, n // 4)
    )
    assert "99.50% of its characters stay" in many.summary_["decision"]
    assert few.summary_["decision"] == (
        f"cut at the best F1 of content, a mean over {ENOUGH_DOCUMENTS // 4} documents; "
        f"a promise needs {ENOUGH_DOCUMENTS}"
    )
    assert few.summary_["validation_cut_of_the_rest"] > many.summary_["validation_cut_of_the_rest"]


def test_a_threshold_needs_two_classes_and_one_of_them_named() -> None:
    scores, y = draw(100, 8)
    with pytest.raises(ConfigError, match="'content' must be one"):
        Keep().fit(scores, y, CLASSES)


def test_a_promised_precision_is_reached_on_unseen_scores() -> None:
    scores, y = draw(20_000, 9)
    unseen, truth = draw(20_000, 10)
    decision = Precise(0.8).fit(scores, y, CLASSES)
    said = decision.predict(unseen)
    for label in CLASSES:
        assert (truth[said == label] == label).mean() > 0.78


def test_a_precision_that_cannot_be_shown_is_said_and_nothing_is_labelled() -> None:
    scores, y = draw(30, 11)
    decision = Precise(0.999).fit(scores, y, CLASSES)
    assert decision.summary_["unreachable"] == ["a", "b", "c"]
    assert set(decision.predict(scores)) == {None}


@pytest.mark.parametrize(
    "bad", [Calibrated("platt"), Abstain(2.0), Precise(1.5), Keep(0.0), Keep(cut="best"), Keep(cut=1.5)]
)
def test_a_bad_option_is_named(bad: Any) -> None:
    classes = np.array(["boilerplate", "content"], dtype=object)
    scores, y, _ = two_classes(100, 12)
    with pytest.raises(ValueError, match=r"method|min_confidence|precision|keep|cut"):
        bad.fit(scores, y.astype(object), classes)
