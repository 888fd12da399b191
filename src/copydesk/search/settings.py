"""What a search is told: how long, by which score, how large, and over what."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from copydesk.config.units import parse_duration, parse_size
from copydesk.errors import ConfigError, nearest
from copydesk.interruption.handler import say

if TYPE_CHECKING:
    from types import FrameType


@dataclass(frozen=True)
class Settings:
    """The keys of ``conf/search``; see ``auto.yaml`` for what each says.

    Attributes
    ----------
    seconds : float
        Of all searches of the run together.
    trials : int or None
        Of each search.
    metric : str
    label : str or None
    at : float or None
    folds : int
    max_bytes : int or None
    cache_bytes : int
    jobs : int
    nested : bool
    resume : Path or None
    space : mapping of config key to range
    """

    seconds: float
    trials: int | None
    metric: str
    label: str | None
    at: float | None
    folds: int
    max_bytes: int | None
    cache_bytes: int
    jobs: int
    nested: bool
    resume: Path | None
    space: Mapping[str, Any] = field(repr=False)

    @classmethod
    def of(cls, node: Mapping[str, Any]) -> Settings:
        """Read the resolved ``search`` node of a config.

        Raises
        ------
        ConfigError
            Names the key, the value found and what is valid.
        """
        given = {**DEFAULTS, **node}
        unknown = [str(key) for key in given if key not in DEFAULTS]
        if unknown:
            raise ConfigError(f"search.{unknown[0]}: no such key; {nearest(unknown[0], DEFAULTS)}")
        size, resume, space = given["max_model_size"], given["resume"], given["space"]
        if not isinstance(given["nested"], bool):
            raise ConfigError(f"search.nested={given['nested']!r}: true or false")
        if not isinstance(space, Mapping) or not space:
            raise ConfigError(
                "search.space: is empty; name at least one config key with its range, such as "
                "classifier.C: {low: 0.1, high: 10, log: true}"
            )
        return cls(
            seconds=parse_duration(given["duration"], "search.duration"),
            trials=None if given["trials"] is None else whole(given["trials"], "search.trials", 1),
            metric=str(given["metric"]),
            label=None if given["label"] is None else str(given["label"]),
            at=given["at"],
            folds=whole(given["folds"], "search.folds", 2),
            max_bytes=None if size is None else parse_size(size, "search.max_model_size"),
            cache_bytes=parse_size(given["cache"], "search.cache"),
            jobs=jobs(given["jobs"]),
            nested=given["nested"],
            resume=None if resume is None else Path(str(resume)),
            space=space,
        )


DEFAULTS: dict[str, Any] = {
    "duration": "5m",
    "trials": None,
    "metric": "accuracy",
    "label": None,
    "at": None,
    "folds": 5,
    "max_model_size": None,
    "cache": "1GB",
    "jobs": -1,
    "nested": False,
    "resume": None,
    "space": {},
}


def whole(value: Any, key: str, least: int) -> int:
    """Return a whole number of at least ``least``.

    Raises
    ------
    ConfigError
        It is none.
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ConfigError(f"{key}={value!r}: must be a whole number of at least {least}")
    return value


def jobs(value: Any) -> int:
    """Return how many trials run at once; -1 stands for one per core.

    Raises
    ------
    ConfigError
        It is no such number.
    """
    from joblib import effective_n_jobs

    if value is None:
        return 1
    if isinstance(value, bool) or not isinstance(value, int) or value == 0:
        raise ConfigError(f"search.jobs={value!r}: must be a whole number from 1, or -1 for one trial per core")
    return int(effective_n_jobs(value))


class Budget:
    """The time a search may take, and the wish of the user to end it.

    Parameters
    ----------
    seconds : float
    spent : float, default=0
        By a search that this one goes on with.
    """

    def __init__(self, seconds: float, spent: float = 0.0) -> None:
        self.seconds = seconds
        self.spent = spent
        self.started: float | None = None
        self.ended = False  # no Event: the handler of a signal must take no lock

    def start(self) -> None:
        """Let the time run from now."""
        self.started = time.perf_counter()

    @property
    def elapsed(self) -> float:
        """Seconds taken so far, with those of a search that was gone on with."""
        return self.spent + (0.0 if self.started is None else time.perf_counter() - self.started)

    @property
    def over(self) -> bool:
        """Whether to stop: the time is up, or someone wishes so."""
        return self.ended or self.elapsed >= self.seconds

    @contextmanager
    def ended_by_interrupt(self) -> Iterator[None]:
        """Let the first Ctrl-C end the search in order, and only the second interrupt the run."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return

        def end(number: int, frame: FrameType | None) -> None:
            if self.ended:
                signal.signal(signal.SIGINT, before)
                signal.raise_signal(signal.SIGINT)
            self.ended = True
            say("copydesk: the search ends here; Ctrl-C again ends the run")

        before = signal.getsignal(signal.SIGINT)
        if before is signal.SIG_IGN:  # in the background, or in a worker process that its parent ends
            yield
            return
        signal.signal(signal.SIGINT, end)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)
