"""Start of Numba in a process of its own."""

from __future__ import annotations

import sys


def start_numba() -> None:
    """Import Numba and what it loads kernels with, without SciPy.

    SciPy is optional for Numba, which takes linear algebra from it. No kernel uses that, and importing it takes a fifth
    of the start of a short command. Only for a process of ours: a user's own kernels may need it.
    """
    if "scipy" in sys.modules or "numba" in sys.modules:
        return
    sys.modules["scipy"] = None  # type: ignore[assignment]
    try:
        from numba.core.registry import cpu_target

        cpu_target.typing_context.refresh()
        cpu_target.target_context.refresh()
    finally:
        del sys.modules["scipy"]
