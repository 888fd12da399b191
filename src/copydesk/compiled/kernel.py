"""Decorator that compiles kernels with Numba, and the cache of compiled kernels."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from numba import njit
from numba.core import event
from numba.core.caching import FunctionCache, IndexDataCacheFile

PACKAGE = Path(__file__).parents[1]
WITH_KERNELS = ("compiled", "features", "classifiers")  # folders whose modules define kernels


def kernel(function: Callable[..., Any] | None = None, **options: Any) -> Any:
    """Compile a function at its first call; later processes load the compiled code from a cache.

    Parameters
    ----------
    function : callable
    **options
        Further options of ``numba.njit``.
    """
    if function is None:
        return lambda function: kernel(function, **options)
    compiled = njit(nogil=True, **options)(function)
    compiled._cache = _Cache(function)  # as numba's cache=True, with another stamp
    return compiled


class _Cache(FunctionCache):
    """Numba's cache of a function, invalidated when the source of any kernel changes.

    Numba compares the function's own file only: a kernel that calls a kernel or uses a constant of another file
    would stay stale after an upgrade.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__(function)
        self._cache_file = IndexDataCacheFile(self._cache_path, self._impl.filename_base, sources())


@cache
def sources(package: Path = PACKAGE) -> str:
    """Return a digest of all modules that define kernels or constants which kernels use."""
    digest = hashlib.sha256()
    for folder in WITH_KERNELS:
        for file in sorted((package / folder).rglob("*.py")):
            digest.update(f"{file.relative_to(package).as_posix()}\0".encode() + file.read_bytes() + b"\0")
    return digest.hexdigest()


class _AnnounceOnce(event.Listener):
    """Announces the first compilation, which takes seconds; loading compiled kernels is silent."""

    announced = False

    def on_start(self, event: Any) -> None:
        if not self.announced and event.data["dispatcher"].__module__.startswith("copydesk."):
            _AnnounceOnce.announced = True
            print("copydesk: compiling its kernels for this machine, once; some seconds", file=sys.stderr, flush=True)

    def on_end(self, event: Any) -> None:
        pass


event.register("numba:compile", _AnnounceOnce())
