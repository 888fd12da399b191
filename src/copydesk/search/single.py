"""A single search on fixed rows: worker threads that run trials until the budget ends."""

from __future__ import annotations

import json
import sys
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig, OmegaConf

from copydesk.config.units import shown_duration
from copydesk.engines.here import Here
from copydesk.errors import ConfigError, one_line
from copydesk.runs.run import fingerprint
from copydesk.search.budget import Budget
from copydesk.search.objective import Metric
from copydesk.search.results import history
from copydesk.search.size_limit import below
from copydesk.search.space import SEARCHED_PARTS, Range, Space
from copydesk.search.study import Study
from copydesk.search.trials import Outcome, Trials
from copydesk.search.warm_up import warm_up

if TYPE_CHECKING:
    import pandas as pd
    from optuna.trial import Trial

    from copydesk.search.search_options import SearchOptions
    from copydesk.tasks import Task

MIN_TRIALS = 8  # with time for fewer trials, a trial uses fewer folds
MAX_FAILURES = 10  # the search ends when this many trials have failed and none has succeeded


class _Pruned(Exception):  # noqa: N818 (not an error)
    """Raised when a trial is worse than most at the same fold; holds the outcome so far."""


class _OutOfTime(Exception):  # noqa: N818 (not an error)
    """Raised in a running trial when the search is over."""


@dataclass(frozen=True)
class SingleSearch:
    """A search over a run's config, ready to run on any rows.

    Attributes
    ----------
    cfg : DictConfig
        The run's config; the first trial evaluates it unchanged.
    options : Search
    metric : Metric
    space : Space
    engine : Here or Dask
        Evaluates folds.
    """

    cfg: DictConfig
    options: SearchOptions
    metric: Metric
    space: Space
    engine: Any = field(default_factory=Here)

    @property
    def at_once(self) -> int:
        """Number of trials that run at once."""
        threads: int | None = self.engine.threads
        return threads if threads is not None and self.options.jobs == -1 else self.options.workers

    def on(
        self, file: Path, name: str, frame: pd.DataFrame, task: Task, seconds: float
    ) -> tuple[DictConfig, dict[str, Any]]:
        """Search on some rows; return the best config and the search's history."""
        from joblib import Parallel, delayed

        options = self.options
        trials = Trials(
            frame, task, self.metric, folds=options.folds, seed=self.cfg.seed, cache_bytes=options.cache_bytes,
            max_bytes=options.max_bytes, whole=self.space.has("decision"),
        )  # fmt: skip
        study = Study(file, name, self.space, self._marks(frame), self.cfg.seed)
        trials.used = study.folds or options.folds
        if options.trials is None:  # a search with a number of trials must not depend on the clock
            trials.patience = seconds * self.at_once / MIN_TRIALS
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                warm_up(self.space, frame, task, self.metric)
                budget = Budget(seconds, study.spent)
                with budget.ended_by_interrupt(), self.engine.lent(trials) as trials.call:
                    budget.start()
                    work = (delayed(self._work)(study, trials, budget) for _ in range(self.at_once))
                    Parallel(n_jobs=self.at_once, prefer="threads")(work)
                best = study.best()
                if best is None:
                    raise self._nothing(study, budget)
                cfg = study.config_of(best)
                if options.max_bytes is not None:
                    below(cfg, options.max_bytes, frame, task)
            return cfg, history(study, best, budget)
        finally:
            study.close()

    def _work(self, study: Study, trials: Trials, budget: Budget) -> None:
        """Run trials until the search is over."""
        try:
            while not budget.over and (self.options.trials is None or study.tried < self.options.trials):
                asked = study.ask()
                if asked is None:
                    break
                self._try(study, trials, budget, *asked)
                finished = study.finished()
                if len(finished) >= MAX_FAILURES and all(each.state.name == "FAIL" for each in finished):
                    break
        except BaseException:
            budget.ended = True
            raise

    def _try(
        self, study: Study, trials: Trials, budget: Budget, trial: Trial, cfg: DictConfig, path: Range | None
    ) -> None:
        def go_on(value: float, outcome: Outcome, done: int) -> None:
            if done == 1 and study.folds is None:
                trials.used = study.settle_folds(self._folds_for(outcome.seconds, budget))
            if budget.over and done < trials.used:
                raise _OutOfTime
            if done:
                trial.report(value, done)
                if done < trials.used and trial.should_prune():
                    raise _Pruned(outcome)

        key, Cs = (None, ()) if path is None else (path.key, path.path)
        try:
            outcome = trials.evaluate(cfg, key, Cs, go_on)
        except _Pruned as pruned:
            study.tell(trial, "PRUNED", budget.elapsed, pruned.args[0].facts())
        except _OutOfTime:
            study.give_up(trial)
        except (ValueError, TypeError, ConfigError) as error:
            if isinstance(error, _TooShortError):
                raise
            study.tell(trial, "FAIL", budget.elapsed, {"error": one_line(str(error))})
        else:
            study.tell(trial, "COMPLETE", budget.elapsed, outcome.facts(), outcome.mean(outcome.best))

    def _folds_for(self, fold_seconds: float, budget: Budget) -> int:
        """Return the number of folds per trial that leaves time for ``MIN_TRIALS`` trials."""
        left = budget.seconds - budget.spent
        if fold_seconds > left:
            raise _TooShortError(
                f"search.duration: too short; a single fold of a trial takes some {shown_duration(fold_seconds)}, and "
                f"there are {shown_duration(left)}; give at least {shown_duration(MIN_TRIALS * fold_seconds)}"
            )
        return max(1, min(self.options.folds, int(left * self.at_once / (MIN_TRIALS * fold_seconds))))

    def _nothing(self, study: Study, budget: Budget) -> BaseException:
        """Return the reason why the search has no result."""
        errors = [each.user_attrs["facts"]["error"] for each in study.finished() if each.state.name == "FAIL"]
        if errors:
            return ConfigError(f"search: all {len(errors)} trials failed; the first: {errors[0]}")
        if budget.ended:
            print(f"copydesk: nothing was found yet; search.resume={study.file} goes on", file=sys.stderr)
            return KeyboardInterrupt()
        return ConfigError(
            f"search.duration: too short; no trial came to an end in {shown_duration(budget.seconds)}; give more"
        )

    def _marks(self, frame: pd.DataFrame) -> dict[str, str]:
        """Return the settings that must be equal for a search to be resumed."""
        parts = {part: OmegaConf.to_container(self.cfg[part], resolve=True) for part in SEARCHED_PARTS}
        space = OmegaConf.to_container(self.cfg.search.space, resolve=True)
        return {
            "data": fingerprint(frame),
            "metric": str(self.metric),
            "folds": str(self.options.folds),
            "max_model_size": str(self.options.max_bytes),
            "seed": str(self.cfg.seed),
            "space": json.dumps(space, sort_keys=True),
            "config": json.dumps(parts, sort_keys=True),
        }


class _TooShortError(ConfigError):
    """The time is too short for a single trial."""
