"""Compiling kernels: one decorator, and a word on standard error the first time."""

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
WITH_KERNELS = ("compiled", "features", "classifiers")


def kernel(function: Callable[..., Any] | None = None, **options: Any) -> Any:
    """Compile a function when it is first called, for this machine; later processes load what was compiled.

    Parameters
    ----------
    function : callable
    **options
        What ``numba.njit`` takes beside.
    """
    if function is None:
        return lambda function: kernel(function, **options)
    compiled = njit(nogil=True, **options)(function)
    compiled._cache = _Cache(function)  # what numba's cache=True sets, but for the stamp
    return compiled


class _Cache(FunctionCache):
    """Numba's cache of a function, out of date as soon as any kernel's source is another.

    Numba looks at the function's own file alone, so that a kernel which calls one of another file, or has a constant
    from there compiled in, would go on as it was before an upgrade.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__(function)
        self._cache_file = IndexDataCacheFile(self._cache_path, self._impl.filename_base, sources())


@cache
def sources(package: Path = PACKAGE) -> str:
    """Return a digest of all modules that kernels are, or take constants from."""
    digest = hashlib.sha256()
    for folder in WITH_KERNELS:
        for file in sorted((package / folder).rglob("*.py")):
            digest.update(f"{file.relative_to(package).as_posix()}\0".encode() + file.read_bytes() + b"\0")
    return digest.hexdigest()


class _SayOnce(event.Listener):
    """Says that compilation takes its time; loading what was compiled before is silent."""

    said = False

    def on_start(self, event: Any) -> None:
        if not self.said and event.data["dispatcher"].__module__.startswith("copydesk."):
            _SayOnce.said = True
            print("copydesk: compiling its kernels for this machine, once; some seconds", file=sys.stderr, flush=True)

    def on_end(self, event: Any) -> None:
        pass


event.register("numba:compile", _SayOnce())
