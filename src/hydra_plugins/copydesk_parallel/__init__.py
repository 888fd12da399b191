"""Hydra launchers that run the jobs of a multirun side by side, here (``parallel``) or on a cluster (``dask``)."""

from __future__ import annotations

import multiprocessing
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import chdir
from functools import partial
from pathlib import Path
from typing import Any

from hydra.core.config_store import ConfigStore
from hydra.core.singleton import Singleton
from hydra.core.utils import JobReturn, run_job, setup_globals
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, open_dict

from copydesk.errors import ResourceError
from copydesk.interruption.handler import CleanUp, end_quietly

for name, node in (
    ("parallel", {"_target_": "hydra_plugins.copydesk_parallel.ParallelLauncher", "jobs": 2}),
    ("dask", {"_target_": "hydra_plugins.copydesk_parallel.DaskLauncher", "scheduler": None, "workers": None}),
):
    ConfigStore.instance().store(group="hydra/launcher", name=name, node=node, provider="copydesk")


class ParallelLauncher(Launcher):
    """Run each job in a process of its own, through joblib; results come back in order.

    Parameters
    ----------
    jobs : int, default=2
        Processes at once; -1 for one per core.
    """

    def __init__(self, jobs: int = 2) -> None:
        self.jobs = jobs

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        """Take what Hydra gives every launcher."""
        self.context, self.task, self.config = hydra_context, task_function, config

    def launch(self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int) -> Sequence[JobReturn]:
        """Run one job for each list of overrides."""
        setup_globals()
        Path(str(self.config.hydra.sweep.dir)).mkdir(parents=True, exist_ok=True)
        # A new process knows none of Hydra's singletons; they travel with each job.
        state = Singleton.get_state()
        return self.run(
            [
                partial(run_one, self.context, self.task, self.config, list(overrides), number, state)
                for number, overrides in enumerate(job_overrides, start=initial_job_idx)
            ]
        )

    def run(self, jobs: list[Callable[[], JobReturn]]) -> list[JobReturn]:
        """Return the results of jobs, in order."""
        from joblib import Parallel, delayed

        # After an interruption, the process that removes what workers leave behind would print warnings of its own.
        sys.warnoptions.append("ignore:resource_tracker:UserWarning")
        with CleanUp(end_workers):
            return list(Parallel(n_jobs=self.jobs, backend="loky")(delayed(in_own_process)(job) for job in jobs))


class DaskLauncher(ParallelLauncher):
    """Run each job on a worker of a Dask cluster, which reaches data and runs by the same paths.

    Parameters
    ----------
    scheduler : str or None, default=None
        Address, such as ``tcp://host:8786``; None starts a local cluster of processes.
    workers : int or None, default=None
        Processes of the local cluster; None for one per core.
    """

    def __init__(self, scheduler: str | None = None, workers: int | None = None) -> None:
        self.scheduler, self.workers = scheduler, workers

    def run(self, jobs: list[Callable[[], JobReturn]]) -> list[JobReturn]:
        """Return the results of jobs, in order.

        Raises
        ------
        ConfigError
            Dask is not installed, no scheduler answers, or a worker has other versions.
        ResourceError
            The cluster is gone, or a job ended the processes of its workers again and again.
        """
        from copydesk.compiled.threads import thread_count
        from copydesk.shards import cluster

        asked = "hydra/launcher=dask", "hydra.launcher.scheduler="
        with cluster.connected(self.scheduler, self.workers or thread_count(-1), *asked) as client:
            cluster.check_workers(client)
            from distributed import KilledWorker

            placed = [client.submit(in_folder, str(Path.cwd()), job, pure=False) for job in jobs]
            try:
                return [cluster.result_of(each, "a run") for each in placed]
            except KilledWorker:
                raise ResourceError(
                    "hydra/launcher=dask: workers ended again and again at the same run; give each more memory"
                ) from None


def end_workers() -> None:
    """End the worker processes, and wait until they have ended."""
    workers = multiprocessing.active_children()
    for worker in workers:
        worker.terminate()
    for worker in workers:
        worker.join(5)


def in_own_process(job: Callable[[], JobReturn]) -> JobReturn:
    """Run a job in a process that its parent ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches every process of a terminal; the parent ends this one
    signal.signal(signal.SIGTERM, end_quietly)
    return job()


def in_folder(folder: str, job: Callable[[], JobReturn]) -> JobReturn:
    """Run a job of which paths are relative to a folder."""
    with chdir(folder):
        return job()


def run_one(
    context: HydraContext,
    task: TaskFunction,
    config: DictConfig,
    overrides: list[str],
    number: int,
    state: Any,
) -> JobReturn:
    """Compose and run one job, as Hydra's basic launcher does in the parent process."""
    setup_globals()
    Singleton.set_state(state)
    job_config = context.config_loader.load_sweep_config(config, overrides)
    with open_dict(job_config):
        job_config.hydra.job.id = str(number)
        job_config.hydra.job.num = number
    return run_job(
        hydra_context=context,
        task_function=task,
        config=job_config,
        job_dir_key="hydra.sweep.dir",
        job_subdir_key="hydra.sweep.subdir",
        configure_logging=False,
    )
