"""From a config with ``search=…`` to the config that it finds, for every part that the run fits on."""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig, OmegaConf

from copydesk.config import compose as config
from copydesk.config.units import shown_duration
from copydesk.errors import ConfigError, one_line
from copydesk.runs.fit import build_estimator, check_fit
from copydesk.runs.run import Run, fingerprint
from copydesk.search.objective import Metric
from copydesk.search.results import history, summary, summary_lines
from copydesk.search.settings import Budget, Settings
from copydesk.search.size_limit import below
from copydesk.search.space import PARTS, Range, Space
from copydesk.search.study import Study, copy_of
from copydesk.search.trials import Outcome, Trials
from copydesk.search.warm_up import warm_up

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from optuna.trial import Trial

    from copydesk.reports.report import Section
    from copydesk.tasks import Task

FILE = "search.db"
WANTED = 8  # trials that there should be time for; with less, a trial is judged on fewer folds
HOPELESS = 10  # trials that failed, and none that did not


class _Pruned(Exception):  # noqa: N818 (it is no error)
    """Worse than most at the same fold; holds what was found so far."""


class _OutOfTime(Exception):  # noqa: N818 (it is no error)
    """The search is over while a trial runs."""


@dataclass(frozen=True)
class Search:
    """A search as a config asks for it, checked as far as it can be without the data.

    Attributes
    ----------
    cfg : DictConfig
        The run's config; the first trial is what it says.
    settings : Settings
    metric : Metric
    space : Space
    """

    cfg: DictConfig
    settings: Settings
    metric: Metric
    space: Space

    @classmethod
    def of(cls, cfg: DictConfig) -> Search | None:
        """Return the search that a config asks for; None where it asks for none.

        Raises
        ------
        ConfigError
            A key of ``search`` is not valid, or Optuna is not installed.
        """
        if not cfg.get("search"):
            return None
        try:
            import optuna  # noqa: F401
        except ImportError:
            raise ConfigError("search: needs optuna, which is not installed: pip install 'copydesk[search]'") from None
        node: Any = OmegaConf.to_container(cfg.search, resolve=True)
        settings = Settings.of(node)
        return cls(cfg, settings, Metric.of(settings), Space(settings.space, cfg, config.options_of(cfg)))

    def find(
        self, run: Run, frame: pd.DataFrame, folds: Sequence[tuple[np.ndarray, np.ndarray]], task: Task
    ) -> list[DictConfig]:
        """Return a config for each fold's training part, and last one for the model that is saved.

        With one fold the search sees its training part only. With several it sees all rows, and the scores of the
        run are of rows that the config was chosen by; with ``nested`` it is made anew inside each.

        Raises
        ------
        ConfigError
            The metric is not of this task or data, no trial can be made in the time, or all fail.
        KeyboardInterrupt
            The search was ended before there was anything to go on with.
        """
        self.metric.check(self.settings.metric, task, set(frame["label"]))
        for cfg in self.space.each_option():
            check_fit(task, build_estimator(cfg))
        (run.folder / "search").mkdir()
        file = run.folder / "search" / FILE
        if self.settings.resume is not None:
            copy_of(self.settings.resume, file)
        parts = {"all": frame} if len(folds) > 1 else {"train": frame.iloc[folds[0][0]]}
        if self.settings.nested and len(folds) > 1:
            parts = {**{f"fold {n}": frame.iloc[seen] for n, (seen, _) in enumerate(folds)}, **parts}
        found, told = [], {}
        for name, rows in parts.items():
            cfg, told[name] = self._one(file, name, rows, task, self.settings.seconds / len(parts))
            found.append(cfg)
        if len(folds) > 1 and not self.settings.nested:
            run.warn(
                "the scores are of rows that the search has seen, and so a little too good; "
                "search.nested=true or split=stratified gives some that are not"
            )
        unseen = self.settings.nested or len(folds) == 1
        run.info["search"] = {"metric": str(self.metric), "judged_on_unseen_rows": unseen, **summary(told, self.space)}
        run.write("search/history.json", told)
        experiment = run.folder / "search" / "experiment" / f"{run.name}.yaml"
        config.write_experiment(
            found[-1], experiment, f"Found by a search: copydesk train --config-dir {experiment.parents[1]}"
        )
        return found if len(found) > len(folds) else [found[-1]] * (len(folds) + 1)

    def section(self, run: Run) -> Section:
        """Return the section of the run's report on this search."""
        from copydesk.search.report_section import section_of

        return section_of(run)

    def summary_lines(self, run: Run) -> list[str]:
        """Return what the run prints about this search."""
        return summary_lines(run)

    def _one(
        self, file: Path, name: str, frame: pd.DataFrame, task: Task, seconds: float
    ) -> tuple[DictConfig, dict[str, Any]]:
        """Search on some rows; return the config found and the search's history."""
        from joblib import Parallel, delayed

        settings = self.settings
        trials = Trials(
            frame, task, self.metric, folds=settings.folds, seed=self.cfg.seed, cache_bytes=settings.cache_bytes,
            max_bytes=settings.max_bytes, whole=self.space.has("decision"),
        )  # fmt: skip
        study = Study(file, name, self.space, self._marks(frame), self.cfg.seed)
        trials.used = study.folds or settings.folds
        if settings.trials is None:  # else it can be repeated exactly, and nothing may depend on the clock
            trials.patience = seconds * settings.jobs / WANTED
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                warm_up(self.space, frame, task, self.metric)
                budget = Budget(seconds, study.spent)
                with budget.ended_by_interrupt():
                    budget.start()
                    work = (delayed(self._work)(study, trials, budget) for _ in range(settings.jobs))
                    Parallel(n_jobs=settings.jobs, prefer="threads")(work)
                best = study.best()
                if best is None:
                    raise self._nothing(study, budget)
                cfg = study.config_of(best)
                if settings.max_bytes is not None:
                    below(cfg, settings.max_bytes, frame, task)
            return cfg, history(study, best, budget)
        finally:
            study.close()

    def _work(self, study: Study, trials: Trials, budget: Budget) -> None:
        """Make one trial after the other until the search is over."""
        try:
            while not budget.over and (self.settings.trials is None or study.tried < self.settings.trials):
                asked = study.ask()
                if asked is None:
                    break
                self._try(study, trials, budget, *asked)
                finished = study.finished()
                if len(finished) >= HOPELESS and all(each.state.name == "FAIL" for each in finished):
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
        """Return on how many folds to judge a trial, so that there is time for some trials."""
        left = budget.seconds - budget.spent
        if fold_seconds > left:
            raise _TooShortError(
                f"search.duration: too short; a single fold of a trial takes some {shown_duration(fold_seconds)}, and "
                f"there are {shown_duration(left)}; give at least {shown_duration(WANTED * fold_seconds)}"
            )
        return max(1, min(self.settings.folds, int(left * self.settings.jobs / (WANTED * fold_seconds))))

    def _nothing(self, study: Study, budget: Budget) -> BaseException:
        """Return why there is no result."""
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
        """Return what must be the same for a search to go on."""
        parts = {part: OmegaConf.to_container(self.cfg[part], resolve=True) for part in PARTS}
        space = OmegaConf.to_container(self.cfg.search.space, resolve=True)
        return {
            "data": fingerprint(frame),
            "metric": str(self.metric),
            "folds": str(self.settings.folds),
            "max_model_size": str(self.settings.max_bytes),
            "seed": str(self.cfg.seed),
            "space": json.dumps(space, sort_keys=True),
            "config": json.dumps(parts, sort_keys=True),
        }


class _TooShortError(ConfigError):
    """No trial can be made in the time there is."""
