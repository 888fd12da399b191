"""Throughput of ``copydesk clean`` on a web archive, beside reading it alone and beside the same pages as files."""

from __future__ import annotations

import base64
import gzip
import hashlib
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from copydesk.formats.readers import open_records
from copydesk.formats.rows import Source, Wanted

COPYDESK = [sys.executable, "-m", "copydesk.cli"]


def table(pages: list[bytes], repeats: int) -> list[str]:
    """Return pages and megabytes of HTML a second of the processor, medians of runs in turn."""
    size = sum(map(len, pages)) / 1e6
    with tempfile.TemporaryDirectory() as folder:
        archive, files = Path(folder, "crawl.warc.gz"), Path(folder, "pages")
        write_archive(archive, pages)
        files.mkdir()
        for number, page in enumerate(pages):
            (files / f"{number:05}.html").write_bytes(page)
        one = files / "00000.html"
        works: dict[str, Callable[[], None]] = {
            "start, and one page": lambda: clean(one, folder),
            "reading the archive alone": lambda: read(archive),
            "`copydesk clean crawl.warc.gz`": lambda: clean(archive, folder),
            "`copydesk clean pages/`, a file for each page": lambda: clean(files, folder),
        }
        taken: dict[str, list[float]] = {name: [] for name in works}
        for turn in range(repeats + 1):
            for name, work in works.items():
                start = processor_time()
                work()
                if turn:  # the first compiles kernels, and fills caches
                    taken[name].append(processor_time() - start)
    start, *others = (statistics.median(each) for each in taken.values())
    lines = [
        "## Web archives", "",
        f"{len(pages)} pages, {size:.0f} MB of HTML, one core, to JSON lines; to start and clean one page takes "
        f"{start:.1f} s of the commands' time.", "",
        "| what | seconds | pages/s | MB/s | without the start: pages/s | MB/s |", "|---|---|---|---|---|---|",
    ]  # fmt: skip
    for name, seconds in zip(list(works)[1:], others, strict=True):
        rest = seconds - start if name.startswith("`") else seconds
        cells = f"{len(pages) / seconds:,.0f} | {size / seconds:.1f} | {len(pages) / rest:,.0f} | {size / rest:.1f}"
        lines.append(f"| {name} | {seconds:.2f} | {cells} |")
    return [*lines, ""]


def write_archive(path: Path, pages: list[bytes]) -> None:
    """Write pages as responses with digests, a gzip member each, as crawlers do."""
    with path.open("wb") as file:
        for number, page in enumerate(pages):
            block = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + page
            header = [
                "WARC/1.1", "WARC-Type: response", f"WARC-Target-URI: https://www.example.com/{number}",
                "WARC-Date: 2026-01-02T03:04:05Z", "Content-Type: application/http; msgtype=response",
                f"WARC-Block-Digest: sha1:{base64.b32encode(hashlib.sha1(block).digest()).decode()}",
                f"Content-Length: {len(block)}", "", "",
            ]  # fmt: skip
            file.write(gzip.compress("\r\n".join(header).encode() + block + b"\r\n\r\n", mtime=0))


def read(path: Path) -> None:
    """Read the pages of an archive, decompressed and checked."""
    for record in open_records(Source(path.name, path, "warc"), Wanted(())):
        if record.fault is not None:
            raise ValueError(record.fault)


def clean(source: Path, folder: str) -> None:
    """Clean a file or folder by the command."""
    words = [*COPYDESK, "clean", str(source), "-o", f"{folder}/out.jsonl", "--force"]
    subprocess.run(words, check=True, capture_output=True)


def processor_time() -> float:
    """Return processor seconds of this process and its children."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime
