"""Cache of features that several trials share, within a memory limit."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any


class Cache:
    """Thread-safe LRU cache, limited in bytes.

    Parameters
    ----------
    max_bytes : int
        Larger values are computed and returned, but not stored.
    """

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self.bytes = 0
        self._lock = threading.Lock()
        self._held: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()
        self._making: dict[Hashable, threading.Lock] = {}

    def __reduce__(self) -> Any:
        """Pickle as an empty cache: a worker makes what it needs itself."""
        return Cache, (self.max_bytes,)

    def get(self, key: Hashable, make: Callable[[], tuple[Any, int]]) -> Any:
        """Return the value of a key; if it is missing, one thread calls ``make``, which returns value and bytes."""
        with self._lock:
            making = self._making.setdefault(key, threading.Lock())
        with making:
            with self._lock:
                if key in self._held:
                    self._held.move_to_end(key)
                    return self._held[key][0]
            value, size = make()
            with self._lock:
                self._making.pop(key, None)
                if size <= self.max_bytes:
                    self._held[key] = value, size
                    self.bytes += size
                    while self.bytes > self.max_bytes:
                        self.bytes -= self._held.popitem(last=False)[1][1]
        return value
