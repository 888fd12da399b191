"""Ledger of a run over many files: what is done, kept beside the parts, so that each is made exactly once.

All of it is files in ``FOLDER/_copydesk``. A part is written in a folder of its own attempt, and renamed into place
when complete; its entry is written after that. So a process may be killed at any moment, and two may work on the same
shard: a part always holds the same bytes, and only complete ones have their name.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from copydesk.errors import ConfigError, ResourceError, escaped
from copydesk.formats.sources import LEDGER_FOLDER
from copydesk.resources import replacement, sync
from copydesk.shards.plan import Shard
from copydesk.streams.resume import check_settings

PLAN_VERSION = 1
# Attempts at a shard that ended with their process before it is put aside.
MOST_ATTEMPTS = 3
# Of rows, in the entry of each shard.
COUNTS = ("read", "written", "rejected")


class Ledger:
    """State of a run on disk, shared by a driver and its workers.

    Parameters
    ----------
    folder : Path
        Of the output.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.place = folder / LEDGER_FOLDER
        self.plan_path = self.place / "plan.json"
        self.manifest_path = self.place / "manifest.json"
        self.entries = self.place / "done"
        self.attempts = self.place / "attempts"
        self.rejects = self.place / "rejects"

    # --- the driver ----------------------------------------------------------------------------------------------

    @contextmanager
    def held(self) -> Iterator[None]:
        """Create the folders and keep other drivers out during the block.

        Raises
        ------
        ConfigError
            Another driver writes to the folder.
        ResourceError
            A folder can't be made.
        """
        try:
            for each in (self.entries, self.attempts, self.rejects):
                each.mkdir(parents=True, exist_ok=True)
            handle = os.open(self.place / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise ResourceError(f"{escaped(error.filename)}: can't be made: {error.strerror}") from None
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(handle)
            raise ConfigError(
                f"--output {escaped(self.folder)}: another run is writing to it; wait for it, or name another folder"
            ) from None
        try:
            yield
        finally:
            os.close(handle)

    def begin(self, shards: Sequence[Shard], settings: Mapping[str, Any], resume: bool, force: bool) -> None:
        """Record the plan, or check that it is the one of the run to resume.

        Parameters
        ----------
        shards : sequence of Shard
        settings : mapping
            Everything that decides the output's bytes.
        resume : bool
            Continue an unfinished run; shards that were put aside are tried again.
        force : bool
            Start anew, whatever is there.

        Raises
        ------
        ConfigError
            The folder holds other parts, or a run that can't be continued with these settings and inputs.
        ResourceError
            The disk is full.
        """
        stored = self._stored()
        plan = {"version": PLAN_VERSION, "settings": dict(settings), "shards": [shard.as_json() for shard in shards]}
        plan = json.loads(json.dumps(plan))  # as it will be read again
        if stored is not None and resume and not force:
            check_plan(stored, plan, self.plan_path)
        elif stored is not None and not force:
            raise ConfigError(
                f"--output {escaped(self.folder)}: holds an earlier run; --resume continues it, --force starts over"
            )
        else:
            there = [self.folder / shard.name for shard in shards if (self.folder / shard.name).exists()]
            if there and not force:
                raise ConfigError(f"{escaped(there[0])}: already exists; --force replaces it")
            earlier = {shard["name"] for shard in stored["shards"]} if stored else set()
            self._clear(earlier - {shard.name for shard in shards})
            write_json(self.plan_path, plan)
        shutil.rmtree(self.attempts, ignore_errors=True)  # of drivers and workers that are gone
        self.attempts.mkdir(exist_ok=True)

    def _stored(self) -> dict[str, Any] | None:
        """Return the plan of an earlier run."""
        try:
            stored = json.loads(self.plan_path.read_text(encoding="utf-8"))
            if stored["version"] == PLAN_VERSION and isinstance(stored["shards"], list):
                return dict(stored)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise ResourceError(f"{escaped(self.plan_path)}: can't be read: {error.strerror}") from None
        except (ValueError, KeyError, TypeError, RecursionError):
            pass
        raise ConfigError(
            f"{escaped(self.plan_path)}: not a plan that this copydesk can continue; remove {LEDGER_FOLDER}/"
        )

    def _clear(self, parts: set[str]) -> None:
        """Remove the entries of an earlier run, and those of its parts that this one does not replace."""
        self.manifest_path.unlink(missing_ok=True)
        for folder in (self.entries, self.rejects):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
        for name in parts:
            (self.folder / name).unlink(missing_ok=True)

    def done(self) -> dict[str, dict[str, Any]]:
        """Return the entries of all shards that are done, by name."""
        found = {}
        for path in self.entries.glob("*.json"):
            entry = json.loads(path.read_text(encoding="utf-8"))
            found[entry["name"]] = entry
        return found

    def write_manifest(self, shards: Sequence[Shard], aside: Mapping[str, str]) -> dict[str, Any]:
        """Write ``manifest.json``: counts, and every part with its counts and digest, in the input's order; return it.

        Parameters
        ----------
        shards : sequence of Shard
        aside : mapping of str to str
            The reason for each shard that was put aside.
        """
        entries = self.done()
        done = [entries[shard.name] for shard in shards if shard.name in entries]
        manifest = {
            "complete": len(done) == len(shards),
            "shards": len(shards),
            **{name: sum(entry[name] for entry in done) for name in COUNTS},
            "put_aside": dict(aside),
            "parts": done,
        }
        write_json(self.manifest_path, manifest)
        return manifest

    # --- a worker ------------------------------------------------------------------------------------------------

    def begin_attempt(self, shard: Shard) -> Path | None:
        """Return a new folder to make a part in; None if too many attempts ended with their process.

        Raises
        ------
        ResourceError
            It can't be made.
        """
        for number in range(1, MOST_ATTEMPTS + 1):
            folder = self.attempts / f"{shard.name}.{number}"
            try:
                folder.mkdir()
                return folder
            except FileExistsError:
                continue
            except OSError as error:
                raise ResourceError(f"{escaped(folder)}: can't be made: {error.strerror}") from None
        return None

    def commit(
        self, shard: Shard, attempt: Path, counts: Mapping[str, int], passed_over: Mapping[str, int] | None = None
    ) -> dict[str, Any]:
        """Give a part and its rejects their names, then write and return the shard's entry.

        Parameters
        ----------
        shard : Shard
        attempt : Path
            Its folder.
        counts : mapping
            Of rows, by ``COUNTS``.
        passed_over : mapping, optional
            Records of a web archive that are no pages, by kind.

        Raises
        ------
        ResourceError
            The disk is full.
        """
        made, rejected = attempt / shard.name, attempt / "rejects.jsonl"
        digest, size = digest_of(made)
        try:
            if counts["rejected"]:
                rejected.replace(self.rejects / f"{shard.name}.jsonl")
            made.replace(self.folder / shard.name)
            sync(self.folder)
            entry = {"name": shard.name, "source": shard.source.name, "bytes": size, "sha256": digest, **counts}
            if passed_over:
                entry["passed_over"] = dict(passed_over)
            write_json(self.entries / f"{shard.name}.json", entry)
        except OSError as error:
            raise ResourceError(f"{escaped(self.folder / shard.name)}: can't be written: {error.strerror}") from None
        shutil.rmtree(attempt, ignore_errors=True)
        return entry


def check_plan(stored: Mapping[str, Any], plan: Mapping[str, Any], path: Path) -> None:
    """Check that an unfinished run has the same settings and inputs.

    Raises
    ------
    ConfigError
        Names the first difference.
    """
    check_settings(stored["settings"], plan["settings"], path)
    old, new = ({shard["name"]: shard for shard in each["shards"]} for each in (stored, plan))
    for name in [*new, *old]:
        if old.get(name) != new.get(name):
            change = "is new" if name not in old else "is gone" if name not in new else "has changed"
            raise ConfigError(
                f"{escaped(name)}: the input of this part {change} since the run began; --force starts over"
            )


def digest_of(path: Path) -> tuple[str, int]:
    """Return the SHA-256 of a file, and its size."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest(), path.stat().st_size


def write_json(path: Path, value: Any) -> None:
    """Write a file of JSON atomically.

    Raises
    ------
    ResourceError
        The disk is full.
    """
    try:
        with replacement(path) as aside:
            aside.write_text(json.dumps(value, indent=1), encoding="utf-8")
    except OSError as error:
        raise ResourceError(f"{escaped(path)}: can't be written: {error.strerror}") from None
