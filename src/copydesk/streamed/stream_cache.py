"""Folder of what a streamed run has done so far, by which the same run goes on after it was killed."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import pickle
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from copydesk.compiled.arrays import Array
from copydesk.errors import ConfigError, CopydeskError, ResourceError
from copydesk.resources import replacement

_SAVES_SHARE = 20  # a checkpoint is due when so many times as long has passed as saving the last one took


class StreamCache:
    """Files of a streamed run; each is there complete, or not at all.

    Parameters
    ----------
    folder : Path
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._saved, self._took = time.monotonic(), 0.0

    def has(self, name: str) -> bool:
        """Return whether a file is there."""
        return (self.folder / name).exists()

    def save(self, name: str, **arrays: Array) -> None:
        """Write arrays into an ``.npz`` file."""
        with replacement(self.folder / name) as aside, aside.open("wb") as file:
            np.savez(file, **arrays)  # type: ignore[arg-type]

    def load(self, name: str) -> dict[str, Array]:
        """Read arrays."""
        with np.load(self.folder / name, allow_pickle=False) as stored:
            return dict(stored)

    def save_array(self, name: str, array: Array) -> None:
        """Write an array into an ``.npy`` file."""
        with replacement(self.folder / name) as aside, aside.open("wb") as file:
            np.save(file, array)

    def map_array(self, name: str) -> Array:
        """Return an array that is read from the disk where it is looked at."""
        mapped: Array = np.load(self.folder / name, mmap_mode="r")
        return mapped

    def save_json(self, name: str, value: Any) -> None:
        """Write JSON."""
        with replacement(self.folder / name) as aside:
            aside.write_text(json.dumps(value), encoding="utf-8")

    def load_json(self, name: str) -> Any:
        """Read JSON; None if it is not there."""
        return json.loads((self.folder / name).read_text(encoding="utf-8")) if self.has(name) else None

    def save_object(self, name: str, value: Any) -> None:
        """Write an object of ours; only this run reads it again."""
        with replacement(self.folder / name) as aside, aside.open("wb") as file:
            pickle.dump(value, file, protocol=5)

    def load_object(self, name: str) -> Any:
        """Read an object of ours; None if it is not there."""
        if not self.has(name):
            return None
        with (self.folder / name).open("rb") as file:
            return pickle.load(file)

    def remove(self, *names: str) -> None:
        """Delete files that may be there."""
        for name in names:
            (self.folder / name).unlink(missing_ok=True)

    @contextmanager
    def checkpoint(self, always: bool = False) -> Iterator[bool]:
        """Yield whether to save the state: often where that is cheap, and at a bounded share of the time elsewhere."""
        start = time.monotonic()
        due = always or start - self._saved >= _SAVES_SHARE * self._took
        yield due
        if due:
            self._saved = time.monotonic()
            self._took = self._saved - start


@contextmanager
def open_cache(parent: Path, settings: Mapping[str, Any], files: Sequence[Path]) -> Iterator[StreamCache]:
    """Lend the cache of a run, new or left by one that was killed; delete it when the run has ended.

    Parameters
    ----------
    parent : Path
        Folder of the experiment's runs.
    settings : mapping
        All that the model depends on, besides the files.
    files : sequence of Path
        A change of size or time of one makes another run of it.

    Raises
    ------
    ConfigError
        The same run is going on in another process.
    ResourceError
        The folder can't be made.
    """
    stats = [(str(file.absolute()), file.stat().st_size, file.stat().st_mtime_ns) for file in files]
    key = hashlib.sha256(json.dumps([dict(settings), stats], sort_keys=True, default=str).encode()).hexdigest()[:16]
    folder = parent / f".stream-{key}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise ResourceError(f"{folder}: can't be made: {error.strerror}; set runs=FOLDER") from None
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise ConfigError(f"{folder}: the same run is going on; wait for it, or set another name or seed") from None
        try:
            yield StreamCache(folder)
        except CopydeskError as error:
            if not isinstance(error, ResourceError):  # it would fail in the same way again
                shutil.rmtree(folder, ignore_errors=True)
            raise
        shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(lock)
