"""Paragraphs are judged by their words and by what stands around them; groups never leak into scores."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from copydesk.bundle import load_bundle, save_bundle
from copydesk.classifiers.boosting import BoostedTrees
from copydesk.classifiers.chain import LinearChain
from copydesk.classifiers.decision import Argmax
from copydesk.classifiers.linear import LinearSVM
from copydesk.classifiers.sequence import SequenceClassifier
from copydesk.estimator import TextClassifier
from copydesk.features.kernels.page_scores import measures, run_of_scores
from copydesk.features.pages.context import NUMBER_BOUNDS
from copydesk.features.tfidf import TfidfFeatures

STORY = "council bridge closed residents river spring road police minister budget school vote".split()
LEFTOVER = "share subscribe newsletter comment login menu cookies privacy advertisement follow".split()
EITHER = "More on this topic from our correspondents."


def pages(n: int = 60, seed: int = 0) -> pd.DataFrame:
    """Pages of ten lines; ``EITHER`` is content between stories and boilerplate among leftovers."""
    rng = np.random.default_rng(seed)
    rows = []
    for page in range(n):
        plan = [(False, LEFTOVER)] * 3 + [(True, STORY)] * 4 + [(False, LEFTOVER)] * 3
        for position, (content, words) in enumerate(plan):
            text = " ".join(rng.choice(words, 6 if content else 3))
            text = f"{EITHER} {rng.integers(100)}" if position in (1, 5, 8) else text
            rows.append((text, "", f"p{page}", position, f"site{page % 20}", "content" if content else "boilerplate"))
    return pd.DataFrame(rows, columns=["text", "title", "document", "position", "group", "label"])


def classifier(**options: Any) -> SequenceClassifier:
    given = {"second": BoostedTrees(max_iter=20, learning_rate=0.3, min_samples_leaf=5)} | options
    return SequenceClassifier(TfidfFeatures(n_features=2**12), LinearSVM(), **given)


def fitted(frame: pd.DataFrame, **options: Any) -> SequenceClassifier:
    weight = frame["weight"].to_numpy() if "weight" in frame else None
    return classifier(**options).fit(frame, frame["label"], groups=frame["group"].to_numpy(), sample_weight=weight)


@pytest.mark.parametrize("second", [BoostedTrees(max_iter=20, learning_rate=0.3, min_samples_leaf=5), LinearChain()])
def test_the_same_text_is_judged_by_what_stands_around_it(second: Any) -> None:
    model, test = fitted(pages(), second=second, position=False), pages(5, seed=1)
    same = test["text"].str.startswith(EITHER)
    assert (model.predict(test)[same] == test["label"][same]).all()
    alone = fitted(pages(), second=None)
    assert (alone.predict(test)[same] == test["label"][same]).mean() < 0.9


def test_a_word_at_the_edge_is_another_than_the_same_within() -> None:
    def lines(first: int) -> pd.DataFrame:
        rows = [(f"go w{n} w{n + 1}" if n % 2 else f"w{n} go w{n + 1}", f"p{n}") for n in range(first, first + 60)]
        return pd.DataFrame(rows, columns=["text", "document"]).assign(
            title="", group="", position=0, label=["content", "boilerplate"] * 30
        )

    text = TfidfFeatures(ngram_range=(1, 2), token_pattern=r"\w+|[^\w\s]", n_features=2**12)
    train, test = lines(0), lines(100)
    right = []
    for edges in (False, True):
        model = SequenceClassifier(text, LinearSVM(), edges=edges).fit(train, train["label"])
        right.append((model.predict(test) == test["label"]).mean())
    assert right[0] < 0.9
    assert right[1] == 1
    assert model.read(["go"]) == ["^go$"]


def test_a_page_is_judged_by_itself() -> None:
    model, test = fitted(pages()), pages(4, seed=1).assign(group="")
    whole = model.decision_function(test)
    parts = [model.decision_function(page) for _, page in test.groupby("document", sort=False)]
    np.testing.assert_allclose(np.concatenate(parts), whole)


def test_rows_without_weight_teach_nothing() -> None:
    frame = pages().assign(weight=1.0)
    wrong = pages(20, seed=3)
    wrong["label"] = np.where(wrong["label"] == "content", "boilerplate", "content")
    mixed = pd.concat([frame, wrong.assign(weight=0.0, document="w" + wrong["document"])], ignore_index=True)
    test = pages(5, seed=1)
    assert (fitted(mixed, second=None).predict(test) == fitted(frame, second=None).predict(test)).all()
    assert (fitted(mixed).predict(test) == test["label"]).mean() > 0.95


def test_the_second_stage_learns_from_scores_of_sites_held_out(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[set[Any], set[Any]]] = []
    frame = pages()
    groups = frame["group"].to_numpy()
    original = SequenceClassifier._fit_first

    def spy(self: SequenceClassifier, matrix: Any, target: Any, weight: Any, rows: np.ndarray) -> Any:
        if len(rows) < len(groups):
            held_out = np.setdiff1d(np.arange(len(groups)), rows)
            seen.append((set(groups[rows]), set(groups[held_out])))
        return original(self, matrix, target, weight, rows)

    monkeypatch.setattr(SequenceClassifier, "_fit_first", spy)
    fitted(frame, folds=5)
    assert len(seen) == 5
    assert all(not known & held_out for known, held_out in seen)


def test_a_fitted_model_is_saved_as_data_and_loads_the_same(tmp_path: Any) -> None:
    frame, test = pages(), pages(3, seed=1)
    model = TextClassifier(None, classifier(), Argmax()).fit(frame, frame["label"], groups=frame["group"].to_numpy())
    before = model.scores(test)
    save_bundle(tmp_path / "model", model, {"task": "boilerplate", "classes": []})
    loaded, _ = load_bundle(tmp_path / "model")
    np.testing.assert_array_equal(loaded.scores(test), before)


def test_no_paragraphs_get_no_scores_and_one_class_is_refused() -> None:
    model = fitted(pages())
    assert model.decision_function(pages(1).iloc[:0]).shape == (0,)
    with pytest.raises(ValueError, match="needs two classes"):
        fitted(pages().query("label == 'content'"))


def test_scores_of_a_page_are_averaged_without_the_paragraph_itself() -> None:
    scores = np.array([5.0, -5, 5, 5], dtype=np.float32)
    lengths = np.log1p(np.array([100.0, 100, 100, 300])).astype(np.float32)
    found = run_of_scores(scores, *measures(scores, lengths), np.array([0, 3, 4]), np.array([5.0]))
    np.testing.assert_allclose(found[:3, 0], 2 / 3, rtol=1e-6)  # characters with a positive score
    np.testing.assert_allclose(found[:, 1], [0, 0.5, 0.5, 0], rtol=1e-6)  # of these, before the paragraph
    np.testing.assert_allclose(found[:3, 2], 5 / 3, rtol=1e-6)
    np.testing.assert_allclose(found[1, 4], np.tanh(5), rtol=1e-6)  # both neighbours
    assert found[3, 4] == 0  # has none


@pytest.mark.parametrize(
    "second", [BoostedTrees(max_iter=20, learning_rate=0.3, min_samples_leaf=5), LinearChain(), None]
)
def test_validation_scores_are_of_models_that_did_not_see_the_site(second: Any) -> None:
    frame = pages(20)
    groups = frame["group"].to_numpy()
    # a word that only one site's labels give away is worth nothing to models without this site
    frame["text"] = [f"site{group[4:]}word {text}" for group, text in zip(groups, frame["text"], strict=True)]
    noise = np.random.default_rng(0).permutation(frame["label"])
    model = classifier(second=second, position=False)
    scores = model.fit_and_validate(frame, noise, groups)
    seen = ((model.decision_function(frame) > 0) == (noise == "content")).mean()
    assert ((scores > 0) == (noise == "content")).mean() < seen
    np.testing.assert_array_equal(
        model.decision_function(frame),
        classifier(second=second, position=False).fit(frame, noise, groups).decision_function(frame),
    )


def test_what_says_how_long_a_page_is_is_bounded() -> None:
    long = pages(1).loc[[4] * 2_000].assign(position=range(2_000), document="long")
    model = fitted(pages(), passes=2)
    names = model.number_names()
    numbers = model.contributions(long)[2]
    bounded = [at for at, (_, name) in enumerate(names) if name in NUMBER_BOUNDS]
    assert len(bounded) == len(NUMBER_BOUNDS) + 7  # the second look has those of scores once more
    for at in bounded:
        assert np.abs(numbers[:, at]).max() <= NUMBER_BOUNDS[names[at][1]]
    np.testing.assert_array_equal(
        numbers[:, names.index(("position", "log_paragraphs"))], NUMBER_BOUNDS["log_paragraphs"]
    )
    assert numbers[:, names.index(("position", "relative"))].max() == 1


def test_a_second_look_sees_what_the_first_made_of_the_page() -> None:
    frame, test = pages(), pages(4, seed=1)
    once, twice = fitted(frame, passes=1), fitted(frame, passes=2)
    assert (once.earlier_, len(twice.earlier_)) == ([], 1)
    names = twice.number_names()
    assert len(names) == len(set(names)) == len(once.number_names()) + 1 + 8 + 6 + 16 + 4
    start, named, numbers, added = twice.contributions(test)
    assert named == names
    np.testing.assert_allclose(start + added.sum(axis=1), twice.decision_function(test), atol=1e-5)
    np.testing.assert_allclose(
        numbers[:, names.index(("second look", "score"))], once.decision_function(test) / 2, rtol=1e-5
    )


def test_every_page_weighs_the_same_and_on_average_a_paragraph_weighs_one() -> None:
    table = {"text": ["a" * 16, "b", "c" * 81], "document": ["1", "1", "2"]}
    used = np.array([True, True, True])
    weights = classifier(length_power=0.5)._page_weights(table, used)
    np.testing.assert_allclose(weights, [1.2, 0.3, 1.5])
    np.testing.assert_allclose(
        classifier(length_power=1, balance=False)._page_weights(table, used), np.array([16, 1, 81]) * 3 / 98
    )
    context = classifier()._page_weights(table, np.array([True, False, False]))
    np.testing.assert_allclose(context, [1, 0, 0])
