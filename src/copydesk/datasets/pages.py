"""Web pages with their main text, in the layout of the Web Content Extraction Benchmark (Bevendorff et al. 2023)."""

from __future__ import annotations

import gzip
import json
import random
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray

from copydesk.datasets.alignment import DOUBTFUL, align, smallest_holder
from copydesk.datasets.examples import BOILERPLATE, CONTENT, Examples
from copydesk.datasets.sources import resolve, unpack
from copydesk.datasets.wrapping import MainText, wrapped
from copydesk.errors import ConfigError, DataError, nearest

View = Literal["page", "extract", "both"]
VIEWS = ("page", "extract", "both")
# Second-level labels under which countries register names: example.co.uk is registered as a whole.
SECOND_LEVEL = frozenset("ac co com edu gob gov govt gv ne net or org".split())
# How many blocks a window of a page begins before the article's element and ends after it, on average.
BEFORE, AFTER = 8, 15


class Pages:
    """Blocks of real pages, labelled by aligning them with the page's main text.

    A block that is doubtful keeps its likelier label with weight 0: it is context for its neighbours, and
    neither trained on nor judged.

    Parameters
    ----------
    path : str
        A folder with ``html/<source>/<page_id>.html`` (or ``.html.gz``) and ``ground-truth/<source>.jsonl``, an
        archive of one (.zip, .tar), or the URL of an archive.
    sources : list of str or None, default=None
        Which sources to read; None: all that have a main text.
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
    silver : list of str or None, default=None
        Sources whose main texts are an extractor's output: trained on with ``silver_weight``, never judged.
    silver_weight : float, default=0.3
        Factor of their sample weights.
    min_found : float, default=0.5
        Pages of whose main text less stands in the HTML are left out, and counted.
    sha256 : str or None, default=None
        Checksum of the archive behind a URL.
    seed : int, default=0
        Of the windows.
    """

    def __init__(
        self,
        path: str | None = None,
        sources: list[str] | None = None,
        view: str = "both",
        titles: bool = False,
        extract_weight: float = 2.0,
        windows: int = 0,
        wrapped: float = 1.0,
        silver: list[str] | None = None,
        silver_weight: float = 0.3,
        min_found: float = 0.5,
        sha256: str | None = None,
        seed: int = 0,
    ) -> None:
        self.path = path
        self.sources = sources
        self.view = view
        self.titles = titles
        self.extract_weight = extract_weight
        self.windows = windows
        self.wrapped = wrapped
        self.silver = silver
        self.silver_weight = silver_weight
        self.min_found = min_found
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
            for record in read_ground_truth(folder, source):
                if not str(record.get("plaintext") or "").strip():
                    counts["pages_without_main_text"] += 1
                    continue
                found = list(self._page_rows(folder, source, record, counts))
                rows += found
                if found and self.wrapped and source not in (self.silver or ()):
                    texts.append(main_text(found[0], record))
        if not rows:
            raise DataError(f"dataset.path={self.path}: no page with a main text")
        rows += (row | {"weight": self.wrapped, "judged": False} for row in wrapped(texts, self.seed))
        return Examples(pd.DataFrame(rows), "boilerplate", "pages", dict(sorted(counts.items())))

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
        return self.sources or known

    def _page_rows(
        self, folder: Path, source: str, record: dict[str, Any], counts: Counter[str]
    ) -> Iterator[dict[str, Any]]:
        from copydesk.text.html import read_page

        page = read_page(read_html(folder, source, record["page_id"]))
        title = record.get("title") or ""
        aligned = align(page.blocks, record["plaintext"], title)
        counts["pages"] += 1
        if aligned.found < self.min_found:
            counts["pages_left_out"] += 1
            return
        counts.update(f"blocks_{label}" for label in aligned.labels)
        site = site_name(record.get("url") or page.url or str(record.get("site") or record["page_id"]))
        inside = smallest_holder(page.blocks, aligned.labels)
        is_silver = source in (self.silver or ())
        for view, chosen, weight in self._views(inside, f"{source}/{record['page_id']}"):
            for position, number in enumerate(chosen):
                label, share = aligned.labels[number], aligned.shares[number]
                yield {
                    "text": page.blocks[number].text,
                    "label": (CONTENT if share >= 0.5 else BOILERPLATE) if label == DOUBTFUL else label,
                    "group": site,
                    "split": "",
                    "document": f"{source}/{record['page_id']}#{view}",
                    "position": position,
                    "title": title if self.titles else "",
                    "weight": (label != DOUBTFUL) * weight * (self.silver_weight if is_silver else 1.0),
                    "judged": not is_silver and view in VIEWS,
                }

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


def read_ground_truth(folder: Path, source: str) -> Iterator[dict[str, Any]]:
    """Yield the records of a source.

    Raises
    ------
    DataError
        A line is not a JSON object with a ``page_id``; names file and line.
    """
    path = folder / "ground-truth" / f"{source}.jsonl"
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                record = json.loads(line)
            except ValueError:
                record = None
            if not isinstance(record, dict) or not isinstance(record.get("page_id"), str):
                raise DataError(
                    f"{path.name} line {number}: expected a JSON object with a page_id, found {line[:40]!r}"
                )
            yield record


def read_html(folder: Path, source: str, page_id: str) -> bytes:
    """Read a page, compressed or not.

    Raises
    ------
    DataError
        It is missing or its compression is damaged.
    """
    plain = folder / "html" / source / f"{page_id}.html"
    packed = plain.with_name(f"{plain.name}.gz")
    try:
        return plain.read_bytes() if plain.exists() else gzip.decompress(packed.read_bytes())
    except FileNotFoundError:
        raise DataError(
            f"html/{source}/{page_id}.html: no such file, nor with .gz, though the ground truth names it"
        ) from None
    except (OSError, EOFError) as error:
        raise DataError(f"html/{source}/{packed.name}: can't be read ({error})") from None


def site_name(url_or_name: str) -> str:
    """Return what a site is registered as, without its country: ``https://news.bbc.co.uk/1`` → ``bbc``.

    So that a site's editions, and the same site under a plain name in another source, stay together.
    """
    host = urlsplit(url_or_name).hostname if "//" in url_or_name else url_or_name
    labels = [label for label in (host or url_or_name).lower().split(".") if label]
    if len(labels) > 1:
        labels.pop()
    if len(labels) > 1 and labels[-1] in SECOND_LEVEL:
        labels.pop()
    return re.sub(r"\W", "", labels[-1]) if labels else ""
