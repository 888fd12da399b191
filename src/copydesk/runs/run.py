"""A run: its folder, stages and records (config, data, versions, seconds)."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import platform
import shutil
import subprocess
import sys
import time
import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from copydesk.errors import ConfigError, CopydeskError, ResourceError, one_line
from copydesk.interruption.handler import CleanUp, show_cursor

if TYPE_CHECKING:
    import pandas as pd
    from omegaconf import DictConfig

RECORDED_PACKAGES = (
    "copydesk", "hydra-core", "joblib", "numba", "numpy", "pandas", "pyarrow", "scikit-learn", "scipy", "skops",
)  # fmt: skip


DONE, FAILED, INTERRUPTED = "done", "failed", "interrupted"  # what run.json has as the status


class Run:
    """A run with its own folder, timed stages and ``run.json``.

    A run that fails or is interrupted before its data is read leaves no folder; later, its ``run.json`` has the
    status, the stage and the error.

    Parameters
    ----------
    root : Path
        Folder of all runs.
    name : str
        The experiment: the folder of its runs and of a ``latest`` link.
    """

    def __init__(self, root: Path, name: str) -> None:
        self.name = name
        self.folder = new_folder(root / name)
        self.current_stage = "start"
        self.seconds: dict[str, float] = {}
        self.info: dict[str, Any] = {
            "experiment": name,
            "started": datetime.now().astimezone().isoformat(timespec="seconds"),
            "versions": versions(),
            "git": git_state(),
            "warnings": [],
        }

    def __enter__(self) -> Run:
        self._clean_up = CleanUp(self.interrupted)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: Any) -> None:
        """Finish the records; after an error keep what explains it.

        Raises
        ------
        CopydeskError
            Instead of a library's error: its message in one line; ``error.txt`` has the traceback.
        """
        self._clean_up.close()
        if error is None:
            self.finish()
        elif isinstance(error, ConfigError):  # a mistake of the user's, to be mended on the command line
            shutil.rmtree(self.folder, ignore_errors=True)
        elif isinstance(error, CopydeskError):
            self.end_early(FAILED, str(error))
        elif isinstance(error, KeyboardInterrupt):
            self.end_early(INTERRUPTED)
        elif isinstance(error, ValueError | TypeError):
            kept = self.folder / "error.txt"
            kept.write_text("".join(traceback.format_exception(error)), encoding="utf-8")
            line = f"{self.current_stage}: {one_line(str(error))} (traceback: {kept})"
            self.write_status(FAILED, line)
            raise CopydeskError(line) from error
        elif isinstance(error, Exception):
            self.write_status(FAILED, one_line(f"{type(error).__name__}: {error}"))

    def interrupted(self) -> None:
        """Keep the records of a run that a signal ends."""
        self.end_early(INTERRUPTED)

    def end_early(self, status: str, line: str = "") -> None:
        """Write ``run.json`` if the data had been read; else remove the folder, which would explain nothing."""
        if "dataset" in self.info:
            self.write_status(status, line)
        else:
            shutil.rmtree(self.folder, ignore_errors=True)

    def write_status(self, status: str, line: str = "") -> None:
        """Write ``run.json`` with a status, and the stage and error of a run that did not end well."""
        self.info["status"] = status
        if status != DONE:
            self.info |= {"stage": self.current_stage} | ({"error": line} if line else {})
        self.info["seconds"] = {**self.seconds, "total": round(sum(self.seconds.values()), 3)}
        self.write("run.json", self.info)

    @contextmanager
    def stage(self, name: str, part: str = "") -> Iterator[None]:
        """Time a stage, show it (or one of its parts, such as "fold 3 of 5") while it runs, and record its warnings."""
        self.current_stage = name
        start = time.perf_counter()
        with warnings.catch_warnings(record=True) as caught, spinner(f"{self.name}: {name}{part and f', {part}'}"):
            warnings.simplefilter("always", UserWarning)
            yield
        for text in dict.fromkeys(one_line(str(warning.message)) for warning in caught):
            self.warn(text)
        self.seconds[name] = round(self.seconds.get(name, 0.0) + time.perf_counter() - start, 3)

    def warn(self, text: str) -> None:
        """Print a warning to standard error and record it, once each."""
        if text not in self.info["warnings"]:
            self.info["warnings"].append(text)
            print(f"copydesk: {text}", file=sys.stderr)

    def record(self, cfg: DictConfig, overrides: list[str]) -> None:
        """Write the resolved config, without values of environment variables, and its overrides."""
        from copydesk.config.compose import without_secrets

        self.info |= {"seed": cfg.seed, "overrides": overrides}
        for name, value in (("config.yaml", without_secrets(cfg)), ("overrides.yaml", overrides)):
            (self.folder / name).write_text(as_yaml(value), encoding="utf-8")

    def write(self, name: str, value: Any) -> None:
        """Write JSON into the run's folder."""
        text = json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True, default=float)
        (self.folder / name).write_text(text + "\n", encoding="utf-8")

    def finish(self) -> None:
        """Write ``run.json`` and point ``latest`` at this run."""
        self.write_status(DONE)
        link = self.folder.parent / "latest"
        aside = link.with_name(f".latest-{self.folder.name}")
        aside.unlink(missing_ok=True)
        aside.symlink_to(self.folder.name, target_is_directory=True)
        aside.replace(link)


def as_yaml(value: Any) -> str:
    """Return a value as YAML."""
    import yaml

    text: str = yaml.safe_dump(value, sort_keys=False, allow_unicode=True)
    return text


@contextmanager
def spinner(text: str) -> Iterator[None]:
    """Show ``text`` with its running time on standard error while the block runs, if that is a terminal."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(finished_text="✓"), TextColumn("{task.description}"), TimeElapsedColumn())
    with CleanUp(show_cursor), Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task(text, total=1)
        yield
        progress.update(task, completed=1)


def new_folder(parent: Path) -> Path:
    """Make a folder named by date and time; runs of the same second are numbered.

    Raises
    ------
    ResourceError
        The folder can't be made.
    """
    stamp = time.strftime("%Y-%m-%d_%H-%M-%S")
    try:
        parent.mkdir(parents=True, exist_ok=True)
        for attempt in range(1, 10_000):
            folder = parent / (stamp if attempt == 1 else f"{stamp}_{attempt}")
            try:
                folder.mkdir()
            except FileExistsError:
                continue
            return folder
    except OSError as error:
        raise ResourceError(f"{parent}: can't make a run folder here: {error.strerror}; set runs=FOLDER") from None
    raise ResourceError(f"{parent}: 10,000 runs started in one second; wait a moment and start again")


def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that a run's results depend on."""
    return {"python": platform.python_version()} | {
        name: importlib.metadata.version(name) for name in RECORDED_PACKAGES
    }


def git_state() -> dict[str, Any] | None:
    """Return the commit of the current folder's checkout and whether it has changes; None outside one."""
    try:
        commit = _git("rev-parse", "HEAD")
        return {"commit": commit, "dirty": bool(_git("status", "--porcelain", "--untracked-files=no"))}
    except (OSError, subprocess.SubprocessError):
        return None


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], capture_output=True, text=True, check=True, timeout=10)
    return done.stdout.strip()


def fingerprint(frame: pd.DataFrame) -> str:
    """Return a SHA-256 over the rows' texts, labels, groups, splits and documents, in order."""
    digest = hashlib.sha256()
    for column in ("document", "split", "group", "label", "text"):
        for value in frame[column].tolist():
            data = str(value).encode("utf-8", "surrogatepass")
            digest.update(len(data).to_bytes(8, "little") + data)
    return digest.hexdigest()
