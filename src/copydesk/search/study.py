"""Storage of a search's trials in a SQLite file, which allows a killed search to be resumed."""

from __future__ import annotations

import json
import sqlite3
import threading
import warnings
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from omegaconf import DictConfig, OmegaConf, open_dict

from copydesk.errors import ConfigError, ResourceError, abbreviated
from copydesk.search.space import Range, Space

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial, Trial

STARTUP = 8  # random trials before the sampler models the space
KEPT = 33.0  # percentile: a trial continues to the next fold if it is among the best so many percent
SAMPLED, DRAWN = 4, 200  # attempts to find an untried point: by the sampler, then at random
FACTS = "facts"


class Study:
    """Trials of one search.

    Parameters
    ----------
    file : Path
        SQLite file; created if missing.
    name : str
        Name of the search in the file.
    space : Space
    marks : mapping of str to str
        Settings that must be equal for a search to be resumed: data, metric, folds, space.
    seed : int

    Raises
    ------
    ConfigError
        The file holds a search of this name with other marks.
    """

    def __init__(self, file: Path, name: str, space: Space, marks: Mapping[str, str], seed: int) -> None:
        import optuna
        from sqlalchemy import URL

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self.file, self.space, self.seed = file, space, seed
        url = URL.create("sqlite", database=str(file)).render_as_string()
        self._storage = optuna.storages.RDBStorage(url)
        pruner = optuna.pruners.PercentilePruner(KEPT, n_startup_trials=1)
        self.study = optuna.create_study(
            storage=self._storage, study_name=name, direction="maximize", pruner=pruner, load_if_exists=True
        )
        self._lock = threading.Lock()
        known = self.study.user_attrs.get("marks")
        if known is None:
            self.study.set_user_attr("marks", dict(marks))
        for mark, value in marks.items():
            if known is not None and known.get(mark) != value:
                raise ConfigError(
                    f"search.resume: that search had another {mark}: {abbreviated(str(known.get(mark)))}, "
                    f"now {abbreviated(value)}; give the same, or start anew with search.resume=null"
                )
        self._tried = {point(each.params) for each in self.finished()}
        self._wait_again()
        if not self.study.get_trials(deepcopy=False):
            for params in space.starts():
                self.study.enqueue_trial(params)

    def close(self) -> None:
        """Close the file."""
        self._storage.remove_session()
        self._storage.engine.dispose()

    @property
    def tried(self) -> int:
        """Number of distinct points tried."""
        return len(self._tried)

    @property
    def spent(self) -> float:
        """Seconds that the search has taken so far."""
        return float(self.study.user_attrs.get("seconds", 0.0))

    @property
    def folds(self) -> int | None:
        """Number of folds per trial; None until it is decided."""
        used = self.study.user_attrs.get("folds")
        return None if used is None else int(used)

    def settle_folds(self, used: int) -> int:
        """Set the number of folds per trial if it is not set yet; return it."""
        with self._lock:
            if self.folds is None:
                self.study.set_user_attr("folds", used)
            return self.folds or used

    def finished(self) -> list[FrozenTrial]:
        """Return the trials that are complete, pruned, or failed with an error."""
        return [each for each in self.study.get_trials(deepcopy=False) if FACTS in each.user_attrs]

    def complete(self) -> list[FrozenTrial]:
        """Return the trials that were evaluated on all folds."""
        return [each for each in self.finished() if each.state.name == "COMPLETE"]

    def best(self) -> FrozenTrial | None:
        """Return the complete trial with the highest value, the earliest of equals; None if no trial is complete."""
        return max(self.complete(), key=lambda each: (each.value, -each.number), default=None)

    def ask(self) -> tuple[Trial, DictConfig, Range | None] | None:
        """Return a new trial, its config and its path; None if no untried point is found."""
        with self._lock:
            rng = np.random.default_rng([self.seed, len(self._tried)])
            for attempt in range(SAMPLED + DRAWN):
                if attempt < SAMPLED:
                    self.study.sampler = _sampler(int(rng.integers(2**31)))
                else:
                    drawn = self.space.draw(rng)
                    if point(drawn) in self._tried:
                        continue
                    self.study.enqueue_trial(drawn)
                trial = self.study.ask()
                cfg, path = self.space.suggest(trial)
                if point(trial.params) not in self._tried:
                    self._tried.add(point(trial.params))
                    return trial, cfg, path
                self._tell(trial, "FAIL")
            return None

    def tell(
        self, trial: Trial, state: str, seconds: float, facts: Mapping[str, Any], value: float | None = None
    ) -> None:
        """Store the result of a trial ("COMPLETE", "PRUNED" or "FAIL") and the seconds of the search so far."""
        with self._lock:
            trial.set_user_attr(FACTS, dict(facts))
            self._tell(trial, state, value)
            self.study.set_user_attr("seconds", round(seconds, 3))

    def give_up(self, trial: Trial) -> None:
        """Drop an unfinished trial; a resumed search starts with it."""
        with self._lock:
            self._tell(trial, "FAIL")
            self.study.enqueue_trial(trial.params)

    def config_of(self, trial: FrozenTrial) -> DictConfig:
        """Return the config of a trial, with the best C of its path."""
        cfg, path = self.space.at(trial.params)
        facts = trial.user_attrs[FACTS]
        with open_dict(cfg):
            for key, value in facts["cap"].items():
                OmegaConf.update(cfg, key, value)
            if path is not None and facts["C"] is not None:
                OmegaConf.update(cfg, path.key, facts["C"])
        return cfg

    def _tell(self, trial: Trial, state: str, value: float | None = None) -> None:
        from optuna.trial import TrialState

        self.study.tell(trial, value, state=TrialState[state])

    def _wait_again(self) -> None:
        """Enqueue again the trials that a killed process left unfinished."""
        from optuna.trial import TrialState

        for each in self.study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
            self.study.tell(each.number, state=TrialState.FAIL)
            if each.params and FACTS not in each.user_attrs:
                self.study.enqueue_trial(each.params)


def _sampler(seed: int) -> Any:
    """Return a TPE sampler for spaces in which some keys depend on others."""
    from optuna.exceptions import ExperimentalWarning
    from optuna.samplers import TPESampler

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        return TPESampler(
            seed=seed, n_startup_trials=STARTUP, multivariate=True, group=True, warn_independent_sampling=False
        )


def point(params: Mapping[str, Any]) -> str:
    """Return the canonical text of a point of the space."""
    return json.dumps(params, sort_keys=True, ensure_ascii=False)


def copy_of(path: Path, file: Path) -> None:
    """Copy the trials of an earlier search, which may have been killed.

    Parameters
    ----------
    path : Path
        Folder of the run, or its file.
    file : Path
        The copy.

    Raises
    ------
    ConfigError
        ``path`` holds no search.
    ResourceError
        It can't be read or copied.
    """
    source = next((each for each in (path, path / file.name, path / "search" / file.name) if each.is_file()), None)
    if source is None:
        raise ConfigError(f"search.resume={path}: no search there; give a run's folder that holds search/{file.name}")
    with source.open("rb") as stream:
        if stream.read(16) != b"SQLite format 3\x00":
            raise ConfigError(f"search.resume={source}: is no search; give a run's folder, or its search/{file.name}")
    try:
        with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(file)) as new:
            old.backup(new)
            tables = {name for (name,) in new.execute("select name from sqlite_master")}
    except sqlite3.Error as error:
        raise ResourceError(f"search.resume={source}: can't be read: {error}") from None
    if "studies" not in tables:
        raise ConfigError(f"search.resume={source}: is no search; give a run's folder, or its search/{file.name}")
