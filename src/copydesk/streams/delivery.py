"""Delivery of answered rows to output and rejects: writes to ``NAME.part``, renames when complete; resumable."""

from __future__ import annotations

import hashlib
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from copydesk.errors import ConfigError, CopydeskError, DataError, ResourceError, escaped
from copydesk.formats import writers
from copydesk.formats.rows import Encoded, Record, Rejected
from copydesk.interruption.handler import CleanUp
from copydesk.streams.chunks import RecordChunk
from copydesk.streams.part_file import Aside, finish_part, part_of
from copydesk.streams.rejects import MESSAGES_SHOWN, encode, reject_message
from copydesk.streams.resume import Seal, State, skip_done

CHECKPOINT_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Answered:
    """Result of a chunk: its valid rows as bytes, their number, and the rejected records."""

    encoded: Encoded
    written: int
    rejected: Sequence[Rejected]


class Delivery:
    """Writes answered chunks in order; a context manager. A file gets its final name only when complete.

    Parameters
    ----------
    output : Path or None
        None is standard output, which can't be resumed.
    rejects : Path or None
        If None, the first few are printed on standard error.
    settings : dict
        Everything that decides the output's bytes; a run can only be resumed with the same settings.
    resume : bool
        Continue an unfinished run, if there is one.
    force : bool
        Replace an existing output; discard an unfinished one.
    strict : bool
        Stop at the first rejected row.

    Raises
    ------
    ConfigError
        An output or an unfinished one exists, or the unfinished one can't be continued.
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
        self.shown = 0
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
        """Return the state of an unfinished run that has written anything."""
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
        for path in (*map(part_of, self.paths), self.state_path):
            if path is not None and path.is_dir():
                raise ConfigError(f"{escaped(path)}: is a folder; move it, or give the output another name")
        for path in self.paths:
            if path.exists() and not path.is_file():
                raise ConfigError(
                    f"{escaped(path)}: not a regular file; name a file, or leave it out for standard output"
                )
            if path.exists() and not (force or str(path) in allowed or self.state.complete):
                unfinished = ", and no unfinished run that --resume could continue" if resume else ""
                raise ConfigError(f"{escaped(path)}: already exists{unfinished}; --force replaces it")
        if stored is not None and not (resume or force):
            raise ConfigError(
                f"{escaped(part_of(self.paths[-1]))}: of an unfinished run ({stored.read:,} rows are done); --resume "
                "continues it, --force starts over"
            )

    def _cut(self, anew: bool) -> None:
        """Truncate both files to their recorded sizes."""
        files = [
            (file, size)
            for file, size in ((self.output, self.state.output_bytes), (self.rejects, self.state.rejects_bytes))
            if file is not None
        ]
        for file, _ in files:
            if anew and file.size:
                raise ConfigError(
                    f"{escaped(file.part)}: already exists, and belongs to no known run; --force replaces it"
                )
        self.clean_up = CleanUp(self.keep)  # not before it is known that the parts are this run's
        for file, size in files:
            file.keep(size)
        if self.state_path is not None and not self.state.complete and not self.state.read:
            self._save()

    # --- rows ----------------------------------------------------------------------------------------------------

    def after_done(self, records: Iterator[Record]) -> Iterator[Record]:
        """Return the records that are not answered yet.

        Raises
        ------
        ConfigError
            The records differ from those that the unfinished run read.
        """
        if self.state.complete:
            return iter(())
        skip_done(records, self.state, self.seal) if self.state.read else None
        return records

    def take(self, chunk: RecordChunk, answered: Answered) -> None:
        """Write the rows and rejects of a chunk.

        Raises
        ------
        DataError
            A row is rejected in strict mode, or its columns differ from those of the file.
        ResourceError
            The disk is full.
        """
        if self.strict and answered.rejected:
            raise DataError(f"{reject_message(answered.rejected[0])} (--strict)")
        header = self.state.header
        if answered.written:
            header = self._headed(answered.encoded)
        if self.rejects is not None:
            self.rejects.write(encode(answered.rejected))
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
        for each in rejected[: max(0, MESSAGES_SHOWN - self.shown)]:
            print(f"copydesk: {reject_message(each)}", file=sys.stderr)
            self.shown += 1

    # --- keeping and ending --------------------------------------------------------------------------------------

    def checkpoint(self) -> None:
        """Sync the files and record their sizes; a killed run continues from here."""
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
            raise ResourceError(f"{escaped(self.state_path)}: can't be written: {error.strerror}") from None
        self.recorded = self.state.read

    def finish(self) -> str:
        """Rename the files to their final names; return the counts of rows as a line.

        An output without rows does not replace an existing one.

        Raises
        ------
        CopydeskError
            Rows are unaccounted for: a bug.
        DataError
            No row was written, and an existing output stays.
        """
        done = self.state
        if done.read != done.written + done.rejected:
            raise CopydeskError(f"{done.read} rows read, but {done.written} written and {done.rejected} rejected")
        self.state = replace(done, complete=True)
        self.checkpoint()
        self.naming = True
        left = None
        for path in self.paths:
            part = part_of(path)
            if part.exists() and path == self.output_path and not done.written and path.exists():
                part.unlink()
                left = path
            elif part.exists():
                self._name(part, path)
        if self.state_path is not None:
            self.state_path.unlink(missing_ok=True)
        self.finished = True
        more = done.rejected - self.shown
        if more and self.rejects is None and not self.state.settings.get("rejects"):
            kept = "--rejects FILE keeps them with their reasons"
            print(f"copydesk: {more:,} more rejected; {kept}", file=sys.stderr)
        counted = f"{done.read:,} read = {done.written:,} written + {done.rejected:,} rejected"
        if left is not None:
            raise DataError(f"{escaped(left)}: stays as it was, as no row was written ({counted})")
        return counted

    def _name(self, part: Path, path: Path) -> None:
        try:
            if path == self.output_path and writers.is_converted(part, path):
                whole = converted_part(path)
                writers.convert(part, whole, path)
                finish_part(whole, path)
                part.unlink()
            else:
                finish_part(part, path)
        except OSError as error:
            raise ResourceError(f"{escaped(path)}: can't be written: {error.strerror}") from None

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
        stale = [self.state_path.with_name(f"{self.state_path.name}.new"), converted_part(self.output_path)]
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


def converted_part(path: Path) -> Path:
    """Return the name under which a finished part is converted to the output's format."""
    return path.with_name(f"{path.name}.part{path.suffix}")
