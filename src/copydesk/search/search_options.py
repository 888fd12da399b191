"""Options of a search, as ``search=…`` of a config gives them, and checks of their values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from copydesk.config.units import parse_duration, parse_size
from copydesk.errors import ConfigError


@dataclass(frozen=True)
class SearchOptions:
    """Options of a search, checked on construction.

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
