"""Runs that were made before: where they are, and what came out of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from copydesk.errors import DataError

if TYPE_CHECKING:
    from copydesk.evaluation.predictions import Predictions
    from copydesk.evaluation.report import Previous


def last_run(folder: Path, predictions: Predictions, task: str) -> Previous | None:
    """Return the finished run before the one in ``folder``, beside these predictions; None where there is none.

    A run that can't be read any more is none.
    """
    from copydesk.evaluation import compare
    from copydesk.evaluation.predictions import Predictions
    from copydesk.evaluation.report import Previous

    latest = folder.parent / "latest"
    if not latest.exists():
        return None
    before = latest.resolve()
    try:
        metrics = read_json(before / "metrics.json")
        earlier = Predictions.load(before / "predictions.parquet")
        if metrics["task"] != task:
            return None
        reason = compare.difference_of_data(earlier, predictions)
        differences = {} if reason else compare.compare(earlier, predictions, task).differences
        return Previous(before.name, metrics["scores"], differences, reason or "")
    except (DataError, KeyError, TypeError):
        return None


def read_json(path: Path) -> Any:
    """Read a record of a run.

    Raises
    ------
    DataError
        It is missing, or no JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: can't be read as a record of a run: {error}") from None
