"""Decorator that compiles kernels with Numba, and the cache of compiled kernels."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from glob import escape
from pathlib import Path
from typing import Any

from numba import config, njit
from numba.core import event
from numba.core.caching import CompileResultCacheImpl, FunctionCache, IndexDataCacheFile

from copydesk.errors import ConfigError

PACKAGE = Path(__file__).parents[1]
WITH_KERNELS = ("compiled", "features", "classifiers", "text")  # folders whose modules define kernels


def kernel(function: Callable[..., Any] | None = None, **options: Any) -> Any:
    """Compile a function at its first call; later processes load the compiled code from a cache.

    Parameters
    ----------
    function : callable
    **options
        Further options of ``numba.njit``.

    Raises
    ------
    ConfigError
        Numba's compiler is disabled.
    """
    if config.DISABLE_JIT:
        raise ConfigError("NUMBA_DISABLE_JIT is set: copydesk needs Numba's compiler; unset it")
    if function is None:
        return lambda function: kernel(function, **options)
    # The wrapper for callers from C is never used; without it, kernels compile and load sooner.
    compiled = njit(nogil=True, no_cfunc_wrapper=True, **options)(function)
    compiled._cache = _Cache(function)  # as numba's cache=True, with another stamp and more folders
    return compiled


_PROVIDED: Any
_IN_TREE: Any
_PROVIDED, _IN_TREE, *_OTHERS = CompileResultCacheImpl._locator_classes


class _ReadOnly:
    """Folder to load kernels from; none can be saved there."""

    def ensure_cache_path(self) -> None:
        pass


class _ReadOnlyProvided(_ReadOnly, _PROVIDED):
    def ensure_cache_path(self) -> None:
        Path(self.get_cache_path()).stat()  # raises if there is nothing to load: another folder may do


class _ReadOnlyInTree(_ReadOnly, _IN_TREE):
    pass


class _Files(CompileResultCacheImpl):
    """Numba's choice of the folder for a function's kernels, and folders that are read-only."""

    _locator_classes = (_PROVIDED, _ReadOnlyProvided, _IN_TREE, *_OTHERS, _ReadOnlyInTree)


class _Entries(IndexDataCacheFile):
    """Index and data files of a function's kernels; the names of data files hold the digest of their sources.

    Numba numbers the data files of every state of the sources from 1, and saves the index before the data. Killed in
    between, after an upgrade, it leaves a new index that names old data, and the old code would run from then on.
    """

    def __init__(self, folder: str, base: str, digest: str) -> None:
        super().__init__(folder, base, digest)
        self._data_name_pattern = f"{base}.{digest[:16]}.{{number:d}}.nbc"

    def save(self, key: Any, data: Any) -> None:
        """Save a kernel; remove those of other states of the sources, which the index no longer names."""
        super().save(key, data)
        base, digest, *_ = self._data_name_pattern.rsplit(".", 3)
        for file in Path(self._cache_path).glob(f"{escape(base)}.*.nbc"):
            if not file.name.startswith(f"{base}.{digest}."):
                file.unlink(missing_ok=True)


class _Cache(FunctionCache):
    """Numba's cache of a function, invalidated when the source of any kernel changes.

    Numba compares the function's own file only: a kernel that calls a kernel or uses a constant of another file
    would stay stale after an upgrade. Where no folder can be written, as in many containers, Numba raises; here
    kernels are compiled for the process alone.
    """

    _impl_class = _Files

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__(function)
        self._cache_file = _Entries(self._cache_path, self._impl.filename_base, sources())

    @property
    def keeps(self) -> bool:
        """Whether compiled kernels can be saved."""
        return not isinstance(self._impl.locator, _ReadOnly)

    def load_overload(self, signature: Any, target: Any) -> Any:
        """Load a compiled kernel; return None if it is not there or can't be read."""
        with suppress(OSError):
            return super().load_overload(signature, target)
        return None

    def save_overload(self, signature: Any, compiled: Any) -> None:
        """Save a compiled kernel if its folder can be written and has space."""
        if self.keeps:
            with suppress(OSError):
                super().save_overload(signature, compiled)

    @property
    def mark(self) -> Path:
        """File in the folder that some kernels have been compiled into."""
        return Path(self._cache_path) / f"copydesk-kernels-{sources()[:16]}"

    def first_here(self) -> bool:
        """Return whether no kernel has been compiled yet into this folder; from now on, one has."""
        with suppress(OSError):
            self.mark.touch(exist_ok=False)
            return True
        return not self.mark.exists()


def none_compiled() -> bool:
    """Return whether kernels can be saved, and none has been compiled on this machine yet."""
    here = _Cache(kernel)
    return here.keeps and not here.mark.exists()


@cache
def sources(package: Path = PACKAGE) -> str:
    """Return a digest of all modules that define kernels or constants which kernels use."""
    digest = hashlib.sha256()
    for folder in WITH_KERNELS:
        for file in sorted((package / folder).rglob("*.py")):
            digest.update(f"{file.relative_to(package).as_posix()}\0".encode() + file.read_bytes() + b"\0")
    return digest.hexdigest()


class _Announcement(event.Listener):
    """Announces the first compilation on a machine, which takes seconds; loading compiled kernels is silent."""

    def __init__(self) -> None:
        self.due = True

    def on_start(self, event: Any) -> None:
        dispatcher = event.data["dispatcher"]
        if not self.due or not dispatcher.__module__.startswith("copydesk."):
            return
        self.due = False
        if not dispatcher._cache.keeps:
            why = "no folder can be written to keep them: set NUMBA_CACHE_DIR"
            print(f"copydesk: compiling its kernels, as in every process; {why}", file=sys.stderr, flush=True)
        elif _Cache(kernel).first_here():
            print("copydesk: compiling its kernels for this machine, once; some seconds", file=sys.stderr, flush=True)

    def on_end(self, event: Any) -> None:
        pass


event.register("numba:compile", _Announcement())
