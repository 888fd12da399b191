"""Dataset with another one mixed into its training part, with a weight."""

from __future__ import annotations

from typing import Any

from copydesk.datasets.examples import Examples
from copydesk.errors import ConfigError


class Mixture:
    """Examples for training and evaluation, and others for training only.

    Parameters
    ----------
    main : dataset
    added : dataset or None, default=None
        Of the same task. Its rows are never judged and decide no threshold.
    weight : float, default=1.0
        Sample weight of an added row, beside 1 of a row of ``main``; 0 adds nothing.
    """

    def __init__(self, main: Any, added: Any = None, weight: float = 1.0) -> None:
        self.main = main
        self.added = added
        self.weight = weight

    def load(self) -> Examples:
        """Read both.

        Raises
        ------
        ConfigError
            The weight is negative, or the datasets are of two tasks.
        DataError
            One of them can't be read.
        """
        import pandas as pd

        if self.weight < 0:
            raise ConfigError(f"dataset.weight={self.weight}: a weight from 0, such as 0.2")
        main: Examples = self.main.load()
        if self.added is None or not self.weight:
            return main
        added: Examples = self.added.load()
        if main.task != added.task:
            raise ConfigError(
                f"dataset.added: for the task {added.task.name}, but dataset.main is for {main.task.name}"
            )
        frames = []
        for examples, factor in ((main, 1.0), (added, self.weight)):
            frame = examples.frame.assign(weight=examples.frame.get("weight", 1.0) * factor, split="")
            frames.append(frame.assign(judged=frame.get("judged", True) if examples is main else False))
        frames[1]["document"] = f"{added.name}/" + frames[1]["document"]
        notes = main.notes | {f"{added.name}_{key}": value for key, value in added.notes.items()}
        return Examples(
            pd.concat(frames, ignore_index=True),
            main.task,
            f"{main.name}+{added.name}",
            notes | {f"{added.name}_rows": len(frames[1]), f"{added.name}_weight": self.weight},
        )
