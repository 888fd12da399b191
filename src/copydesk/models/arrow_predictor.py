"""Arrow batches in, Arrow batches out: a model as a function for Ray, Spark, Daft and DuckDB."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from copydesk.models.labels_model import LabelsModel
from copydesk.models.topic import Model, TopicModel, fault_of, join_title

if TYPE_CHECKING:
    import pyarrow as pa

    from copydesk.models.cleaner import Cleaner


def arrow_predictor(
    model: str | PathLike[str] | Model,
    text: str | None = None,
    title: str | None = None,
    site: str | None = None,
    prefix: str = "",
) -> ArrowPredictor:
    """Return a function that adds a model's answers to batches of rows.

    Parameters
    ----------
    model : str, path-like or Model
        A path is loaded on first use, once in each process: prefer it where the function is sent to workers.
    text, title, site : str, optional
        Columns. By default, that of the text in the training data, else ``text``; titles and sites are not read. Only a
        cleaner reads sites.
    prefix : str, default=""
        Put before the names of the added columns.
    """
    return ArrowPredictor(model, text, title, site, prefix)


class ArrowPredictor:
    """Adds answers to an Arrow table or record batch, or a pandas frame; see ``arrow_predictor``.

    A topic model adds ``label`` (string) and ``confidence`` (double); a model of several labels ``labels`` and
    ``probabilities`` (lists of these); a cleaner adds ``cleaned`` (string), the text without its boilerplate. A row
    without a valid text gets nulls. It can be pickled, without the loaded model if that was given as a path.
    """

    def __init__(
        self, model: str | PathLike[str] | Model, text: str | None, title: str | None, site: str | None, prefix: str
    ) -> None:
        self.given = model
        self.text, self.title, self.site, self.prefix = text, title, site, prefix
        self._loaded: Model | None = None

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_loaded": None}

    @property
    def model(self) -> Model:
        """The model, loaded on first use.

        Raises
        ------
        ModelError
            It can't be loaded.
        """
        if self._loaded is None:
            from copydesk.models.loading import load

            self._loaded = self.given if isinstance(self.given, Model) else load(Path(self.given))
        return self._loaded

    def added(self) -> pa.Schema:
        """Return the schema of the added columns."""
        import pyarrow as pa

        if isinstance(self.model, LabelsModel):
            types = {"labels": pa.list_(pa.string()), "probabilities": pa.list_(pa.float64())}
        elif isinstance(self.model, TopicModel):
            types = {"label": pa.string(), "confidence": pa.float64()}
        else:
            types = {"cleaned": pa.string()}
        return pa.schema([(self.prefix + name, found) for name, found in types.items()])

    def schema(self, given: pa.Schema) -> pa.Schema:
        """Return the schema of what it makes of batches of schema ``given``: Spark asks for it."""
        import pyarrow as pa

        return pa.schema([*given, *self.added()], metadata=given.metadata)

    def __call__(self, batch: Any) -> Any:
        """Return a batch with the answers as further columns, of the type that was given.

        Parameters
        ----------
        batch : pyarrow.Table, pyarrow.RecordBatch or pandas.DataFrame

        Raises
        ------
        TypeError
            It is none of these.
        KeyError
            A named column is missing.
        ValueError
            A column to be added already exists.
        """
        import pyarrow as pa

        if isinstance(batch, pa.Table | pa.RecordBatch):
            names, column = batch.schema.names, lambda name: batch.column(name).to_pylist()
        elif hasattr(batch, "columns") and hasattr(batch, "assign"):
            names, column = list(batch.columns), lambda name: pa.array(batch[name], from_pandas=True).to_pylist()
        else:
            raise TypeError(
                f"expected an Arrow table or batch or a pandas frame, found {type(batch).__name__}; in Ray, "
                'batch_format="pyarrow"'
            )
        answers = zip(self.added(), self._answer(names, column), strict=True)
        added = {field.name: pa.array(values, field.type) for field, values in answers}
        if isinstance(batch, pa.Table | pa.RecordBatch):
            for name, values in added.items():
                batch = batch.append_column(name, values)
            return batch
        return batch.assign(**{name: values.to_pandas().to_numpy() for name, values in added.items()})

    def batches(self, batches: Iterable[Any]) -> Iterator[Any]:
        """Yield each batch with the answers: for Spark's ``mapInArrow`` and ``mapInPandas``."""
        return map(self, batches)

    def column(self, texts: Any) -> Any:  # DuckDB evaluates annotations, and pyarrow is not imported yet
        """Return the answers to a column of texts: the label, or the cleaned text; for functions in DuckDB and Daft.

        Parameters
        ----------
        texts : pyarrow.Array or pyarrow.ChunkedArray of string

        Returns
        -------
        pyarrow.Array of string, or of list of string with several labels
        """
        import pyarrow as pa

        first = self._answer([self._text_name], lambda name: texts.to_pylist(), alone=True)[0]
        return pa.array(first, self.added().field(0).type)

    @property
    def _text_name(self) -> str:
        return self.text or str(self.model.manifest.get("fields", {}).get("text") or "text")

    def _answer(self, names: Sequence[str], column: Callable[[str], list[Any]], alone: bool = False) -> list[list[Any]]:
        """Return the values of the added columns; None in rows without a valid text."""
        for name in [] if alone else self.added().names:
            if name in names:
                raise ValueError(f"the column {name!r} already exists; give a prefix, such as prefix='predicted_'")
        wanted = {"text": self._text_name} | ({} if alone else {"title": self.title, "site": self.site})
        for name in wanted.values():
            if name is not None and name not in names:
                raise KeyError(f"no column {name!r}; there are {', '.join(names)}")
        texts = column(wanted["text"] or "")
        titles, sites = (
            column(wanted[role] or "") if wanted.get(role) else [None] * len(texts) for role in ("title", "site")
        )
        valid = [at for at, (body, head) in enumerate(zip(texts, titles, strict=True)) if fault_of(body, head) is None]
        answers: list[list[Any]] = [[None] * len(texts) for _ in self.added()]
        if valid:
            found = self._of([texts[at] for at in valid], [titles[at] for at in valid], [sites[at] for at in valid])
            for target, values in zip(answers, found, strict=True):
                for at, value in zip(valid, values, strict=True):
                    target[at] = value
        return answers

    def _of(self, texts: list[str], titles: list[str | None], sites: list[str | None]) -> list[list[Any]]:
        if isinstance(self.model, TopicModel):
            joined = [join_title(*each) for each in zip(texts, titles, strict=True)]
            return [list(values) for values in self.model.added_values(joined)]
        cleaner: Cleaner = self.model  # type: ignore[assignment]
        cleaned = cleaner.clean_many(
            texts, [each or "" for each in titles], [each or "" for each in sites] if self.site else None
        )
        return [[each.text for each in cleaned]]
