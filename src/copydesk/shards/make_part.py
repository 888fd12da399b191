"""Making parts: a shard is read, answered and written as one file of the output folder."""

from __future__ import annotations

import platform
import shutil
import threading
from argparse import Namespace
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol, TypeVar

from copydesk.errors import ConfigError, ModelError
from copydesk.formats.rows import Answer, Encoder, Fields, Record, Source
from copydesk.shards.ledger import Ledger
from copydesk.shards.plan import Shard
from copydesk.streams.answers import answering
from copydesk.streams.chunks import RecordChunk, in_order
from copydesk.streams.delivery import Delivery

T = TypeVar("T")
PACKAGES = ("copydesk", "numba", "numpy")


class RowFilter(Protocol):
    """What a verb supplies; see ``predict.Filter``."""

    args: Namespace

    def open(self) -> tuple[dict[str, Any], Answer]:
        """Load the model; return its manifest, and the function that answers rows."""

    def fields(self) -> Fields:
        """Return the fields to read from a row."""

    def replaced(self) -> frozenset[str]:
        """Return the fields of a row that an answer may replace."""

    def encoder(self, output: Path | None) -> Encoder:
        """Return the encoder of the output."""

    def read(self, source: Source) -> Iterator[Record]:
        """Yield the records of a source."""

    def chunks(self, records: Iterator[Record]) -> Iterator[RecordChunk]:
        """Cut records into chunks that are answered together."""


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be done with every shard; sent to workers.

    Attributes
    ----------
    make_filter : callable
        Returns the filter for ``args``.
    args : Namespace
        Options of the command.
    folder : Path
        Of the output.
    model : str
        Digest of the model that the driver read.
    versions : dict of str to str
        Of the driver.
    """

    make_filter: Callable[[Namespace], RowFilter]
    args: Namespace
    folder: Path
    model: str
    versions: dict[str, str] = field(default_factory=lambda: answer_versions())

    def make(self, shard: Shard) -> dict[str, Any] | None:
        """Make the part of a shard in this process, one thread; the model is loaded once.

        Raises
        ------
        ConfigError
            The driver has other versions of Python or packages.
        ModelError
            The model can't be read here, or is not the one that the driver read.
        """
        rows, answer = loaded_once((self.model, repr(sorted(vars(self.args).items()))), self.open)
        return make_part(Ledger(self.folder), shard, rows, answer, jobs=1)

    def open(self) -> tuple[RowFilter, Answer]:
        """Return the filter and the function that answers rows."""
        check_versions(self.versions)
        rows = self.make_filter(self.args)
        manifest, answer = rows.open()
        check_model(self.args.model, manifest["sha256"], self.model)
        return rows, answer


def answer_versions() -> dict[str, str]:
    """Return the versions on which an answer's last digits depend."""
    return {"python": ".".join(platform.python_version_tuple()[:2]), **{name: version(name) for name in PACKAGES}}


class PartDelivery(Delivery):
    """Delivers to the folder of an attempt, which is removed if the process is interrupted."""

    def keep(self) -> str:
        """Remove the attempt; the driver says how to go on."""
        if self.output_path is not None and not self.finished:
            shutil.rmtree(self.output_path.parent, ignore_errors=True)
        return ""


def make_part(ledger: Ledger, shard: Shard, rows: RowFilter, answer: Answer, jobs: int) -> dict[str, Any] | None:
    """Make the part of a shard; return its entry in the ledger, None if too many attempts ended with their process.

    Raises
    ------
    DataError
        A row is rejected in strict mode.
    ResourceError
        The disk is full.
    """
    attempt = ledger.begin_attempt(shard)
    if attempt is None:
        return None
    output = attempt / shard.name
    work = answering(answer, rows.encoder(output), rows.fields(), rows.replaced())
    with PartDelivery(output, attempt / "rejects.jsonl", {}, strict=rows.args.strict) as delivery:
        for chunk, answered in in_order(rows.chunks(rows.read(shard.source)), work, jobs):
            delivery.take(chunk, answered)
        delivery.finish()
    done = delivery.state
    counts = {"read": done.read, "written": done.written, "rejected": done.rejected}
    return ledger.commit(shard, attempt, counts, dict(shard.source.passed_over))


# --- on a worker -----------------------------------------------------------------------------------------------------

_loaded: dict[Hashable, Any] = {}
_loading = threading.Lock()


def loaded_once(key: Hashable, load: Callable[[], T]) -> T:
    """Return what ``load`` returned for this key; the last is kept in this process."""
    with _loading:
        if key not in _loaded:
            found = load()
            _loaded.clear()
            _loaded[key] = found
        kept: T = _loaded[key]
        return kept


def check_model(path: str, found: str, wanted: str) -> None:
    """Check that the SHA-256 of a model is that of the driver's.

    Raises
    ------
    ModelError
    """
    if found != wanted:
        raise ModelError(
            f"{path}: not the model that the driver read (sha256 {found[:12]}…, not {wanted[:12]}…); copy it to where "
            "every worker reads it"
        )


def check_versions(wanted: dict[str, str]) -> None:
    """Check that the versions here are those of the driver.

    Raises
    ------
    ConfigError
        Names the first that differs.
    """
    for name, here in answer_versions().items():
        if here != wanted[name]:
            raise ConfigError(
                f"{name} {here}, where the driver has {wanted[name]}; install the same version everywhere"
            )
