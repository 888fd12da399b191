"""Read real pages and their ground truth: the main text, or strings that must be kept or cut."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from copydesk.datasets.web.snippets import KEYS
from copydesk.errors import DataError
from copydesk.formats.readers import DAMAGE, open_records
from copydesk.formats.rows import Source, UnreadableError, Wanted
from copydesk.text.decoding import decode

# Second-level labels under which countries register names: example.co.uk is registered as a whole.
SECOND_LEVEL = frozenset("ac co com edu gob gov govt gv ne net or org".split())


def has_main_text(record: dict[str, Any]) -> bool:
    """Return whether the record of a page has its main text."""
    return bool(str(record.get("plaintext") or "").strip())


def read_ground_truth(folder: Path, source: str) -> Iterator[dict[str, Any]]:
    """Yield the records of a source.

    Raises
    ------
    DataError
        A line is not a JSON object with a ``page_id``, or its snippets are no list; names file and line.
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
            for key in KEYS:
                if not isinstance(record.get(key) or [], list):
                    found = str(record[key])[:40]
                    raise DataError(f"{path.name} line {number}: {key}: expected a list of strings, found {found!r}")
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


def read_sources_html(
    folder: Path, source: str, records: Sequence[dict[str, Any]]
) -> Iterator[tuple[dict[str, Any], bytes | str]]:
    """Yield the records of a source, each with its page, from files or from a web archive ``html/SOURCE.warc``.

    Raises
    ------
    DataError
        A page is missing or can't be read.
    """
    for suffix in (".warc", ".warc.gz", ".warc.zst"):
        archive = folder / "html" / f"{source}{suffix}"
        if archive.exists():
            yield from read_archive(archive, records)
            return
    for record in records:
        yield record, read_html(folder, source, record["page_id"])


def read_archive(path: Path, records: Sequence[dict[str, Any]]) -> Iterator[tuple[dict[str, Any], str]]:
    """Yield records with their pages in a web archive, in its order; a page's address is the record's ``url``.

    Raises
    ------
    DataError
        It can't be read, or lacks a page.
    """
    wanted = {str(record.get("url") or record["page_id"]): record for record in records}
    try:
        for found in open_records(Source(path.name, path, "warc"), Wanted(())):
            record = wanted.pop(found.raw.url, None) if found.fault is None else None
            if record is not None:
                yield record, decode(found.raw.body, found.raw.charset)
    except (UnreadableError, *DAMAGE) as error:
        raise DataError(f"html/{path.name}: can't be read ({error})") from None
    if wanted:
        address, *others = wanted
        more = f" ({len(others):,} others are missing, too)" if others else ""
        raise DataError(f"html/{path.name}: no sound page {address!r}{more}, though the ground truth names it")


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
