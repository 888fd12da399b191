"""Web pages with their main text, in the layout of the Web Content Extraction Benchmark (Bevendorff et al. 2023)."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from copydesk.datasets.crawls.wrapping import MainText, wrapped
from copydesk.datasets.examples import Examples
from copydesk.datasets.fetch import resolve, unpack
from copydesk.datasets.web.alignment import DOUBTFUL, align, smallest_holder
from copydesk.datasets.web.ground_truth import has_main_text, read_ground_truth, read_sources_html, site_name
from copydesk.datasets.web.snippets import has_snippets, told_by_snippets
from copydesk.errors import ConfigError, DataError, nearest
from copydesk.tasks import BOILERPLATE_TASK
from copydesk.text.html import Page
from copydesk.text.paragraphs import BOILERPLATE, CONTENT, MARKUP, NO_MARKUP

VIEWS = ("page", "extract", "both")
# How many blocks a window of a page begins before the article's element and ends after it, on average.
BEFORE, AFTER = 8, 15


class Pages:
    """Blocks of real pages, labelled by aligning them with the page's main text.

    A block that is doubtful keeps its likelier label with weight 0: it is context for its neighbours, and
    neither trained on nor judged. Pages without a main text, but with hand-made snippets that must stay or must go,
    are labelled where these stand, and trained on.

    Parameters
    ----------
    path : str
        A folder with ``ground-truth/<source>.jsonl`` and ``html/<source>/<page_id>.html`` (or ``.html.gz``) or, in
        their place, a web archive ``html/<source>.warc.gz`` whose addresses are the ``url`` of the records; an archive
        of one (.zip, .tar), or the URL of an archive.
    sources : list of str or None, default=None
        Which sources to read; None: all.
    without : list of str or None, default=None
        Sources that are not read, whether or not there are any of that name.
    view : {"page", "extract", "both"}, default="both"
        Every block of a page, or those within the smallest element that holds the article, or each page once so
        and once so.
    titles : bool, default=False
        Give the gold's title to the features. Crawled text comes without.
    extract_weight : float, default=2.0
        Sample weight of a block in an extract, beside 1 in a page: extracts are fewer and harder.
    windows : int, default=0
        Of each page, so many more extracts that begin and end at random around the article, some of them inside
        it: trained on, never judged. They stand for extractors that are off the mark.
    wrapped : float, default=1.0
        Sample weight of blocks of composed pages: each main text that is not silver wrapped in leftovers of the
        grammar, whole and broken off. Trained on, never judged; 0 for none.
    bare : float, default=0.1
        Factor of the sample weights of such leftovers alone, without the main text.
    silver : list of str or None, default=None
        Sources whose main texts are an extractor's output: trained on with ``silver_weight``, never judged.
    silver_weight : float, default=0.3
        Factor of their sample weights.
    snippets : float, default=1.0
        Sample weight, beside 1 of a block that a main text tells of, of blocks that hand-made snippets do: of pages
        without a main text, and of silver ones. Trained on, never judged; 0 for none.
    min_found : float, default=0.5
        Pages of whose main text less stands in the HTML are left out, and counted.
    markup : bool, default=False
        Give what ``MARKUP`` names of each block to the features; blocks of composed pages have none.
    sha256 : str or None, default=None
        Checksum of the archive behind a URL.
    seed : int, default=0
        Of the windows.
    """

    def __init__(
        self,
        path: str | None = None,
        sources: list[str] | None = None,
        without: list[str] | None = None,
        view: str = "both",
        titles: bool = False,
        extract_weight: float = 2.0,
        windows: int = 0,
        wrapped: float = 1.0,
        bare: float = 0.1,
        silver: list[str] | None = None,
        silver_weight: float = 0.3,
        snippets: float = 1.0,
        min_found: float = 0.5,
        markup: bool = False,
        sha256: str | None = None,
        seed: int = 0,
    ) -> None:
        self.path = path
        self.sources = sources
        self.without = without
        self.view = view
        self.titles = titles
        self.extract_weight = extract_weight
        self.windows = windows
        self.wrapped = wrapped
        self.bare = bare
        self.silver = silver
        self.silver_weight = silver_weight
        self.snippets = snippets
        self.min_found = min_found
        self.markup = markup
        self.sha256 = sha256
        self.seed = seed

    def load(self) -> Examples:
        """Read, parse and align all pages.

        Raises
        ------
        ConfigError
            ``view`` or a source is unknown.
        DataError
            A file is missing or malformed; names it and the line.
        """
        import pandas as pd

        if self.view not in VIEWS:
            raise ConfigError(f"dataset.view={self.view}: unknown; {nearest(self.view, VIEWS)}")
        folder = self._folder()
        counts: Counter[str] = Counter()
        rows: list[dict[str, Any]] = []
        texts: list[MainText] = []
        for source in self._sources(folder):
            records = list(read_ground_truth(folder, source))
            usable = [each for each in records if has_main_text(each) or (self.snippets and has_snippets(each))]
            counts["pages_without_main_text"] += len(records) - len(usable)
            for record, html in read_sources_html(folder, source, usable):
                found = list(self._page_rows(html, source, record, counts))
                rows += found
                if found and self.wrapped and has_main_text(record) and source not in (self.silver or ()):
                    texts.append(main_text(found[0], record))
        if not rows:
            raise DataError(f"dataset.path={self.path}: no page with a main text, nor with snippets that must stay")
        composed = wrapped(texts, self.wrapped, self.wrapped * self.bare, self.seed)
        unmarked = {"judged": False, "view": "", **(NO_MARKUP if self.markup else {})}
        rows += (row | unmarked for row in composed)
        return Examples(pd.DataFrame(rows), BOILERPLATE_TASK, "pages", dict(sorted(counts.items())))

    def _folder(self) -> Path:
        if self.path is None:
            raise ConfigError(
                "dataset.path: must be given: a folder or archive of pages; data/README.md shows the layout"
            )
        found = resolve(self.path, self.sha256)
        if len(found) > 1:
            raise ConfigError(
                f"dataset.path={self.path}: names {len(found)} files; give one folder or archive of pages"
            )
        folder = found[0] if found[0].is_dir() else unpack(found[0])
        inside = sorted(path.parent for path in folder.glob("*/ground-truth"))  # archives often hold one folder
        return inside[0] if inside and not (folder / "ground-truth").is_dir() else folder

    def _sources(self, folder: Path) -> list[str]:
        known = sorted(path.stem for path in (folder / "ground-truth").glob("*.jsonl"))
        if not known:
            raise DataError(f"dataset.path={self.path}: no ground-truth/*.jsonl in it; data/README.md shows the layout")
        for source in self.sources or []:
            if source not in known:
                raise ConfigError(f"dataset.sources: no source {source!r}; {nearest(source, known)}")
        return [source for source in self.sources or known if source not in (self.without or ())]

    def _page_rows(
        self, html: bytes | str, source: str, record: dict[str, Any], counts: Counter[str]
    ) -> Iterator[dict[str, Any]]:
        from copydesk.text.html import read_page

        page = read_page(html)
        is_silver = source in (self.silver or ())
        labels, shares, weights, found = self._labels(page, record, is_silver)
        counts["pages"] += 1
        counts["pages_with_snippets_alone"] += not has_main_text(record)
        if found < self.min_found:
            counts["pages_left_out"] += 1
            return
        counts.update(f"blocks_{label}" for label in labels)
        site = site_name(record.get("url") or page.url or str(record.get("site") or record["page_id"]))
        inside = smallest_holder(page.blocks, labels)
        for view, chosen, weight in self._views(inside, f"{source}/{record['page_id']}"):
            for position, number in enumerate(chosen):
                label, block = labels[number], page.blocks[number]
                yield {
                    "text": block.text,
                    **({name: getattr(block, name) for name in MARKUP} if self.markup else {}),
                    "label": (CONTENT if shares[number] >= 0.5 else BOILERPLATE) if label == DOUBTFUL else label,
                    "group": site,
                    "split": "",
                    "document": f"{source}/{record['page_id']}#{view}",
                    "position": position,
                    "view": view if view in VIEWS else "",
                    "title": str(record.get("title") or "") if self.titles else "",
                    "weight": weights[number] * weight,
                    "judged": not is_silver and has_main_text(record) and view in VIEWS,
                }

    def _labels(
        self, page: Page, record: dict[str, Any], is_silver: bool
    ) -> tuple[list[str], NDArray[np.float64], NDArray[np.float64], float]:
        """Return labels, shares of words in the main text, sample weights, and what share of the text was found."""
        blocks, has_gold = page.blocks, has_main_text(record)
        if has_gold:
            aligned = align(blocks, record["plaintext"], record.get("title") or "", page.headline)
            labels, shares, found = aligned.labels, aligned.shares, aligned.found
        else:
            labels, shares = [DOUBTFUL] * len(blocks), np.zeros(len(blocks))
        weights = np.array([label != DOUBTFUL for label in labels]) * (self.silver_weight if is_silver else 1.0)
        if self.snippets and (is_silver or not has_gold):
            for number, label in enumerate(told_by_snippets([block.text for block in blocks], record)):
                if label:
                    labels[number], weights[number] = label, self.snippets
        return labels, shares, weights, found if has_gold else float(CONTENT in labels)

    def _views(self, inside: NDArray[np.bool_], page: str) -> Iterator[tuple[str, range, float]]:
        """Yield name, blocks and sample weight of each view; ``inside`` says which blocks the article's element has."""
        if not inside.any():
            return
        first, *_, last = np.flatnonzero(inside).tolist() * 2  # an element's blocks follow each other
        if self.view in ("page", "both"):
            yield "page", range(len(inside)), 1.0
        if self.view in ("extract", "both"):
            yield "extract", range(first, last + 1), self.extract_weight
        draw = random.Random(f"{self.seed} {page}")
        for number in range(self.windows):
            start = first - int(draw.expovariate(1 / BEFORE))
            if number % 2:
                start = draw.randint(first, first + (last - first) // 3)
            end = last + 1 + int(draw.expovariate(1 / AFTER))
            yield f"window{number}", range(max(start, 0), min(end, len(inside))), 1.0


def main_text(row: dict[str, Any], record: dict[str, Any]) -> MainText:
    """Return the main text of the page of a row with its title on the first line, and the language that it is in."""
    from resiliparse.parse.lang import detect_fast

    text, title = record["plaintext"].strip(), str(record.get("title") or "").strip()
    whole = text if not title or text.startswith(title) else f"{title}\n\n{text}"
    return MainText(row["document"].split("#")[0], row["group"], row["title"], whole, str(detect_fast(text)[0]))
