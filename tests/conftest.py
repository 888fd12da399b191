from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from trials import LONG

CHECKOUT = Path(__file__).resolve().parents[1]

# how long an example takes is the machine's affair
settings.register_profile("untimed", deadline=None)
settings.register_profile("fuzz", max_examples=10_000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("fuzz" if LONG else "untimed")


@pytest.fixture(scope="session")
def shared_datasets() -> Path:
    """Real data that is not part of the repository; tests that need it skip where it is absent."""
    path = CHECKOUT.parent / "shared" / "datasets"
    if not path.is_dir():
        pytest.skip("real datasets are not beside the checkout (../shared/datasets)")
    return path
