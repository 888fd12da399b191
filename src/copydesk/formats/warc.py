"""Web archives (WARC): the HTML pages of a crawl, and the texts of WET files. Needs the extra ``html``."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, BinaryIO, Literal, cast

from copydesk.formats.files import MAX_ROW
from copydesk.formats.gzip_members import GzipMembers
from copydesk.formats.rows import (
    HEADLINE_FIELD,
    Parsed,
    Reader,
    Record,
    Source,
    UnreadableError,
    Values,
    Wanted,
    with_members,
)
from copydesk.text.decoding import decode, wide_codec
from copydesk.text.urls import host_of

if TYPE_CHECKING:
    from fastwarc.warc import WarcRecord

PAGE_TYPES = frozenset({"text/html", "application/xhtml+xml"})
HTTP_TYPES = frozenset({"application/http", "application/https"})
RECORD_START = b"WARC/"  # how every record begins
MAX_HEADER = 1 << 18  # bytes
# Crawlers store bodies decoded and keep the headers of their encodings: what can't be decoded is taken as it is.
DECODINGS: tuple[Literal["all", "content", "transfer", "none"], ...] = ("all", "content", "transfer", "none")
DIGESTS = ("md5:", "sha1:", "sha256:")
# Of a body's first bytes, as many as browsers look at; from so many control characters on, it is no text.
SNIFFED, MOST_CONTROLS = 1_445, 0.01
CONTROLS = bytes({*range(0x09), 0x0B, *range(0x0E, 0x1B), *range(0x1C, 0x20)})


@dataclass(frozen=True, slots=True)
class WarcPage:
    """A page of a web archive.

    Attributes
    ----------
    url : str
        Where it was fetched from.
    crawled : str
        When it was fetched, as the record states it.
    body : bytes
        HTML or, of a WET file, text.
    charset : str or None
        That the HTTP header declares.
    is_html : bool
    """

    url: str
    crawled: str
    body: bytes
    charset: str | None = None
    is_html: bool = True

    @property
    def seal(self) -> bytes:
        """Bytes that change when the page does."""
        return self.url.encode("utf-8", "surrogateescape") + b"\n" + self.body

    @property
    def site(self) -> str:
        """Host of the address, without ``www.``; "" where it has none."""
        return host_of(self.url)


class WarcReader(Reader):
    """Reads the pages of a web archive, one for each row: successful responses with HTML, and texts of WET files.

    Other records are counted in ``Source.passed_over``. A record's line is its number among the rows.
    """

    suffixes = (".warc", ".wet")
    is_text = False
    reads_gzip = True

    def read(self, source: Source, stream: IO[bytes], wanted: Wanted) -> Iterator[Record]:
        """Yield a record for each page.

        A damaged one names its offset, that of its gzip member in a compressed file; reading goes on after a damaged
        member where the next one begins with a record.
        """
        line = 0
        for offset, page in read_pages(stream):
            if isinstance(page, Skipped):
                source.passed_over[page.kind] += 1
                continue
            line += 1
            if isinstance(page, Damaged):
                after = "" if page.goes_on else "; nothing after it can be read"
                broken = f"record at byte {offset:,}: {page.reason}{after}"
                yield Record(source, line, b"" if page.goes_on else None, 0, broken)
            else:
                reason = page_fault(page)
                fault = f"record at byte {offset:,}: {reason}" if reason else None
                yield Record(source, line, page, len(page.body), fault)

    def values(self, record: Record) -> Values:
        """Return file name, address (``id``), site, time of the fetch and text."""
        found = self.parse(record, "text")
        return {name: found.values[name] for name in found.members}

    def parse(self, record: Record, text_field: str) -> Parsed:
        """Return the values, and the page of HTML; its headline is no field of the row."""
        page: WarcPage = record.raw
        values = {"file": record.source.name, "id": page.url, "site": page.site, "crawled": page.crawled}
        if not page.is_html:
            return with_members({**values, text_field: page.body.decode("utf-8", "replace")})
        from copydesk.text.html import read_page

        html = decode(page.body, page.charset)
        parsed = read_page(html)
        found = with_members({**values, text_field: parsed.text})
        return Parsed({HEADLINE_FIELD: parsed.headline, **found.values}, found.members, parsed, html)


@dataclass(frozen=True, slots=True)
class Skipped:
    """A record that is no page: its type, its type of content, or its HTTP status."""

    kind: str


@dataclass(frozen=True, slots=True)
class Damaged:
    """A record that can't be read, and whether reading goes on after it."""

    reason: str
    goes_on: bool = True


class CutOffError(Exception):
    """A record that the file ends in, or whose length is not known."""


class Forward:
    """A file that is not compressed, read once from its start, such as a pipe; see ``GzipMembers``."""

    def __init__(self, raw: IO[bytes]) -> None:
        self.raw = raw
        self.position = self.offset = 0

    def read(self, size: int) -> bytes:
        """Return at most ``size`` bytes."""
        data = self.raw.read(size)
        self.position += len(data)
        return data

    def tell(self) -> int:
        """Return the number of bytes returned."""
        return self.position

    def offset_of(self, position: int) -> int:
        """Return where the record begins that is read."""
        self.offset = position
        return position

    def skip_damaged(self, beginning: bytes) -> bool:
        """Return that nothing after a damaged record can be read: where the next one begins is not known."""
        return False


def read_pages(stream: Any) -> Iterator[tuple[int, WarcPage | Skipped | Damaged]]:
    """Yield the offset of each record and the page in it, or why there is none.

    Parameters
    ----------
    stream : binary file
        Buffered; compressed by gzip or not.

    Raises
    ------
    UnreadableError
        It does not begin with a record.
    """
    from fastwarc.warc import ArchiveIterator

    file = Forward(stream) if stream.peek(len(RECORD_START)).startswith(RECORD_START) else GzipMembers(stream)
    is_archive, goes_on = False, True
    while goes_on:
        goes_on = False
        try:
            # what gzip members hold is not compressed again
            records = ArchiveIterator(
                cast(BinaryIO, file), parse_http=False, stream_detect=False, max_header_len=MAX_HEADER
            )
            for record in records:
                is_archive = True
                offset = file.offset_of(record.stream_pos)
                yield offset, page_of(record)
        except (CutOffError, OSError, EOFError, zlib.error) as error:
            goes_on = file.skip_damaged(RECORD_START)
            if not (is_archive or goes_on):
                raise UnreadableError(f"no web archive, or damaged in its first record: {error}") from None
            is_between = isinstance(file, Forward) and not isinstance(error, CutOffError)
            yield (
                file.offset,
                Damaged(f"no record follows it ({error})" if is_between else f"damaged ({error})", goes_on),
            )


def page_of(record: WarcRecord) -> WarcPage | Skipped | Damaged:
    """Return the page that a record holds.

    Raises
    ------
    CutOffError
    """
    size = record.content_length
    if not (record.headers.get("Content-Length") or "").strip().isdecimal():
        raise CutOffError("its header gives no length")
    kind = (record.headers.get("WARC-Type") or "").strip().lower()
    if not kind:
        raise CutOffError("its header gives no type")
    held = (record.headers.get("Content-Type") or "").partition(";")[0].strip().lower()
    skipped = kind_skipped(kind, held)
    if skipped is not None or size > MAX_ROW:
        if record.consume() != size:
            raise CutOffError("cut off")
        return Damaged(f"{size:,} bytes, more than {MAX_ROW:,}") if skipped is None else Skipped(skipped)
    block = record.reader.read()
    if len(block) != size:
        raise CutOffError("cut off")
    digest = record.headers.get("WARC-Block-Digest") or ""
    if digest.startswith(DIGESTS) and not has_digest(block, digest):
        return Damaged("its bytes do not have the digest that its header gives")
    url = (record.headers.get("WARC-Target-URI") or "").strip("<> ")
    crawled = record.headers.get("WARC-Date") or ""
    if held not in HTTP_TYPES:
        return WarcPage(url, crawled, block, is_html=held in PAGE_TYPES)
    return page_of_response(record, block, url, crawled)


def page_of_response(record: WarcRecord, block: bytes, url: str, crawled: str) -> WarcPage | Skipped | Damaged:
    """Return the page of a record that holds an HTTP response."""
    response, body = decoded_response(block)
    status = response.http_headers.status_code if response is not None else None
    if response is None or status is None:
        return Damaged("no HTTP response")
    if not 200 <= status < 300:
        return Skipped(f"HTTP status {status}")
    kind = response.http_content_type or record.headers.get("WARC-Identified-Payload-Type") or "no type of content"
    if kind.strip().lower() not in PAGE_TYPES:
        return Skipped(kind.strip().lower())
    return WarcPage(url, crawled, body, response.http_charset)


def kind_skipped(kind: str, held: str) -> str | None:
    """Return why a record holds no page by its type and that of its content, None if it may hold one."""
    if kind == "response":
        return None if held in HTTP_TYPES else held or "no type of content"
    if kind in ("resource", "conversion"):
        may_hold = held in PAGE_TYPES or (kind, held) == ("conversion", "text/plain")
        return None if may_hold else held or "no type of content"
    return kind


def has_digest(block: bytes, digest: str) -> bool:
    """Return whether bytes have a digest, such as ``sha1:`` and its value in base 32."""
    from fastwarc.warc import WarcRecord

    # not by the record that was read: after a change of its content, nothing after it would be
    record = WarcRecord()
    record.headers.set("WARC-Block-Digest", digest)
    record.set_bytes_content(block)
    return record.verify_block_digest()


def decoded_response(block: bytes) -> tuple[WarcRecord | None, bytes]:
    """Return a record of the HTTP response in a block, and its body, decoded where it is encoded."""
    from fastwarc.warc import WarcRecord

    for decoding in DECODINGS:
        response = WarcRecord()
        response.is_http = True
        response.set_bytes_content(block)
        try:
            response.parse_http(auto_decode=decoding, max_header_len=MAX_HEADER)
            return response, response.reader.read(MAX_ROW + 1)
        except OSError:
            continue
    return None, b""


def page_fault(page: WarcPage) -> str | None:
    """Return why a page can't be read, None if it can."""
    if len(page.body) > MAX_ROW:
        return f"page of more than {MAX_ROW:,} bytes"
    if not page.body.strip():
        return "empty"
    if page.is_html and is_binary(page.body):
        return "binary data, not HTML"
    return None


def is_binary(body: bytes) -> bool:
    """Return whether the first bytes of a page are no text."""
    start = body[:SNIFFED]
    if start.startswith((b"\xff\xfe", b"\xfe\xff")) or wide_codec(start) is not None:
        return False
    return len(start) - len(start.translate(None, CONTROLS)) > MOST_CONTROLS * len(start)
