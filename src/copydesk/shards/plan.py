"""The plan of a run over many files: shards, each with the name of its part of the output."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from copydesk.errors import ConfigError, escaped
from copydesk.formats.files import COMPRESSIONS, UTF16_MARKS, is_utf8_codec
from copydesk.formats.readers import READERS
from copydesk.formats.rows import Source

SHARD_BYTES = 256 * 2**20
# Formats whose files can be read from the middle.
DIVISIBLE = ("jsonl", "parquet")
# A name that begins so is no data to readers of folders, such as Spark's and Arrow's.
HIDDEN_MARKS = ("_", ".")


@dataclass(frozen=True, slots=True)
class Shard:
    """A file, or a part of one.

    Attributes
    ----------
    name : str
        Of its part of the output, within the folder.
    source : Source
    size : int
        Bytes on disk.
    changed : int
        When the file was last changed, in nanoseconds.
    """

    name: str
    source: Source
    size: int
    changed: int

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {**asdict(self), "source": {**asdict(self.source), "path": str(self.source.path)}}


def plan_shards(sources: Iterable[Source], folder: Path, shard_bytes: int = SHARD_BYTES) -> list[Shard]:
    """Return the shards of all sources, in order.

    A file of JSON lines or Parquet that is larger than 1.5 shards is cut into parts of about one shard each: at the
    next line, or at row groups.

    Parameters
    ----------
    sources : iterable of Source
    folder : Path
        Of the output; named in errors.
    shard_bytes : int

    Raises
    ------
    ConfigError
        A source is standard input or no table, or two would get the same name.
    """
    shards: list[Shard] = []
    taken: dict[str, str] = {}
    for source in sources:
        if source.path is None:
            raise ConfigError(f"--output {escaped(folder)}: standard input has no name for its part; name a file")
        if not READERS[source.format].is_table:
            raise ConfigError(
                f"{escaped(source.name)}: a folder of parts is made of tables, one part for each; name one file as "
                "--output, such as out.jsonl"
            )
        name = part_name(source)
        if name.startswith(HIDDEN_MARKS):
            raise ConfigError(f"{escaped(source.name)}: its part would be hidden from most readers; rename it")
        if name in taken:
            raise ConfigError(
                f"--output {escaped(folder)}: {escaped(name)} would hold both {escaped(taken[name])} and "
                f"{escaped(source.name)}; rename one, or give each its own --output"
            )
        taken[name] = source.name
        shards += cut_file(source, name, shard_bytes)
    return shards


def part_name(source: Source) -> str:
    """Return the name of a source's part: that of the file, of a format that can be written."""
    assert source.path is not None
    name = source.path.name
    if source.path.suffix.lower() in COMPRESSIONS:
        name = name[: -len(source.path.suffix)]
    suffix = Path(name).suffix
    wanted = ".jsonl" if source.format == "json" else f".{source.format}"
    return name if suffix.lower() in READERS[wanted[1:]].suffixes else f"{name.removesuffix('.json')}{wanted}"


def cut_file(source: Source, name: str, shard_bytes: int) -> list[Shard]:
    """Return the shards of one file."""
    assert source.path is not None
    stat = source.path.stat()
    whole = Shard(name, source, stat.st_size, stat.st_mtime_ns)
    if stat.st_size <= 1.5 * shard_bytes or not can_cut(source):
        return [whole]
    cuts = list(row_groups(source.path, shard_bytes) if source.format == "parquet" else
                byte_ranges(stat.st_size, shard_bytes))  # fmt: skip
    if len(cuts) == 1:
        return [whole]
    stem, suffix = Path(name).stem, Path(name).suffix
    return [
        replace(
            whole,
            name=f"{stem}-{number:05}-of-{len(cuts):05}{suffix}",
            source=replace(source, span=(start, end), name=span_name(source, start)),
            size=size,
        )
        for number, (start, end, size) in enumerate(cuts, 1)
    ]


def span_name(source: Source, start: int) -> str:
    """Return the name of a part of a file in messages; lines of JSON are counted from its first byte."""
    return f"{source.name}@{start}" if source.format == "jsonl" else source.name


def can_cut(source: Source) -> bool:
    """Return whether a file can be read from the middle: neither compressed nor transcoded."""
    assert source.path is not None
    if source.format not in DIVISIBLE or source.path.suffix.lower() in COMPRESSIONS:
        return False
    if source.format == "parquet":
        return source.path.suffix.lower() == ".parquet"
    with source.path.open("rb") as file:
        return is_utf8_codec(source.encoding) and file.read(2) not in UTF16_MARKS


def byte_ranges(size: int, shard_bytes: int) -> Iterator[tuple[int, int, int]]:
    """Yield start, end and size of equal ranges of bytes, of about ``shard_bytes`` each."""
    count = max(1, round(size / shard_bytes))
    edges = [size * at // count for at in range(count + 1)]
    for start, end in zip(edges, edges[1:], strict=False):
        yield start, end, end - start


def row_groups(path: Path, shard_bytes: int) -> Iterator[tuple[int, int, int]]:
    """Yield first row group, the one after the last, and size of ranges of at least ``shard_bytes``, but the last.

    A file that is no Parquet is one range: reading it says what is wrong.
    """
    import pyarrow as pa
    from pyarrow import parquet

    try:
        groups = parquet.read_metadata(path)
    except pa.ArrowException:
        yield 0, 0, 0
        return
    start = size = 0
    for at in range(groups.num_row_groups):
        group = groups.row_group(at)
        size += sum(group.column(column).total_compressed_size for column in range(group.num_columns))
        if size >= shard_bytes or at == groups.num_row_groups - 1:
            yield start, at + 1, size
            start, size = at + 1, 0
