"""Arrays that are used again with every chunk of texts."""

from __future__ import annotations

from typing import Any

import numpy as np

from copydesk.compiled.arrays import Array

LARGEST = 1 << 24  # bytes that are kept; what is larger, for a document of many megabytes, is given back


class Scratch:
    """Arrays that hold until they are asked for again.

    Memory that is new costs more than what is written to it: the system clears every page first.
    """

    def __init__(self) -> None:
        self._kept: dict[str, Array] = {}

    def array(self, name: str, shape: int | tuple[int, int], dtype: Any) -> Array:
        """Return an array of any content."""
        size = int(np.prod(shape)) * np.dtype(dtype).itemsize
        if size > LARGEST:
            return np.empty(shape, dtype=dtype)
        if name not in self._kept or len(self._kept[name]) < size:
            self._kept[name] = np.empty(size + size // 4 + 64, dtype=np.uint8)
        array: Array = self._kept[name][:size].view(dtype).reshape(shape)
        return array
