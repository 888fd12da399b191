"""The user's own pages: JSONL of documents with labelled paragraphs, such as ``copydesk clean`` writes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from copydesk.datasets.examples import Examples, LeftOut
from copydesk.datasets.fetch import resolve
from copydesk.datasets.read_rows import first_fields, read_table
from copydesk.datasets.tables import SHOWN_ROWS, SPLITS, check_bad, check_encoding, check_max_bad, names_apart
from copydesk.errors import ConfigError, DataError, nearest
from copydesk.formats.files import suffix_of
from copydesk.formats.rows import Source, is_unicode
from copydesk.tasks import BOILERPLATE_TASK
from copydesk.text.paragraphs import BOILERPLATE, CONTENT

PARAGRAPH_LABELS = (CONTENT, BOILERPLATE)


class Paragraphs:
    """Documents as JSON lines, ``{"id": …, "site": …, "title": …, "paragraphs": [{"text": …, "label": …}, …]}``.

    A label is "content" or "boilerplate"; id, site and title may be missing, other fields are ignored. What
    ``copydesk clean`` writes is such a file: correct its labels and train on it. A document with a fault is left
    out as a whole, counted and named: a page with a hole in it is not that page.

    Parameters
    ----------
    path : str or list of str
        Files, a pattern (``pages/*.jsonl.gz``), or one URL.
    id : str, default="id"
        Field of a name for each document; one without it is named by file and line.
    site, title : str
        Fields of the site, which no split may straddle, and of the title.
    split : str or None
        Field that is ``train``, ``test`` or missing, for ``split=official``.
    encoding : str, default="utf-8"
    sha256 : str or None
        Checksum of the file behind a URL.
    max_bad : float, default=0.1
        Share of documents left out above which the data is refused.
    """

    def __init__(
        self,
        path: str | list[str] | None = None,
        id: str = "id",
        site: str = "site",
        title: str = "title",
        split: str | None = None,
        encoding: str = "utf-8",
        sha256: str | None = None,
        max_bad: float = 0.1,
    ) -> None:
        self.path = path
        self.id = id
        self.site = site
        self.title = title
        self.split = split
        self.encoding = encoding
        self.sha256 = sha256
        self.max_bad = max_bad

    def _check_parameters(self) -> None:
        check_max_bad(self.max_bad)

    def load(self) -> Examples:
        """Read all documents.

        Raises
        ------
        ConfigError
            No path is given.
        DataError
            A file is missing or can't be read, or too many documents are unusable; names file, line and field.
        """
        import pandas as pd

        if not self.path:
            raise ConfigError("dataset.path: not given; name a file or a pattern: dataset.path=pages.jsonl")
        check_encoding(self.encoding)
        files = resolve(self.path, self.sha256)
        rows: list[dict[str, Any]] = []
        bad: list[LeftOut] = []
        fields: dict[str, None] = {}
        seen: dict[str, str] = {}
        for file, name in zip(files, names_apart(files), strict=True):
            file_format = "json" if suffix_of(file) == ".json" else "jsonl"
            for where, record in read_table(Source(name, file, file_format, self.encoding), ()):
                fault = record if isinstance(record, str) else self._fault(record)
                if fault is None:
                    assert isinstance(record, dict)
                    fields |= dict.fromkeys(name for name in self._named() if record.get(name))
                    document = str(record.get(self.id) or where)
                    if document in seen:
                        fault = f"{self.id}: {document!r} again, first at {seen[document]}"
                    else:
                        seen[document] = where
                        rows += self._rows(document, record)
                if fault is not None:
                    bad.append(LeftOut(where, fault))
        check_bad(self.path, bad, len(seen), self.max_bad)
        self._check_fields(fields, files)
        if not rows:
            raise DataError(f"dataset.path={self.path}: no document with paragraphs")
        notes = {"files": len(files), "documents": len(seen), "documents_left_out": len(bad)}
        named = {"left_out": list(map(str, bad[:SHOWN_ROWS]))} if bad else {}
        remembered = {role: name for role, name in (("title", self.title), ("site", self.site)) if name in fields}
        return Examples(pd.DataFrame(rows), BOILERPLATE_TASK, "paragraphs", notes | named, remembered, bad)

    def _named(self) -> list[str]:
        """Return the fields of a document other than its paragraphs."""
        return [name for name in (self.id, self.site, self.title, self.split) if name]

    def _check_fields(self, present: Iterable[str], files: Sequence[Path]) -> None:
        """Refuse a named field that no document has."""
        usual = {"id", "site", "title"}
        for key in ("id", "site", "title", "split"):
            name = getattr(self, key)
            if name and name not in usual and name not in present:
                source = Source(files[0].name, files[0], "jsonl", self.encoding)
                there = first_fields(source, ())
                raise DataError(f"dataset.{key}={name}: no document has this field; {nearest(name, there)}")

    def _fault(self, record: dict[str, Any]) -> str | None:
        """Return why a document can't be used, None if it can."""
        if not isinstance(record.get(self.id), str | int | None):
            return f"{self.id}: {type(record[self.id]).__name__}, expected a string"
        for field in (self.site, self.title):
            fault = text_fault(record.get(field) or "")
            if fault:
                return f"{field}: {fault}"
        if self.split and (record.get(self.split) or "") not in SPLITS:
            return f"{self.split}: {str(record[self.split])[:50]!r}; valid: train, test or nothing"
        paragraphs = record.get("paragraphs")
        if not isinstance(paragraphs, list) or not paragraphs:
            found = "nothing" if not paragraphs else type(paragraphs).__name__
            return f"paragraphs: {found}, expected a list of paragraphs"
        for number, paragraph in enumerate(paragraphs):
            fault = paragraph_fault(paragraph)
            if fault:
                return f"paragraphs[{number}]{fault}"
        return None

    def _rows(self, document: str, record: dict[str, Any]) -> list[dict[str, Any]]:
        return [
            {
                "text": paragraph["text"],
                "label": paragraph["label"],
                "group": record.get(self.site) or "",
                "split": (record.get(self.split) or "") if self.split else "",
                "document": document,
                "position": position,
                "title": record.get(self.title) or "",
            }
            for position, paragraph in enumerate(record["paragraphs"])
        ]


def paragraph_fault(paragraph: Any) -> str | None:
    """Return the field at fault and why the paragraph can't be used; None if it can."""
    if not isinstance(paragraph, dict):
        return f": {type(paragraph).__name__}, expected an object with text and label"
    fault = text_fault(paragraph.get("text")) or ("empty" if not paragraph["text"].strip() else None)
    if fault:
        return f".text: {fault}"
    label = paragraph.get("label")
    if label not in PARAGRAPH_LABELS:
        shown = "nothing" if label is None else repr(label)[:50]
        return f".label: {shown}; valid: {', '.join(PARAGRAPH_LABELS)}"
    return None


def text_fault(value: Any) -> str | None:
    """Return why a value is not a text; None if it is."""
    if not isinstance(value, str):
        return f"{'nothing' if value is None else type(value).__name__}, expected a string"
    return None if is_unicode(value) else "characters that are not valid text"
