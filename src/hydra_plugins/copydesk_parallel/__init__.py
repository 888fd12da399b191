"""A Hydra launcher that runs the jobs of a multirun side by side: ``hydra/launcher=parallel``."""

from __future__ import annotations

import multiprocessing
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hydra.core.config_store import ConfigStore
from hydra.core.singleton import Singleton
from hydra.core.utils import JobReturn, run_job, setup_globals
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, open_dict

from copydesk.interruption.handler import CleanUp, end_quietly

ConfigStore.instance().store(
    group="hydra/launcher",
    name="parallel",
    node={"_target_": "hydra_plugins.copydesk_parallel.ParallelLauncher", "jobs": 2},
    provider="copydesk",
)


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
        from joblib import Parallel, delayed

        setup_globals()
        Path(str(self.config.hydra.sweep.dir)).mkdir(parents=True, exist_ok=True)
        # A new process knows none of Hydra's singletons; they travel with each job.
        state = Singleton.get_state()
        jobs = (
            delayed(run_one)(self.context, self.task, self.config, list(overrides), number, state)
            for number, overrides in enumerate(job_overrides, start=initial_job_idx)
        )
        # After an interruption, the process that removes what workers leave behind would print warnings of its own.
        sys.warnoptions.append("ignore:resource_tracker:UserWarning")
        with CleanUp(end_workers):
            return list(Parallel(n_jobs=self.jobs, backend="loky")(jobs))


def end_workers() -> None:
    """End the worker processes, and wait until they have ended."""
    workers = multiprocessing.active_children()
    for worker in workers:
        worker.terminate()
    for worker in workers:
        worker.join(5)


def run_one(
    context: HydraContext,
    task: TaskFunction,
    config: DictConfig,
    overrides: list[str],
    number: int,
    state: Any,
) -> JobReturn:
    """Compose and run one job, as Hydra's basic launcher does in the parent process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches every process of a terminal; the parent ends this one
    signal.signal(signal.SIGTERM, end_quietly)
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
