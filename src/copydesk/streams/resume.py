"""State of an unfinished output, saved beside it, so that a run killed at any moment can be resumed."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from copydesk.errors import ConfigError, ResourceError, abbreviated, escaped
from copydesk.formats.rows import Record

VERSION = 1


@dataclass(slots=True)
class State:
    """Progress of a run, and the settings it was started with.

    Attributes
    ----------
    settings : dict
        Everything that decides the output's bytes: model, options, inputs.
    read, written, rejected : int
        Rows.
    output_bytes, rejects_bytes : int
        Sizes of both files after these rows.
    header : str
        Digest of the output's header.
    seal : str
        Digest of the records that were read.
    complete : bool
        Whether all rows are written and only the renaming is left.
    """

    settings: dict[str, Any]
    read: int = 0
    written: int = 0
    rejected: int = 0
    output_bytes: int = 0
    rejects_bytes: int = 0
    header: str = ""
    seal: str = ""
    complete: bool = False
    version: int = field(default=VERSION)

    def save(self, path: Path) -> None:
        """Write the state atomically."""
        aside = path.with_name(f"{path.name}.new")
        with aside.open("w", encoding="utf-8") as file:
            json.dump(asdict(self), file, ensure_ascii=True, indent=1)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)

    @classmethod
    def load(cls, path: Path) -> State | None:
        """Read a state; None if there is none.

        Raises
        ------
        ConfigError
            It is no state, or was written by another version.
        ResourceError
            It can't be read.
        """
        try:
            stored = json.loads(path.read_text(encoding="utf-8"))
            if stored.get("version") == VERSION:
                state = cls(**stored)
                if {name: type(value) for name, value in asdict(state).items()} == _TYPES:
                    return state
        except FileNotFoundError:
            return None
        except IsADirectoryError:
            raise ConfigError(f"{escaped(path)}: is a folder; move it, or give the output another name") from None
        except OSError as error:
            raise ResourceError(f"{escaped(path)}: can't be read: {error.strerror}") from None
        except (ValueError, TypeError, AttributeError, RecursionError):
            pass
        raise ConfigError(f"{escaped(path)}: not a state that this copydesk can continue; start over with --force")

    def check(self, settings: dict[str, Any], path: Path) -> None:
        """Check that the settings are those of the unfinished run.

        Raises
        ------
        ConfigError
            Names the first difference and both values.
        """
        check_settings(self.settings, settings, path)


def check_settings(earlier: Mapping[str, Any], later: Mapping[str, Any], path: Path) -> None:
    """Check that a run is continued with the settings that it was begun with.

    Parameters
    ----------
    earlier, later : mapping
        JSON-able settings.
    path : Path
        Where the earlier ones are recorded.

    Raises
    ------
    ConfigError
        Names the first difference and both values.
    """
    for name in [*later, *earlier]:
        then, now = earlier.get(name), later.get(name)
        if then != now:
            before, after = (abbreviated(json.dumps(each, ensure_ascii=False)) for each in (then, now))
            raise ConfigError(
                f"{escaped(path)}: was begun with {name} {before}, not {after}; give the same, or start over "
                "with --force"
            )


_TYPES = {name: type(value) for name, value in asdict(State({})).items()}


class Seal:
    """Digest of the records read so far, in order."""

    def __init__(self) -> None:
        self.digest = hashlib.sha256()

    def add(self, record: Record) -> None:
        """Add a record."""
        if record.line == 1:
            self.digest.update(record.source.name.encode("utf-8", "surrogateescape") + b"\0")
        self.digest.update(record.seal)

    def text(self) -> str:
        """Return the digest as hexadecimal digits."""
        return self.digest.hexdigest()


def skip_done(records: Iterator[Record], state: State, seal: Seal) -> None:
    """Skip the records that are already written.

    Raises
    ------
    ConfigError
        They differ from those that the unfinished run read.
    """
    for _ in range(state.read):
        record = next(records, None)
        if record is None:
            break
        seal.add(record)
    if seal.text() != state.seal:
        raise ConfigError("the input differs from what the unfinished run read; start over with --force")
