"""A trial is what scikit-learn's cross-validation of the same config would find."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from omegaconf import DictConfig

from copydesk.bundle import measure
from copydesk.config.build import build
from copydesk.datasets.audit import audit
from copydesk.datasets.splits import KFold
from copydesk.errors import ConfigError
from copydesk.runs.fit import build_estimator, fit
from copydesk.search.objective import Metric
from copydesk.search.size_limit import below, fixed_bytes
from copydesk.search.trials import Outcome, Trials
from copydesk.tasks import TOPIC_TASK
from helpers.little_search import config


@pytest.fixture
def cfg(tmp_path: Path) -> DictConfig:
    return config(tmp_path)


def rows(cfg: DictConfig) -> pd.DataFrame:
    return audit(build(cfg.dataset, "dataset").load().frame, official=False, folds=2).frame


def trials(frame: pd.DataFrame, **options: object) -> Trials:
    return Trials(frame, TOPIC_TASK, Metric("accuracy"), folds=3, seed=0, cache_bytes=10**7, **options)  # type: ignore[arg-type]


def go_on(value: float, outcome: Outcome, done: int) -> None: ...


def test_the_folds_scores_are_those_of_models_fitted_without_the_fold(cfg: DictConfig) -> None:
    frame = rows(cfg)
    found = trials(frame).evaluate(cfg, None, [], go_on)
    expected = []
    for seen, held_out in KFold(3).folds(frame, 0):
        model = fit(build_estimator(cfg), frame.iloc[seen], TOPIC_TASK)
        expected.append(
            float(np.mean(model.predict(frame["text"].iloc[held_out].tolist()) == frame["label"].iloc[held_out]))
        )
    assert found.values[0.0] == expected
    assert found.C is None


def test_along_a_path_every_c_scores_as_it_does_alone_and_the_best_is_taken(cfg: DictConfig) -> None:
    frame = rows(cfg)
    found = trials(frame).evaluate(cfg, "classifier.C", [10, 0.1, 1], go_on)
    alone = {}
    for C in (0.1, 1.0, 10.0):
        cfg.classifier.C = C
        alone[C] = trials(frame).evaluate(cfg, None, [], go_on).values[0.0]
    for C, values in alone.items():  # a label or so apart: a warm start stops elsewhere within tol
        assert found.values[C] == pytest.approx(values, abs=0.06)
    assert max(sorted(alone), key=found.mean) == found.C


def test_a_path_ends_sooner_where_it_takes_too_long_and_the_next_folds_look_around_the_best(cfg: DictConfig) -> None:
    frame, Cs = rows(cfg), [0.01, 0.1, 1.0, 10.0, 100.0]
    hurried = trials(frame)
    hurried.patience = 1e-9
    assert list(hurried.evaluate(cfg, "classifier.C", Cs, go_on).values) == Cs[:1]
    patient = trials(frame).evaluate(cfg, "classifier.C", Cs, go_on)
    assert len(patient.values) > 1
    assert patient.C is not None
    on_all_folds = [C for C, values in patient.values.items() if len(values) == 3]
    assert 1 <= len(on_all_folds) <= 3
    assert patient.C in on_all_folds


def test_the_c_of_a_classifier_inside_another_is_found_too(tmp_path: Path) -> None:
    cfg = config(tmp_path, "classifier=nb_svm")
    found = trials(rows(cfg)).evaluate(cfg, "classifier.classifier.C", [0.1, 1], go_on)
    cfg.classifier.classifier.C = 0.1
    assert found.values[0.1] == trials(rows(cfg)).evaluate(cfg, None, [], go_on).values[0.0]
    assert set(found.values) == {0.1, 1.0}


def test_features_are_made_once_for_all_trials_that_share_them(
    cfg: DictConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    from copydesk.features.tfidf import TfidfFeatures

    made, original = [], TfidfFeatures.fit_transform
    monkeypatch.setattr(TfidfFeatures, "fit_transform", lambda *a, **k: made.append(1) or original(*a, **k))
    shared = trials(rows(cfg))
    for C in (1, 2, 3):
        cfg.classifier.C = C
        shared.evaluate(cfg, None, [], go_on)
    assert len(made) == 3
    cfg.features.min_df = 2
    shared.evaluate(cfg, None, [], go_on)
    assert len(made) == 6


def test_whoever_is_asked_after_a_fold_can_end_the_trial(cfg: DictConfig) -> None:
    told = []

    def stop(value: float, outcome: Outcome, done: int) -> None:
        told.append(done)
        if done == 2:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        trials(rows(cfg)).evaluate(cfg, None, [], stop)
    assert told == [0, 1, 0, 2]


@pytest.mark.parametrize("features", ["word", "hashing"])
def test_a_model_is_kept_below_its_limit_by_fewer_terms(tmp_path: Path, features: str) -> None:
    cfg = config(tmp_path, f"features={features}")
    frame, limit = rows(cfg), fixed_bytes(3) + 8_000
    found = trials(frame, max_bytes=limit).evaluate(cfg, None, [], go_on)
    name = {"word": "features.max_features", "hashing": "features.n_features"}[features]
    assert list(found.cap) == [name]
    assert 2 <= found.cap[name] < 300
    assert found.bytes <= limit
    below(cfg, limit, frame, TOPIC_TASK)
    assert measure(fit(build_estimator(cfg), frame, TOPIC_TASK)) <= limit


def test_a_limit_that_leaves_nothing_is_refused(cfg: DictConfig) -> None:
    with pytest.raises(ValueError, match=r"search\.max_model_size"):
        trials(rows(cfg), max_bytes=100).evaluate(cfg, None, [], go_on)


def test_too_few_documents_for_the_folds_are_a_matter_of_the_config(cfg: DictConfig) -> None:
    with pytest.raises(ConfigError, match=r"search\.folds=3: the dataset has only 2"):
        trials(rows(cfg).head(2))


def test_sites_stay_whole(cfg: DictConfig) -> None:
    frame = rows(cfg).assign(group=[f"site{n % 7}" for n in range(60)])
    for fold in trials(frame).folds:
        assert set(fold.seen["group"]) & set(fold.held_out["group"]) == set()


def test_with_a_decision_in_the_space_it_is_fitted_and_judged_too(tmp_path: Path) -> None:
    cfg = config(tmp_path, "decision=abstain", "decision.min_confidence=0.99")
    frame = rows(cfg)
    abstains = trials(frame, whole=True).evaluate(cfg, None, [], go_on)
    answers = trials(frame).evaluate(cfg, None, [], go_on)
    assert abstains.mean(0.0) < answers.mean(0.0)
