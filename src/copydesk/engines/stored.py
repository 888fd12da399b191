"""Values that a driver writes to files for its workers, so that none passes through the scheduler."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import count
from pathlib import Path
from typing import Any

from copydesk.errors import ResourceError, escaped


@dataclass(frozen=True, slots=True)
class Stored:
    """A value in a file.

    Attributes
    ----------
    path : str
        Of its pickle; every worker reads it by this path.
    """

    path: str

    def load(self) -> Any:
        """Return the value; those of the last files are kept in this process, and not to be changed."""
        return load_pickle(self.path)

    def drop(self) -> None:
        """Remove the file."""
        Path(self.path).unlink(missing_ok=True)


@lru_cache(maxsize=2)  # the features and a shard's texts
def load_pickle(path: str) -> Any:
    """Read a pickle that the driver wrote."""
    return pickle.loads(Path(path).read_bytes())


class Store:
    """Folder of stored values.

    Parameters
    ----------
    folder : Path
        Made if it does not exist.

    Raises
    ------
    ResourceError
        It can't be made.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        self.numbers: Iterator[int] = count()
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ResourceError(f"{escaped(folder)}: can't be made: {error.strerror}") from None

    def keep(self, value: Any) -> Stored:
        """Write a value.

        Raises
        ------
        ResourceError
            The disk is full.
        """
        path = self.folder / f"{next(self.numbers)}.pickle"
        try:
            path.write_bytes(pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL))
        except OSError as error:
            raise ResourceError(f"{escaped(path)}: can't be written: {error.strerror}") from None
        return Stored(str(path))
