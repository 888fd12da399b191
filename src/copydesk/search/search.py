"""Search for the best config of a run: its options, and the searches on the training parts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from copydesk.config.compose import options_of, write_experiment
from copydesk.config.units import parse_duration, parse_size
from copydesk.errors import ConfigError
from copydesk.runs.fit import build_estimator, check_fit
from copydesk.search.objective import Metric
from copydesk.search.results import summary, summary_lines
from copydesk.search.single import SingleSearch
from copydesk.search.space import Space
from copydesk.search.study import copy_of

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from omegaconf import DictConfig

    from copydesk.reports.report import Section
    from copydesk.runs.run import Run
    from copydesk.tasks import Task

FILE = "search.db"


@dataclass(frozen=True)
class Search:
    """Options of a search, built from ``search=…`` of a config.

    Parameters
    ----------
    duration : str, default="5m"
        Of all searches of the run together, such as "90s", "5m" or "1h".
    trials : int or None, default=None
        Maximum of each search; None for as many as the time allows.
    metric : str, default="accuracy"
        See `Metric`.
    label : str, int or None, default=None
        For metrics of one label; None for the mean over all labels.
    at : float or None, default=None
        Recall of ``precision_at_recall``, precision of ``recall_at_precision``.
    folds : int, default=5
        Of the cross-validation on the training part.
    max_model_size : str or None, default=None
        Of the saved model, all its files together, such as "5MB".
    cache : str, default="1GB"
        Memory for features that several trials share.
    jobs : int or None, default=-1
        Trials at once; -1 for one per core, None for 1.
    nested : bool, default=False
        With several folds, search separately inside each.
    resume : str or None, default=None
        Folder of a run whose search is continued.
    space : dict of config key to range
        At least one, see `Range`.

    Raises
    ------
    ConfigError
        Names the key, the value found and what is valid.
    """

    duration: Any = "5m"
    trials: int | None = None
    metric: str = "accuracy"
    label: str | int | None = None
    at: float | None = None
    folds: int = 5
    max_model_size: Any = None
    cache: Any = "1GB"
    jobs: int | None = -1
    nested: bool = False
    resume: str | None = None
    space: dict[str, Any] | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.space, dict) or not self.space:
            raise ConfigError(
                "search.space: is empty; name at least one config key with its range, such as "
                "classifier.C: {low: 0.1, high: 10, log: true}"
            )
        for name, least in (("trials", 1), ("folds", 2)):
            value = getattr(self, name)
            if value is not None and (isinstance(value, bool) or value < least):
                raise ConfigError(f"search.{name}={value!r}: must be a whole number of at least {least}")
        if isinstance(self.jobs, bool) or self.jobs == 0:
            raise ConfigError(f"search.jobs={self.jobs!r}: must be a whole number from 1, or -1 for one trial per core")
        # The properties parse what they return, and refuse what they can't parse.
        _ = self.seconds, self.max_bytes, self.cache_bytes

    @property
    def seconds(self) -> float:
        """``duration`` in seconds."""
        return parse_duration(self.duration, "search.duration")

    @property
    def max_bytes(self) -> int | None:
        """``max_model_size`` in bytes."""
        size = self.max_model_size
        return None if size is None else parse_size(size, "search.max_model_size")

    @property
    def cache_bytes(self) -> int:
        """``cache`` in bytes."""
        return parse_size(self.cache, "search.cache")

    @property
    def workers(self) -> int:
        """Number of trials that run at once."""
        from joblib import effective_n_jobs

        return int(effective_n_jobs(self.jobs))

    def over(self, cfg: DictConfig) -> RunSearch:
        """Prepare the search over a run's config, checked as far as possible without the data.

        Raises
        ------
        ConfigError
            The metric or the space is not valid, or Optuna is not installed.
        """
        try:
            import optuna  # noqa: F401
        except ImportError:
            raise ConfigError("search: needs optuna, which is not installed: pip install 'copydesk[search]'") from None
        metric, space = Metric.checked(self.metric, self.label, self.at), Space(self.space or {}, cfg, options_of(cfg))
        return RunSearch(SingleSearch(cfg, self, metric, space))


@dataclass(frozen=True)
class RunSearch:
    """Searches of a run, one for each part of the data that needs a config of its own."""

    single: SingleSearch

    def find(
        self, run: Run, frame: pd.DataFrame, folds: Sequence[tuple[np.ndarray, np.ndarray]], task: Task
    ) -> list[DictConfig]:
        """Return a config for the training part of each fold, followed by the config of the model that is saved.

        With one fold, the search uses its training part only. With several, it uses all rows, so the run's scores
        are of rows that the search has seen; with ``nested`` it runs separately inside each fold.

        Raises
        ------
        ConfigError
            The metric does not fit the task or the data, the time is too short for a trial, or all trials fail.
        KeyboardInterrupt
            The search was interrupted before it had a result.
        """
        options, metric, space = self.single.options, self.single.metric, self.single.space
        metric.check(options.metric, task, set(frame["label"]))
        for cfg in space.each_option():
            check_fit(task, build_estimator(cfg))
        (run.folder / "search").mkdir()
        file = run.folder / "search" / FILE
        if options.resume is not None:
            copy_of(Path(options.resume), file)
        parts = {"all": frame} if len(folds) > 1 else {"train": frame.iloc[folds[0][0]]}
        if options.nested and len(folds) > 1:
            parts = {**{f"fold {n}": frame.iloc[seen] for n, (seen, _) in enumerate(folds)}, **parts}
        found, histories = [], {}
        for name, rows in parts.items():
            cfg, histories[name] = self.single.on(file, name, rows, task, options.seconds / len(parts))
            found.append(cfg)
        if len(folds) > 1 and not options.nested:
            run.warn(
                "the scores are of rows that the search has seen, and so a little too good; "
                "search.nested=true or split=stratified gives some that are not"
            )
        unseen = options.nested or len(folds) == 1
        run.info["search"] = {"metric": str(metric), "judged_on_unseen_rows": unseen, **summary(histories, space)}
        run.write("search/history.json", histories)
        file = run.folder / "search" / "experiment" / f"{run.name}.yaml"
        write_experiment(found[-1], file, f"Found by a search: copydesk train --config-dir {file.parents[1]}")
        return found if len(found) > len(folds) else [found[-1]] * (len(folds) + 1)

    def section(self, run: Run) -> Section:
        """Return the section of the run's report on this search."""
        from copydesk.search.report_section import section_of

        return section_of(run)

    def summary_lines(self, run: Run) -> list[str]:
        """Return what the run prints about this search."""
        return summary_lines(run)
