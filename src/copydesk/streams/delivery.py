"""Where answered rows go: the output, the rejects, the counts; named only when whole, resumable until then."""

from __future__ import annotations

import hashlib
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from copydesk.errors import ConfigError, CopydeskError, DataError, ResourceError
from copydesk.formats.encoders import Encoded
from copydesk.formats.readers import Record
from copydesk.formats.rows import Rejected
from copydesk.interruption.handler import CleanUp
from copydesk.streams import rejects as rejecting
from copydesk.streams.chunks import Chunk
from copydesk.streams.part_file import Aside, part_of, put_in_place
from copydesk.streams.resume import Seal, State, skip_done

CHECKPOINT_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Answered:
    """What became of a chunk: its good rows as bytes, how many, and those that were rejected."""

    encoded: Encoded
    written: int
    rejected: Sequence[Rejected]


class Delivery:
    """Take answered chunks in order; a context manager that leaves nothing half done under a final name.

    Parameters
    ----------
    output : Path or None
        None is standard output, which can't be resumed.
    rejects : Path or None
        Without it, the first few are told on standard error.
    settings : dict
        What decides the bytes that are written; a run is only continued with the same.
    resume : bool
        Go on where an unfinished run ended, if there is one.
    force : bool
        Replace an output that is there; drop an unfinished one.
    strict : bool
        Stop at the first rejected row.

    Raises
    ------
    ConfigError
        An output is there, an unfinished one is, or it can't be continued.
    """

    def __init__(
        self,
        output: Path | None,
        rejects: Path | None,
        settings: dict[str, Any],
        resume: bool = False,
        force: bool = False,
        strict: bool = False,
    ) -> None:
        if output is None and resume:
            raise ConfigError("--resume continues an output file; name it with --output")
        self.paths = [path for path in (rejects, output) if path is not None]
        self.output_path = output
        self.strict = strict
        self.told = 0
        self.naming = self.finished = False
        self.seal = Seal()
        self.state_path = output.with_name(f"{output.name}.part.json") if output else None
        stored = self._unfinished() if resume or not force else None
        # replaced as a whole after each chunk: a signal between two statements finds either the old or the new
        self.state = stored if stored is not None and resume else State(settings)
        self.recorded = self.state.read
        self._check_paths(settings, stored, resume, force)
        self.output: Aside | None = None
        self.rejects: Aside | None = None
        self.clean_up: CleanUp | None = None
        try:
            if not self.state.complete:
                self.output = Aside(output) if output else None
                self.rejects = Aside(rejects) if rejects else None
            self._cut(anew=stored is None and not force)
        except CopydeskError:
            self._close()
            raise
        self.checked = time.monotonic()

    def _unfinished(self) -> State | None:
        """Return the state of an unfinished run that has done anything."""
        stored = State.load(self.state_path) if self.state_path else None
        parts = [part for part in map(part_of, self.paths) if part.exists() and part.stat().st_size]
        return stored if stored is not None and (stored.read or parts) else None

    def _check_paths(self, settings: dict[str, Any], stored: State | None, resume: bool, force: bool) -> None:
        settings["replaces"] = [str(path) for path in self.paths if path.exists()]
        allowed = []
        if stored is not None and resume:
            assert self.state_path is not None
            allowed = settings["replaces"] = stored.settings.get("replaces", [])
            stored.check(settings, self.state_path)
        for path in self.paths:
            if path.exists() and not path.is_file():
                raise ConfigError(f"{path}: not a regular file; name a file, or leave it out for standard output")
            if path.exists() and not (force or str(path) in allowed or self.state.complete):
                unfinished = ", and no unfinished run that --resume could continue" if resume else ""
                raise ConfigError(f"{path}: is there already{unfinished}; --force replaces it")
        if stored is not None and not (resume or force):
            raise ConfigError(
                f"{part_of(self.paths[-1])}: of an unfinished run ({stored.read:,} rows are done); --resume continues "
                "it, --force starts over"
            )

    def _cut(self, anew: bool) -> None:
        """Cut both files to what is recorded as done."""
        files = [
            (file, size)
            for file, size in ((self.output, self.state.output_bytes), (self.rejects, self.state.rejects_bytes))
            if file is not None
        ]
        for file, _ in files:
            if anew and file.size:
                raise ConfigError(f"{file.part}: is there already, and of no run that is known; --force replaces it")
        self.clean_up = CleanUp(self.keep)  # not before it is known that the parts are this run's
        for file, size in files:
            file.keep(size)
        if self.state_path is not None and not self.state.complete and not self.state.read:
            self._save()

    # --- rows ----------------------------------------------------------------------------------------------------

    def after_done(self, records: Iterator[Record]) -> Iterator[Record]:
        """Return the records that are still to be answered.

        Raises
        ------
        ConfigError
            Those that are done are not the ones that the unfinished run read.
        """
        if self.state.complete:
            return iter(())
        skip_done(records, self.state, self.seal) if self.state.read else None
        return records

    def take(self, chunk: Chunk, answered: Answered) -> None:
        """Write the rows of a chunk, and reject what is rejected.

        Raises
        ------
        DataError
            A row is rejected and must not be; or the file can't hold rows of these columns.
        ResourceError
            The disk is full.
        """
        if self.strict and answered.rejected:
            raise DataError(f"{rejecting.describe(answered.rejected[0])} (--strict)")
        header = self.state.header
        if answered.written:
            header = self._headed(answered.encoded)
        if self.rejects is not None:
            self.rejects.write(rejecting.encode(answered.rejected))
        else:
            self._tell(answered.rejected)
        if self.output is not None:
            for record in chunk.records:
                self.seal.add(record)
        self.state = replace(
            self.state,
            read=self.state.read + len(chunk.records),
            written=self.state.written + answered.written,
            rejected=self.state.rejected + len(answered.rejected),
            output_bytes=self.output.size if self.output else 0,
            rejects_bytes=self.rejects.size if self.rejects else 0,
            header=header,
            seal=self.seal.text(),
        )
        if time.monotonic() - self.checked >= CHECKPOINT_SECONDS:
            self.checkpoint()

    def _headed(self, encoded: Encoded) -> str:
        """Write rows, the first with their header before them; return the header's digest."""
        digest = hashlib.sha256(encoded.header).hexdigest()
        if self.state.header not in ("", digest):
            raise DataError("inputs differ in their columns, and one table can't hold them; write .jsonl")
        self._write(encoded.data if self.state.header else encoded.header + encoded.data)
        return digest

    def _write(self, data: bytes) -> None:
        if self.output is not None:
            self.output.write(data)
            return
        try:
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            raise ResourceError(f"standard output: can't be written: {error.strerror}") from None

    def _tell(self, rejected: Sequence[Rejected]) -> None:
        for each in rejected[: max(0, rejecting.SHOWN - self.told)]:
            print(f"copydesk: {rejecting.describe(each)}", file=sys.stderr)
            self.told += 1

    # --- keeping and ending --------------------------------------------------------------------------------------

    def checkpoint(self) -> None:
        """Put what is written on the disk, and record how far it goes; a killed run continues from here."""
        for file in (self.output, self.rejects):
            if file is not None:
                file.sync()
        self._save()
        self.checked = time.monotonic()

    def _save(self) -> None:
        if self.state_path is None:
            return
        try:
            self.state.save(self.state_path)
        except OSError as error:
            raise ResourceError(f"{self.state_path}: can't be written: {error.strerror}") from None
        self.recorded = self.state.read

    def finish(self) -> str:
        """Give the files their names; return the count of rows, as a line.

        Raises
        ------
        CopydeskError
            Rows are unaccounted for, which can't be.
        """
        done = self.state
        if done.read != done.written + done.rejected:
            raise CopydeskError(f"{done.read} rows read, but {done.written} written and {done.rejected} rejected")
        self.state = replace(done, complete=True)
        self.checkpoint()
        self.naming = True
        for path in self.paths:
            part = part_of(path)
            if part.exists():
                self._name(part, path)
        if self.state_path is not None:
            self.state_path.unlink(missing_ok=True)
        self.finished = True
        more = done.rejected - self.told
        if more and self.rejects is None and not self.state.settings.get("rejects"):
            kept = "--rejects FILE keeps them with their reasons"
            print(f"copydesk: {more:,} more rejected; {kept}", file=sys.stderr)
        return f"{done.read:,} read = {done.written:,} written + {done.rejected:,} rejected"

    def _name(self, part: Path, path: Path) -> None:
        try:
            if path == self.output_path and path.suffix.lower() == ".parquet":
                from copydesk.formats.parquet_types import to_parquet

                whole = parquet_of(path)
                to_parquet(part, whole)
                put_in_place(whole, path)
                part.unlink()
            else:
                put_in_place(part, path)
        except OSError as error:
            raise ResourceError(f"{path}: can't be written: {error.strerror}") from None

    def __enter__(self) -> Delivery:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: Any) -> None:
        """Keep what is done, and say how to go on.

        Raises
        ------
        ResourceError
            What could not be written, and how to go on.
        """
        hint = "" if error is None else self.keep()
        self._close()
        if isinstance(error, KeyboardInterrupt):
            error.add_note(f"copydesk: interrupted{hint}")
        if self.finished:
            return
        if isinstance(error, ResourceError):
            raise ResourceError(f"{error}{hint}") from None
        if isinstance(error, MemoryError):
            raise ResourceError(f"out of memory; use fewer --jobs or a smaller --chunk-size{hint}") from None

    def keep(self) -> str:
        """Keep what is done, or leave nothing of a run that did nothing; return how to go on, for the end of a line.

        A signal may bring it at any moment, into the midst of any other method. Then it relies on this order: rows
        are written before ``state`` is replaced by one that counts them, and a recorded state is never ahead of them.
        """
        if self.output is not None and not self.naming:  # else all is recorded, and the record may have gone already
            with suppress(CopydeskError, OSError):
                self.checkpoint()
        self._sweep()
        if self.state_path is None:
            return f" after {self.state.read:,} rows; with --output it can be resumed"
        if self.finished or (self.naming and not self.state_path.exists()):
            return f"; all {self.state.read:,} rows are done and kept"
        if not self.recorded and not self.state.complete:
            return "; nothing was done yet"
        return f"; {self.recorded:,} rows are done and kept: the same command with --resume continues"

    def _sweep(self) -> None:
        """Remove what the next run would write anew: what is half written, and all of a run that did nothing."""
        if self.state_path is None or self.output_path is None:
            return
        stale = [self.state_path.with_name(f"{self.state_path.name}.new"), parquet_of(self.output_path)]
        if not self.recorded and not self.state.complete:
            stale += [*map(part_of, self.paths), self.state_path]
        for path in stale:
            with suppress(OSError):
                path.unlink(missing_ok=True)

    def _close(self) -> None:
        if self.clean_up is not None:
            self.clean_up.close()
        for file in (self.output, self.rejects):
            if file is not None:
                with suppress(OSError):
                    file.close()


def parquet_of(path: Path) -> Path:
    """Return the name under which a finished part is turned into Parquet."""
    return path.with_name(f"{path.name}.part.parquet")
