from __future__ import annotations

from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def shared_datasets() -> Path:
    """Real data that is not part of the repository; tests that need it skip where it is absent."""
    path = CHECKOUT.parent / "shared" / "datasets"
    if not path.is_dir():
        pytest.skip("real datasets are not beside the checkout (../shared/datasets)")
    return path
