"""What differs between the two tasks, in one place: what is read, and what a saved model is to its user."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from copydesk.errors import ConfigError
from copydesk.evaluation.predictions import is_judged

if TYPE_CHECKING:
    import pandas as pd

    from copydesk.estimator import TextClassifier


class Topic:
    """One label for a document, from its text."""

    name = "topic"
    grouped = False

    @staticmethod
    def inputs(frame: pd.DataFrame) -> list[str]:
        """Return what the features read: the texts."""
        return frame["text"].tolist()

    @staticmethod
    def weights(frame: pd.DataFrame) -> np.ndarray | None:
        """Return how much each row counts when a decision is fitted: all the same."""
        return None


class Boilerplate:
    """Content or boilerplate, for every paragraph of a document."""

    name = "boilerplate"
    grouped = True

    @staticmethod
    def inputs(frame: pd.DataFrame) -> pd.DataFrame:
        """Return what the features read: paragraphs with their document, place, title and site."""
        return frame[["text", "title", "document", "position", "group"]]

    @staticmethod
    def weights(frame: pd.DataFrame) -> np.ndarray | None:
        """Return how much each row counts when a decision is fitted: its characters, if it is judged at all."""
        return np.asarray(frame["text"].str.len().to_numpy(np.float64) * is_judged(frame))


Task = type[Topic] | type[Boilerplate]
TASKS: dict[str, Task] = {task.name: task for task in (Topic, Boilerplate)}


def check_fit(task: str, estimator: TextClassifier) -> None:
    """Refuse parts that read something else than the task gives, before any data is read.

    Raises
    ------
    ConfigError
        Texts meet a part made for paragraphs, or the other way round.
    """
    key = "features" if estimator.features is not None else "classifier"
    reader = getattr(estimator, key)
    takes_paragraphs = getattr(reader, "takes_paragraphs", False)
    if task == "boilerplate" and not takes_paragraphs:
        raise ConfigError(
            f"{key}: {type(reader).__name__} reads texts, but the dataset gives paragraphs of pages; "
            "use features=paragraphs, or a topic dataset"
        )
    if task == "topic" and takes_paragraphs:
        raise ConfigError(
            f"{key}: {type(reader).__name__} reads paragraphs of pages, but the dataset gives whole texts; "
            "use features=word, or a boilerplate dataset"
        )
