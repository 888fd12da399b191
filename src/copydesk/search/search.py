"""Search for the best config of a run, on each of its training parts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from copydesk.config.compose import options_of, write_experiment
from copydesk.datasets.label_audit import label_counts
from copydesk.errors import ConfigError
from copydesk.runs.fit import build_estimator, check_fit
from copydesk.search.objective import Metric
from copydesk.search.results import summary, summary_lines
from copydesk.search.search_options import SearchOptions
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


class Search(SearchOptions):
    """Search for a config, built from ``search=…``; its parameters are those of `SearchOptions`."""

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
    """Searches of a run, one for each part of the data that needs its own config."""

    single: SingleSearch

    @property
    def max_bytes(self) -> int | None:
        """Largest size of the saved model, all its files together."""
        return self.single.options.max_bytes

    def find(
        self, run: Run, frame: pd.DataFrame, folds: Sequence[tuple[np.ndarray, np.ndarray]], task: Task, engine: Any
    ) -> list[DictConfig]:
        """Return a config for the training part of each fold, followed by the config of the model that is saved.

        With one fold, the search uses its training part only. With several, it uses all rows, so the run's scores
        are of rows that the search has seen; with ``nested`` it runs separately inside each fold. The engine evaluates
        the folds of trials.

        Raises
        ------
        ConfigError
            The metric does not fit the task or the data, the time is too short for a trial, or all trials fail.
        KeyboardInterrupt
            The search was interrupted before it had a result.
        """
        options, metric, space = self.single.options, self.single.metric, self.single.space
        metric.check(options.metric, task, label_counts(frame["label"]))
        for cfg in space.each_option():
            check_fit(task, build_estimator(cfg))
        (run.folder / "search").mkdir()
        file = run.folder / "search" / FILE
        if options.resume is not None:
            copy_of(Path(options.resume), file)
        parts = {"all": frame} if len(folds) > 1 else {"train": frame.iloc[folds[0][0]]}
        if options.nested and len(folds) > 1:
            parts = {**{f"fold {n}": frame.iloc[seen] for n, (seen, _) in enumerate(folds)}, **parts}
        single = replace(self.single, engine=engine)
        found, histories = [], {}
        for name, rows in parts.items():
            cfg, histories[name] = single.on(file, name, rows, task, options.seconds / len(parts))
            found.append(cfg)
        if len(folds) > 1 and not options.nested:
            run.warn(
                "the scores are of rows that the search has seen, and so a little too good; "
                "search.nested=true or split=stratified gives some that are not"
            )
        unseen = options.nested or len(folds) == 1
        run.info["search"] = {"metric": str(metric), "judged_on_unseen_rows": unseen, **summary(histories)}
        run.write("search/history.json", histories)
        file = run.folder / "search" / "experiment" / f"{run.name}.yaml"
        write_experiment(found[-1], file, f"Found by a search: copydesk train --config-dir {file.parents[1]}")
        return found if len(found) > len(folds) else [found[-1]] * (len(folds) + 1)

    def section(self, run: Run) -> Section:
        """Return the section of the run's report on this search."""
        from copydesk.search.report_section import section_of

        return section_of(run)

    def summary_lines(self, run: Run) -> list[str]:
        """Return the lines that the run prints about this search."""
        return summary_lines(run)
