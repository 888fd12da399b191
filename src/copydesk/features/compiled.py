"""Compiling kernels: one decorator, and a word on standard error the first time."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from numba import njit
from numba.core import event


def kernel(function: Callable[..., Any]) -> Any:
    """Compile a function when it is first called, for this machine; later processes load what was compiled."""
    return njit(cache=True, nogil=True)(function)


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
