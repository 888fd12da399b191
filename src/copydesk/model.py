"""What a user holds: a topic model that labels texts, or a cleaner that cuts what is not the article."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

    from copydesk.estimator import TextClassifier
    from copydesk.explanation import Explanation

CONTENT = "content"


@dataclass(frozen=True, slots=True)
class LabelledParagraph:
    """A paragraph of a cleaned text.

    Attributes
    ----------
    text : str
        Hard line breaks within it joined by spaces.
    start, end : int
        Its place in the text as it was given, in characters.
    label : str
        "content" or "boilerplate".
    probability : float
        Of being content.
    """

    text: str
    start: int
    end: int
    label: str
    probability: float

    @property
    def kept(self) -> bool:
        """Whether it stands in the cleaned text."""
        return self.label == CONTENT


@dataclass(frozen=True, slots=True)
class CleanedText:
    """A text without its boilerplate, and every paragraph that it had."""

    text: str
    paragraphs: list[LabelledParagraph]


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


class Cleaner(Model):
    """Cuts the paragraphs that are not the article. Nothing is lost: they are returned, labelled."""

    def clean(self, text: str, title: str | None = None, site: str | None = None) -> CleanedText:
        """Return the text without its boilerplate, and every paragraph with label and probability.

        Parameters
        ----------
        text : str
            The crawled article: title, paragraphs, leftovers.
        title : str, optional
            Where it is known and not the text's first paragraph.
        site : str, optional
            Where the text is from; lines that return on a site's pages are recognised.
        """
        titles = None if title is None else [title]
        return self.clean_many([text], titles=titles, sites=None if site is None else [site])[0]

    def clean_many(
        self, texts: Sequence[str], titles: Sequence[str] | None = None, sites: Sequence[str] | None = None
    ) -> list[CleanedText]:
        """Clean texts together, so that what returns across a site's pages is seen.

        Raises
        ------
        TypeError
            A text is not a string; names its place.
        """
        texts = check_texts(texts)
        frame, spans = paragraph_frame(texts, titles, sites)
        if not len(frame):
            return [CleanedText("", []) for _ in texts]
        scores = self.estimator.scores(frame)
        labels = self.estimator.decision_.predict(scores)
        content = list(self.classes_).index(CONTENT)
        probabilities = self.estimator.decision_.predict_proba(scores)[:, content]
        return assemble(texts, frame, spans, labels, probabilities)


def paragraph_frame(
    texts: Sequence[str], titles: Sequence[str] | None = None, sites: Sequence[str] | None = None
) -> tuple[pd.DataFrame, NDArray[np.int64]]:
    """Split texts into the frame of paragraphs that boilerplate features read.

    Returns
    -------
    frame : DataFrame
        Columns text, title, document (the text's number), position, group (the site).
    spans : ndarray of shape (n_paragraphs, 2)
        Start and end of each paragraph in its text.
    """
    import pandas as pd

    from copydesk.text.paragraphs import split_paragraphs

    rows: list[tuple[str, str, int, int, str]] = []
    spans: list[tuple[int, int]] = []
    for number, text in enumerate(texts):
        title = titles[number] if titles is not None else ""
        site = sites[number] if sites is not None else ""
        for position, paragraph in enumerate(split_paragraphs(text)):
            rows.append((paragraph.text, title or "", number, position, site or ""))
            spans.append((paragraph.start, paragraph.end))
    frame = pd.DataFrame(rows, columns=["text", "title", "document", "position", "group"])
    return frame, np.array(spans, dtype=np.int64).reshape(-1, 2)


def assemble(
    texts: Sequence[str],
    frame: pd.DataFrame,
    spans: NDArray[np.int64],
    labels: Sequence[Any],
    probabilities: NDArray[np.floating[Any]],
) -> list[CleanedText]:
    """Put labelled paragraphs back into their texts."""
    found: list[list[LabelledParagraph]] = [[] for _ in texts]
    columns = (frame["document"], frame["text"], spans.tolist(), labels, probabilities.tolist())
    for document, text, (start, end), label, probability in zip(*columns, strict=True):
        found[document].append(LabelledParagraph(text, start, end, str(label), probability))
    return [CleanedText(join_kept(text, ps), ps) for text, ps in zip(texts, found, strict=True)]


def join_kept(text: str, paragraphs: Sequence[LabelledParagraph]) -> str:
    """Join the kept paragraphs as they stood: what was between two neighbours, a blank line over a cut."""
    parts: list[str] = []
    before: tuple[int, int] | None = None
    for number, paragraph in enumerate(paragraphs):
        if not paragraph.kept:
            continue
        if before is not None:
            parts.append(text[before[1] : paragraph.start] if before[0] == number - 1 else "\n\n")
        parts.append(text[paragraph.start : paragraph.end])
        before = (number, paragraph.end)
    return "".join(parts)


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


def load(path: str | Path) -> TopicModel | Cleaner:
    """Load a saved model; ``"boilerplate"`` is the one in the box.

    Raises
    ------
    ModelError
        The bundle is missing, damaged, foreign, or from a newer version.
    """
    from copydesk import bundle

    estimator, manifest = bundle.load(Path(path))
    return (TopicModel if manifest["task"] == "topic" else Cleaner)(estimator, manifest)
