"""Sums over shards that lie on the workers of a Dask cluster, as trees of tasks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from copydesk.engines.stored import Store, Stored
from copydesk.errors import ResourceError
from copydesk.shards.cluster import result_of

if TYPE_CHECKING:
    from distributed import Client, Future

    from copydesk.compiled.arrays import Floats

FAN_IN = 8  # results that a task of a tree adds up


class ClusterSums:
    """Tasks on a cluster, and sums of their results.

    All that tasks need comes from files or from other tasks, so that Dask computes again what a lost worker had.

    Parameters
    ----------
    client : distributed.Client
    store : Store
    """

    def __init__(self, client: Client, store: Store) -> None:
        self.client, self.store = client, store

    @property
    def threads(self) -> int:
        """Number of threads of all workers."""
        return max(1, sum(self.client.nthreads().values()))  # type: ignore[no-untyped-call]

    def submit(self, function: Callable[..., Any], *given: Any) -> Future[Any]:
        """Place a call of a function on a worker."""
        future: Future[Any] = self.client.submit(function, *given, pure=False)
        return future

    def result(self, future: Future[Any]) -> Any:
        """Return the result of a task.

        Raises
        ------
        CopydeskError
            One line.
        """
        from distributed import KilledWorker

        try:
            return result_of(future, "engine")
        except KilledWorker:
            raise ResourceError(
                "engine: workers ended again and again at the same shard; give each more memory, or use more of them"
            ) from None

    def merged(self, function: Callable[[list[Any]], Any], futures: Sequence[Future[Any]]) -> Any:
        """Return the results of tasks merged by ``function``, neighbours first, as a tree."""
        level = list(futures)
        while True:
            level = [self.submit(function, level[at : at + FAN_IN]) for at in range(0, len(level), FAN_IN)]
            if len(level) == 1:
                return self.result(level[0])


class ClusterShards:
    """Shards on the workers; see ``trust_region.RowShards``.

    Parameters
    ----------
    sums : ClusterSums
    shards : sequence of Future
        Of ``RowShard``.
    n_features : int
    """

    def __init__(self, sums: ClusterSums, shards: Sequence[Future[Any]], n_features: int) -> None:
        self.sums, self.shards, self.n_features = sums, shards, n_features

    def map(self, function: Callable[..., Any], given: Floats) -> Sequence[Any]:
        """Return the futures of the results."""
        stored = self.sums.store.keep(given)
        return [self.sums.submit(call_on, function, shard, stored) for shard in self.shards]

    def total(self, function: Callable[..., tuple[Floats, ...]], handles: Sequence[Any], *given: Floats) -> Any:
        """Return the sums."""
        stored = [self.sums.store.keep(each) for each in given]
        terms = [
            self.sums.submit(call_on, function, shard, handle, *stored)
            for shard, handle in zip(self.shards, handles, strict=True)
        ]
        total = self.sums.merged(add_arrays, terms)
        for each in stored:
            each.drop()
        return total


def call_on(function: Callable[..., Any], *given: Any) -> Any:
    """Call a function with values, of which some are in files."""
    return function(*(each.load() if isinstance(each, Stored) else each for each in given))


def add_arrays(terms: list[tuple[Any, ...]]) -> tuple[Any, ...]:
    """Return the sums of each array of tuples."""
    first, *rest = terms
    return tuple(sum(arrays[1:], start=arrays[0]) for arrays in zip(first, *rest, strict=True))
