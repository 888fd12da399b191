from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from helpers.trials import LONG

# Threads of OpenMP and BLAS wait for each other in busy loops: beside other work, a training takes several times as
# long.
for library in ("OMP", "OPENBLAS"):
    os.environ.setdefault(f"{library}_NUM_THREADS", "1")

CHECKOUT = Path(__file__).resolve().parents[1]

# No test is timed: the machine may be busy.
settings.register_profile("suite", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("fuzz", settings.get_profile("suite"), max_examples=10_000)
settings.load_profile("fuzz" if LONG else "suite")

# A shell starts what runs in the background with SIGINT ignored; commands that tests interrupt would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def client() -> Iterator[Any]:
    """Client of a local Dask cluster of two processes."""
    pytest.importorskip("distributed", reason="needs the extra dask")
    from copydesk.shards.cluster import connected

    with connected(None, workers=2) as client:
        yield client


@pytest.fixture(scope="session")
def shared_datasets() -> Path:
    """Real data that is not part of the repository; tests that need it skip where it is absent."""
    path = CHECKOUT.parent / "shared" / "datasets"
    if not path.is_dir():
        pytest.skip("real datasets are not beside the checkout (../shared/datasets)")
    return path
