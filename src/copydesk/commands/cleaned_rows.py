"""Answers of ``copydesk clean``: cleaned texts and pages, their paragraphs, reasons and metadata."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import asdict
from threading import Lock
from typing import TYPE_CHECKING, Any

from copydesk.errors import ConfigError
from copydesk.formats.rows import Answer, Row
from copydesk.tasks import BOILERPLATE_TASK

if TYPE_CHECKING:
    from copydesk.explanations.reasons import Reasons
    from copydesk.models.cleaner import Cleaner
    from copydesk.text.paragraphs import CleanedText, LabelledParagraph

TEXT_MODEL, PAGE_MODEL = "boilerplate", "boilerplate-html"  # in the box
METADATA = ("title", "author", "date", "site_name", "language", "url")
STRONGEST = 8  # n-grams and numbers listed by --explain


class Cleaners:
    """The model for texts, and the one for pages of HTML, which is loaded when the first page comes.

    A model that the user names is for both.

    Parameters
    ----------
    name : str
    keep : float or None
        Share of an article's characters to keep; None: that of the model.
    mode : str or None
        What the texts are; None: that of the model. A model for pages may have no modes.

    Raises
    ------
    ConfigError
        ``keep`` is not a share.
    ModelError
        The model can't be loaded or changed as requested.
    """

    def __init__(self, name: str, keep: float | None, mode: str | None) -> None:
        from copydesk.bundle import read_manifest
        from copydesk.models.loading import BOX, find_model

        self.keep, self.mode = keep, mode
        self.for_texts = load_cleaner(name, keep, mode)
        self.manifest = self.for_texts.manifest
        self._for_pages: Cleaner | None = self.for_texts
        self._lock = Lock()
        if name == TEXT_MODEL and PAGE_MODEL in BOX:
            self._for_pages = None
            digest = read_manifest(find_model(PAGE_MODEL))["sha256"]
            self.manifest = {**self.manifest, "sha256": f"{self.manifest['sha256']} {digest}"}

    def for_pages(self) -> Cleaner:
        """Return the model for pages."""
        with self._lock:
            if self._for_pages is None:
                self._for_pages = load_cleaner(PAGE_MODEL, self.keep, self.mode)
            return self._for_pages


def load_cleaner(name: str, keep: float | None, mode: str | None) -> Cleaner:
    """Load a cleaner, with another promise and in another mode if they are given."""
    from copydesk.models.loading import load

    model: Cleaner = load(name, task=BOILERPLATE_TASK.name)
    if keep is not None:
        try:
            model = model.at(keep)
        except ValueError as error:
            raise ConfigError(f"--{error}") from None
    if mode is not None and (name != PAGE_MODEL or model.has_modes):
        model = model.within(mode)
    model.prepare()
    return model


def clean_with(cleaners: Cleaners, args: argparse.Namespace) -> Answer:
    """Return a function from rows to their cleaned texts and labelled paragraphs."""

    def answer(rows: Sequence[Row]) -> list[dict[str, Any]]:
        answers: list[dict[str, Any]] = [{} for _ in rows]
        for are_pages in (False, True):
            places = [at for at, row in enumerate(rows) if is_page(row, args) is are_pages]
            here = [rows[at] for at in places]
            cleaned, paragraphs = (
                (clean_pages if are_pages else clean_texts)(cleaners, here, args) if here else ([], [])
            )
            for at, row, each, page in zip(places, here, cleaned, paragraphs, strict=True):
                text = markdown_of(row, each, are_pages) if args.markdown else each.text
                answers[at] = {text_name(args): text, f"{args.prefix}paragraphs": page}
                if cleaners.for_texts.has_modes:
                    answers[at][f"{args.prefix}mode"] = each.mode
                if args.metadata:
                    answers[at] |= {args.prefix + name: value for name, value in metadata_of(row).items()}
        return answers

    return answer


def text_name(args: argparse.Namespace) -> str:
    """Return the field of the cleaned text: it replaces the text, but is added to a row with a field of HTML."""
    return str(args.prefix + args.text_field if args.html_field else args.text_field)


def is_page(row: Row, args: argparse.Namespace) -> bool:
    """Return whether a row is cleaned with its markup."""
    return row.page is not None and not args.as_text


def clean_texts(
    cleaners: Cleaners, rows: Sequence[Row], args: argparse.Namespace
) -> tuple[list[CleanedText], list[list[dict[str, Any]]]]:
    """Return the cleaned texts of rows, and their paragraphs in JSON."""
    titles = [row.title for row in rows] if args.title_field else None
    given = ([row.text for row in rows], titles, sites_of(rows, args), [row.headline for row in rows])
    cleaned = cleaners.for_texts.clean_many(*given)
    if not args.explain:
        return cleaned, labelled_json(cleaned)
    return cleaned, [list(map(explained_json, page)) for page in cleaners.for_texts.explain_many(*given)]


def clean_pages(
    cleaners: Cleaners, rows: Sequence[Row], args: argparse.Namespace
) -> tuple[list[CleanedText], list[list[dict[str, Any]]]]:
    """Return the cleaned texts of rows of HTML, and their paragraphs in JSON."""
    given = ([row.page for row in rows if row.page is not None], sites_of(rows, args))
    model = cleaners.for_pages()
    cleaned = model.clean_pages(*given)
    if not args.explain:
        return cleaned, labelled_json(cleaned)
    return cleaned, [list(map(explained_json, page)) for page in model.explain_pages(*given)]


def sites_of(rows: Sequence[Row], args: argparse.Namespace) -> list[str] | None:
    """Return the sites of rows, None where they are not read."""
    return [row.site for row in rows] if args.site_field else None


def labelled_json(cleaned: Sequence[CleanedText]) -> list[list[dict[str, Any]]]:
    """Return the paragraphs of cleaned texts in JSON."""
    return [[paragraph_json(each) for each in text.paragraphs] for text in cleaned]


def markdown_of(row: Row, cleaned: CleanedText, has_blocks: bool) -> str:
    """Return a cleaned text as Markdown, of a page with its structure."""
    from copydesk.text.markdown import blocks_markdown, escape

    kept = [each.kept for each in cleaned.paragraphs]
    if has_blocks and row.page is not None:
        return blocks_markdown(row.page.blocks, kept)
    return "\n\n".join(escape(each.text) for each in cleaned.paragraphs if each.kept)


def metadata_of(row: Row) -> dict[str, str]:
    """Return what the page of a row states of itself; of a text, nothing."""
    if row.html is None:
        return dict.fromkeys(METADATA, "")
    from copydesk.text.metadata import read_metadata

    return asdict(read_metadata(row.html))


def paragraph_json(paragraph: LabelledParagraph) -> dict[str, Any]:
    """Return the fields of a paragraph in JSON; ``headline`` only if it is one."""
    fields = {"text": paragraph.text, "label": paragraph.label, "probability": round(paragraph.probability, 6)}
    return fields | {"headline": True} if paragraph.headline else fields


def explained_json(reasons: Reasons) -> dict[str, Any]:
    """Return the fields of a paragraph in JSON with the strongest reasons of each kind."""
    why = {
        "score": round(reasons.score, 4),
        "threshold": None if reasons.threshold is None else round(reasons.threshold, 4),
        "start": round(reasons.start, 4),
        "groups": {name: round(value, 4) for name, value in reasons.groups.items()},
        "ngrams": [[each.term, round(each.value, 4)] for each in reasons.ngrams[:STRONGEST]],
        "numbers": [[each.name, round(each.added, 4)] for each in reasons.numbers[:STRONGEST]],
    }
    return {**paragraph_json(reasons.paragraph), "why": why}
