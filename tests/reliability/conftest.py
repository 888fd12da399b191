from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import settings

from helpers.trials import tried

PROMISES = {"test_bundles": 4, "test_configs": 4, "test_rows": 8}


@pytest.fixture(autouse=True)
def counted(request: pytest.FixtureRequest) -> Iterator[None]:
    """Count the examples of a law: as many as the profile asks for, when none of them failed."""
    yield
    if getattr(request.function, "is_hypothesis_test", False):
        name = request.function.__name__.removeprefix("test_law_").replace("_", " ")
        tried(PROMISES[request.path.stem], f"generated: {name}", settings.default.max_examples)
