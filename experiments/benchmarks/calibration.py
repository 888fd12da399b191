"""Calibration error of the topic presets as they come, beside the softmax of their scores.

    python experiments/benchmarks/calibration.py FOLDER [--cache FOLDER] [--only TEXT]

FOLDER holds ``newsgroups.jsonl.gz`` and ``reuters_r52.jsonl.gz``; BBC comes with the extra ``demo``. The method was
chosen by folds of the training parts; this script judges it on the test parts, once. The table goes to
``calibration.md`` beside this script; the cache keeps results.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

from recording import machine
from topic_sets.sets import TopicSet, folds, read
from topics import PACKAGES, cell, remembered, settings

from copydesk.datasets.audit import audit
from copydesk.evaluation.metrics import evaluate
from copydesk.evaluation.predictions import Predictions
from copydesk.runs.cross_fitting import CrossFitting
from copydesk.runs.fit import build_estimator, fit, predict_held_out
from copydesk.tasks import TOPIC_TASK

SETS = {"20 Newsgroups": "topics", "R52": "topics_newswire", "BBC": "bbc_topics"}
Found = dict[str, Any]
ABOUT = [
    "Calibration error: expected, of the likeliest label, in ten equal bins (Guo et al. 2017). Intervals: 95 %,",
    "documents drawn anew. 20 Newsgroups and R52 on their published test parts, BBC in five folds; without groups.",
    "`decision=argmax` is the softmax of the scores, without calibration. Seconds: processor time of training, by one",
    "thread; in five folds that is six models.",
]


def official(data: TopicSet, estimator: Any) -> tuple[list[Predictions], float]:
    """Train on the published training part; return predictions of the test part, and seconds of training."""
    [(train, test)] = [(train.assign(group=""), test) for train, test in data.judged()]
    start = time.process_time()
    model = fit(estimator, train, TOPIC_TASK)
    seconds = time.process_time() - start
    return [predict_held_out(model, test, TOPIC_TASK, 0)], seconds


def five_folds(data: TopicSet, estimator: Any) -> tuple[list[Predictions], float]:
    """Cross-validate as a run does; return predictions of all rows, and seconds of all models."""
    frame = audit(data.frame, folds=5).frame.reset_index(drop=True)
    parts = [(train.index.to_numpy(), test.index.to_numpy()) for train, test in folds(frame, 5, seed=0)]
    start = time.process_time()
    if not estimator.decision.needs_validation:
        judged = [
            predict_held_out(fit(estimator, frame.iloc[seen], TOPIC_TASK), frame.iloc[held_out], TOPIC_TASK, number)
            for number, (seen, held_out) in enumerate(parts)
        ]
        fit(estimator, frame, TOPIC_TASK)
        return judged, time.process_time() - start
    shared = CrossFitting(estimator, frame, TOPIC_TASK)
    for seen, held_out in parts:
        shared.predict(shared.fit(seen), held_out)
    judged = shared.predictions()
    shared.fit_whole()
    return judged, time.process_time() - start


def measure(data: TopicSet, estimator: Any) -> Found:
    judged, seconds = (official if data.official else five_folds)(data, estimator)
    scores = evaluate(Predictions.concatenate(judged))
    names = ("accuracy", "ece", "log_loss")
    return {"n": scores["n"], "seconds": seconds, **{name: scores["scores"][name] for name in names}}


def table(found: dict[str, dict[str, Found]]) -> list[str]:
    lines = [
        "| data | judged on | model | accuracy, % | calibration error, % | log loss | training, s |",
        f"|{'---|' * 7}",
    ]
    for name, models in found.items():
        for model, each in models.items():
            cells = [name, f"{each['n']:,}", model, cell(each["accuracy"]), cell(each["ece"])]
            lines.append(f"| {' | '.join(cells)} | {each['log_loss']['value']:.3f} | {each['seconds']:.1f} |")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--cache", type=Path, help="keep what was found here, and go on from it")
    parser.add_argument("--only", help="measure and cache what has this in its name, and write no table")
    options = parser.parse_args()
    sets = read(options.folder, None)
    found: dict[str, dict[str, Found]] = {}
    for name, experiment in SETS.items():
        models = {
            f"experiment={experiment}": build_estimator(settings(experiment, [])),
            f"experiment={experiment} decision=argmax": build_estimator(settings(experiment, ["decision=argmax"])),
        }
        found[name] = {
            model: remembered(options.cache, f"{name}, {model}", lambda: measure(sets[name](), estimator))
            for model, estimator in models.items()
            if options.only is None or options.only in f"{name}, {model}"
        }
    if options.only is not None:
        return
    lines = ["# Calibration", "", f"`calibration.py`; {machine(PACKAGES)}.", "", *ABOUT, "", *table(found)]
    Path(__file__).with_suffix(".md").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
