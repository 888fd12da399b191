"""What a user holds: a loaded model; the topic model, which labels texts. The cleaner stands in `cleaner`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

    from copydesk.estimator import TextClassifier
    from copydesk.explanation import Explanation


class Model:
    """A loaded bundle.

    Attributes
    ----------
    estimator : TextClassifier
    manifest : dict
        Task, classes, settings, scores, dataset fingerprint and versions.
    """

    def __init__(self, estimator: TextClassifier, manifest: dict[str, Any]) -> None:
        self.estimator = estimator
        self.manifest = manifest

    @property
    def task(self) -> str:
        """The task: "topic" or "boilerplate"."""
        return str(self.manifest["task"])

    @property
    def classes_(self) -> NDArray[Any]:
        """Labels, shape (n_classes,), in the order of ``predict_proba``'s columns."""
        return np.asarray(self.estimator.classes_)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(classes={list(self.classes_)})"


class TopicModel(Model):
    """Labels texts. One title and its text are one string: the title is the first line."""

    def predict(self, texts: Sequence[str]) -> NDArray[np.object_]:
        """Return a label for every text, shape (n_texts,); None where the model abstains."""
        return self.estimator.predict(check_texts(texts))

    def predict_proba(self, texts: Sequence[str]) -> NDArray[np.floating[Any]]:
        """Return probabilities, shape (n_texts, n_classes); rows sum to 1."""
        return self.estimator.predict_proba(check_texts(texts))

    def label(self, texts: Sequence[str]) -> tuple[NDArray[np.object_], NDArray[np.floating[Any]]]:
        """Return labels, shape (n_texts,), and probabilities, shape (n_texts, n_classes), scoring once."""
        scores = self.estimator.scores(check_texts(texts))
        decision = self.estimator.decision_
        return np.asarray(decision.predict(scores), dtype=object), np.asarray(decision.predict_proba(scores))

    def decision_function(self, texts: Sequence[str]) -> NDArray[np.floating[Any]]:
        """Return decision values, shape (n_texts, n_classes)."""
        return self.estimator.scores(check_texts(texts))

    def explain(self, text: str, label: str | None = None) -> Explanation:
        """Return the exact share of every n-gram in the decision value of a label, by default the likeliest.

        Raises
        ------
        ModelError
            The model's parts are of a kind whose scores are no sum over n-grams.
        """
        return self.estimator.explain(check_texts([text])[0], label)

    def predict_frame(self, frame: pd.DataFrame, text: str = "text", title: str | None = None) -> pd.DataFrame:
        """Return a copy of ``frame`` with the columns ``label`` and ``confidence``.

        Raises
        ------
        KeyError
            A named column is missing.
        TypeError
            A text is not a string; names the row.
        """
        texts = frame[text].tolist()
        if title is not None:
            texts = [f"{head}\n\n{body}" for head, body in zip(frame[title], texts, strict=True)]
        labels, probabilities = self.label(texts)
        return frame.assign(label=labels, confidence=probabilities.max(axis=1))

    def predict_stream(self, texts: Iterable[str], chunk: int = 1_000) -> Iterator[str | None]:
        """Yield a label for every text, in order, holding at most ``chunk`` texts in memory."""
        for part in chunks(texts, chunk):
            yield from self.predict(part)


def check_texts(texts: Any) -> list[str]:
    """Return the texts as a list, or say which one is not a string."""
    if isinstance(texts, str):
        raise TypeError("expected a list of texts, found one str; pass [text]")
    rows: list[str] = texts.tolist() if hasattr(texts, "tolist") else list(texts)
    for row, text in enumerate(rows):
        if not isinstance(text, str):
            raise TypeError(f"row {row}: expected a str, found {type(text).__name__} {str(text)[:40]!r}")
    return rows


def chunks(items: Iterable[Any], size: int) -> Iterator[list[Any]]:
    """Yield lists of at most ``size`` items."""
    from itertools import islice

    rest = iter(items)
    while part := list(islice(rest, size)):
        yield part
