"""Scores of an evaluation's rows, computed by shard on a Dask cluster through the ledger of parts."""

from __future__ import annotations

import argparse
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from copydesk.errors import ConfigError, DataError
from copydesk.formats.rows import Source
from copydesk.models.loading import find_model, load
from copydesk.shards.flow import DIED, PartsRun
from copydesk.shards.ledger import Ledger
from copydesk.shards.make_part import answer_versions, check_model, check_versions, loaded_once
from copydesk.shards.plan import Shard
from copydesk.streams.progress_bar import bar
from copydesk.tasks import find_task

if TYPE_CHECKING:
    import pandas as pd

    from copydesk.compiled.arrays import Array, Floats

PART_CHARACTERS = 8_000_000  # of the texts of a shard: about a second's work


def scores_by_shard(client: Any, args: argparse.Namespace, model: Any, frame: pd.DataFrame, folder: Path) -> Floats:
    """Return the model's scores of a frame's rows, computed on the workers of a Dask client.

    Parameters
    ----------
    client : distributed.Client
    args : Namespace
        With ``resume``, shards that an interrupted evaluation of the same rows has scored are kept.
    model : Model
    frame : DataFrame
    folder : Path
        Of shards, scores and ledger; removed when all is done.

    Returns
    -------
    ndarray of float64, shape (n_rows, n_classes)
        The numbers of ``model.estimator.scores``.

    Raises
    ------
    ConfigError
        Another evaluation works in the folder, or the interrupted one had other rows or another model.
    DataError
        A shard ended its process too often.
    """
    import numpy as np

    from copydesk.runs.run import fingerprint

    inputs = folder.absolute() / "inputs"
    rows_of = cut_rows(frame, find_task(model.task).grouped)
    names = [f"{number:05}-of-{len(rows_of):05}" for number in range(1, len(rows_of) + 1)]
    shards = [Shard(f"{name}.npy", Source(name, inputs / f"{name}.parquet", "parquet"), len(rows), 0)
              for name, rows in zip(names, rows_of, strict=True)]  # fmt: skip
    sha = model.manifest["sha256"]
    order = ScoreOrder(str(find_model(args.model).absolute()), sha, folder.absolute(), answer_versions())
    with bar(len(frame), wanted=True) as progress:
        run = PartsRun(folder, shards, progress)
        try:
            with run.begun({"model": sha, "data": fingerprint(frame)}, args.resume, force=not args.resume) as left:
                inputs.mkdir(exist_ok=True)
                for shard, rows in zip(shards, rows_of, strict=True):
                    if shard in left and shard.source.path is not None:
                        frame.iloc[rows].drop(columns="label").to_parquet(shard.source.path)
                run.make_on(client, left, order.make)
        except ConfigError as error:
            raise ConfigError(str(error).replace("with --force", "without --resume")) from None
    if run.aside:
        raise DataError(f"{', '.join(args.data)}: part {next(iter(run.aside))}: {DIED}; --resume tries it again")
    parts = [np.load(folder / shard.name) for shard in shards]
    scores = np.empty((len(frame), parts[0].shape[1]))
    scores[np.concatenate(rows_of)] = np.concatenate(parts)
    shutil.rmtree(folder)
    return scores


def cut_rows(frame: pd.DataFrame, grouped: bool) -> list[Array]:
    """Return the row numbers of each shard, in ascending order; ``grouped`` keeps the pages of a site together."""
    import numpy as np

    before = frame["text"].str.len().cumsum().to_numpy() // PART_CHARACTERS
    if grouped:
        site = frame["group"].where(frame["group"] != "", frame["document"])
        before = frame.assign(before=before).groupby(site)["before"].transform("first").to_numpy()
    return [np.flatnonzero(before == number) for number in np.unique(before)]


@dataclass(frozen=True, slots=True)
class ScoreOrder:
    """Order to score shards; sent to workers.

    Attributes
    ----------
    model : str
        Folder.
    sha256 : str
        Of the model that the driver read.
    folder : Path
        Of the scores.
    versions : dict
        Of the driver.
    """

    model: str
    sha256: str
    folder: Path
    versions: dict[str, str]

    def make(self, shard: Shard) -> dict[str, Any] | None:
        """Score a shard in this process; return its entry, None if too many attempts ended with their process.

        Raises
        ------
        ConfigError, ModelError
            As ``make_part.Order.make``.
        """
        import numpy as np
        import pandas as pd

        model = loaded_once((self.model, self.sha256), self.open)
        ledger = Ledger(self.folder)
        attempt = ledger.begin_attempt(shard)
        if attempt is None:
            return None
        assert shard.source.path is not None
        frame = pd.read_parquet(shard.source.path)
        np.save(attempt / shard.name, model.estimator.scores(find_task(model.task).inputs(frame)))
        return ledger.commit(shard, attempt, {"read": len(frame), "written": len(frame), "rejected": 0})

    def open(self) -> Any:
        """Load the model."""
        check_versions(self.versions)
        model = load(self.model)
        check_model(self.model, model.manifest["sha256"], self.sha256)
        return model
