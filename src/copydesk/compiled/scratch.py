"""Scratch arrays, reused from one chunk of texts to the next."""

from __future__ import annotations

from typing import Any

import numpy as np

from copydesk.compiled.arrays import Array

LARGEST = 1 << 24  # bytes; larger arrays, for documents of many megabytes, are not kept


class Scratch:
    """Named arrays, each valid until the same name is requested again.

    Fresh memory costs more than writing to it does, because the system clears every page first.
    """

    def __init__(self) -> None:
        self._kept: dict[str, Array] = {}

    def array(self, name: str, shape: int | tuple[int, int], dtype: Any) -> Array:
        """Return an uninitialised array."""
        size = int(np.prod(shape)) * np.dtype(dtype).itemsize
        if size > LARGEST:
            return np.empty(shape, dtype=dtype)
        if name not in self._kept or len(self._kept[name]) < size:
            self._kept[name] = np.empty(size + size // 4 + 64, dtype=np.uint8)
        array: Array = self._kept[name][:size].view(dtype).reshape(shape)
        return array
