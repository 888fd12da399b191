"""Speed of cleaning on one core: copydesk beside trafilatura and jusText on the same pages, and as a command.

    python experiments/benchmarks/cleaning.py FOLDER [--model MODEL] [--parts peers all command growth] [--pages 120]

FOLDER holds real pages as ``dataset=pages`` reads them. copydesk reads their text, a blank line between blocks; the
peers read their HTML. Both are counted in megabytes of that text, UTF-8. All run on one core with one thread, warm,
in turn, and the median of five counts, in seconds of the processor. The tables go to ``cleaning.md`` beside this
script, a part each.
"""

from __future__ import annotations

import os

os.environ.update({f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "NUMBA")})

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from extraction.peers import justext, trafilatura
from recording import machine

import copydesk
from copydesk.datasets.composed_crawl import ComposedCrawl
from copydesk.datasets.web.ground_truth import read_ground_truth, read_html
from copydesk.text.html import decode, page_text

TABLE = Path(__file__).with_suffix(".md")
PACKAGES = ("numpy", "numba", "trafilatura", "justext", "resiliparse")
TOGETHER = 100  # pages that are cleaned in one call
REPEATS = 5
GROWTH = (1_000, 10_000, 100_000)


class Page:
    """A page's HTML, and the text of all its blocks."""

    def __init__(self, html: str) -> None:
        self.html = html
        self.text = page_text(html)


def read_pages(folder: Path) -> list[Page]:
    """Return all pages, source by source."""
    sources = sorted(path.stem for path in (folder / "ground-truth").glob("*.jsonl"))
    names = [(source, record["page_id"]) for source in sources for record in read_ground_truth(folder, source)]
    pages = [Page(decode(read_html(folder, *name))) for name in names]
    return [page for page in pages if page.text]


def composed_articles() -> list[str]:
    """Return the composed crawls of BBC News as texts."""
    frame = ComposedCrawl(documents=2_000).load().frame
    return ["\n\n".join(page) for _, page in frame.groupby("document", sort=False)["text"]]


def size_of(texts: list[str]) -> float:
    """Return megabytes."""
    return sum(len(text.encode()) for text in texts) / 1e6


def processor_time() -> float:
    """Return processor seconds of this process and its children."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def seconds(work: dict[str, Callable[[], Any]], repeats: int = REPEATS) -> dict[str, float]:
    """Return median processor seconds of each piece of work: one warm-up each, then runs in turn."""
    taken: dict[str, list[float]] = {name: [] for name in work}
    for turn in range(repeats + 1):
        for name, do in work.items():
            start = processor_time()
            do()
            if turn:
                taken[name].append(processor_time() - start)
    return {name: statistics.median(found) for name, found in taken.items()}


def clean_all(cleaner: Any, texts: list[str]) -> None:
    """Clean texts in chunks, as a stream does."""
    for first in range(0, len(texts), TOGETHER):
        cleaner.clean_many(texts[first : first + TOGETHER])


def peers(cleaner: Any, pages: list[Page], number: int) -> Iterator[str]:
    """Some pages, beside extractors that read their HTML."""
    some = pages[:: max(1, len(pages) // number)]
    texts = [page.text for page in some]
    size = size_of(texts)
    taken = seconds(
        {
            "copydesk, their text": lambda: clean_all(cleaner, texts),
            "trafilatura, their HTML": lambda: [quietly(trafilatura, page.html) for page in some],
            "jusText, their HTML": lambda: [quietly(justext, page.html) for page in some],
        }
    )
    html = sum(len(page.html.encode()) for page in some) / 1e6
    yield f"{len(some)} pages of all sources: {html:.1f} MB of HTML, {size:.2f} MB of text."
    yield ""
    yield "| what | seconds | MB/s of text | pages a second | copydesk is faster by |"
    yield "|---|---|---|---|---|"
    ours = taken["copydesk, their text"]
    for name, found in taken.items():
        ratio = "" if found == ours else f"{found / ours:.0f} ×"
        yield f"| {name} | {found:.3f} | {size / found:.2f} | {len(some) / found:,.0f} | {ratio} |"


def quietly(extract: Callable[[str, str], str], html: str) -> str:
    """Return a peer's text, "" if it fails."""
    try:
        return extract(html, "en")
    except Exception:  # each has exceptions of its own for pages that it can't read
        return ""


def everything(cleaner: Any, pages: list[Page]) -> Iterator[str]:
    """All pages, and composed crawls."""
    given = {"whole pages, every block": [page.text for page in pages], "composed crawls": composed_articles()}
    yield "| texts | number | MB | paragraphs | bytes each | seconds | MB/s | µs a paragraph |"
    yield "|---|---|---|---|---|---|---|---|"
    for name, texts in given.items():
        size = size_of(texts)
        found = seconds({name: lambda texts=texts: clean_all(cleaner, texts)})[name]  # type: ignore[misc]
        count = sum(len(cleaner.clean(text).paragraphs) for text in texts)
        yield (
            f"| {name} | {len(texts):,} | {size:.2f} | {count:,} | {1e6 * size / count:.0f} | {found:.2f} | "
            f"**{size / found:.1f}** | {1e6 * found / count:.1f} |"
        )


def command(model: str, pages: list[Page]) -> Iterator[str]:
    """``copydesk clean`` over JSON lines, one thread, output to a file."""
    texts = [page.text for page in pages]
    with tempfile.TemporaryDirectory() as folder:
        rows, one = Path(folder) / "rows.jsonl", Path(folder) / "one.jsonl"
        rows.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts), encoding="utf-8")
        one.write_text(json.dumps({"text": "One line."}) + "\n", encoding="utf-8")

        def run(file: Path, *words: str) -> None:
            where = ["-o", f"{folder}/out{'.txt' if words else '.jsonl'}", "--force", "--quiet", "--jobs", "1"]
            subprocess.run(
                [sys.executable, "-m", "copydesk.cli", "clean", "--model", model, *where, *words, str(file)], check=True
            )

        taken = seconds({"start": lambda: run(one), "JSON": lambda: run(rows), "--text": lambda: run(rows, "--text")})
    size, start = size_of(texts), taken.pop("start")
    yield f"{len(texts):,} rows, {size:.1f} MB of text; to start and clean one line takes {start:.2f} s of it."
    yield ""
    yield "| output | seconds | MB/s | MB/s without the start |"
    yield "|---|---|---|---|"
    for name, found in taken.items():
        yield f"| {name} | {found:.2f} | {size / found:.1f} | **{size / (found - start):.1f}** |"


def growth(cleaner: Any, pages: list[Page]) -> Iterator[str]:
    """One text of many paragraphs, all different."""
    lines = [line for page in pages for line in page.text.split("\n\n")]
    yield "| paragraphs | MB | seconds | µs a paragraph |"
    yield "|---|---|---|---|"
    for number in GROWTH:
        text = "\n\n".join(lines[:number])
        found = seconds({"": lambda text=text: cleaner.clean(text)})[""]  # type: ignore[misc]
        yield f"| {number:,} | {size_of([text]):.2f} | {found:.3f} | {1e6 * found / number:.1f} |"


TITLES = {
    "peers": "The same pages, beside extractors",
    "all": "All pages",
    "command": "As a command",
    "growth": "One long text",
}


def save(parts: dict[str, list[str]], model: str) -> None:
    """Write the table; keep parts that were not measured, and remarks below the ``---`` line."""
    old, _, remarks = (TABLE.read_text(encoding="utf-8") if TABLE.exists() else "").partition("\n---\n")
    sections = dict(section.split("\n", 1) for section in old.split("\n## ")[1:])
    sections |= {TITLES[part]: "\n" + "\n".join(lines) + "\n" for part, lines in parts.items()}
    head = (
        f"# Speed of cleaning\n\n`cleaning.py`; {machine(PACKAGES)}; one core, one thread; model: {model}. Warm, "
        f"median of {REPEATS}, in seconds of the processor.\n"
    )
    body = "".join(f"\n## {title}\n{sections[title].rstrip()}\n" for title in TITLES.values() if title in sections)
    TABLE.write_text(head + body + (f"\n---\n{remarks}" if remarks else ""), encoding="utf-8")


def main() -> None:
    """Measure and record the requested parts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", default="boilerplate", help="the one in the box, or the folder of another")
    parser.add_argument("--name", default="the one in the box", help="what the table calls the model")
    parser.add_argument("--parts", nargs="+", choices=TITLES, default=list(TITLES))
    parser.add_argument("--pages", type=int, default=120, help="pages for the peers, which are slow")
    args = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    cleaner, pages = copydesk.load(args.model), read_pages(args.folder)
    work: dict[str, Callable[[], Iterator[str]]] = {
        "peers": lambda: peers(cleaner, pages, args.pages),
        "all": lambda: everything(cleaner, pages),
        "command": lambda: command(args.model, pages),
        "growth": lambda: growth(cleaner, pages),
    }
    found = {}
    for part in args.parts:
        found[part] = list(work[part]())
        print("\n".join(found[part]), file=sys.stderr)
    save(found, args.name)


if __name__ == "__main__":
    main()
