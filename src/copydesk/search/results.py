"""Results of a search: its trials, the importance of keys, and the front of score, size and time."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from copydesk.search.settings import Budget
from copydesk.search.study import FACTS, Study

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial

    from copydesk.runs.run import Run
    from copydesk.search.space import Space


def history(study: Study, best: FrozenTrial, budget: Budget) -> dict[str, Any]:
    """Return all trials of a search and what follows from them, JSON-able.

    Returns
    -------
    dict
        ``seconds``; ``interrupted``; ``folds`` (on how many a trial was judged);
        ``default`` and ``best`` (numbers of trials, the first and the winner);
        ``trials``: ``number``, ``state``, ``value`` (mean over the folds it was judged on), ``params`` and what
        `trials.Outcome` keeps; ``importance`` by key; ``front`` (numbers of trials, see ``pareto_front``).
    """
    trials = [_row(each, study.space) for each in study.finished()]
    return {
        "seconds": round(budget.elapsed, 1),
        "interrupted": budget.ended,
        "folds": study.folds,
        "default": trials[0]["number"],
        "best": best.number,
        "trials": trials,
        "importance": importance(study),
        "front": pareto_front([each for each in trials if each["state"] == "complete"]),
    }


def _row(trial: FrozenTrial, space: Space) -> dict[str, Any]:
    facts = trial.user_attrs[FACTS]
    value = trial.value if trial.state.name == "COMPLETE" else None
    if value is None and trial.intermediate_values:
        value = trial.intermediate_values[max(trial.intermediate_values)]
    params = {key: space.shown(key, stored) for key, stored in trial.params.items()}
    return {"number": trial.number, "state": trial.state.name.lower(), "value": value, "params": params, **facts}


def importance(study: Study) -> dict[str, float]:
    """Return how much of the differences between trials each key explains, summing to 1; the largest first.

    Shares of variance by PED-ANOVA (Watanabe, Bansal and Hutter 2023), over keys that all complete trials have;
    nothing where there are too few trials to say.
    """
    from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances

    if len(study.complete()) < 4:
        return {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            found = get_param_importances(study.study, evaluator=PedAnovaImportanceEvaluator())
        except (ValueError, RuntimeError):
            return {}
    return {key: round(float(value), 4) for key, value in sorted(found.items(), key=lambda each: -each[1])}


def pareto_front(rows: Sequence[Mapping[str, Any]]) -> list[int]:
    """Return the numbers of trials that no other beats in value, bytes and seconds together, the best value first."""

    def beats(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
        a, b = ((-each["value"], each["bytes"], each["seconds"]) for each in (one, other))
        return a != b and all(x <= y for x, y in zip(a, b, strict=True))

    front = [each for each in rows if not any(beats(other, each) for other in rows)]
    return [each["number"] for each in sorted(front, key=lambda each: -each["value"])]


def shown_value(value: float | None) -> str:
    """Return a trial's score as text."""
    return "none (it failed)" if value is None else f"{value:.4f}"


def judged_by(folds: int) -> str:
    """Return how trials were judged as text."""
    return "one held-out fold" if folds == 1 else f"{folds} folds of cross-validation"


def of_saved_model(told: Mapping[str, Any]) -> Any:
    """Return the search whose config the saved model has: that on all rows, or on the only training part."""
    return told["all"] if "all" in told else told["train"]


def summary_lines(run: Run) -> list[str]:
    """Return what a run prints about its search."""
    found = run.info["search"]
    first, best = (shown_value(found[name]) for name in ("value_of_the_first_trial", "value"))
    return [
        f"  search  {found['trials']['all']:,} trials in {found['seconds']:.0f} s, {found['metric']} by "
        f"{judged_by(found['folds'])}: {first} the first, {best} the best",
        f"  found   {run.folder / 'search' / 'experiment' / run.name}.yaml",
    ]


def summary(told: Mapping[str, Mapping[str, Any]], space: Space) -> dict[str, Any]:
    """Return the records' few lines on the search whose config the saved model has."""
    last = of_saved_model(told)
    rows = {each["number"]: each for each in last["trials"]}
    best, default = rows[last["best"]], rows[last["default"]]
    states = [each["state"] for each in last["trials"]]
    changed = {**best["params"], **best["cap"]}
    return {
        "searches": len(told),
        "seconds": round(sum(each["seconds"] for each in told.values()), 1),
        "folds": last["folds"],
        "trials": {"all": len(states), **{name: states.count(name) for name in ("complete", "pruned", "fail")}},
        "interrupted": any(each["interrupted"] for each in told.values()),
        "value_of_the_first_trial": default["value"],
        "value": best["value"],
        "found": {key: json.dumps(value, ensure_ascii=False) for key, value in changed.items()}
        | ({} if best["C"] is None else {"C": best["C"]}),
    }
