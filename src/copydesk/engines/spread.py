"""Engine of a Dask cluster: rows of a fit spread over its workers, or whole fits side by side."""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from copydesk.classifiers.dual import DualLinearClassifier
from copydesk.compiled.threads import thread_count
from copydesk.engines.cluster_sums import call_on
from copydesk.engines.shard_fits import fit_on_shards
from copydesk.engines.stored import Store, Stored
from copydesk.errors import ConfigError
from copydesk.estimator import fitting
from copydesk.features.tfidf import TfidfFeatures

SPREADS = ("rows", "fits")


class Dask:
    """Computes fits on a Dask cluster.

    Parameters
    ----------
    scheduler : str or None, default=None
        Address, such as ``tcp://host:8786``; None starts a local cluster of processes.
    workers : int or None, default=None
        Processes of the local cluster; None for one per core.
    spread : {"rows", "fits"}, default="rows"
        The rows of every fit, whose linear model a trust-region Newton method then fits; or whole fits: each fold is
        one task, with the solver that it has on one machine.

    Raises
    ------
    ConfigError
        A value is not valid.
    """

    def __init__(self, scheduler: str | None = None, workers: int | None = None, spread: str = "rows") -> None:
        if spread not in SPREADS:
            raise ConfigError(f"engine.spread={spread!r}: valid are {' and '.join(SPREADS)}")
        if workers is not None and workers < 1:
            raise ConfigError(f"engine.workers={workers}: give at least 1")
        self.scheduler, self.workers, self.spread = scheduler, workers, spread

    def check(self, estimator: Any, searches: bool) -> None:
        """Check that the engine can fit an estimator.

        Raises
        ------
        ConfigError
            It can't, or a search is to spread rows, whose trials are whole fits.
        """
        if self.spread == "fits":
            return
        if searches:
            raise ConfigError("engine=dask: the trials of a search are whole fits; set engine.spread=fits")
        for key, kind, advice in (
            ("features", TfidfFeatures, "features=word"),
            ("classifier", DualLinearClassifier, "classifier=linear_svm or logistic"),
        ):
            part = getattr(estimator, key)
            if not isinstance(part, kind):
                raise ConfigError(
                    f"engine=dask: {key}: {type(part).__name__ if part is not None else 'none'} can't be fitted on "
                    f"rows that are spread over workers; use {advice}, or engine.spread=fits"
                )
        try:
            estimator.classifier.shard_loss()
        except ValueError as error:
            raise ConfigError(f"engine=dask: classifier.{error}") from None

    @contextmanager
    def started(self, folder: Path) -> Iterator[None]:
        """Connect to the cluster during the block; ``folder``, which every worker must reach, is removed at its end.

        Raises
        ------
        ConfigError
            Dask is not installed, no scheduler answers, or a worker has other versions.
        """
        from copydesk.engines.cluster_sums import ClusterSums
        from copydesk.shards.cluster import check_workers, connected

        with ExitStack() as stack:
            workers = self.workers or thread_count(-1)
            client = stack.enter_context(connected(self.scheduler, workers, "engine=dask", "engine.scheduler="))
            check_workers(client)
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
            self.sums = ClusterSums(client, Store(folder))
            if self.spread == "rows":
                stack.callback(fitting.reset, fitting.set(partial(fit_on_shards, self.sums)))
            yield

    def run(self, calls: Iterable[Callable[[], Any]]) -> Iterator[Any]:
        """Yield the result of each call, in order; ``spread="fits"`` makes each on a worker."""
        if self.spread == "rows":
            for call in calls:
                yield call()
            return
        futures = [self.sums.submit(call_stored, self.sums.store.keep(call)) for call in calls]
        for future in futures:
            result, warned = self.sums.result(future)
            for text, kind in warned:
                warnings.warn(text, kind, stacklevel=2)
            yield result

    @property
    def threads(self) -> int:
        """Number of threads of all workers."""
        return self.sums.threads

    @contextmanager
    def lent(self, value: Any) -> Iterator[Callable[..., Any]]:
        """Lend a value to workers during the block; yield what calls a function on it there, from any thread."""
        stored = self.sums.store.keep(value)
        # A search's clock is not to run while workers import and read; one that fails does so again at its first call.
        self.sums.client.run(preload, stored, on_error="ignore")

        def call(function: Callable[..., Any], *given: Any) -> Any:
            return self.sums.result(self.sums.submit(call_on, function, stored, *given))

        try:
            yield call
        finally:
            stored.drop()


def preload(stored: Stored) -> None:
    """Read a value into this process."""
    stored.load()


def call_stored(stored: Stored) -> tuple[Any, list[tuple[str, type[Warning]]]]:
    """Make a call in this process; return its result and the warnings it gave."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        result = stored.load()()
    return result, [(str(each.message), each.category) for each in caught]
