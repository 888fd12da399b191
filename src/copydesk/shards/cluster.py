"""Parts made on a Dask cluster. The ledger does the bookkeeping; Dask only places work."""

from __future__ import annotations

import logging
from argparse import Namespace
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

from copydesk.errors import ConfigError, CopydeskError, ResourceError, one_line
from copydesk.shards.make_part import answer_versions, check_versions
from copydesk.shards.plan import Shard

if TYPE_CHECKING:
    from distributed import Client, Future

Entry = dict[str, Any]  # of a shard in the ledger
CONNECT_SECONDS = 10
# Shards placed ahead on every thread of the workers, so that none waits for the driver.
PLACED_AHEAD = 2
# What each process of a local cluster runs with: one task, one thread.
ONE_THREAD = dict.fromkeys(("NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


def client_of(args: Namespace) -> AbstractContextManager[Client]:
    """Return the client that a Python caller gave, which stays open, or one that the options ask for.

    Raises
    ------
    ConfigError
        See ``connected``.
    """
    given = getattr(args, "client", None)
    return nullcontext(given) if given is not None else connected(args.scheduler, args.workers)


@contextmanager
def connected(
    scheduler: str | None, workers: int, asked: str = "--on dask", address: str = "--scheduler "
) -> Iterator[Client]:
    """Connect to a scheduler, or start a local cluster of processes, for the duration of the block.

    Parameters
    ----------
    scheduler : str or None
        Its address, such as ``tcp://host:8786``.
    workers : int
        Processes of the local cluster.
    asked, address : str
        What asks for a cluster, and what comes before the address of a scheduler, in errors.

    Raises
    ------
    ConfigError
        Dask is not installed, or no scheduler answers.
    """
    try:
        import dask
        from distributed import Client, LocalCluster
    except ImportError:
        raise ConfigError(f"{asked}: an extra is needed: pip install 'copydesk[dask]'") from None
    levels = {"distributed": "critical", "distributed.nanny": "critical", "distributed.worker": "critical"}
    # The profiler interrupts every thread of a worker a hundred times a second.
    settings = {"logging": levels, "distributed.worker.profile.enabled": False}
    for name in ("distributed", "distributed.client"):  # a lost scheduler is named in one line, by result_of
        logging.getLogger(name).setLevel(logging.CRITICAL)
    with dask.config.set(settings):
        if scheduler is None:
            with (
                LocalCluster(  # type: ignore[no-untyped-call]
                    n_workers=workers,
                    threads_per_worker=1,
                    processes=True,
                    dashboard_address="127.0.0.1:0",  # any free port: a second cluster would warn of the usual one
                    env=ONE_THREAD,
                    silence_logs=logging.CRITICAL,
                ) as cluster,
                Client(cluster) as client,  # type: ignore[no-untyped-call]
            ):
                yield client
            return
        try:
            client = Client(scheduler, timeout=CONNECT_SECONDS)  # type: ignore[no-untyped-call]
        except (OSError, ValueError, TypeError) as error:
            reason = one_line(str(error)) or type(error).__name__
            raise ConfigError(f"{address}{scheduler}: no Dask scheduler answers there: {reason}") from None
        with client:
            yield client


def check_workers(client: Client) -> None:
    """Check that all workers have the versions of this process.

    Raises
    ------
    ConfigError
        Names the first that differs.
    """
    result_of(client.submit(check_versions, answer_versions(), pure=False), "copydesk")


def make_parts_on(
    client: Client, make: Callable[[Shard], Entry | None], shards: Sequence[Shard]
) -> Iterator[tuple[Shard, Entry | None]]:
    """Make parts on the workers; yield each shard as it is done, with its entry, None where it is put aside.

    A shard whose workers die is tried again by Dask, and put aside when ``Ledger.begin_attempt`` refuses it.

    Raises
    ------
    CopydeskError
        Of the first worker that failed otherwise; those not yet begun are cancelled.
    """
    from distributed import as_completed

    waiting = iter(shards)
    placed: dict[Future[Any], Shard] = {}
    running = as_completed(with_results=False)  # type: ignore[no-untyped-call]

    def place() -> None:
        for shard in waiting:
            future = client.submit(make, shard, pure=False)
            placed[future] = shard
            running.add(future)  # type: ignore[no-untyped-call]
            if len(placed) >= PLACED_AHEAD * max(1, sum(client.nthreads().values())):  # type: ignore[no-untyped-call]
                return

    place()
    while placed:
        future = next(running)
        shard = placed.pop(future)
        yield shard, outcome(future, shard)
        place()


def outcome(future: Future[Any], shard: Shard) -> Entry | None:
    """Return the entry of a shard that a worker is done with, None if it killed every worker.

    Raises
    ------
    CopydeskError
    """
    from distributed import KilledWorker

    try:
        entry: Entry | None = result_of(future, shard.source.name)
        return entry
    except KilledWorker:
        return None


def result_of(future: Future[Any], name: str) -> Any:
    """Return the result of a task.

    Parameters
    ----------
    future : Future
    name : str
        Of what workers read, in errors.

    Raises
    ------
    CopydeskError
        Of the worker, or in place of its error.
    KilledWorker
    """
    try:
        return future.result()
    except CancelledError:
        raise ResourceError("the Dask scheduler is gone, and with it the tasks that it had placed") from None
    except CopydeskError as error:
        raise type(error)(f"a worker: {error}") from None
    except ImportError as error:
        raise ConfigError(f"a worker can't import {error.name or 'a package'}: {one_line(str(error))}") from None
    except OSError as error:
        raise ResourceError(f"{name}: a worker can't read it: {error.strerror or error}") from None
