"""Records of web archives (WARC), made by hand."""

from __future__ import annotations

import base64
import gzip
import hashlib
from collections.abc import Iterable


def record(kind: str, url: str, content_type: str, block: bytes, digest: bool = False) -> bytes:
    """Return a record with its header."""
    header = [
        "WARC/1.1", f"WARC-Type: {kind}", f"WARC-Target-URI: {url}", "WARC-Date: 2026-01-02T03:04:05Z",
        f"Content-Type: {content_type}", f"Content-Length: {len(block)}",
    ]  # fmt: skip
    if digest:
        header.append(f"WARC-Block-Digest: sha1:{base64.b32encode(hashlib.sha1(block).digest()).decode()}")
    return "\r\n".join([*header, "", ""]).encode() + block + b"\r\n\r\n"


def response(
    url: str, body: bytes | str, *headers: str, content_type: str | None = "text/html", status: str = "200 OK",
    digest: bool = False,
) -> bytes:  # fmt: skip
    """Return a record of an HTTP response."""
    typed = [] if content_type is None else [f"Content-Type: {content_type}"]
    head = "\r\n".join([f"HTTP/1.1 {status}", *typed, *headers, "", ""]).encode()
    block = head + (body if isinstance(body, bytes) else body.encode())
    return record("response", url, "application/http; msgtype=response", block, digest)


def page(number: int) -> str:
    """Return the HTML of a page that is unlike any other."""
    lines = "".join(
        f"<p>Paragraph {number}-{line} of a page about the ferry to island {number}.</p>" for line in range(9)
    )
    return f"<html><head><title>Page {number}</title></head><body><h1>Page {number}</h1>{lines}</body></html>"


def archive(pages: int, digest: bool = False) -> list[bytes]:
    """Return the records of an archive: for each page, a request and the response."""
    return [
        part
        for number in range(pages)
        for part in (
            record("request", f"http://www.example.com/{number}", "application/http", b"GET / HTTP/1.1\r\n\r\n"),
            response(f"http://www.example.com/{number}", page(number), digest=digest),
        )
    ]


def packed(records: Iterable[bytes]) -> bytes:
    """Return records compressed as crawlers do, one gzip member for each."""
    return b"".join(gzip.compress(each, mtime=0) for each in records)
