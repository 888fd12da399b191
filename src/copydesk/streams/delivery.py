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

from copydesk.errors import ConfigError, CopydeskError, DataError, InterruptedRunError, ResourceError, escaped
from copydesk.formats import writers
from copydesk.formats.rows import Encoded, Record, Rejected
from copydesk.streams import rejects as rejecting
from copydesk.streams.chunks import RecordChunk
from copydesk.streams.part_file import Aside, finish_part, part_of
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
        self.told = 0
        self.finished = False
        self.seal = Seal()
        self.state_path = output.with_name(f"{output.name}.part.json") if output else None
        stored = self._unfinished() if resume or not force else None
        # replaced as a whole after each chunk: a signal between two statements finds either the old or the new
        self.state = stored if stored is not None and resume else State(settings)
        self.recorded = self.state.read
        self._check_paths(settings, stored, resume, force)
        self.output = Aside(output) if output and not self.state.complete else None
        try:
            self.rejects = Aside(rejects) if rejects and not self.state.complete else None
        except CopydeskError:
            self._close()
            raise
        self._keep(anew=stored is None and not force)
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

    def _keep(self, anew: bool) -> None:
        """Truncate both files to their recorded sizes."""
        for file, size in ((self.output, self.state.output_bytes), (self.rejects, self.state.rejects_bytes)):
            if file is None:
                continue
            if anew and file.size:
                self._close()
                raise ConfigError(
                    f"{escaped(file.part)}: already exists, and belongs to no known run; --force replaces it"
                )
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
            raise DataError(f"{rejecting.reject_message(answered.rejected[0])} (--strict)")
        if answered.written:
            self._write(self._headed(answered.encoded))
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
            seal=self.seal.text(),
        )
        if time.monotonic() - self.checked >= CHECKPOINT_SECONDS:
            self.checkpoint()

    def _headed(self, encoded: Encoded) -> bytes:
        digest = hashlib.sha256(encoded.header).hexdigest()
        if not self.state.header:
            self.state.header = digest
            return encoded.header + encoded.data
        if self.state.header != digest:
            raise DataError("inputs differ in their columns, and one table can't hold them; write .jsonl")
        return encoded.data

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
        for each in rejected[: max(0, rejecting.MESSAGES_SHOWN - self.told)]:
            print(f"copydesk: {rejecting.reject_message(each)}", file=sys.stderr)
            self.told += 1

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
        kept = None
        for path in self.paths:
            part = part_of(path)
            if part.exists() and path == self.output_path and not done.written and path.exists():
                part.unlink()
                kept = path
            elif part.exists():
                self._name(part, path)
        if self.state_path is not None:
            self.state_path.unlink(missing_ok=True)
        self.finished = True
        more = done.rejected - self.told
        if more and self.rejects is None and not self.state.settings.get("rejects"):
            kept = "--rejects FILE keeps them with their reasons"
            print(f"copydesk: {more:,} more rejected; {kept}", file=sys.stderr)
        counted = f"{done.read:,} read = {done.written:,} written + {done.rejected:,} rejected"
        if kept is not None:
            raise DataError(f"{escaped(kept)}: stays as it was, as no row was written ({counted})")
        return counted

    def _name(self, part: Path, path: Path) -> None:
        try:
            if path == self.output_path and writers.is_converted(part, path):
                whole = path.with_name(f"{path.name}.part{path.suffix}")
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
        InterruptedRunError
            In place of a signal's exception.
        ResourceError
            What could not be written, and how to go on.
        """
        if error is None or self.finished:
            self._close()
            return
        with suppress(CopydeskError, OSError):
            self.checkpoint()
        self._close()
        self._sweep()
        hint = self._hint()
        if isinstance(error, KeyboardInterrupt):
            raise InterruptedRunError(f"interrupted{hint}", 130) from None
        if isinstance(error, SystemExit):
            raise InterruptedRunError(f"terminated{hint}", error.code if isinstance(error.code, int) else 1) from None
        if isinstance(error, ResourceError):
            raise ResourceError(f"{error}{hint}") from None
        if isinstance(error, MemoryError):
            raise ResourceError(f"out of memory; use fewer --jobs or a smaller --chunk-size{hint}") from None

    def _hint(self) -> str:
        if self.state_path is None:
            return f" after {self.state.read:,} rows; with --output it can be resumed"
        if not self.recorded and not self.state.complete:
            return "; nothing was done yet"
        return f"; {self.recorded:,} rows are done and kept: the same command with --resume continues"

    def _sweep(self) -> None:
        """Leave nothing of a run that did nothing."""
        if self.state_path is None or self.recorded or self.state.complete:
            return
        for path in (*map(part_of, self.paths), self.state_path):
            with suppress(OSError):
                path.unlink(missing_ok=True)

    def _close(self) -> None:
        for file in (self.output, getattr(self, "rejects", None)):
            if file is not None:
                with suppress(OSError):
                    file.close()
