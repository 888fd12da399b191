"""Pages with their blocks, gold texts and languages, as the benchmark reads them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from copydesk.datasets.web.alignment import tokenize
from copydesk.datasets.web.ground_truth import read_ground_truth, read_html
from copydesk.datasets.web_pages import Pages
from copydesk.text.decoding import decode
from copydesk.text.html import read_page

GOLD = ["daniel", "fundus", "readability", "trafilatura_silver", "wcxb"]
SNIPPETS = "trafilatura_snippets"  # no main texts, but strings that must be kept and strings that must be cut


@dataclass
class Corpus:
    """Labelled blocks of both views, and the ground truth of each page."""

    folder: Path
    sources: list[str]
    options: dict[str, Any]

    @cached_property
    def frame(self) -> pd.DataFrame:
        """Return labelled blocks with source, page, view and language."""
        frame = Pages(str(self.folder), sources=self.sources, **self.options).load().frame
        page = frame["document"].str.split("#").str[0]
        frame = frame.assign(page=page, source=page.str.split("/").str[0], view=frame["document"].str.split("#").str[1])
        languages = {page: self.language(page) for page in page.unique()}
        return frame.assign(language=page.map(languages))

    @cached_property
    def records(self) -> dict[str, dict[str, Any]]:
        """Return the ground truth by page."""
        return {
            f"{source}/{record['page_id']}": record
            for source in self.sources
            for record in read_ground_truth(self.folder, source)
        }

    def language(self, page: str) -> str:
        """Return the language of a page's main text, or of the strings that must stay, as Resiliparse detects it."""
        from resiliparse.parse.lang import detect_fast

        record = self.records[page]
        return str(detect_fast(record.get("plaintext") or " ".join(record["with"]))[0])

    def gold(self, page: str) -> str:
        """Return a page's main text, with its headline first where a block states it and the main text lacks it."""
        text = str(self.records[page]["plaintext"])
        parsed = read_page(read_html(self.folder, *page.split("/", 1)))
        headline, words = tokenize(parsed.headline), tokenize(text)
        stated = headline and any(tokenize(block.text) == headline for block in parsed.blocks)
        has_it = any(words[at : at + len(headline)] == headline for at in range(len(words)))
        return f"{parsed.headline}\n{text}" if stated and not has_it else text

    def html(self, page: str) -> str:
        """Return a page's HTML, decoded as copydesk does, so that all read the same."""
        return decode(read_html(self.folder, *page.split("/", 1)))


def texts_of(frame: pd.DataFrame, kept: np.ndarray) -> dict[str, str]:
    """Return each page's kept blocks as a text, one a line."""
    lines = frame["text"].where(kept, "")
    return {str(page): "\n".join(filter(None, part)) for page, part in lines.groupby(frame["page"], sort=False)}
