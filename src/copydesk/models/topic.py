"""Topic model, which labels texts, frames and streams, and the base class of loaded models."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from copydesk.features.options import check_documents, refuse_tables

if TYPE_CHECKING:
    import pandas as pd

    from copydesk.estimator import TextClassifier
    from copydesk.explanations.contributions import Explanation


# Called with index, item and reason for each item without a valid text.
OnReject: TypeAlias = Callable[[Any, Any, str], None]
Item: TypeAlias = str | Mapping[str, Any]

STREAM_CHARACTERS = 4 * 2**20


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
        """Name of the task."""
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
        return np.asarray(self.estimator.predict(check_texts(texts)), dtype=object)

    def predict_proba(self, texts: Sequence[str]) -> NDArray[np.floating[Any]]:
        """Return probabilities, shape (n_texts, n_classes); rows sum to 1."""
        return self.estimator.predict_proba(check_texts(texts))

    def label(
        self, texts: Sequence[str], n_jobs: int | None = None
    ) -> tuple[NDArray[np.object_], NDArray[np.floating[Any]]]:
        """Return labels, shape (n_texts,), and probabilities, shape (n_texts, n_classes), scoring once."""
        scores = self.estimator.scores(check_texts(texts), n_jobs=n_jobs)
        decision = self.estimator.decision_
        return np.asarray(decision.predict(scores), dtype=object), np.asarray(decision.predict_proba(scores))

    def decision_function(self, texts: Sequence[str]) -> NDArray[np.floating[Any]]:
        """Return decision values, shape (n_texts, n_classes)."""
        return self.estimator.scores(check_texts(texts))

    def explain(self, text: str, label: str | None = None) -> Explanation:
        """Return the contribution of every n-gram to the decision value of a label, by default the likeliest.

        Raises
        ------
        ModelError
            The model's scores are not sums over n-grams.
        ValueError
            The model does not know the label.
        """
        from copydesk.explanations.contributions import explain

        return explain(self.estimator, check_text(text), label)

    added_names = ("label", "confidence")

    def added_values(self, texts: Sequence[str], n_jobs: int | None = None) -> tuple[Sequence[Any], ...]:
        """Return the values of the fields ``added_names``, one for each text."""
        labels, probabilities = self.label(texts, n_jobs)
        return labels.tolist(), probabilities.max(axis=1).tolist()

    def predict_frame(
        self,
        frame: pd.DataFrame,
        text: str | None = None,
        title: str | None = None,
        *,
        prefix: str = "",
        on_reject: OnReject | None = None,
        n_jobs: int | None = None,
    ) -> pd.DataFrame:
        """Return a copy of ``frame`` with the columns of ``added_names``: the label, None if the model abstains, and
        its confidence.

        Parameters
        ----------
        frame : DataFrame
        text, title : str, optional
            Columns; a title is read as the first line of the text. By default those of the training data; the title
            only if the frame has it, with a warning if not. ``title=""`` reads none.
        prefix : str, default=""
            Put before the names of the added columns.
        on_reject : callable, optional
            Called with index, text and reason for each row without a valid text; such rows are left out. By
            default they raise.
        n_jobs : int or None, default=None
            Threads.

        Raises
        ------
        KeyError
            A named column is missing.
        TypeError
            A text or title is not a string, or is only white space; names the row's index.
        ValueError
            An added column already exists.
        """
        names = [f"{prefix}{name}" for name in self.added_names]
        for name in names:
            if name in frame:
                raise ValueError(f"the column {name!r} already exists; give a prefix, such as prefix='predicted_'")
        text, title = self._fields(text, title, frame.columns)
        bodies = frame[text].tolist()
        heads = [None] * len(frame)
        if title:  # pandas has NaN or NA for a missing title
            heads = [None if no else head for head, no in zip(frame[title].tolist(), frame[title].isna(), strict=True)]
        texts, kept = [], np.ones(len(frame), dtype=bool)
        for row, (index, head, body) in enumerate(zip(frame.index, heads, bodies, strict=True)):
            fault = fault_of(body, head)
            if fault is None:
                texts.append(join_title(body, head))
            else:
                refuse(index, body, fault, on_reject)
                kept[row] = False
        kept_rows = frame[kept]
        columns = zip(names, self.added_values(texts, n_jobs), strict=True)
        return kept_rows.assign(**{name: as_column(values, kept_rows.index) for name, values in columns})

    def predict_stream(
        self,
        items: Iterable[Item],
        text: str | None = None,
        title: str | None = None,
        *,
        prefix: str = "",
        on_reject: OnReject | None = None,
        chunk: int = 1_000,
        n_jobs: int | None = None,
    ) -> Iterator[Any]:
        """Yield an answer for every item, in order, with at most ``chunk`` items or some megabytes in memory.

        Parameters
        ----------
        items : iterable of str or mapping
            The answer to a str is its label, None if the model abstains; to a mapping with the field ``text``, a
            dict of its fields, ``label`` and ``confidence``.
        text, title : str, optional
            Fields of mappings; by default those of the training data. ``title=""`` reads none.
        prefix, n_jobs
            See ``predict_frame``.
        on_reject : callable, optional
            Called with the index of the item, the item and the reason for each item without a valid text, which
            gets no answer. By default it raises, once all items before it are answered.
        chunk : int, default=1000
            Does not influence the answers.

        Raises
        ------
        TypeError
            An item is neither str nor mapping, has no text or only white space, or already has an added field;
            names its index. Or the items are a table, a mapping or one str.
        """
        if isinstance(items, str):
            raise TypeError("expected an iterable of texts, found one str; pass [text]")
        refuse_tables(items)
        names = [f"{prefix}{name}" for name in self.added_names]
        text, title = self._fields(text, title)
        for part in in_batches(enumerate(items), chunk, size=_characters):
            good, texts, stop = [], [], None
            for number, item in part:
                body, head = (item, None) if isinstance(item, str) else fields_of(item, text, title)
                try:
                    fault = fault_of(body, head) or clash_of(item, names)
                    if fault is not None:
                        refuse(number, item, fault, on_reject)
                        continue
                except Exception as error:  # raised after the answers before it
                    stop = error
                    break
                good.append(item)
                texts.append(join_title(body, head))
            for item, *values in zip(good, *self.added_values(texts, n_jobs), strict=True):
                yield values[0] if isinstance(item, str) else {**item, **dict(zip(names, values, strict=True))}
            if stop is not None:
                raise stop

    def _fields(self, text: str | None, title: str | None, columns: Any = None) -> tuple[str, str]:
        """Return the names of text and title, "" for no title: as given, or as in the training data."""
        remembered = self.manifest.get("fields", {})
        text = remembered.get("text", "text") if text is None else text
        if title is not None:
            return text, title
        title = remembered.get("title") or ""
        if title and columns is not None and title not in columns:
            warnings.warn(
                f"the model was trained with titles, in the column {title!r}, which the frame lacks; "
                "title='' reads none",
                stacklevel=3,
            )
            title = ""
        return text, title


def fields_of(item: Any, text: str, title: str) -> tuple[Any, Any]:
    """Return text and title of an item that is not a str; an item that is no mapping is itself the text."""
    if not isinstance(item, Mapping):
        return item, None
    return item.get(text), item.get(title) if title else None


def fault_of(text: Any, title: Any) -> str | None:
    """Return what is wrong with a text and its title; None if nothing."""
    if not isinstance(text, str):
        return f"expected a str, found {type(text).__name__} {str(text)[:40]!r}"
    if title is not None and not isinstance(title, str):
        return f"expected a str as title, found {type(title).__name__} {str(title)[:40]!r}"
    return None if text.strip() or (title or "").strip() else "nothing but white space"


def as_column(values: Sequence[Any], index: Any) -> Any:
    """Return values, which may be lists, as a column with this index."""
    import pandas as pd

    return pd.Series(values, index=index, dtype=np.float64 if values and isinstance(values[0], float) else object)


def clash_of(item: Any, names: Sequence[str]) -> str | None:
    """Return an error if an item already has an added field."""
    if isinstance(item, str):
        return None
    clashes = [name for name in names if name in item]
    return f"the field {clashes[0]!r} already exists; give a prefix, such as prefix='predicted_'" if clashes else None


def refuse(place: Any, item: Any, fault: str, on_reject: OnReject | None) -> None:
    """Pass an item to ``on_reject``, or raise."""
    if on_reject is None:
        raise TypeError(f"row {place}: {fault}")
    on_reject(place, item, fault)


def join_title(text: str, title: str | None) -> str:
    """Join title and text into one text, as in training."""
    return f"{title}\n\n{text}" if title else text


def check_texts(texts: Any) -> list[str]:
    """Return the texts as a list.

    Parameters
    ----------
    texts : iterable of str
        Such as a list, a column of pandas or an array of PyArrow.

    Raises
    ------
    TypeError
        A table, a mapping or a single string was given, or an item is not a string; names its row.
    """
    if isinstance(texts, str):
        raise TypeError("expected a list of texts, found one str; pass [text]")
    return check_documents(texts)


def check_text(text: Any) -> str:
    """Return one text.

    Raises
    ------
    TypeError
        It is a table or anything else but a string.
    """
    refuse_tables(text)
    if not isinstance(text, str):
        raise TypeError(f"expected a str, found {type(text).__name__} {str(text)[:40]!r}")
    return text


def in_batches(items: Iterable[Any], count: int, size: Callable[[Any], int] = lambda item: 0) -> Iterator[list[Any]]:
    """Yield lists of at most ``count`` items, shorter if their sizes reach ``STREAM_CHARACTERS``."""
    held: list[Any] = []
    total = 0
    for item in items:
        held.append(item)
        total += size(item)
        if len(held) >= count or total >= STREAM_CHARACTERS:
            yield held
            held, total = [], 0
    if held:
        yield held


def _characters(numbered: tuple[int, Any]) -> int:
    item = numbered[1]
    if isinstance(item, Mapping):
        return sum(len(value) for value in item.values() if isinstance(value, str))
    return len(item) if isinstance(item, str) else 0
