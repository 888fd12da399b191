"""The run over many files: plan, ledger, parts made here or on a cluster, manifest."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from copydesk.errors import escaped
from copydesk.formats.rows import Answer
from copydesk.interruption.handler import CleanUp
from copydesk.shards.ledger import MOST_ATTEMPTS, Ledger
from copydesk.shards.make_part import RowFilter, make_part
from copydesk.shards.plan import Shard
from copydesk.streams.progress_bar import Silent

DIED = f"its process ended {MOST_ATTEMPTS} times"


class PartsRun:
    """A run over many files, and what it has come to.

    Parameters
    ----------
    folder : Path
        Of the output.
    shards : sequence of Shard
    progress : Silent
    """

    def __init__(self, folder: Path, shards: Sequence[Shard], progress: Silent) -> None:
        self.ledger = Ledger(folder)
        self.shards = shards
        self.progress = progress
        self.n_done = 0
        self.aside: dict[str, str] = {}

    @contextmanager
    def begun(self, settings: dict[str, Any], resume: bool, force: bool) -> Iterator[list[Shard]]:
        """Hold the ledger during the block; yield the shards that are not done, and write the manifest at its end.

        Raises
        ------
        ConfigError, ResourceError
            See ``Ledger.begin``.
        """
        with self.ledger.held(), CleanUp(self.hint):
            self.ledger.begin(self.shards, settings, resume, force)
            done = self.ledger.done()
            self.n_done = len(done)
            for shard in self.shards:
                if shard.name in done:
                    self.progress.advance(done[shard.name]["read"], shard.size)
            try:
                yield [shard for shard in self.shards if shard.name not in done]
            finally:
                self.manifest = self.ledger.write_manifest(self.shards, self.aside)

    def hint(self) -> str:
        """Return how to go on after an interruption, for the end of a line."""
        done = f"{self.n_done:,} of {len(self.shards):,} parts are done and kept"
        return f"; {done}: the same command with --resume continues"

    def add(self, shard: Shard, entry: dict[str, Any] | None) -> None:
        """Count a shard that is done, or was put aside."""
        if entry is None:
            self.aside[shard.name] = DIED
            return
        self.n_done += 1
        self.progress.advance(entry["read"], shard.size)

    def make_here(self, shards: Sequence[Shard], rows: RowFilter, answer: Answer, jobs: int) -> None:
        """Make parts in this process, one after the other."""
        for shard in shards:
            self.add(shard, make_part(self.ledger, shard, rows, answer, jobs))

    def make_on(self, client: Any, shards: Sequence[Shard], make: Callable[[Shard], dict[str, Any] | None]) -> None:
        """Make parts on the workers of a Dask client, each by a call of ``make``, which is sent to them."""
        from copydesk.shards.cluster import make_parts_on

        for shard, entry in make_parts_on(client, make, shards):
            self.add(shard, entry)

    def passed_over(self) -> Counter[str]:
        """Return the number of records of web archives that are no pages, by kind."""
        return sum((Counter(part.get("passed_over", {})) for part in self.manifest["parts"]), Counter())

    def report(self) -> str:
        """Print the shards that were put aside; return the counts as a line."""
        for name, reason in self.aside.items():
            print(f"copydesk: {escaped(name)}: put aside, as {reason}; --resume tries it again", file=sys.stderr)
        counts = self.manifest
        aside = f", {len(self.aside):,} put aside" if self.aside else ""
        return (
            f"{counts['read']:,} read = {counts['written']:,} written + {counts['rejected']:,} rejected; "
            f"{len(counts['parts']):,} of {len(self.shards):,} parts in {escaped(self.ledger.folder)}{aside}"
        )
