"""Runs that ended: finding them, and reading their records."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from copydesk.errors import DataError
from copydesk.resources import LATEST, RUNS
from copydesk.runs.run import DONE, FAILED, INTERRUPTED
from copydesk.tasks import find_task

if TYPE_CHECKING:
    from copydesk.evaluation.predictions import Predictions
    from copydesk.reports.report import Previous

WAS = {FAILED: "failed", INTERRUPTED: "was interrupted"}


@dataclass(frozen=True)
class Finished:
    """A finished run.

    Attributes
    ----------
    folder : Path
    info, metrics : dict
        Contents of ``run.json`` and ``metrics.json``.
    """

    folder: Path
    info: dict[str, Any]
    metrics: dict[str, Any]

    @classmethod
    def of(cls, folder: Path) -> Finished:
        """Read a run's records.

        Raises
        ------
        DataError
            A record is missing or not of a run.
        """
        info, metrics = (read_json(folder / name) for name in ("run.json", "metrics.json"))
        if not isinstance(info, dict) or not isinstance(metrics, dict) or not {"headline", "scores"} <= set(metrics):
            raise DataError(f"{folder}: its run.json and metrics.json are not those of a copydesk run")
        return cls(folder, info, metrics)

    @property
    def experiment(self) -> str:
        """Name of the experiment."""
        return str(self.info.get("experiment", ""))

    @property
    def headline(self) -> dict[str, Any]:
        """Name, value and interval of the task's main score."""
        found: dict[str, Any] = self.metrics["headline"]
        return found

    @property
    def overrides(self) -> list[str]:
        """Overrides given on the command line."""
        return [str(each) for each in self.info.get("overrides", ())]

    @property
    def config(self) -> dict[str, str]:
        """The resolved config by dotted key, each value as JSON, with what a search found; empty for an evaluation."""
        import yaml

        file = self.folder / "config.yaml"
        if not file.is_file():
            return {}
        config = yaml.safe_load(file.read_text(encoding="utf-8"))
        manifest = self.folder / "model" / "manifest.json"
        if manifest.is_file():
            config |= read_json(manifest).get("settings", {})
        return dict(flattened(config))

    @property
    def seconds(self) -> float:
        """Total running time."""
        return float(self.info.get("seconds", {}).get("total", 0.0))

    @property
    def model_bytes(self) -> int:
        """Size of the saved model; 0 without one."""
        model = self.folder / "model"
        return sum(file.stat().st_size for file in model.iterdir()) if model.is_dir() else 0

    def predictions(self) -> Predictions:
        """Read the run's predictions, of the class that its task names.

        Raises
        ------
        DataError
        """
        found: Predictions = (
            find_task(self.metrics["task"]).load("predictions").load(self.folder / "predictions.parquet")
        )
        return found


@dataclass(frozen=True)
class Unfinished:
    """A run that failed or was interrupted; ``info`` holds the contents of ``run.json``."""

    folder: Path
    info: dict[str, Any]

    @property
    def experiment(self) -> str:
        """Name of the experiment."""
        return str(self.info.get("experiment", ""))

    @property
    def status(self) -> str:
        """What happened."""
        return str(self.info.get("status"))

    @property
    def reason(self) -> str:
        """The stage, and the error if there was one."""
        stage, error = self.info.get("stage", "start"), self.info.get("error")
        return f"in stage {stage}{f': {error}' if error else ''}"


def find_runs(root: Path) -> tuple[list[Finished], list[Unfinished], list[str]]:
    """Return the runs below a folder, finished and unfinished, and an error line for each that can't be read.

    Raises
    ------
    DataError
        The folder does not exist.
    """
    if not root.is_dir():
        raise DataError(f"{root}: no such folder; give the folder in which runs were made")
    found, unfinished, damaged = [], [], []
    for where, folders, files in os.walk(root):  # links, such as "latest", are not followed
        if "run.json" not in files:
            continue
        folders.clear()
        folder = Path(where)
        try:
            if status_of(folder) == DONE:
                found.append(Finished.of(folder))
            else:
                unfinished.append(Unfinished(folder, read_json(folder / "run.json")))
        except DataError as error:
            damaged.append(str(error))
    return found, unfinished, damaged


def status_of(folder: Path) -> str:
    """Return the status of a run with a ``run.json``; runs of versions that kept none were done.

    Raises
    ------
    DataError
        ``run.json`` is not the record of a run.
    """
    info = read_json(folder / "run.json")
    return str(info.get("status", DONE)) if isinstance(info, dict) else DONE


def find_run(name: str) -> Finished:
    """Return a run by its folder, or the latest run of an experiment.

    Raises
    ------
    DataError
        No such run.
    """
    for place in (Path(name), RUNS / name):
        for folder in (place, place / LATEST):
            if (folder / "run.json").is_file():
                unfinished = status_of(folder)
                if unfinished != DONE:
                    raise DataError(f"{folder}: this run {WAS[unfinished]}; copydesk runs lists those that ended well")
                return Finished.of(folder.resolve() if folder.name == LATEST else folder)
    raise DataError(f"{name}: no finished run; give a run's folder or an experiment's name; copydesk runs lists them")


def last_run(folder: Path, predictions: Predictions, task: str) -> Previous | None:
    """Return the run before the one in ``folder``, compared with these predictions; None if missing or unreadable."""
    from copydesk.evaluation.comparison import difference_of_data
    from copydesk.reports.report import Previous

    latest = folder.parent / LATEST
    if not latest.exists():
        return None
    try:
        before = Finished.of(latest.resolve())
        if before.metrics["task"] != task:
            return None
        earlier = before.predictions()
        reason = difference_of_data(earlier, predictions)
        compare = find_task(task).load("comparison")
        differences = {} if reason else compare(earlier, predictions, find_task(task)).differences
        return Previous(before.folder.name, before.metrics["scores"], differences, reason or "")
    except (DataError, KeyError, TypeError):
        return None


def differing_keys(configs: Sequence[Mapping[str, str]]) -> dict[str, list[str]]:
    """Return the config keys whose values differ between runs, with the value of each run, "–" where it has none.

    Names of runs and folders are left out.
    """
    keys = dict.fromkeys(key for config in configs for key in config if key not in ("name", "runs"))
    values = {key: [config.get(key, "–") for config in configs] for key in keys}
    return {key: found for key, found in values.items() if len(set(found)) > 1} if all(configs) else {}


def flattened(values: Any, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield the leaves of nested dicts as (dotted key, JSON); lists are leaves."""
    if not isinstance(values, dict):
        yield prefix, json.dumps(values, ensure_ascii=False, default=str)
        return
    for key, value in values.items():
        yield from flattened(value, f"{prefix}.{key}" if prefix else str(key))


def read_json(path: Path) -> Any:
    """Read a record of a run.

    Raises
    ------
    DataError
        It is missing or not JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError(f"{path}: can't be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path}: damaged, not the JSON of a run ({error})") from None
