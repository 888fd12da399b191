"""Making parts: a shard is read, answered and written as one file of the output folder."""

from __future__ import annotations

import platform
import shutil
import threading
from argparse import Namespace
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol

from copydesk.errors import ConfigError, ModelError
from copydesk.formats.readers import read_records
from copydesk.formats.rows import Answer, Encoder, Fields, Record
from copydesk.shards.ledger import Ledger
from copydesk.shards.plan import Shard
from copydesk.streams.answers import answering
from copydesk.streams.chunks import RecordChunk, in_order
from copydesk.streams.delivery import Delivery

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
        records = read_records(shard.source, rows.args.text_field)
        for chunk, answered in in_order(rows.chunks(records), work, jobs):
            delivery.take(chunk, answered)
        delivery.finish()
    done = delivery.state
    return ledger.commit(shard, attempt, {"read": done.read, "written": done.written, "rejected": done.rejected})


# --- on a worker -----------------------------------------------------------------------------------------------------

_opened: dict[tuple[str, str], tuple[RowFilter, Answer]] = {}
_opening = threading.Lock()


def make_part_on_worker(order: Order, shard: Shard) -> dict[str, Any] | None:
    """Make the part of a shard in this process, one thread; the model is loaded once.

    Raises
    ------
    ConfigError
        The driver has other versions of Python or packages.
    ModelError
        The model can't be read here, or is not the one that the driver read.
    """
    rows, answer = opened(order)
    return make_part(Ledger(order.folder), shard, rows, answer, jobs=1)


def opened(order: Order) -> tuple[RowFilter, Answer]:
    """Return the filter of an order and the function that answers rows; the last is kept."""
    key = (order.model, repr(sorted(vars(order.args).items())))
    with _opening:
        if key not in _opened:
            check_versions(order.versions)
            rows = order.make_filter(order.args)
            manifest, answer = rows.open()
            if manifest["sha256"] != order.model:
                raise ModelError(
                    f"{order.args.model}: not the model that the driver read (sha256 {manifest['sha256'][:12]}…, not "
                    f"{order.model[:12]}…); copy it to where every worker reads it"
                )
            _opened.clear()
            _opened[key] = rows, answer
        return _opened[key]


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
