"""Delivery of texts to a folder: a file for each input file, written aside and renamed when complete."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from copydesk.errors import ConfigError, ResourceError, escaped
from copydesk.formats.rows import Source
from copydesk.formats.zip_members import is_zip
from copydesk.streams.chunks import RecordChunk
from copydesk.streams.delivery import Answered, Delivery
from copydesk.streams.part_file import Aside, finish_part

TEXT_SUFFIX = ".txt"


class FolderDelivery(Delivery):
    """Writes the texts of each source to a file of its own; a chunk holds records of one source.

    A source without a valid row gets no file.

    Parameters
    ----------
    folder : Path
        Created on demand.
    targets : dict of str to Path
        The file of each source, by the source's name.
    rejects, settings, force, strict
        As for ``Delivery``.
    """

    def __init__(
        self,
        folder: Path,
        targets: Mapping[str, Path],
        rejects: Path | None,
        settings: dict[str, Any],
        force: bool = False,
        strict: bool = False,
    ) -> None:
        self.folder = folder
        self.targets = targets
        self.file: Aside | None = None
        self.n_files = 0
        super().__init__(None, rejects, settings, force=force, strict=strict)

    def take(self, chunk: RecordChunk, answered: Answered) -> None:
        """Write the rows and rejects of a chunk; see ``Delivery.take``."""
        path = self.targets[chunk.records[0].source.name]
        if self.file is not None and self.file.path != path:
            self._end_file()
        if self.file is None and answered.written:
            self.file = self._begin_file(path)
        super().take(chunk, answered)

    def finish(self) -> str:
        """Complete the last file; see ``Delivery.finish``."""
        self._end_file()
        return f"{super().finish()}; {self.n_files:,} files in {escaped(self.folder)}"

    def _begin_file(self, path: Path) -> Aside:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ResourceError(f"{escaped(path.parent)}: can't be made: {error.strerror}") from None
        file = Aside(path)
        file.keep(0)
        return file

    def _end_file(self) -> None:
        if self.file is None:
            return
        self.file.sync()
        try:
            finish_part(self.file.part, self.file.path)
        except OSError as error:
            raise ResourceError(f"{escaped(self.file.path)}: can't be written: {error.strerror}") from None
        self.file.close()
        self.file = None
        self.n_files += 1

    def _write(self, data: bytes) -> None:
        assert self.file is not None
        self.file.write(data)

    def keep(self) -> str:
        """Remove the unfinished file; return how to go on, for the end of a line."""
        if self.file is not None:
            with suppress(OSError):
                self.file.part.unlink(missing_ok=True)
        return f"; {self.n_files:,} files are done and kept: the same command with --resume continues"

    def _close(self) -> None:
        super()._close()
        if self.file is not None:
            with suppress(OSError):
                self.file.close()


def targets_of(
    sources: Iterable[Source], names: Sequence[str], folder: Path, suffix: str, resume: bool, force: bool
) -> tuple[list[Source], dict[str, Path]]:
    """Return the sources to read, and the file for the texts of each.

    Parameters
    ----------
    sources : iterable of Source
    names : sequence of str
        From the command line; a file found in a folder keeps its path within it.
    folder : Path
    suffix : str
        Of the files, added to a name but for texts that keep theirs.
    resume : bool
        Leave out sources whose file exists.
    force : bool
        Replace existing files.

    Raises
    ------
    ConfigError
        A file exists, two sources would get the same one, or a source has no name.
    """
    roots = [Path(name) for name in names if Path(name).is_dir() or is_zip(Path(name))]
    wanted: list[Source] = []
    targets: dict[str, Path] = {}
    taken: dict[Path, str] = {}
    for source in sources:
        if source.path is None or source.place is None:
            raise ConfigError(f"--output {escaped(folder)}: standard input has no name for its file; name a file")
        root = next((each for each in roots if source.place.is_relative_to(each)), source.path.parent)
        path = folder / source.place.relative_to(root)
        if suffix != TEXT_SUFFIX or source.format != "text" or path.suffix.lower() in (".gz", ".zst"):
            path = path.with_name(path.name + suffix)
        if taken.setdefault(path, source.name) != source.name:
            raise ConfigError(
                f"{escaped(path)}: would hold both {escaped(taken[path])} and {escaped(source.name)}; give each "
                "its own --output"
            )
        if path.exists() and resume:
            continue
        if path.exists() and (path.is_dir() or not force):
            raise ConfigError(f"{escaped(path)}: already exists; --force replaces it, --resume leaves it out")
        targets[source.name] = path
        wanted.append(source)
    return wanted, targets
